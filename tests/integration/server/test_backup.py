"""`dyna backup` while clients ask: each copy is whole, holds what was promised before it, and becomes a state that goes on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from load import Load, check_state, rows, starts_of, unfinished
from serving import DYNA, eventually, find_port, spawn

COPIES = 5
LOG = """
id: say
namespace: acme
inputs: [{id: order, type: int}, {id: key, type: string}]
tasks:
  - {id: first, type: log, message: "{{ inputs.order }}"}
  - {id: then, type: shell, needs: [first], script: "echo {{ inputs.key }}"}
"""


def dyna(folder: Path, *arguments: str) -> dict:
    done = subprocess.run(
        [DYNA, *arguments, "--json"],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def go_on(folder: Path, last: int) -> None:
    (folder / "say.yaml").write_text(LOG)
    again = find_port(spawn(folder))
    try:
        eventually(lambda: unfinished(folder) == 0, "the end of what was under way")
        fresh = again.ok(
            "POST", "/api/v1/flows/acme/say/runs", {"inputs": {"order": 1, "key": "k"}}
        )["run"]
        assert fresh == last + 1
        assert again.ended(fresh)["state"] == "completed"
        again.stop()
        assert again.process.returncode == 0, again.last_words()
    finally:
        if again.process.poll() is None:
            again.process.kill()
            again.process.wait()


def test_a_copy_taken_under_load_goes_on_elsewhere(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "say.yaml").write_text(LOG)
    server = find_port(spawn(home))
    load = Load([starts_of("acme/say")], clients=4, seed=11)
    copies: list[tuple[Path, set[int], int]] = []
    try:
        load.attach(server)
        for number in range(COPIES):
            load.wait_for(30, server)
            before = {run for order in list(load.orders) for run in list(order.promised)}
            file = tmp_path / f"{number}.backup"
            told = dyna(home, "backup", str(file))
            copies.append((file, before, told["runs"]))
        load.finish(server)
        eventually(lambda: unfinished(home) == 0, "the end of all runs")
        server.stop()
        assert server.process.returncode == 0, server.last_words()
    finally:
        load.abandon()
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
    assert load.refused == []
    for file, before, runs in copies:
        folder = tmp_path / file.stem
        folder.mkdir()
        assert (
            dyna(folder, "restore", str(file), "--state", str(folder / ".cordyna"))["runs"] == runs
        )
        there = {row[0] for row in rows(folder, "SELECT no FROM run")}
        assert before <= there, "what was promised before the copy is in it"
        assert len(there) == runs
        # Tokens are in the copy, the file that shows admin's is not.
        shutil.copy(home / ".cordyna" / "admin.token", folder / ".cordyna" / "admin.token")
        go_on(folder, max(there))
        check_state(folder)


def test_admins_take_one_through_the_api(tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    for folder in (home, elsewhere):
        folder.mkdir()
    (home / "say.yaml").write_text(LOG)
    server = find_port(spawn(home))
    try:
        runs = [server.start("acme/say", order=n, key="k") for n in range(3)]
        for run in runs:
            server.ended(run)
        assert server.call("POST", "/api/v1/backup", token=None).status == 401
        operator = server.token(("operator", "*"))
        assert server.call("POST", "/api/v1/backup", token=operator).status == 403
        answer = server.call("POST", "/api/v1/backup")
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "application/vnd.sqlite3"
        told = server.ok("GET", "/api/v1/audit?limit=1")["audit"][0]
        assert told["action"] == "takeBackup" and told["after"]["bytes"] == len(answer.body)
        assert not list(server.state.glob("backup*")), "nothing is left in the state's folder"
        assert server.call("POST", "/api/v1/backup").status == 200, "and again"
        server.stop()
        assert server.process.returncode == 0, server.last_words()
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
    file = tmp_path / "over.backup"
    file.write_bytes(answer.body)
    restored = dyna(elsewhere, "restore", str(file), "--state", str(elsewhere / ".cordyna"))
    assert restored["runs"] == 3 and restored["unfinished"] == 0
    check_state(elsewhere)
    # One that was cut on its way is none.
    file.write_bytes(answer.body[: len(answer.body) // 2])
    done = subprocess.run(
        [DYNA, "restore", str(file), "--state", str(tmp_path / "cut")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 7 and "damaged" in done.stderr, done.stderr
