"""Tasks of type container that go to places: the cheapest with room, also over a restart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker_daemon import Daemon
from serving import eventually
from test_containers import Here

#: What a container tells us by files, and we tell it.
MARKS = {"source": "./marks", "target": "/m", "read_only": False}
UNTIL_TOLD = ["sh", "-c", "touch /m/begun-$0; until [ -e /m/go-$0 ]; do sleep 0.1; done"]


@pytest.fixture
def here(docker: Daemon, tmp_path: Path) -> Iterator[Here]:
    place = Here(tmp_path, docker)
    places = {
        "small": {"type": "docker", "host": docker.host, "memory": "100MB"},
        "spare": {"type": "docker", "host": docker.host, "slots": 1, "cost": 3, "labels": {"gpu": "x1"}},
    }  # fmt: skip
    (tmp_path / "cordyna.yaml").write_text(json.dumps({"places": places}))
    yield place
    place.at().stop()
    assert place.left() == []


def task(name: str, **keys: Any) -> dict[str, Any]:
    return {"id": name, "type": "container", "image": "tiny:1", "network": "none", "mounts": [MARKS],
            "command": [*UNTIL_TOLD, name], "resources": {"memory": "60MB"}, **keys}  # fmt: skip


def where(here: Here, run: int) -> dict[str, str]:
    return {one["task"]: one.get("place", "") for one in here.attempts(run)}


def begun(here: Here, *names: str) -> None:
    for name in names:
        eventually(lambda n=name: (here.folder / f"marks/begun-{n}").exists(), f"{name} runs")


def end(here: Here, *names: str) -> None:
    for name in names:
        (here.folder / f"marks/go-{name}").touch()


def waits(here: Here, run: int, name: str) -> str:
    """Why it waits for a place."""

    def told() -> str:
        listed = here.at().ok("GET", f"/api/v1/runs/{run}/why")["tasks"]
        reasons = [one for one in listed if one["task"] == name and one["kind"] == "place"]
        return str(reasons[0]["what"]) if reasons else ""

    return str(eventually(told, f"{name} waits for a place"))


def test_the_cheapest_with_room_is_taken_and_who_waits_knows_why(here: Here) -> None:
    here.marks()
    run = here.start_flow({"id": "one", "tasks": [task("a"), task("b"), task("c")]})
    begun(here, "a", "b")
    assert where(here, run) == {"a": "small", "b": "spare"}
    why = waits(here, run, "c")
    assert why == (
        f"no place has room: 'small' has 60 MB of 100 MB held by 'a' of run {run}; "
        f"'spare' has 1 of 1 slots held by 'b' of run {run}"
    )
    small, spare = here.at().ok("GET", "/api/v1/places")["places"]
    assert (small["memory_used"], small["memory"], small["used"]) == (60_000_000, 100_000_000, 1)
    assert spare["cost"] == 3 and spare["labels"] == {"gpu": "x1"}
    assert [one["task"] for one in small["waiting"]] == ["c"]
    end(here, "a")
    begun(here, "c")
    assert where(here, run)["c"] == "small"
    end(here, "b", "c")
    here.completed(run)
    history = here.at().ok("GET", f"/api/v1/runs/{run}/history")["history"]
    told = {one["task"]: one["detail"] for one in history if "can take it" in one.get("detail", "")}
    assert told["a"] == "at 'small': the cheapest of 2 that can take it"


def test_a_label_chooses_and_a_restart_knows_what_is_held(here: Here) -> None:
    here.marks()
    labelled = {"place": {"labels": {"gpu": "x1"}}}
    run = here.start_flow({"id": "one", "tasks": [task("a", **labelled), task("b", **labelled)]})
    begun(here, "a")
    assert where(here, run) == {"a": "spare"}
    here.kill()
    here.begin()
    assert "held by 'a'" in waits(here, run, "b")
    assert not (here.folder / "marks/begun-b").exists()
    end(here, "a")
    begun(here, "b")
    end(here, "b")
    here.completed(run)
    assert where(here, run) == {"a": "spare", "b": "spare"}
    assert all(one["attempt"] == 1 for one in here.attempts(run))
