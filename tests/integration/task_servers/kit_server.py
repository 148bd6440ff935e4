"""A task server of level 2 for `dyna conformance`: correct, or with a fault that it is told to have.

kit_server.py --state DIR [--fault NAME]; the rest comes from the environment, as docs/protocol.md says.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

Json = dict[str, Any]
SLOTS, WAITING_MAX = 2, 3
ENDS = {"completed", "error", "cancelled"}
RELIABLE = ENDS | {"queued", "rejected"}
RESEND_S = 5.0
FAULTS = (
    "accepts-while-draining", "another-subject", "boot-of-session", "cancels-the-ended",
    "comes-too-soon", "completes-first", "deaf-to-rejected", "deaf-to-repeats",
    "dies-of-odd-receipts", "dies-of-problems", "dies-of-the-unknown", "empty-message",
    "exit-code", "foreign-source", "forgets-at-cuts", "forgets-at-kill", "forgets-queued",
    "forgets-the-fence", "goes-too-early", "ignores-cancel", "ignores-fate",
    "ignores-lease-cancels", "ignores-lists", "lists-nothing", "lists-what-was-killed",
    "loses-without-slot", "never-declares", "never-leaves", "new-ids", "no-heartbeat", "no-owner",
    "no-resend", "no-token", "one-id-for-all", "outlives-lease", "ready-too-early",
    "repeats-receipted", "returns-refused", "returns-superseded", "runs-repeats", "same-boot",
    "sends-garbage", "seq-goes-on", "silent-on-unknown-cancel", "stays-away", "stops-at-cut",
    "takes-any-input", "takes-unknown-tasks", "talks-too-early", "tells-fenced",
    "too-many-at-once", "wants-to-declare", "wrong-output",
)  # fmt: skip


def inputs_fit(task: str, inputs: Json) -> bool:
    wanted = {"sleep": ("seconds", (int, float)), "count": ("file", str)}.get(task)
    return wanted is None or isinstance(inputs.get(wanted[0]), wanted[1])


class Failed(Exception):
    """What the task `fail` ends with."""


class Attempt:
    def __init__(self, name: str, task: str, fence: Json | None, inputs: Json) -> None:
        self.name, self.task, self.fence, self.inputs = name, task, fence, inputs
        self.state = "queued"
        self.runner: asyncio.Task[None] | None = None
        self.end: Json | None = None  # the message


class Outbox:
    """Messages that need a receipt, on the disk before they are sent."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.kept: dict[str, Json] = {}
        self.sent_at: dict[str, float] = {}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            for file in sorted(folder.glob("*.json"), key=lambda one: one.stat().st_mtime_ns):
                message = json.loads(file.read_text())
                self.kept[message["id"]] = message

    def keep(self, message: Json) -> None:
        self.kept[message["id"]] = message
        if self.folder is not None:
            new = self.folder / f"{message['id']}.new"
            new.write_text(json.dumps(message))
            new.rename(self.folder / f"{message['id']}.json")

    def drop(self, ident: str) -> Json | None:
        if self.folder is not None:
            (self.folder / f"{ident}.json").unlink(missing_ok=True)
        self.sent_at.pop(ident, None)
        return self.kept.pop(ident, None)


class TaskServer:
    def __init__(self, state: Path, fault: str) -> None:
        self.fault = fault
        self.team, self.server = os.environ["CORDYNA_TEAM"], os.environ["CORDYNA_SERVER"]
        self.boot = "boot" if fault == "same-boot" else str(uuid.uuid4())
        self.outbox = Outbox(None if fault == "forgets-at-kill" else state / "outbox")
        self.seen = state / "seen"
        self.attempts: dict[str, Attempt] = {}
        self.rejections: dict[str, Json] = {}  # by the invoke's id
        self.waiting: list[Attempt] = []
        self.running = 0
        self.socket: ClientConnection | None = None
        self.session, self.seq = "", 0
        self.synced = False
        self.draining, self.gone = False, False
        self.heard_at, self.lease_s = 0.0, 10.0
        self.heartbeat_s = 1.0
        self.after = 0.0
        self.hellos = 0
        self.begun = time.monotonic()
        self.adopt()

    def adopt(self) -> None:
        """What the disk has of the boot before: ends; all else is lost."""
        for message in list(self.outbox.kept.values()):
            kind = message["type"].split(".")[2]
            if kind not in ENDS:
                self.outbox.drop(message["id"])
                continue
            data = message["data"]
            attempt = Attempt(data["attempt"], "", data.get("fence"), {})
            attempt.state, attempt.end = kind, message
            self.attempts[attempt.name] = attempt
        if self.fault == "lists-what-was-killed" and self.seen.exists():
            for name in self.seen.read_text().split():
                self.attempts.setdefault(name, Attempt(name, "", None, {})).state = "started"

    # What is sent.

    def message(self, kind: str, data: Json) -> Json:
        team = "others" if self.fault == "foreign-source" else self.team
        out: Json = {
            "specversion": "1.0",
            "id": "the-one" if self.fault == "one-id-for-all" else str(uuid.uuid4()),
            "source": f"urn:cordyna:ts:{team}/{self.server}",
            "type": f"cordyna.{kind}.v1",
            "datacontenttype": "application/json",
            "data": data,
        }
        if "attempt" in data and self.fault != "another-subject":
            out["subject"] = data["attempt"]
        return out

    async def transmit(self, message: Json) -> None:
        if self.socket is None:
            return
        if self.session:
            self.seq += 1
            message = {**message, "session": self.session, "seq": str(self.seq)}
        if message["id"] in self.outbox.kept:
            if self.fault == "new-ids" and message["id"] in self.outbox.sent_at:
                message = {**message, "id": str(uuid.uuid4())}
            self.outbox.sent_at.setdefault(message["id"], 0)
            self.outbox.sent_at[message["id"]] = time.monotonic()
        try:
            await self.socket.send(json.dumps(message))
        except ConnectionClosed:
            self.synced = False

    async def say(self, kind: str, data: Json) -> None:
        await self.transmit(self.message(kind, data))

    async def tell(self, attempt: Attempt, kind: str, more: Json | None = None) -> Json:
        """Of an attempt: kept where it needs a receipt, sent where somebody listens."""
        data: Json = {"attempt": attempt.name, **(more or {})}
        if attempt.fence is not None and self.fault != "forgets-the-fence":
            data["fence"] = attempt.fence
        message = self.message(f"task.{kind}", data)
        if kind in RELIABLE and not (kind == "queued" and self.fault == "forgets-queued"):
            self.outbox.keep(message)
        if kind in ENDS:
            attempt.state, attempt.end = kind, message
        if self.synced:
            await self.transmit(message)
        return message

    # Attempts.

    async def invoke(self, message: Json) -> None:
        data = message["data"]
        name, task = data["attempt"], data["task"]
        known = self.attempts.get(name)
        if known is not None:
            if self.fault == "runs-repeats":
                self.start(Attempt(name, task, data["fence"], data["inputs"]))
            if self.fault != "deaf-to-repeats":
                await self.answer(known)
            return
        if message["id"] in self.rejections:
            if self.fault != "deaf-to-rejected":
                before = self.rejections[message["id"]]
                self.outbox.keep(before)
                await self.transmit(before)
            return
        attempt = Attempt(name, task, data["fence"], data["inputs"])
        refusal = self.refusal(attempt)
        if refusal is not None:
            more = {"code": refusal, "message": f"not taken: {refusal}"}
            if refusal == "no_slot" and self.fault == "loses-without-slot":
                return
            self.rejections[message["id"]] = await self.tell(attempt, "rejected", more)
            return
        self.attempts[name] = attempt
        if self.fault == "completes-first" and task == "echo":
            await self.tell(attempt, "completed", {"output": attempt.inputs})
            await self.tell(attempt, "started")
            await self.tell(attempt, "queued")
            return
        await self.tell(attempt, "queued")
        if self.running < SLOTS or self.fault == "too-many-at-once":
            self.start(attempt)
        else:
            self.waiting.append(attempt)

    def refusal(self, attempt: Attempt) -> str | None:
        if self.draining and self.fault != "accepts-while-draining":
            return "draining"
        if attempt.task not in ("echo", "sleep", "fail", "count"):
            return None if self.fault == "takes-unknown-tasks" else "unknown_task"
        if not inputs_fit(attempt.task, attempt.inputs) and self.fault != "takes-any-input":
            return "bad_input"
        full = self.running >= SLOTS and len(self.waiting) >= WAITING_MAX
        if self.fault == "loses-without-slot":
            full = self.running >= SLOTS
        return "no_slot" if full and self.fault != "too-many-at-once" else None

    async def answer(self, attempt: Attempt) -> None:
        if attempt.end is not None:
            self.outbox.keep(attempt.end)
            await self.transmit(attempt.end)
        elif attempt.state == "started":
            await self.tell(attempt, "started")
        else:
            for message in list(self.outbox.kept.values()):
                if message["data"]["attempt"] == attempt.name:
                    await self.transmit(message)
                    return
            await self.tell(attempt, "queued")

    def start(self, attempt: Attempt) -> None:
        self.running += 1
        attempt.state = "started"
        with self.seen.open("a") as file:
            file.write(attempt.name + "\n")
        attempt.runner = asyncio.ensure_future(self.run(attempt))

    async def run(self, attempt: Attempt) -> None:
        try:
            await self.tell(attempt, "started")
            output = await self.work(attempt.task, attempt.inputs)
            if self.fault == "wrong-output":
                output = {"value": "another"}
            await self.tell(attempt, "completed", {"output": output})
        except Failed as error:
            message = "" if self.fault == "empty-message" else str(error)
            await self.tell(attempt, "error", {"error": {"code": "FAILED", "message": message}})
        except asyncio.CancelledError:
            if attempt.name in self.attempts:
                await self.tell(attempt, "cancelled", {"was_running": True})
        finally:
            self.running -= 1
            if self.waiting and not self.gone:
                self.start(self.waiting.pop(0))

    async def work(self, task: str, inputs: Json) -> Any:
        if task == "fail":
            raise Failed("this is what the task is for")
        if task == "sleep":
            seconds = inputs["seconds"]
            await asyncio.sleep(seconds if isinstance(seconds, (int, float)) else 0)
        if task == "count":
            with Path(inputs["file"]).open("a") as file:
                file.write("ran\n")
        return inputs

    async def cancel(self, name: str) -> None:
        attempt = self.attempts.get(name)
        if self.fault == "ignores-cancel":
            return
        if attempt is None:
            if self.fault != "silent-on-unknown-cancel":
                await self.tell(Attempt(name, "", None, {}), "cancelled", {"was_running": False})
        elif attempt.end is not None:
            if self.fault == "cancels-the-ended":
                await self.tell(attempt, "cancelled", {"was_running": False})
            else:
                await self.answer(attempt)
        elif attempt in self.waiting:
            self.waiting.remove(attempt)
            await self.tell(attempt, "cancelled", {"was_running": False})
        elif attempt.runner is not None:
            attempt.runner.cancel()

    def forget(self, name: str) -> None:
        if self.fault == "tells-fenced":
            return
        attempt = self.attempts.pop(name, None)
        for message in list(self.outbox.kept.values()):
            if message["data"]["attempt"] == name:
                self.outbox.drop(message["id"])
        if attempt is not None and attempt in self.waiting:
            self.waiting.remove(attempt)
        if attempt is not None and attempt.runner is not None:
            attempt.runner.cancel()

    # The session.

    def task(self, name: str) -> Json:
        out: Json = {"id": name, "description": f"Does what the kit wants of {name}."}
        if self.fault != "no-owner":
            out["owner"] = {"team": self.team, "contacts": ["kit@example.com"]}
        return out

    def in_flight(self) -> list[Json]:
        out = []
        unreceipted = {m["data"]["attempt"] for m in self.outbox.kept.values()}
        for attempt in self.attempts.values():
            if attempt.end is not None and attempt.name not in unreceipted:
                continue
            one: Json = {"attempt": attempt.name, "state": attempt.state}
            if attempt.fence is not None:
                one["fence"] = attempt.fence
            if attempt.end is not None:
                one["terminal"] = attempt.end["data"]
            out.append(one)
        return [] if self.fault == "lists-nothing" else out

    async def receive(self, message: Json) -> None:
        kind, data = message["type"].removeprefix("cordyna.").removesuffix(".v1"), message["data"]
        if kind == "server.welcome":
            await self.welcomed(data)
        elif kind == "server.resumed":
            await self.resumed(data)
        elif kind == "task.invoke":
            await self.invoke(message)
        elif kind == "task.cancel":
            await self.cancel(data["attempt"])
        elif kind == "task.fenced":
            self.forget(data["attempt"])
        elif kind == "message.receipt":
            self.received(data)
        elif kind == "server.lease":
            for name in data.get("cancels", []) if self.fault != "ignores-lease-cancels" else []:
                await self.cancel(name)
        elif kind == "server.drain":
            await self.drain()
        elif kind == "server.goodbye":
            self.goodbye(data)
        elif kind == "message.problem":
            if self.fault == "dies-of-problems":
                sys.exit(1)
        elif self.fault == "dies-of-the-unknown" and kind != "server.declared":
            sys.exit(1)

    async def welcomed(self, data: Json) -> None:
        self.session = data["session"]
        if self.fault != "seq-goes-on":
            self.seq = 0
        if not data["want_declaration"] and self.fault == "wants-to-declare":
            return
        self.lease_s, self.heartbeat_s = data["lease_s"], data["heartbeat_s"]
        if data["want_declaration"] and self.fault != "never-declares":
            tasks = [self.task(name) for name in ("echo", "sleep", "fail", "count")]
            await self.say("server.declare", {"revision": 1, "tasks": tasks})
        await self.say("server.resume", {"boot": self.boot, "attempts": self.in_flight()})
        if self.fault == "ready-too-early":
            await self.say("server.ready", {"slots": {"default": SLOTS}})

    async def resumed(self, data: Json) -> None:
        self.synced = True
        if self.fault == "sends-garbage":
            await self.say("server.heartbeat", {"in_flight": "none"})
        for one in data["attempts"] if self.fault != "ignores-fate" else []:
            if one["fate"] in ("already_terminal", "fenced"):
                self.forget(one["attempt"])
            elif one["fate"] == "abort":
                await self.cancel(one["attempt"])
        for message in list(self.outbox.kept.values()):
            if self.fault != "no-resend":
                await self.transmit(message)
        if self.fault != "ready-too-early":
            await self.say("server.ready", {"slots": {"default": SLOTS}})

    def received(self, data: Json) -> None:
        for ident in data.get("ids", []):
            if self.fault == "dies-of-odd-receipts" and ident not in self.outbox.kept:
                sys.exit(1)
            if self.fault != "repeats-receipted":
                self.outbox.drop(ident)

    def goodbye(self, data: Json) -> None:
        if data["code"] == "superseded":
            self.gone = self.fault != "returns-superseded"
        elif data["code"] != "shutdown" and "reconnect_after_s" not in data:
            self.gone = self.fault != "returns-refused"
        if self.fault != "comes-too-soon":
            self.after = float(data.get("reconnect_after_s", 0))

    async def drain(self) -> None:
        if not self.draining and self.fault != "never-leaves":
            self.draining = True
            await self.say("server.draining", {"reason": "asked to"})

    async def tend(self) -> None:
        """What time brings: heartbeats, what has no receipt, a lease that runs out, a drain that is over."""
        beat_at = time.monotonic()
        while self.socket is not None:
            await asyncio.sleep(0.05)
            now = time.monotonic()
            if now - self.heard_at > self.lease_s and self.fault != "outlives-lease":
                await self.socket.close()
                return
            if not self.synced:
                continue
            if now - beat_at >= self.heartbeat_s:
                beat_at = now
                if self.fault != "no-heartbeat":
                    beat = {"in_flight": self.in_flight(), "uptime_s": now - self.begun}
                    await self.say("server.heartbeat", beat)
            for message in list(self.outbox.kept.values()):
                late = now - self.outbox.sent_at.get(message["id"], 0) > RESEND_S
                if late and self.fault != "no-resend":
                    await self.transmit(message)
            kept = [] if self.fault == "goes-too-early" else list(self.outbox.kept)
            if self.draining and not (self.running or self.waiting or kept):
                await self.say("server.goodbye", {"code": "shutdown"})
                self.gone = True
                await self.socket.close()
                return

    async def serve_once(self, url: str) -> None:
        token = "" if self.fault == "no-token" else os.environ["CORDYNA_TOKEN"]
        headers = {"Authorization": f"Bearer {token}"}
        if self.fault == "forgets-at-cuts" and self.hellos > 2:
            self.outbox.kept.clear()
        self.hellos += 1
        if self.fault == "boot-of-session":
            self.boot = str(uuid.uuid4())
        async with connect(
            url,
            subprotocols=[Subprotocol("cordyna.v1+cloudevents.json")],
            additional_headers=headers,
            compression=None,
            close_timeout=1,
        ) as socket:
            self.socket, self.session, self.heard_at = socket, "", time.monotonic()
            self.after = 0.0
            await self.say("server.hello", {
                "protocol": {"min": 1, "max": 1}, "server": self.server, "boot": self.boot, "level": 2,
                "slots": {"default": SLOTS},
            })  # fmt: skip
            if self.fault == "talks-too-early":
                await self.say("server.heartbeat", {"in_flight": []})
            tending = asyncio.ensure_future(self.tend())
            try:
                async for text in socket:
                    self.heard_at = time.monotonic()
                    read = json.loads(text)
                    if isinstance(read, list) and self.fault == "ignores-lists":
                        continue
                    for message in read if isinstance(read, list) else [read]:
                        await self.receive(message)
            finally:
                self.socket, self.synced = None, False
                tending.cancel()
                if self.fault == "stops-at-cut":
                    for attempt in list(self.attempts.values()):
                        if attempt.runner is not None:
                            self.attempts.pop(attempt.name)
                            attempt.runner.cancel()

    async def serve(self) -> int:
        url = os.environ["CORDYNA_URL"].replace("http", "ws", 1) + "/api/v1/ts/socket"
        leaving = asyncio.get_running_loop()
        leaving.add_signal_handler(signal.SIGTERM, lambda: asyncio.ensure_future(self.drain()))
        delay = 0.2
        while not self.gone:
            try:
                await self.serve_once(url)
                delay = 0.2
            except (OSError, ConnectionClosed, InvalidHandshake):
                delay = min(delay * 2, 15)
            if self.fault == "stays-away":
                await asyncio.sleep(3600)
            if not self.gone:
                await asyncio.sleep(max(self.after, delay * random.uniform(1, 1.3)))
        if not self.draining:
            await asyncio.sleep(3600)
        return 1 if self.fault == "exit-code" else 0


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--fault", choices=FAULTS, default="")
    options = parser.parse_args()
    options.state.mkdir(parents=True, exist_ok=True)
    return asyncio.run(TaskServer(options.state, options.fault).serve())


if __name__ == "__main__":
    sys.exit(main())
