"""Triggers of type redis: `dyna up` starts a run for each entry of a stream, once, whoever falls over."""

from __future__ import annotations

import json
import random
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis_server import Redis, free_port
from serving import Server, eventually
from trigger_place import LONG, PATIENCE, TriggerPlace

KILLS = 20 if LONG else 3
PASSWORD = "s3cret-of-redis-4711"
GROUP = "cordyna.acme.on_entry.entries"
FLOW = """
id: on_entry
namespace: acme
inputs:
  - {{id: fields, type: json, default: {{}}}}
  - {{id: what, default: none}}
tasks: [{{id: work, type: log, message: "{{{{ inputs.what }}}}"}}]
triggers:
  - id: entries
    type: redis
    connection: {connection}
    streams: [orders]
    {more}
    inputs:
      fields: "{{{{ event.data.fields }}}}"
      what: "{{{{ event.operation }}}} {{{{ event.location }}}} {{{{ event.id }}}}"
"""


class Place(TriggerPlace):
    def flow(self, connection: dict, *more: str) -> None:
        text = FLOW.format(
            connection=json.dumps({"type": "redis", **connection}), more="\n    ".join(more)
        )
        (self.folder / "on_entry.yaml").write_text(text, encoding="utf-8")


def input_that(server: Server, state: str, problem: str = "") -> dict:
    def look() -> dict | None:
        found = server.ok("GET", "/api/v1/inputs")["inputs"]
        fits = found and found[0]["state"] == state and problem in found[0].get("problem", "")
        return found[0] if fits else None

    return eventually(look, f"an input that {state}: {problem}", PATIENCE)


def confirmed(redis: Redis) -> bool:
    return redis.ask("XPENDING", "orders", GROUP)[0] == "0"


@pytest.fixture
def redis() -> Iterator[Redis]:
    running = Redis()
    yield running
    running.stop()


@pytest.fixture
def place(redis: Redis, tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    made.flow({"host": str(redis.socket)})
    yield made
    made.kill()


def test_entries_have_their_runs_also_those_of_meanwhile(redis: Redis, place: Place) -> None:
    redis.ask("XADD", "orders", "*", "item", "tea", "note", 'a\r\nb"}')
    server = place.start()
    (run,) = place.ended(1)
    assert run["fields"] == {"item": "tea", "note": 'a\r\nb"}'}
    redis.ask("XADD", "orders", "*", "item", b"\xff", "item", "two")
    run = place.ended(2)[1]
    assert run["fields"] == {"item": [{"base64": "/w=="}, "two"]}
    eventually(lambda: confirmed(redis), "that both are confirmed")
    one = server.input_that_kept(2)
    assert (one["flow"], one["trigger"], one["type"]) == ("acme/on_entry", "entries", "redis")
    assert one["state"] == "listens" and "problem" not in one
    place.kill()
    (entry,) = redis.ask("XADD", "orders", "*", "item", "late")
    server = place.start()
    assert place.ended(3)[2]["what"] == f"create orders {entry}"
    server.stop()


def test_of_the_latest_only_what_comes_later(redis: Redis, place: Place) -> None:
    place.flow({"host": str(redis.socket)}, "start: latest", "format: json")
    redis.ask("XADD", "orders", "*", "n", "1")
    server = place.start()
    input_that(server, "listens")
    redis.ask("XADD", "orders", "*", "n", "1.50", "o", '{"a":[1]}', "t", "text")
    (run,) = place.ended(1)
    assert run["fields"] == {"n": 1.5, "o": {"a": [1]}, "t": "text"}
    server.stop()


class Writer(threading.Thread):
    """Adds entries until it is told to end; a server that is away for a moment is waited for."""

    def __init__(self, redis: Redis, seed: int) -> None:
        super().__init__(daemon=True)
        self.redis, self.random = redis, random.Random(seed)
        self.ending = threading.Event()
        self.count = 0

    def run(self) -> None:
        while not self.ending.wait(self.random.uniform(0, 0.05)):
            some = self.random.randrange(1, 40)
            self.redis.pipe(
                [["XADD", "orders", "*", "n", str(self.count + i)] for i in range(some)]
            )
            self.count += some


def test_r25_no_entry_is_lost_or_has_two_runs_whoever_is_killed(redis: Redis, place: Place) -> None:
    draw = random.Random(25)
    writer = Writer(redis, 25)
    writer.start()
    for _ in range(KILLS):
        server = place.start()
        goal = place.kept() + draw.randrange(1, 200)
        eventually(lambda goal=goal: place.kept() >= goal, "more events", PATIENCE)
        place.kill()
    writer.ending.set()
    writer.join()
    redis.kill()
    server = place.start()
    input_that(server, "failed", str(redis.socket))
    redis.start()
    found = place.ended(writer.count)
    assert {int(one["fields"]["n"]) for one in found} == set(range(writer.count))
    eventually(lambda: confirmed(redis), "that all are confirmed")
    server.stop()


def test_what_a_dead_member_left_is_taken_over_and_what_was_deleted_is_told(
    redis: Redis, place: Place
) -> None:
    place.flow({"host": str(redis.socket)}, "claim_after: 10ms")
    redis.ask("XGROUP", "CREATE", "orders", GROUP, "0", "MKSTREAM")
    ids = [redis.ask("XADD", "orders", "*", "n", str(n))[0] for n in range(3)]
    redis.ask("XREADGROUP", "GROUP", GROUP, "dead", "STREAMS", "orders", ">")
    redis.ask("XDEL", "orders", ids[1])
    server = place.start()
    found = place.ended(2)
    assert [one["what"].split()[-1] for one in found] == [ids[0], ids[2]]
    dead = eventually(
        lambda: server.ok("GET", "/api/v1/events?state=dead")["events"], "a dead letter"
    )
    assert len(dead) == 1 and dead[0]["trigger"] == "entries"
    input_that(server, "listens", "deleted before their events were kept")
    eventually(lambda: confirmed(redis), "that all are confirmed")
    server.stop()


def test_what_was_trimmed_before_it_was_read_is_counted(redis: Redis, place: Place) -> None:
    server = place.start()
    redis.ask("XADD", "orders", "*", "n", "first")
    place.ended(1)
    place.kill()
    redis.pipe([["XADD", "orders", "MAXLEN", "10", "*", "n", str(n)] for n in range(100)])
    server = place.start()
    assert [one["fields"]["n"] for one in place.ended(11)[1:]] == [str(n) for n in range(90, 100)]
    input_that(server, "listens", "90 entries of 'orders' were trimmed or deleted")
    server.stop()
    server = place.start()
    assert "problem" not in input_that(server, "listens")
    server.stop()


def test_what_is_wrong_is_said_and_mends_itself(redis: Redis, place: Place) -> None:
    server = place.start()
    redis.ask("XADD", "orders", "*", "n", "0")
    place.ended(1)
    redis.ask("XGROUP", "DESTROY", "orders", GROUP)
    redis.ask("XADD", "orders", "*", "n", "1")
    assert place.ended(2)[1]["fields"] == {"n": "1"}  # from where it was
    redis.ask("DEL", "orders")
    redis.ask("XADD", "orders", "1-1", "n", "2")  # another stream, whose ids are lower
    assert place.ended(3)[2]["fields"] == {"n": "2"}
    input_that(server, "listens", "made anew")
    redis.ask("REPLICAOF", "127.0.0.1", "1")
    redis.ask("CONFIG", "SET", "replica-serve-stale-data", "yes")
    input_that(server, "failed", "READONLY")
    redis.ask("REPLICAOF", "NO", "ONE")
    redis.ask("XADD", "orders", "*", "n", "3")
    place.ended(4)
    redis.ask("DEL", "orders")
    redis.ask("SET", "orders", "no stream")
    input_that(server, "failed", "WRONGTYPE")
    server.stop()


def test_passwords_are_proven_and_never_shown(redis: Redis, place: Place) -> None:
    redis.ask("ACL", "SETUSER", "app", "on", f">{PASSWORD}", "~orders", "+@all")
    redis.ask("ACL", "SETUSER", "default", "off")
    place.flow({"host": str(redis.socket)})
    server = place.start()
    input_that(server, "failed", "NOAUTH")
    server.stop()
    place.flow({"host": str(redis.socket), "user": "app", "password": {"secret": "SHOP_REDIS"}})
    server = place.start(DYNA_SECRET_SHOP_REDIS="wrong")
    input_that(server, "failed", "WRONGPASS")
    server.stop()
    server = place.start(DYNA_SECRET_SHOP_REDIS=PASSWORD)
    input_that(server, "listens")
    server.stop()
    assert server.output is not None and PASSWORD not in server.output.read_text()


def certificate(folder: Path, name: str, host: str) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.pem"),
         "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"],
        check=True, capture_output=True,
    )  # fmt: skip


def test_s40_the_servers_certificate_and_name_are_checked(tmp_path: Path, place: Place) -> None:
    certificate(tmp_path, "good", "localhost")
    certificate(tmp_path, "other", "elsewhere.example")
    port = free_port()
    tls = [f"tls-port {port}", "tls-auth-clients no", "bind 127.0.0.1"]
    for name, ca, wanted in [
        ("good", "other", "failed"),  # of nobody who is trusted
        ("other", "other", "failed"),  # trusted, and of another name
        ("good", "good", "listens"),
    ]:
        running = Redis(
            *tls,
            f"tls-cert-file {tmp_path / name}.pem",
            f"tls-key-file {tmp_path / name}.key",
        )
        try:
            place.flow(
                {"host": "localhost", "port": port, "tls": True, "ca_file": f"{tmp_path / ca}.pem"}
            )
            server = place.start()
            one = input_that(server, wanted, "certificate" if wanted == "failed" else "")
            assert one["events"] == 0
            server.stop()
        finally:
            running.stop()
