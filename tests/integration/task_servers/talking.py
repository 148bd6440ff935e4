"""A task server of level 0, by hand: what curl could do."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from serving import Answer, Server, eventually, serve

NUMBERS = count(1)


def owner(team: str = "orders") -> dict[str, Any]:
    return {"team": team, "contacts": [f"{team}@example.com"]}


def task(name: str, team: str = "orders", **more: Any) -> dict[str, Any]:
    return {"id": name, "description": f"Does {name}.", "owner": owner(team), **more}


class Talker:
    """One server over HTTP. Each call is one request."""

    def __init__(self, cerebro: Server, team: str, server: str, token: str | None = None) -> None:
        self.cerebro, self.team, self.server = cerebro, team, server
        self.token = token or cerebro.ok(
            "POST",
            "/api/v1/tokens",
            {"name": server, "kind": "server", "grants": [{"namespace": team, "role": "viewer"}]},
        )["token"]  # fmt: skip

    def message(self, kind: str, data: dict[str, Any], **head: str) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "id": f"m{next(NUMBERS)}",
            "source": f"urn:cordyna:ts:{self.team}/{self.server}",
            "type": f"cordyna.{kind}.v1",
            "data": data,
            **head,
        }

    def post(self, *messages: Any) -> Answer:
        return self.cerebro.call("POST", "/api/v1/ts/events", list(messages), token=self.token)

    def say(self, kind: str, data: dict[str, Any]) -> list[dict[str, Any]]:
        answer = self.post(self.message(kind, data))
        assert answer.status == 200, answer.body
        return list(answer.json)

    def ready(self, *tasks: dict[str, Any], slots: int = 1) -> list[dict[str, Any]]:
        data: dict[str, Any] = {"slots": {"default": slots}}
        if tasks:
            data["tasks"] = list(tasks)
        return self.say("server.ready", data)

    def fetch(self, wait: int = 30) -> list[dict[str, Any]]:
        path = f"/api/v1/ts/commands?server={self.team}/{self.server}&wait={wait}"
        answer = self.cerebro.call("GET", path, token=self.token)
        assert answer.status == 200, answer.body
        return list(answer.json)

    def invoked(self) -> dict[str, Any]:
        """The data of the next invoke."""

        def look() -> dict[str, Any] | None:
            for message in self.fetch():
                if message["type"] == "cordyna.task.invoke.v1":
                    return dict(message["data"])
            return None

        return dict(eventually(look, "an invoke"))

    def run(self, invoke: dict[str, Any], output: Any = None) -> None:
        """All that there is to say of an attempt that goes well."""
        attempt = {"attempt": invoke["attempt"]}
        self.say("task.queued", attempt)
        self.say("task.started", attempt)
        self.say("task.completed", attempt if output is None else {**attempt, "output": output})

    def fail(self, invoke: dict[str, Any], code: str, message: str, **more: Any) -> None:
        self.say(
            "task.error",
            {"attempt": invoke["attempt"], "error": {"code": code, "message": message, **more}},
        )


def idle_folder(place: Path) -> Path:
    """A folder for a cerebro, with one flow that nobody runs."""
    folder = place / "cerebro"
    folder.mkdir()
    text = "id: idle\nnamespace: idle\ntasks: [{id: a, type: log, message: b}]\n"
    (folder / "idle.yaml").write_text(text)
    return folder


@pytest.fixture
def cerebro(tmp_path: Path) -> Iterator[Server]:
    served = serve(idle_folder(tmp_path))
    yield served
    served.stop()


@pytest.fixture
def talker(cerebro: Server) -> Talker:
    return Talker(cerebro, "orders", "etl")
