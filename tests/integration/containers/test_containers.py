"""Tasks of type container, by a real Docker daemon: what they leave, how they end, whoever falls over."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker_daemon import IMAGE, Daemon
from kept_files import content_below
from serving import Server, eventually, find_port, spawn


class Here:
    """A folder of flows with its server."""

    def __init__(self, folder: Path, docker: Daemon) -> None:
        self.folder = folder
        self.docker = docker
        self.server: Server | None = None

    def begin(self) -> Server:
        env = {"DOCKER_HOST": self.docker.host, "DYNA_SECRET_TOKEN": "t0ps3cret-4711"}
        self.server = find_port(spawn(self.folder, **env))
        return self.server

    def at(self) -> Server:
        assert self.server is not None
        return self.server

    def kill(self) -> None:
        self.at().process.kill()
        self.at().process.wait()

    def start(self, **keys: Any) -> int:
        """A run of one task with these keys."""
        task = {"id": "work", "type": "container", "image": IMAGE, "network": "none", **keys}
        return self.start_flow({"id": "one", "tasks": [task]})

    def start_flow(self, flow: dict[str, Any]) -> int:
        """Of a file in the folder, which the server reads as it begins."""
        if self.server is not None:
            self.server.stop()
        (self.folder / "one.yaml").write_text(json.dumps(flow))
        return self.begin().start("_/one")

    def attempts(self, run: int) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.at().ok("GET", f"/api/v1/runs/{run}/attempts")[
            "attempts"
        ]
        return listed

    def lines(self, run: int, task: str = "work", attempt: int = 1) -> list[str]:
        found: list[str] = []
        offset = 0
        while True:
            answer = self.at().call(
                "GET", f"/api/v1/runs/{run}/log?task={task}&attempt={attempt}&offset={offset}"
            )
            if answer.status == 404:  # it has not begun
                return found
            assert answer.status == 200, answer
            found += [line["text"] for line in answer.json["lines"]]
            if answer.json["offset"] == offset:
                return found
            offset = answer.json["offset"]

    def log(self, run: int, task: str = "work", attempt: int = 1) -> str:
        return "\n".join(self.lines(run, task, attempt))

    def error(self, run: int) -> dict[str, Any]:
        assert self.at().ended(run)["state"] == "error"
        error: dict[str, Any] = self.attempts(run)[-1]["error"]
        return error

    def completed(self, run: int) -> dict[str, Any]:
        row = self.at().ended(run)
        assert row["state"] == "completed", (self.attempts(run), self.log(run))
        return row

    def said(self, run: int, words: str) -> None:
        eventually(lambda: words in self.log(run), f"'{words}' in the log")

    def marks(self) -> Path:
        """A folder that any user of a container may write to."""
        folder = self.folder / "marks"
        folder.mkdir()
        folder.chmod(0o777)
        return folder

    def left(self) -> list[dict[str, Any]]:
        return self.docker.containers(of=str(self.folder))


@pytest.fixture
def here(docker: Daemon, tmp_path: Path) -> Iterator[Here]:
    place = Here(tmp_path, docker)
    yield place
    place.at().stop()
    assert place.left() == []


# What a container tells us by files, and we tell it.
MARKS = {"source": "./marks", "target": "/m", "read_only": False}


def shell(script: str) -> list[str]:
    return ["sh", "-c", script]


def test_a_container_has_all_that_a_task_has(here: Here) -> None:
    run = here.start_flow({
        "id": "one",
        "inputs": [{"id": "who", "default": "a; echo b"}],
        "tasks": [
            {"id": "work", "type": "container", "image": IMAGE, "network": "none",
             "command": ["sh", "-c", "echo out \"$1\" $TOKEN; echo err >&2; echo rows=3 > $DYNA_OUTPUTS;"
                         " mkdir $DYNA_ARTIFACTS/sub; echo x > $DYNA_ARTIFACTS/sub/a.txt;"
                         " echo $DYNA_TASK $DYNA_RUN $COMMA", "sh", "{{ inputs.who }}"],
             "env": {"TOKEN": "{{ secret('TOKEN') }}", "COMMA": "1,2"}},
            {"id": "after", "type": "shell", "script": "cat {{ outputs.work.files['sub/a.txt'] }}"},
        ],
        "outputs": {"rows": "{{ outputs.work.rows }}"},
    })  # fmt: skip
    assert here.completed(run)["outputs"] == {"rows": "3"}
    log = here.log(run)
    assert "out a; echo b ***" in log and "err" in log and f"work {run} 1,2" in log
    assert "t0ps3cret" not in log
    assert "x" in here.log(run, "after")
    assert b"t0ps3cret" not in content_below(here.at().state)


def test_each_failure_says_what_it_is(here: Here) -> None:
    error = here.error(here.start(command=shell("echo no such thing >&2; exit 3")))
    assert error["code"] == "EXIT_NONZERO" and error["exit_code"] == 3
    assert "exit code 3: no such thing" in error["message"]
    error = here.error(here.start(command=["nowhere"]))
    assert error["code"] == "SPAWN_FAILED" and "nowhere" in error["message"]
    error = here.error(here.start(image="absent:1", pull="never"))
    assert error["code"] == "REMOTE_NOT_FOUND" and "absent:1" in error["message"]
    error = here.error(here.start(image="127.0.0.1:9/absent:1"))
    assert error["code"] == "SOURCE_UNAVAILABLE" and "127.0.0.1:9" in error["message"]
    error = here.error(here.start(command=shell("exit 137")))
    assert error["exit_code"] == 137
    error = here.error(here.start(
        command=shell("dd if=/dev/zero of=/dev/null bs=100M count=1"), resources={"memory": "16MB"}
    ))  # fmt: skip
    assert error["code"] == "OUT_OF_MEMORY", error
    error = here.error(here.start(command=shell("echo x > $DYNA_OUTPUTS")))
    assert error["code"] == "OUTPUT_INVALID"
    error = here.error(here.start(command=shell("ln -s /etc/passwd $DYNA_OUTPUTS")))
    assert error["code"] == "OUTPUT_INVALID" and "root" not in error["message"]


def test_what_the_keys_say_holds(here: Here) -> None:
    here.folder.chmod(0o755)  # for the container's user, who is not the owner
    (here.folder / "data").mkdir()
    (here.folder / "data" / "in.txt").write_text("from the flow's folder\n")
    run = here.start(
        command=shell("id -u; pwd; cat /in/data/in.txt; ls -A /in/.cordyna | wc -l;"
                      " touch /in/x || echo 'cannot write'; touch /y || echo 'nor there';"
                      " cat /proc/net/dev | grep -c : ; test -t 1 && echo terminal"),
        user="worker", working_dir="/tmp", read_only=True, tty=True,
        mounts=[{"source": ".", "target": "/in"}], container_labels={"team": "data"},
    )  # fmt: skip
    here.completed(run)
    lines = [line.strip() for line in here.lines(run)]
    text = "\n".join(lines)
    assert "1000" in text and "/tmp" in text and "from the flow's folder" in text
    assert "cannot write" in text and "nor there" in text and "terminal" in text
    assert not (here.folder / "x").exists()
    # The state folder is there, and empty; the network has its loopback alone.
    assert [line for line in lines if line in ("0", "1")] == ["0", "1"], text


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"network": "host"}, "DYNA_CONTAINER_NETWORKS"),
        ({"network": "container:abc"}, "DYNA_CONTAINER_NETWORKS"),
        ({"mounts": [{"source": "/etc", "target": "/in"}]}, "DYNA_CONTAINER_MOUNTS"),
        ({"mounts": [{"source": "./.cordyna", "target": "/in"}]}, "state folder"),
        ({"mounts": [{"source": "..", "target": "/in"}]}, "DYNA_CONTAINER_MOUNTS"),
    ],
)
def test_what_the_administrator_does_not_allow_is_denied(
    here: Here, keys: dict[str, Any], words: str
) -> None:
    error = here.error(here.start(command=["true"], **keys))
    assert error["code"] == "ACCESS_DENIED" and words in error["message"]


def test_all_output_comes_once_and_in_order(here: Here) -> None:
    run = here.start(command=shell("seq 1 50000; seq 1 500 >&2"))
    here.completed(run)
    numbers = [int(line) for line in here.lines(run)]
    assert len(numbers) == 50500 and sum(numbers) == 50000 * 50001 // 2 + 500 * 501 // 2


def test_one_that_is_cancelled_may_clean_up(here: Here) -> None:
    run = here.start(
        command=shell("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.1; done")
    )
    here.said(run, "up")
    here.at().ok("POST", f"/api/v1/runs/{run}/cancel")
    assert here.at().ended(run)["state"] == "cancelled"
    assert "bye" in here.log(run)
    assert here.left() == []


def test_one_that_takes_too_long_is_ended(here: Here) -> None:
    run = here.start(command=shell("trap '' TERM; while :; do sleep 0.1; done"),
                     timeouts={"complete": "2s"})  # fmt: skip
    assert here.error(run)["code"] == "TIMEOUT_COMPLETE"
    assert here.left() == []


def test_it_goes_on_while_the_server_is_away(here: Here) -> None:
    """R42: it is taken up, and not started twice."""
    marks = here.marks()
    run = here.start(
        command=shell("echo began >> /m/began; while [ ! -e /m/go ]; do sleep 0.05; done; echo done"),
        mounts=[MARKS],
    )  # fmt: skip
    eventually((marks / "began").exists, "the container")
    for _ in range(3):
        here.kill()
        here.begin()
    here.kill()
    (marks / "go").touch()
    eventually(lambda: here.left() == [], "the end of the container")
    here.begin()
    here.completed(run)
    assert (marks / "began").read_text() == "began\n"
    assert "done" in here.log(run)


def test_it_goes_on_while_the_daemon_is_away(here: Here, docker: Daemon) -> None:
    """With live-restore a daemon leaves its containers alone; of their output nothing is doubled, and nothing is lost
    but what the daemon had in its hands when it was killed."""
    marks = here.marks()
    run = here.start(
        command=shell("i=0; while [ ! -e /m/go ]; do i=$((i+1)); echo line $i;"
                      " echo $i > /m/count; sleep 0.02; done; echo done"),
        mounts=[MARKS],
    )  # fmt: skip
    here.said(run, "line 3")
    for number in (signal.SIGKILL, signal.SIGTERM):
        docker.end(number)
        docker.start()
    (marks / "go").touch()
    here.completed(run)
    last = int((marks / "count").read_text())
    lines = here.lines(run)
    numbers = [int(line.removeprefix("line ")) for line in lines if line.startswith("line ")]
    missing = sorted(set(range(1, last + 1)) - set(numbers))
    assert numbers == [one for one in range(1, last + 1) if one not in missing]
    # One kill, and lines come 20 ms apart.
    assert len(missing) <= 2, missing
    assert "done" in lines and any("waiting for it" in line for line in lines)


def test_one_that_the_daemon_ended_is_lost_and_tried_again(here: Here, docker: Daemon) -> None:
    here.marks()
    run = here.start(
        command=shell("test -e /m/began && exit 0; touch /m/began; echo up; exec sleep 1000"),
        mounts=[MARKS],
        retry={"attempts": 2},
    )  # fmt: skip
    here.said(run, "up")
    try:
        docker.end(signal.SIGTERM)
        docker.start(live_restore=False)
        here.completed(run)
        first, second = here.attempts(run)
        assert first["error"]["code"] == "LOST" and "live-restore" in first["error"]["message"]
        assert second["state"] == "completed"
    finally:
        docker.end(signal.SIGTERM)
        docker.start()


def test_one_that_was_removed_by_hand_is_lost(here: Here, docker: Daemon) -> None:
    run = here.start(command=shell("echo up; exec sleep 1000"))
    here.said(run, "up")
    (container,) = here.left()
    docker.ok("DELETE", f"/containers/{container['Id']}?force=1")
    assert here.error(run)["code"] == "LOST"


def test_what_a_killed_process_left_ends_before_the_next_attempt(
    here: Here, docker: Daemon
) -> None:
    """Who watches a container is killed: two of one task never run at once."""
    marks = here.marks()
    run = here.start(
        command=shell("echo $DYNA_ATTEMPT >> /m/began; echo up;"
                      " while [ ! -e /m/go ]; do sleep 0.05; done"),
        mounts=[MARKS],
        retry={"attempts": 2, "on": ["OUT_OF_MEMORY"]},
    )  # fmt: skip
    here.said(run, "up")
    (first,) = here.left()
    os.kill(process_of("container-step", here.folder), signal.SIGKILL)
    began = marks / "began"
    eventually(lambda: len(began.read_text().splitlines()) == 2, "the second attempt")
    assert [one["Id"] for one in here.left()] != [first["Id"]] and len(here.left()) == 1
    (marks / "go").touch()
    here.completed(run)
    assert len(began.read_text().splitlines()) == 2
    assert "removed a container" in here.log(run, attempt=2)


def process_of(word: str, folder: Path) -> int:
    """The one process whose command line has the word and the folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if word in words and any(str(folder) in one for one in words):
            found.append(int(entry.name))
    assert len(found) == 1, found
    return found[0]


def test_many_at_once_leave_nothing(here: Here) -> None:
    run = here.start_flow({
        "id": "one",
        "tasks": [{"id": "each", "type": "foreach", "items": {"from": 1, "to": 12}, "parallel": 4,
                   "tasks": [{"id": "work", "type": "container", "image": IMAGE, "network": "none",
                              "command": shell("echo n={{ item }} > $DYNA_OUTPUTS")}]}],
        "outputs": {"all": "{{ outputs.each.results }}"},
    })  # fmt: skip
    results = here.completed(run)["outputs"]["all"]
    assert [one["work"]["n"] for one in results] == [str(n) for n in range(1, 13)]


def test_without_a_daemon_it_is_told_how_to_have_one(docker: Daemon, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(
        f"id: one\ntasks: [{{id: work, type: container, image: '{IMAGE}'}}]\n"
    )
    server = find_port(spawn(tmp_path, DOCKER_HOST=f"unix://{tmp_path}/no.sock"))
    try:
        run = server.start("_/one")
        assert server.ended(run)["state"] == "error"
        (attempt,) = server.ok("GET", f"/api/v1/runs/{run}/attempts")["attempts"]
        assert attempt["error"]["code"] == "TOOL_MISSING"
        assert "DOCKER_HOST" in attempt["error"]["message"]
    finally:
        server.stop()
