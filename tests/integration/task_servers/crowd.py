"""Many task servers of one thread: WebSockets by hand, each a server of level 2 with one task, or none."""

from __future__ import annotations

import json
import resource
import selectors
import socket
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from time import monotonic
from typing import Any

from raw_socket import frame, upgrade
from talking import task

Json = dict[str, Any]
NUMBERS = count(1)
PATIENCE = 120.0
BEAT = 8.0  # seconds


def message(team: str, server: str, kind: str, data: Json) -> Json:
    return {
        "specversion": "1.0",
        "id": f"c{next(NUMBERS)}",
        "source": f"urn:cordyna:ts:{team}/{server}",
        "type": f"cordyna.{kind}.v1",
        "data": data,
    }


def allow_files(wanted: int) -> int:
    """How many connections this process may have, and a server that it starts; at most `wanted`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = min(hard, wanted + 1000) if hard != resource.RLIM_INFINITY else wanted + 1000
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
    return min(wanted, max(soft, most) - 1000)


class Held:
    """An attempt that a server has."""

    def __init__(self, invoke: Json) -> None:
        self.about: Json = {"attempt": invoke["attempt"], "fence": invoke["fence"]}
        self.end: Json | None = None  # the message, until it has its receipt


class Member:
    """One task server. What it is asked to run it begins at once; it ends it at once, or, with
    `hold`, when finish() says so."""

    def __init__(self, crowd: Crowd, team: str, name: str, token: str, *, hold: bool = False,
                 declares: bool = True, slots: int = 1000, attempts: int = 3, from_address: str = "", receive_buffer: int = 0) -> None:  # fmt: skip
        self.crowd, self.team, self.name, self.token = crowd, team, name, token
        self.hold, self.declares, self.slots, self.attempts = hold, declares, slots, attempts
        self.from_address, self.receive_buffer = from_address, receive_buffer
        self.boot = f"b{next(NUMBERS)}"
        self.socket: socket.socket | None = None
        self.is_ready = False
        self.sessions = 0
        self.held: dict[str, Held] = {}
        self.begun: Counter[str] = Counter()
        self.invoked: Counter[str] = Counter()
        self.receipts = 0
        self.fates: Counter[str] = Counter()
        self.problems: list[Json] = []
        self.closed_with = -1  # code of the close of the last connection; 0: it had none
        self._in = bytearray()
        self._out = bytearray()
        self._upgraded = False

    def connect(self, port: int) -> None:
        made = socket.socket()
        if self.receive_buffer:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        if self.from_address:
            # So many ports belong to each address.
            made.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
            made.bind((self.from_address, 0))
        made.setblocking(False)
        with suppress(BlockingIOError):
            made.connect(("127.0.0.1", port))
        self.socket, self.is_ready, self._upgraded = made, False, False
        self._in.clear()
        self._out[:] = upgrade(port, self.token)
        self.crowd.watch(self)

    def drop(self) -> None:
        if self.socket is not None:
            if self.socket in self.crowd.selector.get_map():
                self.crowd.forget(self)
            self.socket.close()
        self.socket, self.is_ready = None, False

    def say(self, kind: str, data: Json) -> Json:
        told = message(self.team, self.name, kind, data)
        self.transmit(told)
        return told

    def transmit(self, told: Json) -> None:
        self._out += frame(1, json.dumps(told).encode())
        self.write()

    def finish(self) -> None:
        for held in self.held.values():
            if held.end is None:
                held.end = self.say("task.completed", {**held.about, "output": {"n": 1}})

    # Bytes.

    def write(self) -> None:
        if self.socket is None or not self._out:
            return
        with suppress(BlockingIOError, OSError):
            sent = self.socket.send(self._out)
            del self._out[:sent]
        self.crowd.wants_to_write(self, bool(self._out))

    def read(self) -> None:
        assert self.socket is not None
        try:
            piece = self.socket.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if not piece:
            self.closed_with = max(self.closed_with, 0)
            return self.drop()
        self._in += piece
        if not self._upgraded:
            end = self._in.find(b"\r\n\r\n")
            if end < 0:
                return
            assert self._in.startswith(b"HTTP/1.1 101"), bytes(self._in[:300])
            del self._in[: end + 4]
            self._upgraded = True
            self.closed_with = -1
            self.say("server.hello", {
                "protocol": {"min": 1, "max": 1}, "server": self.name, "boot": self.boot, "level": 2,
                "declaration_hash": "h",
            })  # fmt: skip
        while self._take_frame():
            pass

    def _take_frame(self) -> bool:
        if len(self._in) < 2 or self.socket is None:
            return False
        size, at = self._in[1] & 0x7F, 2
        if size >= 126:
            wide = 2 if size == 126 else 8
            at += wide
            size = int.from_bytes(self._in[2:at], "big")
        if len(self._in) < at + size:
            return False
        opcode, payload = self._in[0] & 0x0F, bytes(self._in[at : at + size])
        del self._in[: at + size]
        if opcode == 9:
            self._out += frame(10, payload)
            self.write()
        elif opcode == 8:
            self.closed_with = int.from_bytes(payload[:2], "big")
            self.drop()
        else:
            read = json.loads(payload)
            for one in read if isinstance(read, list) else [read]:
                self.take(one["type"].removeprefix("cordyna.").removesuffix(".v1"), one["data"])
        return True

    # Messages.

    def take(self, kind: str, data: Json) -> None:
        if kind == "task.invoke":
            self.invoke(data)
        elif kind == "message.receipt":
            self.receipts += len(data["ids"])
            ended = [name for name, held in self.held.items()
                     if held.end is not None and held.end["id"] in data["ids"]]  # fmt: skip
            for name in ended:
                del self.held[name]
        elif kind == "server.welcome" and data["want_declaration"]:
            self.crowd.wants_to_declare(self)
        elif kind == "server.welcome":
            self.resume()
        elif kind == "server.declared":
            assert not data["rejected"], data
            self.crowd.has_declared(self)
            self.resume()
        elif kind == "server.resumed":
            self.resumed(data)
        elif kind == "message.problem":
            self.problems.append(data)

    def declare(self) -> None:
        tasks = [task(self.name, self.team, overlap="allow", retry={"attempts": self.attempts})]
        if not self.declares:
            tasks = []
        self.say("server.declare", {"revision": 1, "tasks": tasks})

    def resume(self) -> None:
        attempts = [
            {**held.about, "state": "started"}
            if held.end is None
            else {**held.about, "state": "completed", "terminal": held.end["data"]}
            for held in self.held.values()
        ]
        self.say("server.resume", {"boot": self.boot, "attempts": attempts})

    def resumed(self, data: Json) -> None:
        for one in data["attempts"]:
            self.fates[one["fate"]] += 1
            if one["fate"] in ("already_terminal", "fenced"):
                self.held.pop(one["attempt"], None)
        for held in self.held.values():
            if held.end is not None:
                self.transmit(held.end)
        self.say("server.ready", {"slots": {"default": self.slots}})
        self.is_ready = True
        self.sessions += 1

    def invoke(self, data: Json) -> None:
        name = data["attempt"]
        self.invoked[name] += 1
        if name in self.begun:
            return  # it came once more
        self.begun[name] += 1
        held = self.held[name] = Held(data)
        self.say("task.queued", held.about)
        self.say("task.started", held.about)
        if not self.hold:
            self.finish()

    def reboot(self) -> None:
        """Its process has ended: it knows nothing any more."""
        self.drop()
        self.boot = f"b{next(NUMBERS)}"
        self.held.clear()


class Crowd:
    def __init__(self) -> None:
        self.members: list[Member] = []
        self.selector = selectors.DefaultSelector()
        self.one_by_one = False  # they declare one after the other
        self._declaring: deque[Member] = deque()
        self._beat_at = monotonic() + BEAT

    def add(self, team: str, name: str, token: str, **more: Any) -> Member:
        self.members.append(Member(self, team, name, token, **more))
        return self.members[-1]

    def connect(self, port: int) -> None:
        """All at once."""
        for member in self.members:
            member.connect(port)

    def join(self, port: int) -> None:
        """For the first time: declarations that are new come one after the other."""
        self.one_by_one = True
        self.connect(port)
        self.all_ready()
        self.one_by_one = False

    def wants_to_declare(self, member: Member) -> None:
        if not (self.one_by_one and member.declares):
            return member.declare()
        self._declaring.append(member)
        if len(self._declaring) == 1:
            member.declare()

    def has_declared(self, member: Member) -> None:
        if self.one_by_one and member.declares:
            assert self._declaring.popleft() is member
            if self._declaring:
                self._declaring[0].declare()

    def beat(self) -> None:
        """Who says nothing for `lease_s` is sent away."""
        if monotonic() < self._beat_at:
            return
        self._beat_at = monotonic() + BEAT
        for member in self.members:
            if member.is_ready:
                member.say("server.heartbeat", {"in_flight": []})

    def watch(self, member: Member) -> None:
        assert member.socket is not None
        events = selectors.EVENT_READ | selectors.EVENT_WRITE
        self.selector.register(member.socket, events, member)

    def forget(self, member: Member) -> None:
        assert member.socket is not None
        self.selector.unregister(member.socket)

    def wants_to_write(self, member: Member, wants: bool) -> None:
        if member.socket is None or member.socket not in self.selector.get_map():
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if wants else 0)
        if self.selector.get_key(member.socket).events != events:
            self.selector.modify(member.socket, events, member)

    def pump(self, seconds: float = 0) -> None:
        self.beat()
        for key, events in self.selector.select(seconds):
            member: Member = key.data
            if events & selectors.EVENT_WRITE:
                member.write()
            if events & selectors.EVENT_READ and member.socket is not None:
                member.read()

    def until(self, condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> None:
        end = monotonic() + seconds
        while not condition():
            assert monotonic() < end, f"{what} did not come within {seconds} s"
            self.pump(0.05)

    def all_ready(self) -> None:
        self.until(lambda: all(one.is_ready for one in self.members), "servers that are ready")

    def close(self) -> None:
        for member in self.members:
            member.drop()
        self.selector.close()
