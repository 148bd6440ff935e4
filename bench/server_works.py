"""The works of ./dev bench about the server: its start, its rest, and what it takes under load.

Loads come from wrk, which needs little of the machine; both share its cores with the server.
"""

import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time

from measure import BASE, BenchError, folder, run

IDLE_SECONDS = 60
FIRST_PROCESSES = 200
LOAD_SECONDS = 6
RUN_CLIENTS = 32
EVENT_CLIENTS = 64
RUNS = 1_000_000
LISTS_A_SECOND = 50
RUNS_A_SECOND = 500

FLOWS = """id: {name}
namespace: bench
tasks:
  - {{id: only, type: log, message: hello}}
"""
HOOK = """triggers:
  - {id: hook, type: webhook, path_secret: BENCH_KEY}
"""
PROCESS = """id: process
namespace: bench
inputs: [{id: file}]
tasks:
  - {id: only, type: shell, script: "date +%s.%N >> {{ inputs.file }}"}
"""
START_LUA = """
wrk.method = "POST"
wrk.path = "/api/v1/flows/bench/log/runs"
wrk.body = "{{}}"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer {token}"
"""
EVENT_LUA = """
local count = 0
local name = "e" .. tostring(os.time()) .. "-" .. tostring({salt}) .. "-"
local headers = {{["Content-Type"] = "application/json"}}
function request()
  count = count + 1
  headers["webhook-id"] = name .. count
  return wrk.format("POST", "/hooks/bench/hooked/hook/bench-key", headers, '{{"order": 17, "item": "tea"}}')
end
"""


class Server:
    """`dyna up` over a folder, with what it told."""

    def __init__(self, dyna, place):
        self.begun = time.perf_counter()
        self.place = pathlib.Path(place)
        self.process = subprocess.Popen(
            [dyna, "up", *(["."] if list(self.place.glob("*.yaml")) else []), "--json"],
            cwd=place,
            env={**os.environ, "DYNA_LISTEN": "127.0.0.1:0", "DYNA_SECRET_BENCH_KEY": "bench-key"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for line in self.process.stdout:
            told = json.loads(line)
            if "listening" in told:
                self.port = int(told["listening"].rsplit(":", 1)[1])
                break
        else:
            raise BenchError("dyna up ended before it listened")
        while self.ask("GET", "/readyz", token=False)[0] != 200:
            pass
        self.ready = time.perf_counter() - self.begun
        # Nobody reads the rest, and a full pipe would stop the server.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    @property
    def token(self):
        return (self.place / ".cordyna" / "admin.token").read_text(encoding="ascii").strip()

    def connect(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def ask(self, method, path, body=None, token=True, connection=None):
        own = connection is None
        connection = connection or self.connect()
        headers = {"Authorization": f"Bearer {self.token}"} if token else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        data = answer.read()
        if own:
            connection.close()
        return answer.status, data

    def metric(self, name):
        text = self.ask("GET", "/metrics")[1].decode()
        return float(re.search(rf"^{name} (\S+)$", text, re.M)[1])

    def ticks(self):
        fields = (
            pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        )
        return int(fields[11]) + int(fields[12])

    def resident(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", text)[1]) / 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=300)


@contextlib.contextmanager
def serving(context, **flows):
    with folder() as place:
        for name, text in flows.items():
            (place / f"{name}.yaml").write_text(text, encoding="utf-8")
        server = Server(context.dyna, place)
        try:
            yield server
        finally:
            server.stop()


def wrk(server, clients, lua, path="/"):
    """Answers per second; BenchError where one is not 2xx."""
    script = server.place / "load.lua"
    script.write_text(lua, encoding="utf-8")
    text = run(
        ["wrk", "-t1", f"-c{clients}", f"-d{LOAD_SECONDS}s", "-s", str(script),
         f"http://127.0.0.1:{server.port}{path}"],
        server.place,
    )  # fmt: skip
    if "Non-2xx" in text or "Socket errors" in text:
        raise BenchError(f"wrk had errors: {text}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])


def settle(server, pause):
    """Until no run lives and no event waits; `pause`: seconds between two looks."""
    while server.metric("dyna_live_runs") + server.metric("dyna_pending_events") > 0:
        time.sleep(pause)


class Rest:
    name = "server"

    def sample(self, context):
        with serving(context) as server:
            context.add("server ready", server.ready * 1000)
            if "server idle" not in context.samples:
                begun = server.ticks()
                time.sleep(IDLE_SECONDS)
                used = (server.ticks() - begun) / os.sysconf("SC_CLK_TCK")
                context.add("server idle", 100 * used / IDLE_SECONDS)
            context.add("server memory", server.resident())

    def rows(self, context):
        value = context.mid("server ready")
        yield context.row("start of `dyna up` to `/readyz`, an empty state", "at most 60 ms",
                          context.text("server ready", "ms"), "–", f"{value:.1f} ms", value <= 60)  # fmt: skip
        value = context.mid("server memory")
        yield context.row("resident memory of an idle server", "at most 25 MB",
                          context.text("server memory", "MB"), "–", f"{value:.1f} MB", value <= 25)  # fmt: skip
        value = context.mid("server idle")
        yield context.row(f"CPU of an idle server over {IDLE_SECONDS} s", "below 0.2 % of a core",
                          context.text("server idle", "%"), "–", f"{value:.3f} %", value < 0.2)  # fmt: skip


class FirstProcess:
    name = "first-process"

    def sample(self, context):
        with serving(context, process=PROCESS) as server:
            file = server.place / "times"
            connection = server.connect()
            begun = []
            for _ in range(FIRST_PROCESSES):
                begun.append(time.time())
                status, data = server.ask("POST", "/api/v1/flows/bench/process/runs",
                                          {"inputs": {"file": str(file)}}, connection=connection)  # fmt: skip
                if status != 201:
                    raise BenchError(f"no run: {status} {data}")
                settle(server, 0)
            times = [float(line) for line in file.read_text(encoding="ascii").split()]
            if len(times) != FIRST_PROCESSES:
                raise BenchError(f"{len(times)} of {FIRST_PROCESSES} processes ran")
            for at, began in zip(times, begun, strict=True):
                context.add("first process", (at - began) * 1000)

    def rows(self, context):
        times = sorted(context.samples["first process"])
        p50, p99 = times[len(times) // 2], times[int(0.99 * len(times))]
        yield context.row(
            "POST that starts a run → its first process says the time (`date`, its own start in it)",
            "p50 at most 5 ms, p99 at most 20 ms", context.text("first process", "ms"), "–",
            f"p50 {p50:.1f} ms, p99 {p99:.1f} ms", p50 <= 5 and p99 <= 20)  # fmt: skip


class ManyRuns:
    name = "api-runs"

    def sample(self, context):
        with serving(context, log=FLOWS.format(name="log")) as server:
            lua = START_LUA.format(token=server.token)
            begun = time.perf_counter()
            wrk(server, RUN_CLIENTS, lua)
            settle(server, 0.01)
            seconds = time.perf_counter() - begun
            page = json.loads(server.ask("GET", "/api/v1/runs?limit=1")[1])
            context.add("api runs", page["runs"][0]["run"] / seconds)

    def rows(self, context):
        value = context.mid("api runs")
        yield context.row(
            f"runs of one `log` task, started through the API by {RUN_CLIENTS} clients, each saved "
            "before its answer, to the end of the last", "at least 5,000 runs/s",
            context.text("api runs", "runs/s"), "–", f"{value:,.0f} runs/s", value >= 5000)  # fmt: skip


class Events:
    name = "webhooks"

    def sample(self, context):
        with serving(context, hooked=FLOWS.format(name="hooked") + HOOK) as server:
            constant = wrk(server, EVENT_CLIENTS, "", "/livez")
            context.add("constant", constant)
            accepted = wrk(server, EVENT_CLIENTS, EVENT_LUA.format(salt=os.getpid()))
            context.add("events", accepted)
            context.add("events share", 100 * accepted / constant)
            settle(server, 0.01)
            page = json.loads(server.ask("GET", "/api/v1/events?limit=1")[1])
            last = page["events"][0]["event"]
            if last < 0.9 * accepted * LOAD_SECONDS:
                raise BenchError(f"{last} events are saved of {accepted} a second")

    def rows(self, context):
        value = context.mid("events")
        share = context.mid("events share")
        yield context.row(
            f"webhook events, {EVENT_CLIENTS} connections, each saved before its answer; their runs "
            "begin beside", "at least 15,000/s, and 40 % of a constant of the same server",
            context.text("events", "/s"), f"`/livez`: {context.text('constant', '/s')}",
            f"{value:,.0f}/s, {share:.0f} %", value >= 15_000 and share >= 40)  # fmt: skip


class Lists:
    name = "api-lists"

    def sample(self, context):
        place = BASE / "many-runs"
        if not place.exists():
            place.mkdir(parents=True)
            (place / "log.yaml").write_text(FLOWS.format(name="log"), encoding="utf-8")
            run([f"{context.limits}/fill_runs", ".cordyna", str(RUNS)], place)
        server = Server(context.dyna, place)
        try:
            self.measure(context, server)
        finally:
            server.stop()

    def measure(self, context, server):
        stop = threading.Event()
        started = []

        def load():
            connection = server.connect()
            next_at = time.perf_counter()
            while not stop.is_set():
                server.ask("POST", "/api/v1/flows/bench/log/runs", {}, connection=connection)
                started.append(time.perf_counter())
                next_at += 1 / RUNS_A_SECOND
                time.sleep(max(0, next_at - time.perf_counter()))

        thread = threading.Thread(target=load)
        thread.start()
        connection = server.connect()
        paths = ["/api/v1/runs", "/api/v1/runs?flow=flow-7", "/api/v1/runs?state=error",
                 "/api/v1/runs?flow=flow-7&state=error", "/api/v1/runs?unfinished=true",
                 "/api/v1/runs?before=500000"]  # fmt: skip
        next_at = time.perf_counter()
        for number in range(10 * LISTS_A_SECOND):
            begun = time.perf_counter()
            status, _ = server.ask("GET", paths[number % len(paths)], connection=connection)
            context.add("api list", (time.perf_counter() - begun) * 1000)
            if status != 200:
                raise BenchError(f"a list was answered with {status}")
            next_at += 1 / LISTS_A_SECOND
            time.sleep(max(0, next_at - time.perf_counter()))
        stop.set()
        thread.join()
        context.add("api list load", len(started) / (started[-1] - started[0]))

    def rows(self, context):
        times = sorted(context.samples["api list"])
        p99 = times[int(0.99 * len(times))]
        load = context.mid("api list load")
        yield context.row(
            f"lists of runs, {LISTS_A_SECOND} a second, {RUNS:,} in the store, while runs of one "
            f"task complete ({load:,.0f} a second)", "p99 at most 20 ms",
            context.text("api list", "ms"), "–", f"p99 {p99:.1f} ms",
            p99 <= 20 and load >= 0.95 * RUNS_A_SECOND)  # fmt: skip


SERVER_WORKS = [Rest(), FirstProcess(), ManyRuns(), Events(), Lists()]
