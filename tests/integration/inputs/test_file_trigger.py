"""Triggers of type file: `dyna up` starts a run for each file that comes to rest, once, whoever falls over."""

from __future__ import annotations

import os
import random
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Server, eventually
from trigger_place import LONG, PATIENCE, TriggerPlace

KILLS = 20 if LONG else 4
MANY = 100_000 if LONG else 3_000
FLOW = """
id: on_file
namespace: acme
inputs:
  - {{id: file, type: file}}
  - {{id: what}}
  - {{id: size, type: int}}
tasks: [{{id: work, type: log, message: "{{{{ inputs.what }}}}"}}]
triggers:
  - id: files
    type: file
    folder: inbox
    settle: {settle}
    {more}
    inputs:
      file: "{{{{ event.location }}}}"
      what: "{{{{ event.operation }}}} {{{{ event.id }}}}"
      size: "{{{{ event.data.size }}}}"
"""


class Place(TriggerPlace):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.inbox = folder / "inbox"
        self.inbox.mkdir()
        self.flow()

    def flow(self, more: str = "", settle: str = "100ms") -> None:
        text = FLOW.format(more=more, settle=settle)
        (self.folder / "on_file.yaml").write_text(text, encoding="utf-8")


def the_input(server: Server) -> dict:
    (one,) = server.ok("GET", "/api/v1/inputs")["inputs"]
    return one


def is_in(server: Server, state: str) -> dict:
    def look() -> dict | None:
        found = server.ok("GET", "/api/v1/inputs")["inputs"]
        return found[0] if found and found[0]["state"] == state else None

    return eventually(look, f"an input that {state}", PATIENCE)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.kill()


def test_files_of_before_of_meanwhile_and_of_while_nobody_ran(place: Place) -> None:
    (place.inbox / "before.csv").write_text("1")
    server = place.start()
    assert [one["what"] for one in place.ended(1)] == ["create before.csv"]
    (place.inbox / "in.csv.tmp").write_text("22")
    (place.inbox / "in.csv.tmp").rename(place.inbox / "in.csv")
    (run,) = place.ended(2)[1:]
    assert (run["what"], run["size"]) == ("create in.csv", 2)
    assert run["file"] == str(place.inbox / "in.csv")
    place.kill()
    (place.inbox / "before.csv").write_text("333")
    (place.inbox / "away.csv").write_text("4444")
    server = place.start()
    found = sorted((one["what"], one["size"]) for one in place.ended(4)[2:])
    assert found == [("create away.csv", 4), ("update before.csv", 3)]
    one = server.input_that_kept(2)
    assert (one["flow"], one["trigger"], one["type"]) == ("acme/on_file", "files", "file")
    assert one["state"] == "listens" and "problem" not in one
    metrics = server.call("GET", "/metrics").body.decode()
    assert 'dyna_input_listens{input="acme/on_file/files",type="file"} 1\n' in metrics
    server.stop()


def test_who_writes_slowly_is_waited_for(place: Place) -> None:
    place.flow("rescan: 100ms", settle="3s")
    server = place.start()
    is_in(server, "listens")
    with (place.inbox / "slow.csv").open("w") as slow:
        slow.write("one")
        slow.flush()
        (place.inbox / "quick.csv").write_text("1")
        assert [one["what"] for one in place.ended(1)] == ["create quick.csv"]
        slow.write("two")
    assert place.ended(2)[1]["size"] == 6
    server.stop()


class Writer(threading.Thread):
    """Renames files of growing sizes into the folder until it is told to end; one in five is written over."""

    def __init__(self, inbox: Path, seed: int) -> None:
        super().__init__(daemon=True)
        self.inbox, self.random = inbox, random.Random(seed)
        self.ending = threading.Event()
        self.written: dict[str, int] = {}

    def run(self) -> None:
        size = 0
        while not self.ending.wait(self.random.uniform(0, 0.02)):
            size += 1
            draft, name = self.inbox / f"{size}.tmp", f"f{size}.csv"
            draft.write_bytes(b"." * size)
            draft.rename(self.inbox / name)
            self.written[name] = size


@pytest.mark.parametrize("more", ["", "archive: done"], ids=["stays", "archived"])
def test_r25_no_file_is_lost_or_has_two_runs_whoever_is_killed(place: Place, more: str) -> None:
    place.flow(more)
    seeded = random.Random(25)
    writer = Writer(place.inbox, 25)
    writer.start()
    for _ in range(KILLS):
        server = place.start()
        is_in(server, "listens")
        wanted = len(place.runs()) + seeded.randint(1, 40)
        eventually(lambda: len(place.runs()) >= wanted, "more runs", PATIENCE)  # noqa: B023
        place.kill()
    writer.ending.set()
    writer.join()
    place.start()
    found = place.ended(len(writer.written))
    told = {one["what"].removeprefix("create "): one["size"] for one in found}
    assert told == writer.written
    home = place.folder / "done" if more else place.inbox
    assert {file.name: file.stat().st_size for file in home.iterdir()} == writer.written
    assert all(Path(one["file"]).parent == home for one in found)
    if more:
        assert list(place.inbox.iterdir()) == []


def test_many_at_once_each_have_their_run(place: Place) -> None:
    server = place.start()
    is_in(server, "listens")
    for number in range(MANY):
        (place.inbox / f"{number}.csv").write_bytes(b"x")
    found = place.ended(MANY)
    assert len({one["what"] for one in found}) == MANY
    server.stop()


def test_a_folder_that_is_missing_is_said_and_comes_back(place: Place) -> None:
    (place.inbox / "a.csv").write_text("1")
    server = place.start()
    place.ended(1)
    shutil.rmtree(place.inbox)
    one = is_in(server, "failed")
    assert str(place.inbox) in one["problem"], one
    place.inbox.mkdir()
    (place.inbox / "b.csv").write_text("22")
    assert place.ended(2)[1]["what"] == "create b.csv"
    assert server.input_that_kept(2)["state"] == "listens"
    server.stop()


def test_a_link_is_left_out_and_counted(place: Place) -> None:
    (place.folder / "secret").write_text("x")
    (place.inbox / "link.csv").symlink_to(place.folder / "secret")
    server = place.start()
    (place.inbox / "a.csv").write_text("1")
    assert [one["what"] for one in place.ended(1)] == ["create a.csv"]
    assert the_input(server)["problem"] == "1 symbolic link is left out, such as 'link.csv'"
    server.stop()


def test_a_name_that_is_not_utf8_is_no_lost_event(place: Place) -> None:
    server = place.start()
    is_in(server, "listens")
    (place.inbox / os.fsdecode(b"a\xff.csv")).write_bytes(b"1")
    dead = eventually(
        lambda: server.ok("GET", "/api/v1/events?state=dead")["events"], "a dead letter", PATIENCE
    )
    assert "a%FF.csv" in dead[0]["detail"], dead
    server.stop()
