"""A session on a bench: what cerebro says goes in, what the server says and does comes out."""

from __future__ import annotations

import json
import random
from typing import Any

from cordyna.errors import BadInput
from cordyna.messages import Message, read_frame
from cordyna.session import (
    Action,
    Batch,
    Config,
    Session,
    Tell,
)

FENCE = {"epoch": 1, "token": "t1", "more": [1]}
WELCOME = {
    "protocol": 1, "session": "s1", "epoch": 1, "heartbeat_s": 10, "lease_s": 30,
    "message_max": 262144, "want_declaration": False,
}  # fmt: skip


class Entry:
    slot_class = "default"
    cancellable = True

    def bind(self, inputs: Any) -> dict[str, Any]:
        if "bad" in inputs:
            raise BadInput("#/inputs/bad: is not known here")
        return dict(inputs)


class Stubborn(Entry):
    cancellable = False


class Bench:
    """A session, and what came out of it last."""

    def __init__(self, kept: list[Message] | None = None, slots: int = 2) -> None:
        config = Config("data", "s-1", "b", {"default": slots})
        self.session = Session(config, random.Random(1), kept or [])
        self.now = 100.0
        self.actions: list[Action] = []
        self.batch = Batch()
        catalog = {"load": Entry(), "keep": Stubborn()}
        self.session.declare(0, catalog, [{"id": "load"}, {"id": "keep"}], "h", 5)
        self.session.start()
        self.settle()

    def settle(self) -> list[dict[str, Any]]:
        """What goes out now."""
        self.actions = [a for a in self.session.take_actions() if not isinstance(a, Tell)]
        self.batch = self.session.take(self.now)
        return [json.loads(text) for text in self.batch.texts]

    def sent(self) -> list[tuple[str, dict[str, Any]]]:
        return [(name_of(one), one["data"]) for one in self.settle()]

    def hear(self, type_name: str, data: dict[str, Any], id: str = "m1") -> None:
        whole = {"id": id, "type": f"cordyna.{type_name}.v1", "data": data}
        if self.session.session:
            whole["session"] = self.session.session
        for message in read_frame(json.dumps(whole)):
            self.session.received(self.now, message)

    def ready(self, fates: list[dict[str, Any]] | None = None, **welcome: Any) -> None:
        self.session.opened(self.now)
        self.settle()
        self.hear("server.welcome", {**WELCOME, **welcome})
        self.settle()
        self.hear("server.resumed", {"attempts": fates or []})

    def invoke(self, name: str = "r/load/1", id: str = "m1", **more: Any) -> None:
        task = name.split("/")[1]
        self.hear("task.invoke", {
            "attempt": name, "run": "r", "task": task, "fence": FENCE, "revision": 5,
            "idempotency_key": "r/load", "inputs": {}, "upstream": [],
            "trigger": {"kind": "manual"}, "deadlines": {}, **more,
        }, id)  # fmt: skip

    def receipt(self, *ids: str) -> None:
        self.hear("message.receipt", {"ids": list(ids)})

    def pass_time(self, seconds: float) -> list[tuple[str, dict[str, Any]]]:
        self.now += seconds
        self.session.tick(self.now)
        return self.sent()


def name_of(message: dict[str, Any]) -> str:
    return str(message["type"]).removeprefix("cordyna.").removesuffix(".v1")


def names(sent: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [name for name, _ in sent]
