"""R48 in small: a server that works for a long time needs no more memory, files, threads or log than after a short one.

Bounded by work in `./dev test`; with DYNA_TEST_LONG=1 twenty minutes, where latency is compared, too. Each fifth is measured
at rest, and the last is compared with the second: the first fills caches. Latency is measured in units of a yardstick that
feels the same machine at the same time.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from load import Load, check_state, starts_of, unfinished
from serving import Server, eventually, find_port, spawn

LONG = bool(os.environ.get("DYNA_TEST_LONG"))
FIFTHS = 5
SECONDS = 20 * 60 / FIFTHS  # of a fifth, when long
PROMISES = 1500  # of a fifth, when short; caches are full after the first
CLIENTS = 4
FLOWS = {
    "say": '- {id: only, type: log, message: "{{ inputs.order }} {{ inputs.key }}"}',
    "work": '- {id: only, type: shell, script: "echo {{ inputs.key }}; echo n=1 > $DYNA_OUTPUTS"}',
    "fan": "- {id: each, type: foreach, items: [1, 2, 3], tasks: ["
    "{id: one, type: log, message: '{{ item }}'}]}",
}


@dataclass
class Sample:
    runs: int
    rss_kib: int
    files: int
    threads: int
    log_kib: int
    p50_ms: float
    p99_ms: float
    yardstick_ms: float


class Yardstick:
    """How long a piece of work that is always the same takes beside the server: a hash, and a write that is durable."""

    def __init__(self, folder: Path) -> None:
        self.times: list[float] = []
        self._file = (folder / "yardstick").open("wb", buffering=0)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        block = bytes(65536)
        while not self._end.wait(0.1):
            begun = monotonic()
            for _ in range(8):
                hashlib.sha256(block).digest()
            self._file.write(block[:4096])
            os.fdatasync(self._file.fileno())
            self.times.append(1000 * (monotonic() - begun))

    def take(self) -> float:
        """The median since the last call."""
        times, self.times = sorted(self.times), []
        return times[len(times) // 2]

    def stop(self) -> None:
        self._end.set()
        self._thread.join()


def status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise AssertionError(f"no {name}")


def churn(server: Server) -> None:
    """Clients that come, look, follow, and go without a word."""
    headers = {"Authorization": f"Bearer {server.admin}"}
    for path in ("/api/v1/runs?limit=20", "/api/v1/flows", "/api/v1/audit?limit=20", "/metrics"):
        assert server.call("GET", path).status == 200
    assert server.call("GET", "/api/v1/runs", token="dyna_none_none").status in (401, 429)
    for _ in range(5):
        follower = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        follower.request("GET", "/api/v1/live/runs", headers=headers)
        assert follower.getresponse().status == 200
        follower.close()


def measure(server: Server, load: Load, before: int, yardstick_ms: float) -> Sample:
    times = sorted(load.latencies[before:])
    pid = server.process.pid
    # A connection that has gone is noticed by the server a moment later.
    eventually(
        lambda: f"dyna_http_connections {CLIENTS + 1}\n" in server.call("GET", "/metrics").body.decode(),
        "the end of all connections but those of the clients and this one",
    )  # fmt: skip
    return Sample(
        runs=len(load.orders),
        rss_kib=status(pid, "VmRSS"),
        files=len(list(Path(f"/proc/{pid}/fd").iterdir())),
        threads=status(pid, "Threads"),
        log_kib=(server.state / "state.db-wal").stat().st_size // 1024,
        p50_ms=1000 * times[len(times) // 2],
        p99_ms=1000 * times[len(times) * 99 // 100],
        yardstick_ms=yardstick_ms,
    )


def work_a_fifth(server: Server, load: Load) -> None:
    until = monotonic() + SECONDS
    while True:
        load.wait_for(PROMISES, server)
        churn(server)
        if not LONG or monotonic() >= until:
            return


def test_the_last_fifth_is_as_the_second(tmp_path: Path) -> None:
    for name, task in FLOWS.items():
        inputs = "[{id: order, type: int}, {id: key, type: string}]"
        (tmp_path / f"{name}.yaml").write_text(
            f"id: {name}\nnamespace: acme\ninputs: {inputs}\ntasks:\n  {task}\n"
        )
    server = find_port(spawn(tmp_path))
    load = Load([starts_of(f"acme/{name}") for name in FLOWS], CLIENTS, seed=48)
    samples: list[Sample] = []
    yardstick = Yardstick(tmp_path)
    try:
        for _ in range(FIFTHS):
            before = len(load.latencies)
            load.attach(server)
            work_a_fifth(server, load)
            load.pause(server)
            eventually(lambda: unfinished(tmp_path) == 0, "the end of all runs", 120)
            samples.append(measure(server, load, before, yardstick.take()))
            print(samples[-1])
        load.finish(server)
        server.stop()
        assert server.process.returncode == 0, server.last_words()
    finally:
        yardstick.stop()
        load.abandon()
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
    second, last = samples[1], samples[-1]
    assert load.refused == []
    assert last.rss_kib <= second.rss_kib + (4096 if LONG else 2048), samples
    # The link to an idle guardian, and one to a reader, may be there or not.
    assert last.files <= second.files + 4, samples
    assert last.threads <= second.threads, samples
    assert last.log_kib <= 32 * 1024, samples
    if LONG:
        slower = last.p99_ms / last.yardstick_ms / (second.p99_ms / second.yardstick_ms)
        assert slower <= 2, (slower, samples)
    check_state(tmp_path)
