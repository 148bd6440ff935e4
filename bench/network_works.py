"""The works of ./dev bench about task servers: how many tasks a second, how soon, and a crowd of servers.

The servers are compiled (task_server.cpp), or one of the Python package; both share the cores with cerebro.
"""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time
from datetime import datetime

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "tests/integration/task_servers"))
import raw_socket
from measure import BASE, BenchError, folder
from server_works import Server

TASKS = 30_000
PYTHON_TASKS = 5_000
ALONE = 200
CROWD = 2_000
NETWORK = 20_000
LAYER = 200  # tasks that need only those of the layer before
NEEDS = 5
PLANS = 20
LOUD = 1_000  # messages a second
TURNS = 6
EACH_TURN = 200
PYTHON_TASK = """
from cordyna import Owner, default_tasks, task

default_tasks.owner = Owner("bench", contacts=["bench@example.com"])


@task(overlap="allow")
async def t0() -> int:
    \"\"\"Does nothing.\"\"\"
    return 1
"""


def loop_of(count, server):
    items = json.dumps(list(range(count)))
    return (
        f"id: many\nnamespace: bench\ntasks:\n  - id: each\n    type: foreach\n    items: {items}\n"
        "    parallel: 500\n    tasks:\n"
        f"      - {{id: one, type: invoke, server: {server}, task: t0, inputs: {{}}}}\n"
    )


def resident(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


@contextlib.contextmanager
def cerebro(context, limits=f"connections: {CROWD + 100}, sessions: {CROWD}"):
    with folder() as place:
        (place / "cordyna.yaml").write_text(f"server:\n  limits: {{{limits}}}\n", encoding="ascii")
        (place / "idle.yaml").write_text(
            "id: idle\nnamespace: idle\ntasks: [{id: a, type: log, message: b}]\n", encoding="ascii"
        )
        server = Server(context.dyna, place)
        try:
            yield server
        finally:
            server.process.kill()
            server.process.wait()


@contextlib.contextmanager
def crowd(context, server, servers, tasks, slots):
    program = str(pathlib.Path(context.limits) / "task_server")
    words = [program, str(server.port), server.token, "bench", str(servers), str(tasks), str(slots)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if not process.stdout.readline().startswith("ready"):
            raise BenchError("the task servers did not become ready")
        yield process
    finally:
        process.kill()
        process.wait()


def answer(server, method, path, body=None):
    status, data = server.ask(method, f"/api/v1{path}", body)
    if status >= 300:
        raise BenchError(f"{method} {path}: {status} {data[:200]}")
    return json.loads(data)


def ended(server, run, pause=0.01):
    while True:
        row = answer(server, "GET", f"/runs/{run}")
        if row["state"] not in ("pending", "running"):
            if row["state"] != "completed":
                raise BenchError(f"run {run} ended as {row['state']}")
            return row
        time.sleep(pause)


def rate(server, count, name):
    text = loop_of(count, name)
    answer(server, "POST", "/flows", {"files": [{"name": "many.yaml", "text": text}]})
    begun = time.perf_counter()
    ended(server, answer(server, "POST", "/flows/bench/many/runs", {"inputs": {}})["run"])
    return count / (time.perf_counter() - begun)


def invoke_to_started(server):
    """Milliseconds of one task after the other, as the timeline of its run has them."""
    took = []
    for _ in range(ALONE):
        run = answer(server, "POST", "/flows/bench/t0/runs", {"inputs": {}})["run"]
        ended(server, run)
        at = {}
        for message in answer(server, "GET", f"/runs/{run}/messages")["messages"]:
            at[message["type"]] = datetime.fromisoformat(message["at"].replace("Z", "+00:00"))
        took.append((at["task.started"] - at["task.invoke"]).total_seconds() * 1000)
    return sorted(took)


class Invoking:
    """Tasks that do nothing, of one server."""

    name = "invoking"

    def sample(self, context):
        with cerebro(context) as server, crowd(context, server, 1, 1, 500):
            context.add("invoke rate", rate(server, TASKS, "s0"))
            context.add("invoke started", invoke_to_started(server)[ALONE // 2])
        with cerebro(context) as server:
            (server.place / "noop.py").write_text(PYTHON_TASK, encoding="ascii")
            environment = {
                **os.environ,
                "CORDYNA_TOKEN": server.token,
                "PYTHONPATH": str(BASE.parents[1] / "sdk" / "python"),
            }
            words = [sys.executable, "-m", "cordyna", "serve", "noop.py"]
            words += ["--url", f"http://127.0.0.1:{server.port}", "--team", "bench"]
            words += ["--server", "py", "--slots", "500", "--log-level", "error"]
            process = subprocess.Popen(words, cwd=server.place, env=environment)
            try:
                until = time.monotonic() + 60
                while not any(
                    one["state"] == "ready"
                    for one in answer(server, "GET", "/task-servers")["servers"]
                ):
                    if time.monotonic() > until:
                        raise BenchError("the Python server did not become ready")
                    time.sleep(0.02)
                context.add("invoke python", rate(server, PYTHON_TASKS, "py"))
            finally:
                process.kill()
                process.wait()

    def rows(self, context):
        fast = context.mid("invoke rate")
        yield context.row(
            "tasks that do nothing, of a compiled task server, invoke to completed",
            "at least 5,000/s", context.text("invoke rate", "/s"), "–",
            f"{fast:,.0f}/s", fast >= 5000)  # fmt: skip
        slow = context.mid("invoke python")
        yield context.row(
            "the same of one Python server, with batches and its results on disk",
            "at least 3,000/s", context.text("invoke python", "/s"), "–",
            f"{slow:,.0f}/s", slow >= 3000)  # fmt: skip
        started = context.mid("invoke started")
        yield context.row(
            "one task alone, from invoke to started, p50", "at most 2 ms",
            context.text("invoke started", "ms"), "–", f"{started:.1f} ms", started <= 2)  # fmt: skip


class Crowd:
    """Many servers, and all of them again at once."""

    name = "crowd"

    def sample(self, context):
        with cerebro(context) as server:
            before = resident(server.process.pid)
            with crowd(context, server, CROWD, 10, 4) as servers:
                time.sleep(1)  # what is freed is given back
                context.add("crowd memory", resident(server.process.pid) - before)
                server.process.kill()
                server.process.wait()
                begun = time.perf_counter()
                os.environ["DYNA_LISTEN"] = f"127.0.0.1:{server.port}"
                again = subprocess.Popen(
                    [context.dyna, "up", ".", "--json"], cwd=server.place,
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)  # fmt: skip
                try:
                    if not servers.stdout.readline().startswith("again"):
                        raise BenchError("the task servers did not come again")
                    context.add("crowd again", time.perf_counter() - begun)
                finally:
                    del os.environ["DYNA_LISTEN"]
                    again.kill()
                    again.wait()

    def rows(self, context):
        memory = context.mid("crowd memory")
        yield context.row(
            f"memory of {CROWD:,} connected task servers with 10 tasks each", "at most 150 MB",
            context.text("crowd memory", "MB"), "–", f"{memory:.0f} MB", memory <= 150)  # fmt: skip
        again = context.mid("crowd again")
        yield context.row(
            "all of them again after cerebro was killed, with its start", "at most 10 s",
            context.text("crowd again", "s"), "–", f"{again:.1f} s", again <= 10)  # fmt: skip


def needs_of(number):
    """Five of the layer before; each of these is needed by five."""
    layer, place = divmod(number, LAYER)
    if layer == 0:
        return []
    named = ((place * NEEDS + one) * 7 % LAYER + (layer - 1) * LAYER for one in range(NEEDS))
    # Half of them would do with what is fresh: whether there is such a run has to be found out.
    return [
        {"task": f"team{other % LAYER}/t{other}", **({"within": "6h"} if other % 2 else {})}
        for other in named
    ]


def declare_network(server):
    """Each team has one server, and a task in each layer."""
    for team in range(LAYER):
        owner = {"team": f"team{team}", "contacts": ["bench@example.com"]}
        tasks = [
            {
                "id": f"t{number}",
                "description": "Does nothing.",
                "owner": owner,
                "needs": needs_of(number),
            }
            for number in range(team, NETWORK, LAYER)
        ]
        message = {
            "specversion": "1.0",
            "id": f"m{team}",
            "source": f"urn:cordyna:ts:team{team}/s",
            "type": "cordyna.server.ready.v1",
            "data": {"slots": {"default": 1}, "tasks": tasks},
        }
        status, text = server.ask("POST", "/api/v1/ts/events", [message])
        said = json.loads(text) if status == 200 else text
        if status != 200 or said[0]["data"]["rejected"]:
            raise BenchError(f"the tasks of team{team} were not taken: {text[:300]}")


class Planning:
    """What a run would begin, in a network of many teams."""

    name = "planning"

    def sample(self, context):
        with cerebro(context) as server:
            begun = time.perf_counter()
            declare_network(server)
            context.add("planning declared", time.perf_counter() - begun)
            path = f"/flows/team0/t{NETWORK - LAYER}/plan"
            took = []
            for _ in range(PLANS + 1):
                begun = time.perf_counter()
                status, text = server.ask("GET", f"/api/v1{path}")
                took.append((time.perf_counter() - begun) * 1000)
            context.add("planning first", took[0])
            context.add("planning again", sorted(took[1:])[PLANS // 2])
            if status != 200:
                raise BenchError(f"GET {path}: {status} {text[:200]}")
            self.planned = len(json.loads(text)["plan"])

    def rows(self, context):
        again = context.mid("planning again")
        yield context.row(
            f"the plan of a run that {self.planned:,} tasks go before, in a network of {NETWORK:,} with"
            f" {NEEDS * (NETWORK - LAYER):,} needs, over HTTP (the first one:"
            f" {context.mid('planning first'):,.0f} ms; all declared in"
            f" {context.mid('planning declared'):,.0f} s)", "at most 50 ms",
            context.text("planning again", "ms"), "–", f"{again:.0f} ms", again <= 50)  # fmt: skip


class Flood:
    """A session of another team that sends lists of 1,000 messages as fast as it can."""

    def __init__(self, server):
        wish = {
            "name": "loud",
            "kind": "server",
            "grants": [{"namespace": "loud", "role": "viewer"}],
        }
        token = answer(server, "POST", "/tokens", wish)["token"]
        self.socket = server.connect().sock
        self.socket.settimeout(120)
        self.socket.sendall(raw_socket.upgrade(server.port, token))
        while not self.socket.recv(1 << 16).endswith(b"\r\n\r\n"):
            pass
        hello = {"protocol": {"min": 1, "max": 1}, "server": "s", "boot": "b", "level": 2}
        self.socket.sendall(self.frame("hello", hello))
        for work in (self.send, self.read):
            threading.Thread(target=work, daemon=True).start()

    @staticmethod
    def frame(kind, data, count=1):
        head = {"specversion": "1.0", "id": "m", "source": "urn:cordyna:ts:loud/s"}
        one = {**head, "type": f"cordyna.server.{kind}.v1", "data": data}
        return raw_socket.frame(1, json.dumps(one if count == 1 else [one] * count).encode())

    def send(self):
        told = self.frame("heartbeat", {"in_flight": []}, 1000)
        with contextlib.suppress(OSError):
            while True:
                self.socket.sendall(told)

    def read(self):
        with contextlib.suppress(OSError):
            while self.socket.recv(1 << 20):
                pass

    def stop(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)


def run_alone(server):
    """Milliseconds from the wish for a run of one task to its end, as who asks for it sees it."""
    begun = time.perf_counter()
    run = answer(server, "POST", "/flows/bench/t0/runs", {"inputs": {}})["run"]
    ended(server, run, pause=0.0005)
    return (time.perf_counter() - begun) * 1000


class Neighbours:
    """A team whose task servers say as much as they may, and what another team has of it."""

    name = "neighbours"

    def sample(self, context):
        with (
            cerebro(context, f"messages: {LOUD}") as server,
            crowd(context, server, 1, 1, 500),
        ):
            run_alone(server)
            took = {"quiet": [], "loud": []}
            for _ in range(TURNS):  # in turns, so that a slow moment meets both
                took["quiet"] += [run_alone(server) for _ in range(EACH_TURN)]
                flood = Flood(server)
                took["loud"] += [run_alone(server) for _ in range(EACH_TURN)]
                flood.stop()
            for kind, values in took.items():
                context.add(f"neighbours {kind}", sorted(values)[len(values) * 99 // 100])

    def rows(self, context):
        ratio = context.mid("neighbours loud") / context.mid("neighbours quiet")
        yield context.row(
            "p99 of a run of one task, beside another team's session that goes on sending as fast as it can and is heard"
            f" {LOUD:,} messages a second (`limits.messages`)", "less than 1.1 × without it",
            context.text("neighbours loud", "ms"), f"without it {context.text('neighbours quiet', 'ms')}",
            f"{ratio:.2f} ×", ratio < 1.1)  # fmt: skip


NETWORK_WORKS = [Invoking(), Crowd(), Planning(), Neighbours()]
