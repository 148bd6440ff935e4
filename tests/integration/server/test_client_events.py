"""Events and backfills at a server, by the commands that do it on a state folder; and who did what on the machine itself."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from dyna_client import Client
from hooking import HOOKED, body_of, send, set_secrets
from serving import DYNA, FLOW, Server, eventually, serve


@pytest.fixture(scope="module")
def hooked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("client-events")
    (folder / "orders.yaml").write_text(HOOKED)
    (folder / "daily.yaml").write_text(FLOW)
    served = serve(folder)
    set_secrets(served)
    yield served
    served.stop()


@pytest.fixture
def at(tmp_path: Path, hooked: Server) -> Client:
    client = Client(tmp_path / "home", hooked.folder)
    url = f"http://127.0.0.1:{hooked.port}"
    client.ok("login", url, "--name", "here", given=hooked.admin)
    return client


def test_events_look_the_same_from_afar(at: Client, hooked: Server) -> None:
    first = send(hooked, "far-1", body_of(3)).json["event"]
    dead = send(hooked, "far-2", b'{"order": {"amount": "many"}}').json["event"]

    def settled() -> bool:
        rows = hooked.ok("GET", "/api/v1/events")["events"]
        return all(row["state"] != "pending" for row in rows)

    eventually(settled, "the runs of the events")
    for words in ([], ["--event-state", "dead"], ["--flow", "acme/orders", "--trigger", "shop"],
                  ["--json"], ["-n", "1"], ["show", str(first)], ["show", str(first), "--json"]):  # fmt: skip
        assert at.ok("events", *words, "--server", "here") == at.ok(
            "events", *words, "--state", str(hooked.state)
        )
    at.ok("events", "drop", str(dead), "--server", "here")
    assert hooked.ok("GET", f"/api/v1/events/{dead}")["state"] == "dropped"
    assert "no dead letter" in at.refused(5, "events", "replay", str(dead), "--server", "here")
    assert "no such event" in at.refused(4, "events", "show", "999", "--server", "here")


def test_a_backfill_is_begun_from_afar(at: Client, hooked: Server) -> None:
    words = [
        "backfill",
        "acme/daily",
        "--from",
        "2026-02-01",
        "--to",
        "2026-02-03",
        "--server",
        "here",
    ]
    assert "2 would run" in at.ok(*words, "--dry-run")
    told = json.loads(at.ok(*words, "--json", "-i", "word=far"))
    number = told["backfill"]

    def ended() -> bool:
        return bool(hooked.ok("GET", f"/api/v1/backfills/{number}")["state"] == "completed")

    eventually(ended, "the end of the backfill")
    runs = hooked.ok("GET", f"/api/v1/runs?backfill={number}")["runs"]
    assert [run["inputs"]["word"] for run in runs] == ["far", "far"]
    assert "not before" in at.refused(2, *words[:4], "--to", "2026-01-01", "--server", "here")


def test_what_is_done_on_the_machine_is_in_the_audit(hooked: Server) -> None:
    def dyna(*words: str) -> None:
        subprocess.run(
            [DYNA, *words, "--state", str(hooked.state)],
            cwd=hooked.folder,
            check=True,
            capture_output=True,
        )

    dyna("run", "daily.yaml")
    changed = FLOW.replace("id: daily", "id: local")
    (hooked.folder / "local.yaml").write_text(changed)
    dyna("apply", "local.yaml")
    entries = hooked.ok("GET", "/api/v1/audit?limit=100")["audit"]
    local = [
        (entry["action"], entry["subject"])
        for entry in entries
        if entry["actor"].startswith("local:")
    ]
    assert ("applyFlows", "flow acme/local") in local
    assert any(action == "startRun" and subject.startswith("run ") for action, subject in local)
    dyna("audit", "verify")
