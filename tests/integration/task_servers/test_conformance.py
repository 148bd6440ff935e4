"""`dyna conformance`: a correct server passes, and each fault is found by the check that it belongs to."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import kit_http_server
import kit_server
import pytest
from serving import DYNA, eventually

HERE = Path(__file__).parent
SERVER = f"'{sys.executable}' '{HERE / 'kit_server.py'}' --state {{state}}"
HTTP_SERVER = f"'{sys.executable}' '{HERE / 'kit_http_server.py'}'"
AT_ONCE = 8  # they mostly wait

# Fault → the check that finds it.
FOUND_BY = {
    "accepts-while-draining": "drain",
    "another-subject": "source",
    "boot-of-session": "resume-boot",
    "cancels-the-ended": "cancel-ended",
    "comes-too-soon": "goodbye-later",
    "completes-first": "order",
    "deaf-to-rejected": "rejected",
    "deaf-to-repeats": "repeat-running",
    "dies-of-odd-receipts": "receipt-odd",
    "dies-of-problems": "problem",
    "dies-of-the-unknown": "unknown",
    "empty-message": "error",
    "exit-code": "drain",
    "foreign-source": "source",
    "forgets-at-cuts": "cut-early",
    "forgets-at-kill": "kill-ended",
    "forgets-queued": "resend-queued",
    "forgets-the-fence": "fence",
    "goes-too-early": "drain-asked",
    "ignores-cancel": "cancel",
    "ignores-fate": "fate-abort",
    "ignores-lease-cancels": "cancel-lease",
    "ignores-lists": "list",
    "lists-nothing": "resume",
    "lists-what-was-killed": "kill-running",
    "loses-without-slot": "slots",
    "never-declares": "declare",
    "never-leaves": "drain-idle",
    "new-ids": "resend",
    "no-heartbeat": "heartbeat",
    "no-owner": "declare",
    "no-resend": "resend-cut",
    "no-token": "hello",
    "one-id-for-all": "ids",
    "outlives-lease": "lease",
    "ready-too-early": "ready",
    "repeats-receipted": "receipt",
    "returns-refused": "goodbye-version",
    "returns-superseded": "goodbye-superseded",
    "runs-repeats": "repeat",
    "same-boot": "kill-running",
    "sends-garbage": "messages",
    "seq-goes-on": "seq",
    "silent-on-unknown-cancel": "cancel-unknown",
    "stays-away": "reconnect",
    "stops-at-cut": "reboot",
    "takes-any-input": "bad-input",
    "takes-unknown-tasks": "unknown-task",
    "talks-too-early": "welcome",
    "tells-fenced": "fenced",
    "too-many-at-once": "slots",
    "wants-to-declare": "declare-known",
    "wrong-output": "invoke",
}
HTTP_FOUND_BY = {
    "empty-message": "http-error",
    "no-queued": "http-invoke",
    "posts-once": "http-post-again",
    "runs-repeats": "http-repeat",
    "says-no-ready": "http-invoke",
}


def conformance(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [DYNA, "conformance", *arguments], capture_output=True, text=True, check=False
    )


def checks(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    assert done.stdout.startswith("{"), done.stderr
    return {one["check"]: one for one in json.loads(done.stdout)["checks"]}


def broken(server: str, check: str) -> dict[str, dict[str, Any]]:
    done = conformance("--server", server, "--only", check, "--json")
    assert done.returncode == 1, (done.stdout, done.stderr)
    return {name: one for name, one in checks(done).items() if not one["ok"]}


@pytest.fixture(scope="module")
def tried() -> Iterator[dict[str, Future[dict[str, dict[str, Any]]]]]:
    """Each fault, tried with the check that should find it."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = {
            fault: pool.submit(broken, f"{SERVER} --fault {fault}", check)
            for fault, check in FOUND_BY.items()
        }
        for fault, check in HTTP_FOUND_BY.items():
            server = f"{HTTP_SERVER} --fault {fault}"
            found[f"http {fault}"] = pool.submit(broken, server, check)
        yield found


@pytest.mark.parametrize("fault", FOUND_BY)
def test_each_fault_is_found_by_its_check(tried: dict[str, Future[Any]], fault: str) -> None:
    found = tried[fault].result()
    assert list(found) == [FOUND_BY[fault]]
    one = found[FOUND_BY[fault]]
    assert one["seen"] and one["right"] and one["where"]


@pytest.mark.parametrize("fault", HTTP_FOUND_BY)
def test_so_is_each_fault_of_a_server_over_http(tried: dict[str, Future[Any]], fault: str) -> None:
    assert list(tried[f"http {fault}"].result()) == [HTTP_FOUND_BY[fault]]


def test_no_fault_is_without_a_check() -> None:
    assert set(FOUND_BY) == set(kit_server.FAULTS)
    assert set(HTTP_FOUND_BY) == set(kit_http_server.FAULTS)


def test_a_correct_server_keeps_all_rules() -> None:
    done = conformance("--server", SERVER, "--json")
    found = checks(done)
    assert {name: one for name, one in found.items() if not one["ok"]} == {}
    assert done.returncode == 0
    assert json.loads(done.stdout)["level"] == 2
    assert len(found) >= 50


def test_a_correct_server_of_level_0_keeps_its_rules() -> None:
    done = conformance("--server", HTTP_SERVER)
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("level 0: 5 checks, 0 broken\n")


def test_of_a_lower_level_less_is_wanted() -> None:
    done = conformance("--server", f"{SERVER} --fault lists-nothing", "--level", "1", "--json",
                       "--only", "resend-cut", "--only", "invoke")  # fmt: skip
    assert done.returncode == 0, done.stdout
    refused = conformance("--server", SERVER, "--level", "1", "--only", "resume")
    assert refused.returncode == 2
    assert "none of these checks is for a server of level 1" in refused.stderr


def test_the_list_names_each_check_with_its_rule_and_place() -> None:
    listed = json.loads(conformance("--list", "--json").stdout)
    text = conformance("--list").stdout
    assert {"hello", "resend", "kill-ended", "http-ready"} <= {one["check"] for one in listed}
    for one in listed:
        assert one["check"] in text and one["rule"] in text
    assert set(FOUND_BY.values()) <= {one["check"] for one in listed}


def test_what_is_broken_is_told_with_what_would_be_right_and_what_was_said() -> None:
    server = f"{SERVER} --fault empty-message"
    done = conformance("--server", server, "--only", "error", "--trace")
    assert done.returncode == 1
    assert "seen:   an empty message" in done.stdout
    assert "right:  an error has a message for people" in done.stdout
    assert "-> server.welcome" in done.stdout and "<- task.error" in done.stdout


def test_a_server_that_never_comes() -> None:
    done = conformance("--server", "echo 'no such port' >&2; exit 3")
    assert done.returncode == 6
    assert "its process ended with exit code 3" in done.stderr
    assert "no such port" in done.stderr


def test_what_is_not_understood() -> None:
    assert conformance().returncode == 2
    near = conformance("--server", SERVER, "--only", "resned")
    assert near.returncode == 2
    assert "did you mean 'resend'?" in near.stderr
    assert conformance("--server", SERVER, "--level", "3").returncode == 2


def test_nothing_is_left_of_the_server(tmp_path: Path) -> None:
    """Neither a process, nor one that it began, nor a folder."""
    mark = tmp_path / "kit"
    mark.mkdir()
    done = subprocess.run(
        [DYNA, "conformance", "--only", "hello", "--server", f"sleep 4321 & exec {SERVER}"],
        capture_output=True, text=True, check=False, env={"TMPDIR": str(mark), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(mark.iterdir()) == []
    running = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if readable(path)]
    assert b"sleep\x004321\x00" not in running


def test_a_signal_ends_the_servers_too(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    command = f"echo $$ >> {pids}; {SERVER}"
    kit = subprocess.Popen([DYNA, "conformance", "--server", command], stdout=subprocess.DEVNULL)
    eventually(lambda: pids.exists() and len(pids.read_text().split()) > 2, "servers")
    kit.send_signal(signal.SIGINT)
    assert kit.wait(timeout=20) == 130
    for pid in pids.read_text().split():
        assert not Path(f"/proc/{pid}").exists()


def readable(path: Path) -> bool:
    try:
        path.read_bytes()
    except OSError:
        return False
    return True
