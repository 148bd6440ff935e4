"""Containers of the library, by a real Docker daemon: one for each event, whoever falls over."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from docker_daemon import IMAGE, Daemon
from programs import build
from serving import eventually

LONG = bool(os.environ.get("DYNA_TEST_LONG"))
PATIENCE = 120


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(Path(__file__).with_name("probe.cpp"), tmp_path_factory.mktemp("prefix"))


def shell(script: str) -> str:
    return json.dumps(["sh", "-c", script])


class Probe:
    """A program with one process that is a container, its state, and what it has written."""

    def __init__(self, program: Path, docker: Daemon, folder: Path) -> None:
        self.program, self.docker, self.folder = program, docker, folder
        self.output = folder / "output"
        self.output.touch()
        self.marks = folder / "marks"
        self.marks.mkdir()
        self.marks.chmod(0o777)
        self.running: subprocess.Popen[str] | None = None

    def command(self, *, events: int = 1, attempts: int = 1, **keys: str) -> list[str]:
        """`keys` of the execution context; "" takes one away. What containers tell us lies in /m."""
        mounts = [{"source": str(self.marks), "target": "/m", "read_only": False}]
        context = {"image": IMAGE, "network": "none", "scope": str(self.folder),
                   "docker_host": self.docker.host, "mounts": json.dumps(mounts), **keys}  # fmt: skip
        words = [f"{key}={value}" for key, value in context.items() if value]
        return [str(self.program), str(self.folder / "state"), str(self.output), str(events),
                str(attempts), *words]  # fmt: skip

    def start(self, **options: Any) -> None:
        assert self.running is None
        self.running = subprocess.Popen(self.command(**options), stderr=subprocess.PIPE, text=True)

    def kill(self) -> None:
        if self.running is not None:
            self.running.kill()
            self.running.communicate()
            self.running = None

    def stop(self) -> None:
        """As a service is stopped."""
        assert self.running is not None
        self.running.terminate()
        _, errors = self.running.communicate(timeout=PATIENCE)
        assert self.running.returncode == 0, errors
        self.running = None

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output.read_text().split("\n")[:-1]]

    def wait(self, count: int = 1) -> list[dict[str, Any]]:
        """Until so many calls have ended."""
        until = monotonic() + PATIENCE
        while len(self.lines()) < count:
            assert self.running is not None
            assert self.running.poll() is None, self.running.communicate()
            assert monotonic() < until, self.lines()
            sleep(0.02)
        return self.lines()

    def one(self, **options: Any) -> dict[str, Any]:
        """What becomes of one event."""
        self.start(**options)
        (line,) = self.wait()
        self.stop()
        self.output.write_text("")
        shutil.rmtree(self.folder / "state")
        return line

    def marked(self, name: str) -> list[str]:
        path = self.marks / name
        return path.read_text().split() if path.exists() else []

    def mark(self, name: str) -> None:
        (self.marks / name).touch()

    def containers(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.docker.ok("GET", "/containers/json?all=1")
        return [one for one in found if one["Labels"].get("io.cordyna.scope") == str(self.folder)]


@pytest.fixture
def probe(program: Path, docker: Daemon, tmp_path: Path) -> Iterator[Probe]:
    made = Probe(program, docker, tmp_path)
    yield made
    made.kill()
    assert made.containers() == []


# Ends when it is told to, and says how often it was begun.
UNTIL_TOLD = "echo begun; echo x >> /m/begun; until [ -e /m/end ]; do sleep 0.05; done; echo end"


def test_an_event_gets_to_its_container_and_its_output_back(probe: Probe) -> None:
    line = probe.one(command=shell('echo "$PIPELINE_EVENT"; echo bad >&2; echo "$LIST"; id -u'),
                     user="worker", **{"env.LIST": "1,2"})  # fmt: skip
    assert "error" not in line
    event, *others = sorted(line["logs"], key=len, reverse=True)
    assert json.loads(base64.b64decode(event, validate=True)) == line["event"]
    assert line["event"]["data"] == {"text": 'it\'s, "1"'} and line["event"]["trigger"] == "numbers"
    assert sorted(others) == ["1,2", "1000", "bad"]


def test_many_lines_come_in_order_and_the_last_are_kept(probe: Probe) -> None:
    line = probe.one(command=shell("seq 1 1000"))
    assert line["logs"] == [str(n) for n in range(1, 1001)]
    first, *last = probe.one(command=shell("seq 1 100000"))["logs"]
    assert first.endswith("lines before are left out)")
    assert last[-1] == "100000" and 60_000 < sum(len(text) + 1 for text in last) <= 64 * 1024


def test_another_code_than_null_fails_with_its_logs_and_is_tried_again(probe: Probe) -> None:
    probe.start(attempts=2, command=shell("echo x >> /m/begun; echo no such thing >&2; exit 3"))
    lines = probe.wait(2)
    probe.stop()
    for line in lines:
        assert line["exit_code"] == 3 and line["error"] == "unavailable"
        assert line["logs"] == ["no such thing"]
    assert len(probe.marked("begun")) == 2


def test_without_an_image_no_process_is_made(probe: Probe) -> None:
    done = subprocess.run(probe.command(image=""), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("image missing of work\ninvalid_argument: process 'work': ")


def test_each_failure_says_what_it_is(probe: Probe) -> None:
    line = probe.one(image="absent:1", pull="never")
    assert line["error"] == "not_found" and "pull is 'never'" in line["message"]
    line = probe.one(image="127.0.0.1:9/absent:1")
    assert line["error"] == "unavailable" and "127.0.0.1:9" in line["message"]
    line = probe.one(command='["nowhere"]')
    assert line["error"] == "unavailable" and "nowhere" in line["message"]
    line = probe.one(network="no-such-network", command=shell("exit 0"))
    assert line["error"] == "unavailable" and "no-such-network" in line["message"]
    line = probe.one(user="no-such-user", command=shell("exit 0"))
    assert line["error"] == "unavailable" and "no-such-user" in line["message"]
    line = probe.one(memory="1MB", command=shell("exit 0"))
    assert line["error"] == "invalid_argument" and "memory" in line["message"].lower()
    line = probe.one(memory="16MB", command=shell("dd if=/dev/zero of=/dev/null bs=100M count=1"))
    # Not every daemon is told by its kernel why.
    assert "16,000,000" in line["message"] or line["exit_code"] == 137
    line = probe.one(timeout="1s", command=shell("echo begun; exec sleep 600"), stop_wait="0s")
    assert line["error"] == "unavailable" and "its timeout of 1.0s" in line["message"]
    # A busy daemon may have used up the second before the container began.
    assert line["logs"][-1:] in ([], ["begun"])
    line = probe.one(docker_host=f"unix://{probe.folder}/no.sock")
    assert line["error"] == "unavailable" and "DOCKER_HOST" in line["message"]


def test_who_may_not_use_the_daemon_is_told_so(probe: Probe) -> None:
    with tempfile.TemporaryDirectory(prefix="cordyna-nobody-", dir="/tmp") as name:
        folder = Path(name)
        library = next(probe.program.parent.rglob("libcordyna.so.*.*.*"))
        shutil.copy(probe.program, folder / "probe")
        shutil.copy(library, folder / ".".join(library.name.split(".")[:-1]))
        output = folder / "output"
        output.touch()
        output.chmod(0o666)
        folder.chmod(0o755)
        words = probe.command()
        program = subprocess.Popen(
            [str(folder / "probe"), "-", str(output), *words[3:]],
            env={"LD_LIBRARY_PATH": name}, user=65534, group=65534, extra_groups=[], cwd="/",
        )  # fmt: skip
        try:
            eventually(lambda: output.read_text().endswith("\n"), "a line of output")
            line = json.loads(output.read_text())
        finally:
            program.kill()
            program.wait()
        assert line["error"] == "denied", line
        assert "Permission denied" in line["message"] and "group" in line["message"]


@pytest.mark.parametrize("code", [0, 4])
@pytest.mark.parametrize("meanwhile", ["it runs", "it ends"])
def test_who_comes_back_takes_up_what_is_there(probe: Probe, meanwhile: str, code: int) -> None:
    script = shell(f"{UNTIL_TOLD}; exit {code}")
    probe.start(command=script)
    eventually(lambda: probe.marked("begun"), "the container began")
    probe.kill()
    if meanwhile == "it ends":
        probe.mark("end")
        eventually(lambda: probe.containers()[0]["State"] == "exited", "the container's end")
    # Another image by now: what runs is what was begun.
    probe.start(command=script, image="absent:1", pull="never")
    if meanwhile == "it runs":
        probe.mark("end")
    (line,) = probe.wait()
    probe.stop()
    assert line.get("exit_code", 0) == code
    assert line["logs"] == ["begun", "end"]
    assert probe.marked("begun") == ["x"]


def test_one_that_was_made_and_not_started_is_started_once(probe: Probe) -> None:
    """Killed between both: as the container of such a program is made here, from what it asked for."""
    probe.start(command=shell(UNTIL_TOLD))
    eventually(lambda: probe.marked("begun"), "the container began")
    probe.kill()
    (container,) = probe.containers()
    asked = probe.docker.ok("GET", f"/containers/{container['Id']}/json")
    probe.docker.ok("DELETE", f"/containers/{container['Id']}?force=1")
    (probe.marks / "begun").unlink()
    body = {**asked["Config"], "HostConfig": asked["HostConfig"]}
    probe.docker.ok("POST", f"/containers/create?name={asked['Name'].lstrip('/')}", body)
    probe.mark("end")
    probe.start(command=shell(UNTIL_TOLD))
    (line,) = probe.wait()
    assert line["logs"] == ["begun", "end"] and probe.marked("begun") == ["x"]
    probe.stop()


def test_a_stop_ends_and_removes_it_and_it_runs_anew_next_time(probe: Probe) -> None:
    script = shell(f"trap 'echo x >> /m/asked; exit 0' TERM; {UNTIL_TOLD}")
    probe.start(command=script)
    eventually(lambda: probe.marked("begun"), "the container began")
    probe.stop()
    assert probe.containers() == [] and probe.marked("asked") == ["x"]
    assert probe.lines() == []
    probe.mark("end")
    probe.start(command=script)
    (line,) = probe.wait()
    assert "error" not in line and probe.marked("begun") == ["x", "x"]
    probe.stop()


def test_killed_again_and_again_each_container_runs_once_and_nothing_is_left(probe: Probe) -> None:
    events = 200 if LONG else 24
    draw = random.Random(7)
    script = shell('n="$(echo "$PIPELINE_EVENT" | base64 -d)"; n="${n#*\\"id\\":\\"}";'
                   ' echo x >> "/m/${n%%\\"*}"; sleep 0.2')  # fmt: skip
    numbers = {str(number) for number in range(1, events + 1)}
    wanted = 0
    for _ in range(20 if LONG else 5):
        probe.start(events=events, command=script)
        wanted = min(wanted + draw.randint(1, events // 8), events)
        eventually(lambda n=wanted: len(list(probe.marks.iterdir())) >= n, "more of the containers")
        sleep(draw.random() / 4)
        probe.kill()
    probe.start(events=events, command=script)
    eventually(lambda: {line["event"]["id"] for line in probe.lines()} == numbers, "all events")
    eventually(lambda: probe.containers() == [], "nothing is left")
    probe.stop()
    assert not [line for line in probe.lines() if "error" in line]
    assert [probe.marked(number) for number in sorted(numbers)] == [["x"]] * events
