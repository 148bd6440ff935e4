"""A canary secret of the store, printed in every way we know, and then looked for everywhere (S30)."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import resource
import signal
import subprocess
import threading
import time
import urllib.parse
from pathlib import Path

import pytest
from kept_files import files_below, paths_below

ROOT = Path(__file__).resolve().parents[2]
DYNA = os.environ.get("DYNA_BIN", str(ROOT / "build" / "release" / "bin" / "dyna"))

# Longer than a line of base64, with all that URLs, JSON and shells escape; the digits are its own.
CANARY = "Zq7w/ü\"K1p +&=?\\'<x>-" + hashlib.sha256(b"canary").hexdigest() + "-€nd42~Xy9"
HALF = len(CANARY) // 2

FLOW = """
id: canary
tasks:
  - id: leaky
    type: shell
    env: {T: "{{ secret('CANARY') }}"}
    script: |
      printf '%s' "$T" | sha256sum > seen
      echo "plain $T"
      printf '%s' "$T" | base64
      printf 'x%s' "$T" | base64 -w0; echo
      printf 'xy%s' "$T" | base64 -w0; echo
      printf '%s' "$T" | base64 -w64
      python3 leak.py
      python3 halves.py
      touch begun; while [ ! -e go ]; do sleep 0.05; done
      echo "it failed: $T" >&2
      exit 3
  - id: trace
    type: python
    env: {T: "Bearer {{ secret('CANARY') }}"}
    script: |
      import os
      raise RuntimeError("cannot log in with " + os.environ["T"])
errors:
  - {id: tell, type: log, message: "{{ error.task }}: {{ error.message }}"}
"""

LEAK = """
import base64, json, os, sys, urllib.parse
t = os.environ["T"]
print(urllib.parse.quote(t), urllib.parse.quote(t, safe=""), urllib.parse.quote_plus(t))
print(json.dumps({"token": t}), json.dumps(t, ensure_ascii=False), file=sys.stderr)
print(json.dumps(t).replace("/", "\\\\/"))
print(t.encode().hex(), t.encode().hex().upper())
print(base64.encodebytes(t.encode()).decode())
"""

HALVES = """
import os, time
t = os.environb[b"T"]
for part in (t[:7], t[7:50], t[50:-1], t[-1:]):
    os.write(1, part)
    time.sleep(0.2)
os.write(1, b"\\n")
"""


def forms() -> dict[str, bytes]:
    """What must be nowhere; also parts of it, so that half a secret counts as well."""
    raw = CANARY.encode()
    found = {"plain": raw, "first half": raw[:HALF], "second half": raw[HALF:]}
    for lead in range(3):
        # Whole groups of three: they do not depend on what stands around.
        whole = raw[(3 - lead) % 3 :]
        whole = whole[: len(whole) // 3 * 3]
        for at in (0, len(whole) // 6 * 3):
            text = base64.b64encode(whole[at : at + 24])
            found[f"base64 {lead} {at}"] = text
            found[f"base64url {lead} {at}"] = text.translate(bytes.maketrans(b"+/", b"-_"))
    for safe in ("/", "", "!'()*"):
        found[f"url {safe}"] = urllib.parse.quote(CANARY, safe=safe).encode()
    found["url plus"] = urllib.parse.quote_plus(CANARY).encode()
    found["hex"] = raw.hex()[:40].encode()
    found["HEX"] = raw.hex().upper()[:40].encode()
    found["json"] = json.dumps(CANARY)[1:-1].encode()
    found["json utf-8"] = json.dumps(CANARY, ensure_ascii=False)[1:-1].encode()
    return found


FORMS = forms()


def leaks(where: str, content: bytes) -> list[str]:
    return [f"{name} in {where}" for name, form in FORMS.items() if form in content]


def leaks_of_files(folder: Path) -> list[str]:
    found = []
    for path in paths_below(folder):
        found += leaks(f"the name {path.name!r}", os.fsencode(path.name))
    for path, content in files_below(folder):
        found += leaks(str(path), content)
    return found


class Arguments(threading.Thread):
    """Reads the arguments of all processes again and again."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.leaks: set[str] = set()
        self.seen: set[bytes] = set()
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.01):
            for entry in Path("/proc").iterdir():
                if not entry.name.isdigit():
                    continue
                try:
                    line = (entry / "cmdline").read_bytes()
                except OSError:
                    continue  # it ended while we looked
                self.seen.add(line)
                self.leaks.update(leaks(f"the arguments of {entry.name}", line))


def dyna(folder: Path, *words: str, value: str | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [DYNA, *words],
        cwd=folder,
        check=False,
        capture_output=True,
        input=None if value is None else value.encode(),
        env={**os.environ, "NO_COLOR": "1"},
        timeout=120,
    )


def wait_for(file: Path) -> None:
    deadline = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < deadline, file
        time.sleep(0.02)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name, text in (("flow.yaml", FLOW), ("leak.py", LEAK), ("halves.py", HALVES)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = dyna(tmp_path, "secret", "set", "CANARY", value=CANARY + "\n")
    assert done.returncode == 0, done.stderr
    assert leaks("set", done.stdout + done.stderr) == []
    return tmp_path


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    raw = CANARY.encode()
    for lead in (b"", b"x", b"xy"):
        assert any("base64 " in leak for leak in leaks("", base64.b64encode(lead + raw)))
    for text in (raw, raw.hex().encode(), json.dumps(CANARY).encode()):
        (tmp_path / "file").write_bytes(b"before " + text + b" after")
        assert leaks_of_files(tmp_path)


@pytest.mark.parametrize("follow", ["plain", "json"])
def test_a_canary_is_nowhere(place: Path, follow: str) -> None:
    arguments = Arguments()
    arguments.start()
    state = place / ".cordyna"
    with (place.parent / "run.out").open("wb") as out:
        run = subprocess.Popen(
            [DYNA, "run", "flow.yaml", "--follow", follow], cwd=place, stdout=out, stderr=out
        )
        wait_for(place / "begun")
        assert leaks_of_files(state) == []  # while orders are on their way, and logs unfinished
        (place / "go").touch()
        assert run.wait(timeout=60) == 1
    with (state / "supervise.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # no guardian is left
    arguments.ended.set()
    arguments.join()

    digest = hashlib.sha256(CANARY.encode()).hexdigest()
    assert (place / "seen").read_text().startswith(digest), "the task got another value"
    assert leaks_of_files(state) == []
    assert leaks("the output of run", (place.parent / "run.out").read_bytes()) == []
    assert arguments.leaks == set()
    assert any(b"leak.py" in line for line in arguments.seen)
    for words in (
        ("logs", "last"),
        ("logs", "last", "--json"),
        ("runs", "--json"),
        ("why", "last"),
        ("why", "last", "leaky", "--json"),
        ("show", "flow.yaml", "--json"),
        ("show", "flow.yaml", "leaky"),
        ("show", "last", "leaky"),
        ("secret", "list", "--json"),
    ):
        done = dyna(place, *words)
        assert leaks(" ".join(words), done.stdout + done.stderr) == []
    logs = dyna(place, "logs", "last").stdout.decode()
    assert "plain ***" in logs
    assert "it failed: ***" in logs
    assert "cannot log in with Bearer ***" in logs
    assert logs.count("***") >= 15


def allow_cores() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


def core_limit(pid: int) -> str:
    for line in Path(f"/proc/{pid}/limits").read_text().splitlines():
        if line.startswith("Max core file size"):
            return line.split()[4]
    raise AssertionError(pid)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def cores() -> set[Path]:
    """Where processes of ours would leave theirs, but for the folder of the test."""
    return set(Path("/").glob("core*")) | set(Path.cwd().glob("core*"))


def test_no_process_of_ours_leaves_a_core(place: Path) -> None:
    """Owner, fork server and guardian die of a signal that writes cores, while the task has the secret."""
    before = cores()
    flow = FLOW.replace("touch begun;", "echo $PPID > pid; mv pid guardian; touch begun;")
    (place / "flow.yaml").write_text(flow, encoding="utf-8")
    run = subprocess.Popen(
        [DYNA, "run", "flow.yaml", "--follow", "plain"],
        cwd=place,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=allow_cores,
    )
    wait_for(place / "begun")
    guardian = int((place / "guardian").read_text())
    server = parent_of(guardian)
    assert [core_limit(pid) for pid in (run.pid, server, guardian)] == ["0"] * 3
    os.kill(run.pid, signal.SIGABRT)
    _, status = os.waitpid(run.pid, 0)  # subprocess does not tell whether there was a core
    run.returncode = -signal.SIGABRT
    assert os.WIFSIGNALED(status)
    assert not os.WCOREDUMP(status)
    for pid in (guardian, server):
        os.kill(pid, signal.SIGABRT)
    with (place / ".cordyna" / "supervise.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
    assert cores() == before
    assert [path for path in paths_below(place) if path.name.startswith("core")] == []
    assert leaks_of_files(place) == []


def test_a_task_leaves_a_core_only_when_it_asks(tmp_path: Path) -> None:
    flow = "id: f\ntasks: [{id: a, type: shell, allow_failure: true, script: '%s kill -SEGV $$'}]\n"
    for ask, wanted in (("", False), ("ulimit -c unlimited;", True)):
        (tmp_path / "flow.yaml").write_text(flow % ask)
        dyna(tmp_path, "run", "flow.yaml")
        found = list(tmp_path.glob("core*"))
        if not wanted:
            assert found == []
        elif Path("/proc/sys/kernel/core_pattern").read_text().startswith("core"):
            _, most = resource.getrlimit(resource.RLIMIT_CORE)
            assert bool(found) == (most == resource.RLIM_INFINITY)
