"""How ./dev bench measures: private folders, runs of `dyna`, memory of a living process."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from datetime import datetime


class BenchError(Exception):
    """A program that was to be measured failed."""


BASE = pathlib.Path(__file__).resolve().parents[1] / "build" / "bench"


@contextlib.contextmanager
def folder():
    """A new empty folder on the disk where the build lies: /tmp may be memory.

    It stays until `remove_folders`: ext4 makes files slowly for a while after many were removed, and nobody
    removes a state folder between two runs.
    """
    BASE.mkdir(parents=True, exist_ok=True)
    yield pathlib.Path(tempfile.mkdtemp(dir=BASE))


def remove_folders():
    """Everything that was measured in."""
    shutil.rmtree(BASE, ignore_errors=True)


def run(command, cwd, **more):
    """The output of a command; BenchError when it fails."""
    done = subprocess.run(
        command,
        cwd=cwd,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
        **more,
    )
    if done.returncode:
        raise BenchError(f"{command[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def wall(command, cwd, **more):
    """Seconds from before the start of a command to after its end."""
    begun = time.perf_counter()
    run(command, cwd, **more)
    return time.perf_counter() - begun


def seconds_of(value):
    """A time of `dyna runs --json`: milliseconds since 1970, or a time stamp."""
    if isinstance(value, (int, float)):
        return value / 1000
    return datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()


def run_seconds(dyna, cwd):
    """started_at..ended_at of the one run in `cwd`."""
    text = run([dyna, "runs", "--json"], cwd).strip()
    rows = json.loads(text) if text.startswith("[") else [json.loads(x) for x in text.splitlines()]
    if len(rows) == 1 and isinstance(rows[0].get("runs"), list):
        rows = rows[0]["runs"]
    if len(rows) != 1 or rows[0]["state"] != "completed":
        raise BenchError(f"expected one completed run, got: {text[:500]}")
    return seconds_of(rows[0]["ended_at"]) - seconds_of(rows[0]["started_at"])


def flow_seconds(dyna, flow, slots=2):
    """The time of the run of a flow text, start excluded."""
    with folder() as cwd:
        (cwd / "flow.yaml").write_text(flow, encoding="utf-8")
        run([dyna, "run", "flow.yaml", "--slots", str(slots), "--follow", "plain"], cwd)
        return run_seconds(dyna, cwd)


class Memory:
    """Samples VmRSS and VmHWM of a process until it ends; in MB of 1024 * 1024 bytes."""

    def __init__(self, process):
        self.peak = self.resident = 0.0
        self.thread = threading.Thread(target=self.watch, args=(process,), daemon=True)
        self.thread.start()

    def watch(self, process):
        status = pathlib.Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            with contextlib.suppress(OSError):
                text = status.read_text(encoding="ascii", errors="replace")
                fields = dict(re.findall(r"(VmHWM|VmRSS):\s+(\d+) kB", text))
                self.peak = max(self.peak, int(fields.get("VmHWM", 0)) / 1024)
                self.resident = max(self.resident, int(fields.get("VmRSS", 0)) / 1024)
            time.sleep(0.005)


def flow_memory(dyna, flow):
    """Peak resident MB of the owner during the run of a flow text."""
    with folder() as cwd:
        (cwd / "flow.yaml").write_text(flow, encoding="utf-8")
        process = subprocess.Popen(
            [dyna, "run", "flow.yaml", "--slots", "2", "--follow", "plain"],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        memory = Memory(process)
        _, error = process.communicate()
        memory.thread.join()
        if process.returncode:
            raise BenchError(f"dyna ended with {process.returncode}: {error.decode()[-2000:]}")
        return memory.peak


def median(values):
    return statistics.median(values)


def spread(values):
    """ "1.23 (1.20–1.31)": median, smallest and largest."""

    def text(value):
        return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"

    return f"{text(median(values))} ({text(min(values))}–{text(max(values))})"


def machine():
    """One line about this machine."""
    cpu = "unknown CPU"
    with contextlib.suppress(OSError):
        text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
        cpu = (re.search(r"model name\s*: (.*)", text) or [None, cpu])[1]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    fs = run(["stat", "-f", "-c", "%T", "."], None).strip()
    return f"{os.cpu_count()} × {cpu}, {memory:.0f} GB, Linux {os.uname().release}, {fs}"
