"""`dyna impact` of what task servers declare, and `dyna datasets`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from python_server import PythonServer
from serving import DYNA, Server, eventually, serve
from teams import Teams, declared

TASKS = '''
from cordyna import Owner, Need, task

OWNER = Owner("orders", contacts=["orders@example.com"])


@task(owner=OWNER, cron="{cron}")
def load() -> dict[str, int]:
    """Loads."""
    return {{"rows": 1}}


{more}
'''
MORE = '''
@task(owner=OWNER)
def clean() -> int:
    """Cleans."""
    return 1
'''
USES = """
id: uses
namespace: billing
owner: team-billing
tasks:
  - {id: fresh, type: flow, flow: orders/load, within: 6h}
  - {id: cleaned, type: flow, flow: orders/clean}
"""


def network(tmp_path: Path) -> tuple[Server, PythonServer]:
    folder = tmp_path / "cerebro"
    folder.mkdir()
    (folder / "uses.yaml").write_text(USES)
    cerebro = serve(folder)
    place = tmp_path / "py"
    place.mkdir()
    server = PythonServer(cerebro, place)
    server.module.write_text(TASKS.format(cron="0 * * * *", more=MORE))
    server.start()
    server.wait_for("ready")
    eventually(lambda: "orders/clean" in flows(cerebro), "declared tasks")
    return cerebro, server


def at(cerebro: Server, *words: str) -> subprocess.CompletedProcess[str]:
    """A command at the server."""
    where = {"DYNA_SERVER": f"http://127.0.0.1:{cerebro.port}", "DYNA_TOKEN": cerebro.admin}
    return subprocess.run(
        [DYNA, *words], env={**os.environ, **where}, cwd="/", capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def flows(cerebro: Server) -> set[str]:
    listed = cerebro.ok("GET", "/api/v1/flows")["flows"]
    return {f"{one['namespace']}/{one['id']}" for one in listed}


def test_a_dropped_task_and_a_slower_cron_of_declared_tasks(tmp_path: Path) -> None:
    cerebro, server = network(tmp_path)
    try:
        module = tmp_path / "after.py"
        module.write_text(TASKS.format(cron="0 3 * * *", more=""))
        (tmp_path / "declared.json").write_text(declared(module))
        told = at(cerebro, "impact", "--tasks", str(tmp_path / "declared.json"), "--json")
        assert told.returncode == 0, told.stderr
        impact = json.loads(told.stdout)
        changes = {one["flow"]: one["change"] for one in impact["changed"]}
        assert changes == {"orders/load": "changed", "orders/clean": "gone"}
        found = {one["kind"]: one for one in impact["breaks"]}
        assert set(found) == {"flow gone", "slower"}
        assert {one["owner"] for one in found.values()} == {"team-billing"}
        assert found["flow gone"]["causes"] == ["orders/clean"]
        assert found["slower"]["causes"] == ["orders/load"]
        assert "wants it no older than 6h" in found["slower"]["what"]
        failed = at(cerebro, "impact", "--tasks", str(tmp_path / "declared.json"), "--exit-code")
        assert failed.returncode == 1
        module.write_text(TASKS.format(cron="0 * * * *", more=MORE))
        (tmp_path / "declared.json").write_text(declared(module))
        same = at(cerebro, "impact", "--tasks", str(tmp_path / "declared.json"))
        assert same.stdout == "nothing changes\n", same.stdout
    finally:
        server.kill()
        cerebro.stop()


def test_declarations_that_are_wrong_are_refused_with_the_place(tmp_path: Path) -> None:
    teams = Teams(tmp_path)
    (tmp_path / "bad.json").write_text('[{"id": "x", "owner": {"team": "orders"}}]')
    done = teams.dyna("impact", "--tasks", "bad.json")
    assert done.returncode == 2 and "bad.json" in done.stderr and "description" in done.stderr


def test_datasets_say_whose_they_are_and_how_fresh(tmp_path: Path) -> None:
    teams = Teams(tmp_path)
    listed = {one["dataset"]: one for one in json.loads(teams.dyna("datasets", "--json").stdout)}
    orders = listed["../lake/orders.parquet"]
    assert orders["owners"] == ["team-orders"] and orders["made_by"] == ["orders/orders"]
    assert orders["read_by"] == [{"flow": "billing/bills", "owners": ["team-billing"]}]
    assert "fresh_at" not in orders and listed["raw.csv"]["made_by"] == []
    (tmp_path / "lake").mkdir()
    (tmp_path / "orders" / "raw.csv").write_text("id,cents\n1,5\n")
    assert teams.dyna("run", "orders/orders").returncode == 0
    (tmp_path / "orders" / "raw.csv").unlink()
    assert teams.dyna("run", "orders/orders").returncode != 0
    (after,) = json.loads(teams.dyna("datasets", "--json", "lake/orders").stdout)
    assert "fresh_at" in after and after["last_break"]["run"] == 2
    mine = json.loads(teams.dyna("datasets", "--json", "--team", "team-dashboard").stdout)
    assert [one["dataset"] for one in mine] == ["../lake/bills.parquet"]
    assert teams.dyna("datasets", "nothing-like-it").returncode == 4
