"""S4: pages of other origins, and tokens where they do not belong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from routes import address, operations
from serving import Answer, Server, serve

PASSWORD = "a long enough password"
FOREIGN = ("https://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1.evil.example",
           "https://127.0.0.1:{port}", "http://localhost:{port}", "http://127.0.0.1:{port}/", "")  # fmt: skip


@dataclass
class Session:
    server: Server
    cookie: str
    csrf: str

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.server.call(
            method, path, body, token=None, headers={"Cookie": self.cookie, **named}
        )


def log_in(server: Server, user: str = "bob") -> tuple[Session, str]:
    server.ok("PUT", f"/api/v1/users/{user}", {
        "grants": [{"namespace": "*", "role": "admin"}], "password": PASSWORD})  # fmt: skip
    answer = server.call("POST", "/api/v1/login", {"user": user, "password": PASSWORD}, token=None)
    assert answer.status == 200, answer.body
    cookie = answer.headers["Set-Cookie"]
    return Session(server, cookie.split(";")[0], answer.json["csrf_token"]), cookie


@pytest.fixture
def session(server: Server) -> Iterator[Session]:
    opened, _ = log_in(server)
    yield opened
    opened.call("POST", "/api/v1/logout", Origin=opened.origin, X_CSRF_Token=opened.csrf)


def flags(cookie: str) -> set[str]:
    return {part.strip() for part in cookie.split(";")[1:]}


def test_a_session_is_a_cookie_that_only_its_own_pages_send(server: Server) -> None:
    _, cookie = log_in(server)
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= flags(cookie)
    assert not any(flag.startswith("Domain") for flag in flags(cookie))


def test_behind_tls_the_cookie_never_goes_in_plain(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("id: a\ntasks: [{id: a, type: log, message: b}]\n")
    served = serve(tmp_path, "--public-url", "https://dyna.example")
    _, cookie = log_in(served)
    assert "Secure" in flags(cookie)
    served.stop()


def test_every_write_of_a_session_needs_origin_and_csrf_token(
    server: Server, session: Session
) -> None:
    other, _ = log_in(server, "eve")
    good = {"Origin": session.origin, "X_CSRF_Token": session.csrf}
    wrong: list[dict[str, str]] = [
        {},
        {"Origin": session.origin},
        {"X_CSRF_Token": session.csrf},
        {"Origin": session.origin, "X_CSRF_Token": ""},
        {"Origin": session.origin, "X_CSRF_Token": session.csrf[:-1]},
        {"Origin": session.origin, "X_CSRF_Token": other.csrf},
        {"Origin": session.origin, "X_CSRF_Token": session.cookie.split("=")[1]},
        {"Referer": session.origin + "/", "X_CSRF_Token": session.csrf},
    ]
    wrong += [{**good, "Origin": foreign.format(port=server.port)} for foreign in FOREIGN]
    writes = [(method, path) for method, path, operation in operations(server)
              if method != "GET" and operation.get("security") != []]  # fmt: skip
    assert len(writes) > 15
    for method, path in writes:
        body = b"{}" if method in ("POST", "PUT") else None
        for headers in wrong:
            answer = session.call(method, address(path), body, **headers)
            assert answer.status == 403, (method, path, headers, answer.status)
    # The same with both is let in, so that the above was refused for them and nothing else.
    assert session.call("POST", "/api/v1/flows/acme/daily/runs", {}, **good).status == 201
    # What a form can send without asking is no write either.
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = session.call(
            "POST", "/api/v1/flows/acme/daily/runs", b"{}", **good, Content_Type=kind
        )
        assert answer.status == 415


def test_another_origin_reads_nothing_with_a_session(server: Server, session: Session) -> None:
    for foreign in FOREIGN:
        answer = session.call("GET", "/api/v1/me", Origin=foreign.format(port=server.port))
        assert answer.status == 403, foreign
        assert "Access-Control-Allow-Origin" not in answer.headers
    # Browsers name no origin when a page reads from its own.
    assert session.call("GET", "/api/v1/me").status == 200
    assert session.call("GET", "/api/v1/me", Origin=session.origin).status == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_no_page_is_told_that_it_may_read(server: Server, origin: str) -> None:
    ask = {"Origin": origin, "Access-Control-Request-Method": "POST",
           "Access-Control-Request-Headers": "authorization,content-type"}  # fmt: skip
    for method, path in (("OPTIONS", "/api/v1/runs"), ("OPTIONS", "/api/v1/login"),
                         ("GET", "/api/v1/runs"), ("GET", "/livez")):  # fmt: skip
        answer = server.call(method, path, headers=ask)
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_a_token_in_an_address_opens_nothing(server: Server, session: Session) -> None:
    secret = session.cookie.split("=")[1]
    for name in ("token", "access_token", "api_key", "authorization", "dyna_session"):
        for value in (server.admin, f"Bearer%20{server.admin}", secret):
            answer = server.call("GET", f"/api/v1/me?{name}={value}", token=None)
            assert answer.status == 401
            assert value.encode() not in answer.body
    # Neither does a session's token as a bearer of another kind, nor user and password in the address.
    assert server.call("GET", f"http://admin:{server.admin}@127.0.0.1/api/v1/me",
                       token=None).status == 400  # fmt: skip


def test_a_session_that_was_left_is_over(server: Server) -> None:
    session, _ = log_in(server, "ann")
    good = {"Origin": session.origin, "X_CSRF_Token": session.csrf}
    assert session.call("POST", "/api/v1/logout", **good).status == 204
    assert session.call("GET", "/api/v1/me").status == 401
    assert session.call("POST", "/api/v1/flows/acme/daily/runs", {}, **good).status == 401
