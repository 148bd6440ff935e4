"""The work of ./dev bench about task servers that come over Redis: its streams beside WebSockets, and a crowd."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import time

from measure import BASE, BenchError, folder
from network_works import answer, ended, resident
from server_works import Server

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "tests/integration/inputs"))
from redis_server import Redis, free_port

TASKS = 5_000
TURNS = 3
CROWD = 500
CROWD_TASKS = 5_000
SERVERS = str(pathlib.Path(__file__).with_name("many_servers.py"))


@contextlib.contextmanager
def network(context):
    """A cerebro, and the address of the Redis over which it takes task servers, too."""
    port = free_port()
    redis = Redis(f"port {port}", "bind 127.0.0.1", "appendfsync everysec")
    try:
        with folder() as place:
            url = f"redis://127.0.0.1:{port}"
            limits = {"connections": CROWD + 100, "sessions": CROWD + 10}
            config = {"server": {"redis": url, "limits": limits}}
            (place / "cordyna.yaml").write_text(json.dumps(config), encoding="ascii")
            text = "id: idle\nnamespace: idle\ntasks: [{id: a, type: log, message: b}]\n"
            (place / "idle.yaml").write_text(text, encoding="ascii")
            server = Server(context.dyna, place)
            try:
                yield server, url
            finally:
                server.process.kill()
                server.process.wait()
    finally:
        redis.stop()


@contextlib.contextmanager
def servers(url, token, team, count, slots):
    words = [sys.executable, SERVERS, url, token, team, str(count), "--slots", str(slots)]
    process = subprocess.Popen(
        words,
        env={**os.environ, "PYTHONPATH": str(BASE.parents[1] / "sdk" / "python")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        if process.stdout.readline() != "ready\n":
            raise BenchError(f"{count} task servers over {url.split(':')[0]} did not come")
        yield
    finally:
        process.kill()
        process.wait()


def rate(server, team, flow, text, count):
    answer(server, "POST", "/flows", {"files": [{"name": f"{flow}.yaml", "text": text}]})
    begun = time.perf_counter()
    ended(server, answer(server, "POST", f"/flows/{team}/{flow}/runs", {"inputs": {}})["run"])
    return count / (time.perf_counter() - begun)


def token_of(server, team):
    grants = [{"namespace": team, "role": "viewer"}]
    wish = {"name": team, "kind": "server", "grants": grants}
    return answer(server, "POST", "/tokens", wish)["token"]


class Streams:
    """The same Python servers over both, in turns, and many of them over one Redis."""

    name = "streams"

    def sample(self, context):
        with network(context) as (server, url):
            address = f"http://127.0.0.1:{server.port}"
            for _ in range(TURNS):  # in turns, so that a slow moment meets both
                for kind, where, token in (
                    ("websocket", address, token_of(server, "web")),
                    ("redis", url, ""),
                ):
                    team = {"websocket": "web", "redis": "red"}[kind]
                    with servers(where, token, team, 1, 500):
                        text = flow_of("many", team, TASKS, 1)
                        context.add(f"streams {kind}", rate(server, team, "many", text, TASKS))
        with network(context) as (server, url):
            before = resident(server.process.pid)
            begun = time.perf_counter()
            with servers(url, "", "crowd", CROWD, 4):
                context.add("streams come", time.perf_counter() - begun)
                context.add("streams memory", resident(server.process.pid) - before)
                text = flow_of("all", "crowd", CROWD_TASKS, CROWD)
                context.add("streams crowd", rate(server, "crowd", "all", text, CROWD_TASKS))

    def rows(self, context):
        web, red = context.mid("streams websocket"), context.mid("streams redis")
        yield context.row(
            "tasks that do nothing, of one Python server over streams of Redis, which has the same 2 cores",
            "at least half of WebSockets", context.text("streams redis", "/s"),
            f"over a WebSocket {context.text('streams websocket', '/s')}",
            f"{red / web:.2f} ×", red / web >= 0.5)  # fmt: skip
        crowd = context.mid("streams crowd")
        yield context.row(
            f"{CROWD} Python servers over one Redis, all in one process, which came within"
            f" {context.mid('streams come'):.1f} s and take {context.mid('streams memory'):.0f} MB of cerebro:"
            " tasks that do nothing, of all of them", "all run",
            context.text("streams crowd", "/s"), "–", f"{crowd:,.0f}/s", True)  # fmt: skip


def flow_of(name, team, count, servers_count):
    """A task for each server, each so often that all together are `count`."""
    each = json.dumps(list(range(count // servers_count)))
    parallel = 500 if servers_count == 1 else 1
    text = f"id: {name}\nnamespace: {team}\ntasks:\n"
    for number in range(servers_count):
        text += (
            f"  - id: each{number}\n    type: foreach\n    items: {each}\n    parallel: {parallel}\n"
            f"    tasks:\n      - {{id: one, type: invoke, server: s{number}, task: n{number}, inputs: {{}}}}\n"
        )
    return text
