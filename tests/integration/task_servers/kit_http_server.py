"""A task server of level 0 for `dyna conformance`: it posts and asks, one attempt after the other.

kit_http_server.py [--fault NAME]; the rest comes from the environment, as docs/protocol.md says.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

Json = dict[str, Any]
FAULTS = ("empty-message", "no-queued", "posts-once", "runs-repeats", "says-no-ready")


class TaskServer:
    def __init__(self, fault: str) -> None:
        self.fault = fault
        self.done: set[str] = set()
        self.url, self.token = os.environ["CORDYNA_URL"] + "/api/v1/ts", os.environ["CORDYNA_TOKEN"]
        self.name = f"{os.environ['CORDYNA_TEAM']}/{os.environ['CORDYNA_SERVER']}"

    def call(self, path: str, body: bytes | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        with urlopen(Request(self.url + path, body, headers), timeout=60) as answer:
            return json.load(answer)

    def say(self, kind: str, data: Json) -> None:
        message = {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": f"urn:cordyna:ts:{self.name}",
            "type": f"cordyna.{kind}.v1",
            "data": data,
        }
        while True:
            try:
                self.call("/events", json.dumps(message).encode())
                return
            except URLError:
                if self.fault == "posts-once":
                    return
                time.sleep(0.2)

    def run(self, invoke: Json) -> None:
        attempt = {"attempt": invoke["attempt"], "fence": invoke["fence"]}
        if self.fault != "no-queued":
            self.say("task.queued", attempt)
        self.say("task.started", attempt)
        inputs = invoke["inputs"]
        if invoke["task"] == "fail":
            message = "" if self.fault == "empty-message" else "this is what the task is for"
            self.say("task.error", {**attempt, "error": {"code": "FAILED", "message": message}})
            return
        if invoke["task"] == "sleep":
            time.sleep(inputs["seconds"])
        if invoke["task"] == "count":
            with Path(inputs["file"]).open("a") as file:
                file.write("ran\n")
        self.say("task.completed", {**attempt, "output": inputs})

    def serve(self) -> None:
        owner = {"team": self.name.partition("/")[0], "contacts": ["kit@example.com"]}
        tasks = [
            {"id": name, "description": f"Does what the kit wants of {name}.", "owner": owner}
            for name in ("echo", "sleep", "fail", "count")
        ]
        self.say("server.ready", {"tasks": tasks, "slots": {"default": 1}})
        while True:
            for message in self.call(f"/commands?server={self.name}&wait=30"):
                data = message["data"]
                if message["type"] != "cordyna.task.invoke.v1":
                    continue
                if data["attempt"] in self.done and self.fault != "runs-repeats":
                    continue
                self.done.add(data["attempt"])
                self.run(data)
                if self.fault != "says-no-ready":
                    self.say("server.ready", {"slots": {"default": 1}})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--fault", choices=FAULTS, default="")
    TaskServer(parser.parse_args().fault).serve()
