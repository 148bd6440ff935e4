"""Receivers of alerts: an HTTP server and an SMTP server that keep what comes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from serving import eventually


@dataclass
class Got:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """Answers 200, or as `answer` says, which may be another one at any time."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.answer: Callable[[Got], tuple[int, dict[str, str]]] = lambda _: (200, {})
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got = Got(self.path, dict(self.headers.items()), body)
                status, headers = receiver.answer(got)
                receiver.got.append(got)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def wait(self, count: int) -> list[Got]:
        """So many at least."""
        eventually(lambda: len(self.got) >= count, f"{count} messages; there are {len(self.got)}")
        return self.got

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class OnAnyPort(Controller):
    """It looks whether it is there by connecting to its port, which here the system chooses."""

    def _trigger_server(self) -> None:
        self.port = int(self.server.sockets[0].getsockname()[1])
        super()._trigger_server()


@dataclass
class Mailbox:
    """An SMTP server: `tls` is its context for STARTTLS, `user` who may log in."""

    tls: Any = None
    user: tuple[str, str] | None = None
    got: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        mailbox = self

        class Keeper:
            async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
                envelope.was_encrypted = session.ssl is not None
                envelope.login = session.auth_data
                mailbox.got.append(envelope)
                return "250 OK"

        def check(_server: Any, _session: Any, _envelope: Any, _how: str, data: Any) -> AuthResult:
            good = isinstance(data, LoginPassword) and mailbox.user == (
                data.login.decode(),
                data.password.decode(),
            )
            return AuthResult(success=good, auth_data=data)

        self.controller = OnAnyPort(
            Keeper(),
            hostname="127.0.0.1",
            port=0,
            tls_context=self.tls,
            require_starttls=self.tls is not None,
            authenticator=check if self.user else None,
            auth_required=self.user is not None,
        )
        self.controller.start()

    @property
    def port(self) -> int:
        return int(self.controller.port)

    def wait(self, count: int) -> list[Any]:
        eventually(lambda: len(self.got) >= count, f"{count} mails")
        return self.got

    def close(self) -> None:
        self.controller.stop()
