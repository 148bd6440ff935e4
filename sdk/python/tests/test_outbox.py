"""Messages on the disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cordyna import CordynaError
from cordyna.messages import Message
from cordyna.outbox import DiskOutbox, MemoryOutbox, Outbox


def message(number: int, type_name: str = "task.completed", attempt: str = "") -> Message:
    name = attempt or f"r{number}/load/1"
    return Message(f"b.{number}", type_name, name, f'{{"n":{number}}}', number, True, "t")


@pytest.fixture(params=["disk", "memory"])
def outbox(request: pytest.FixtureRequest, tmp_path: Path) -> Outbox:
    return DiskOutbox(tmp_path / "state") if request.param == "disk" else MemoryOutbox()


def test_what_is_saved_is_there_in_order_until_it_is_forgotten(outbox: Outbox) -> None:
    outbox.commit([message(2), message(1), message(3, "task.error")], [])
    outbox.commit([message(4, "task.rejected")], ["b.1", "b.99"])
    again = outbox.load()
    assert [(m.id, m.type, m.attempt, m.data, m.time) for m in again] == [
        ("b.2", "task.completed", "r2/load/1", '{"n":2}', "t"),
        ("b.3", "task.error", "r3/load/1", '{"n":3}', "t"),
        ("b.4", "task.rejected", "r4/load/1", '{"n":4}', "t"),
    ]
    outbox.close()


def test_of_what_was_only_queued_nothing_is_sent(outbox: Outbox) -> None:
    outbox.commit([message(1, "task.queued", "a"), message(2, "task.queued", "b")], [])
    outbox.commit([message(3, "task.completed", "b")], [])
    assert [m.id for m in outbox.load()] == ["b.3"]
    outbox.close()


def test_a_revision_grows_when_the_declarations_change(outbox: Outbox) -> None:
    assert outbox.revision("h1", 1000) == 1000
    assert outbox.revision("h1", 2000) == 1000
    assert outbox.revision("h2", 900) == 1001
    assert outbox.revision("h1", 5000) == 5000
    outbox.close()


def test_the_disk_is_there_for_the_next_process(tmp_path: Path) -> None:
    first = DiskOutbox(tmp_path)
    first.commit([message(1)], [])
    first.revision("h", 7)
    first.close()
    second = DiskOutbox(tmp_path)
    assert [m.id for m in second.load()] == ["b.1"]
    assert second.revision("h", 99) == 7
    second.close()


def test_one_process_at_a_time(tmp_path: Path) -> None:
    first = DiskOutbox(tmp_path)
    with pytest.raises(CordynaError, match="is in use by another process"):
        DiskOutbox(tmp_path)
    first.close()
    DiskOutbox(tmp_path).close()


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CordynaError, match="cannot be made: Not a directory"):
        DiskOutbox(tmp_path / "file" / "state")
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "outbox.sqlite").write_bytes(b"no database, but long enough to be read")
    with pytest.raises(CordynaError, match="cannot be read"):
        DiskOutbox(tmp_path / "state")


def test_a_newer_state_is_refused(tmp_path: Path) -> None:
    outbox = DiskOutbox(tmp_path)
    outbox._db.execute("PRAGMA user_version=99")
    outbox.close()
    with pytest.raises(CordynaError, match="of a newer version"):
        DiskOutbox(tmp_path)


def test_a_batch_is_saved_whole_or_not_at_all(tmp_path: Path) -> None:
    outbox = DiskOutbox(tmp_path)
    broken = message(2)
    broken.data = None  # type: ignore[assignment]
    with pytest.raises(OSError, match="cannot be written"):
        outbox.commit([message(1), broken], [])
    assert outbox.load() == []
    outbox.commit([message(1)], [])
    assert len(outbox.load()) == 1
    outbox.close()


WRITER = """
import os, sys
from pathlib import Path
from cordyna.messages import Message
from cordyna.outbox import DiskOutbox
outbox = DiskOutbox(Path(sys.argv[1]))
for number in range(10**6):
    outbox.commit([Message(f"{number}.{i}", "task.error", "a", "{}", 0, True, "") for i in "ab"], [])
    os.write(1, b"%d\\n" % number)
"""


def test_what_was_committed_survives_a_kill(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(20)]
        os.kill(process.pid, signal.SIGKILL)
        said += process.stdout.readlines()
    last = int([line for line in said if line.endswith(b"\n")][-1])
    outbox = DiskOutbox(tmp_path)
    ids = [m.id for m in outbox.load()]
    outbox.close()
    assert ids[: 2 * (last + 1)] == [f"{n}.{i}" for n in range(last + 1) for i in "ab"]
    assert len(ids) % 2 == 0
