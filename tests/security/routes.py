"""The routes that a server has, as it tells them itself."""

from __future__ import annotations

from typing import Any

from serving import Server

VALUES = {"namespace": "acme", "flow": "daily", "run": "1", "version": "1", "backfill": "1",
          "secret": "KEY", "channel": "chat", "alert": "0123456789abcdef", "user": "ann", "token": "abc",
          "trigger": "hook", "key": "k", "event": "1", "page": "runs", "of": "1", "name": "x", "file": "x.js"}  # fmt: skip


def paths(server: Server) -> dict[str, dict[str, Any]]:
    return dict(server.ok("GET", "/api/v1/openapi.json")["paths"])


def operations(server: Server) -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path and operation of each."""
    return [
        (method.upper(), path, operation)
        for path, methods in paths(server).items()
        for method, operation in methods.items()
    ]


def address(path: str) -> str:
    for name, value in VALUES.items():
        path = path.replace("{" + name + "}", value)
    assert "{" not in path, path
    return path
