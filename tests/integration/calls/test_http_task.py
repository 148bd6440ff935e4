"""Tasks of type http, by the whole program and a real web server: what goes out, what comes of it, whoever falls over."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import signal
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from time import time
from typing import Any

import pytest
from listener import Came, Listener, Place, Reply
from serving import eventually

SECRET = "t0p-s3cret/4711 äöü"
Listen = Callable[..., Listener]


def answers(*replies: Reply) -> Callable[[Came, int], Reply]:
    """One after the other; the last one for good."""
    return lambda _, number: replies[min(number, len(replies) - 1)]


OK = answers(Reply(200, b"fine"))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_a_method_with_headers_and_body_arrives_as_it_is_written(
    listen: Listen, place: Place, method: str
) -> None:
    server = listen(OK)
    more = {} if method == "HEAD" else {"body": "line one\nline two ü"}
    place.call(url=server.url + "/a/b?c=d", method=method, headers={"X-Team": "data"}, **more)
    assert place.run() == 0, place.said
    (came,) = server.came
    assert (came.method, came.path) == (method, "/a/b?c=d")
    assert came.headers["x-team"] == "data"
    assert came.headers["host"] == f"127.0.0.1:{server.port}"
    assert came.headers["connection"] == "close"
    assert came.body.decode() == more.get("body", "")
    assert place.outputs()["body"] == ("" if method == "HEAD" else "fine")


def test_values_become_parts_of_addresses_json_and_forms(listen: Listen, place: Place) -> None:
    server = listen(OK)
    inputs = [{"id": "word", "default": "a/b c?d=e&f#g"}, {"id": "n", "type": "int", "default": 7}]
    tree = {"n": "{{ inputs.n }}", "word": "{{ inputs.word }}", "both": "{{ inputs.n }} {{ inputs.word }}",
            "list": [True, None, 1.5]}  # fmt: skip
    place.write(
        {"id": "tree", "type": "http", "url": server.url + "/{{ inputs.word }}?q={{ inputs.word }}", "json": tree},
        {"id": "form", "type": "http", "url": server.url, "form": {"w": "{{ inputs.word }}", "n": 1}, "needs": ["tree"]},
        inputs=inputs,
    )  # fmt: skip
    assert place.run() == 0, place.said
    first, second = server.came
    encoded = "a%2Fb%20c%3Fd%3De%26f%23g"
    assert first.path == f"/{encoded}?q={encoded}"
    assert first.headers["content-type"] == "application/json"
    assert first.json == {"n": 7, "word": "a/b c?d=e&f#g", "both": "7 a/b c?d=e&f#g",
                          "list": [True, None, 1.5]}  # fmt: skip
    assert second.method == "POST"
    assert second.headers["content-type"] == "application/x-www-form-urlencoded"
    assert second.body.decode() == f"w={encoded}&n=1"


def test_an_answer_becomes_outputs_that_others_read(listen: Listen, place: Place) -> None:
    body = json.dumps({"id": 17, "tags": ["a", "b"]}).encode()
    server = listen(answers(Reply(201, body, {"Content-Type": "application/json", "X-Trace": "7"})))
    place.write(
        {"id": "call", "type": "http", "url": server.url + "/orders?key=hidden", "json": {}},
        {"id": "say", "type": "log",
         "message": "{{ outputs.call.json.id + 1 }} {{ outputs.call.json.tags[1] }} {{ outputs.call.headers['x-trace'] }}"},
    )  # fmt: skip
    assert place.run() == 0, place.said
    outputs = place.outputs()
    assert outputs["status"] == 201
    assert outputs["json"] == {"id": 17, "tags": ["a", "b"]}
    assert outputs["headers"]["content-type"] == "application/json"
    assert "body" not in outputs
    assert "18 b 7" in place.log("say")
    log = place.log()
    assert f"POST {server.url}/orders\n" in log and "201 Created" in log
    assert f"{len(body)} bytes in" in log and "hidden" not in log


@pytest.mark.parametrize(
    "status, accepted, code",
    [(204, None, None), (404, [404], None), (409, ["200-299", 409], None), (302, ["300-399"], None),
     (200, [404], "REMOTE_REFUSED"), (400, None, "REMOTE_REFUSED"), (302, None, "REMOTE_REFUSED"),
     (401, None, "ACCESS_DENIED"), (403, None, "ACCESS_DENIED"), (404, None, "REMOTE_NOT_FOUND"),
     (410, None, "REMOTE_NOT_FOUND"), (408, None, "SOURCE_UNAVAILABLE"), (425, None, "SOURCE_UNAVAILABLE"),
     (429, None, "SOURCE_UNAVAILABLE"), (500, None, "SOURCE_UNAVAILABLE"), (503, None, "SOURCE_UNAVAILABLE")],
)  # fmt: skip
def test_a_status_is_a_success_or_an_error_that_may_pass_or_does_not(
    listen: Listen, place: Place, status: int, accepted: list[Any] | None, code: str | None
) -> None:
    said = "" if status == 204 else "so it is"  # which has no body
    server = listen(answers(Reply(status, said.encode())))
    keys = {} if accepted is None else {"accept_status": accepted}
    place.call(url=server.url + "/x?key=hidden", body="b", retry={"attempts": 2}, **keys)
    done = place.run()
    if code is None:
        assert done == 0, place.said
        assert (place.outputs()["status"], place.outputs()["body"]) == (status, said)
        return
    assert done != 0
    passes = code == "SOURCE_UNAVAILABLE"
    assert len(server.came) == (2 if passes else 1), "only what may pass is tried again"
    for got, message in place.errors():
        assert got == code
        assert f"{server.url}/x: the server answered {status}" in message
        assert said in message and "hidden" not in message


def test_who_is_not_there_may_be_there_later(listen: Listen, place: Place) -> None:
    server = listen(OK)
    server.close()
    place.call(url=server.url, retry={"attempts": 2})
    assert place.run() != 0
    assert [code for code, _ in place.errors()] == ["SOURCE_UNAVAILABLE"] * 2


def verified(came: Came, key: bytes) -> bool:
    signed = (
        f"{came.headers['webhook-id']}.{came.headers['webhook-timestamp']}.".encode() + came.body
    )
    mac = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return came.headers["webhook-signature"] == f"v1,{mac}"


def test_a_signature_is_right_and_the_id_is_that_of_the_task_in_its_run(
    listen: Listen, place: Place
) -> None:
    server = listen(answers(Reply(503), Reply(200), Reply(200), Reply(200)))
    key = os.urandom(24)
    place.env["DYNA_SECRET_HOOK"] = "whsec_" + base64.b64encode(key).decode()
    task = {"type": "http", "url": server.url, "json": {"a": "ü"}, "sign": {"secret": "HOOK"}}
    place.write({"id": "one", "retry": {"attempts": 2}, **task},
                {"id": "two", "needs": ["one"], **task})  # fmt: skip
    assert place.run() == 0, place.said
    assert place.run() == 0, place.said
    assert len(server.came) == 5
    for came in server.came:
        assert verified(came, key), came.headers
        assert abs(int(came.headers["webhook-timestamp"]) - time()) < 300
        assert came.headers["idempotency-key"] == came.headers["webhook-id"]
    ids = [came.headers["webhook-id"] for came in server.came]
    assert ids[0] == ids[1], "the second attempt is the same message"
    assert len(set(ids)) == 4, "another task, or another run, is another one"
    assert all("." not in one for one in ids)
    assert key not in place.everything() and b"whsec_" not in place.everything()


def test_no_attempt_comes_before_the_server_wants_it(listen: Listen, place: Place) -> None:
    server = listen(answers(Reply(429, b"", {"Retry-After": "2"}), Reply(200)))
    place.call(url=server.url, body="x", retry={"attempts": 3, "delay": "10ms"})
    assert place.run() == 0, place.said
    first, second = server.came
    assert second.at - first.at >= 2.0
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


def test_who_wants_to_be_left_alone_for_long_is_not_asked_again(
    listen: Listen, place: Place
) -> None:
    server = listen(answers(Reply(503, b"", {"Retry-After": "3600"})))
    place.call(url=server.url, retry={"attempts": 3})
    assert place.run() != 0
    assert len(server.came) == 1
    ((code, message),) = place.errors()
    assert code == "REMOTE_REFUSED" and "left alone for 1h" in message


def test_redirects_are_followed_by_who_reads_and_by_who_wants_it(
    listen: Listen, place: Place
) -> None:
    def answer(came: Came, _: int) -> Reply:
        return Reply(200, b"there") if came.path == "/b" else Reply(307, b"", {"Location": "/b"})

    server = listen(answer)
    place.call(url=server.url + "/a")
    assert place.run() == 0, place.said
    assert place.outputs()["body"] == "there"
    assert f"redirected to {server.url}/b" in place.log()
    place.call(url=server.url + "/a", follow_redirects=False)
    assert place.run() != 0
    place.call(url=server.url + "/a", body="x")
    assert place.run() != 0
    assert [came.path for came in server.came] == ["/a", "/b", "/a", "/a"]
    place.call(url=server.url + "/a", body="x", follow_redirects=True)
    assert place.run() == 0, place.said
    assert (server.came[-1].path, server.came[-1].method, server.came[-1].body) == (
        "/b",
        "POST",
        b"x",
    )


def test_a_secret_is_nowhere_but_in_the_request(listen: Listen, place: Place) -> None:
    def echo(came: Came, _: int) -> Reply:
        body = json.dumps({"you": SECRET, "sent": came.path}).encode()
        status = 200 if came.path.startswith("/ok") else 400
        return Reply(status, body, {"Content-Type": "application/json", "X-Echo": "s3cret-token"})

    server = listen(echo)
    place.env |= {"DYNA_SECRET_WORD": SECRET, "DYNA_SECRET_TOKEN": "s3cret-token"}
    for path in ("/ok", "/bad"):
        place.call(
            url=server.url + path + "/{{ secret('WORD') }}?k={{ secret('WORD') }}",
            headers={"X-Key": "key {{ secret('TOKEN') }}"},
            json={"word": "{{ secret('WORD') }}"},
            auth={"user": "me", "password": {"secret": "TOKEN"}},
        )
        assert (place.run() == 0) == (path == "/ok"), place.said
        came = server.came[-1]
        encoded = "t0p-s3cret%2F4711%20%C3%A4%C3%B6%C3%BC"
        assert came.path == f"{path}/{encoded}?k={encoded}"
        assert came.headers["x-key"] == "key s3cret-token"
        assert came.json == {"word": SECRET}
        basic = base64.b64encode(b"me:s3cret-token").decode()
        assert came.headers["authorization"] == f"Basic {basic}"
        place.said += place.log()
        for trace in (SECRET.encode(), encoded.encode(), b"s3cret-token", basic.encode()):
            assert trace not in place.everything(), (path, trace)
        assert "POST " + server.url + path + "/***" in place.log()
    assert place.rows("select outputs from task where state = 'completed'") != []
    outputs = json.loads(place.rows("select outputs from task order by run")[0][0])
    assert outputs["json"]["you"] == "***" and outputs["headers"]["x-echo"] == "***"


def test_a_token_is_a_bearer_and_a_missing_secret_is_named(listen: Listen, place: Place) -> None:
    server = listen(OK)
    place.env["DYNA_SECRET_TOKEN"] = "s3cret-token"
    place.call(url=server.url, auth={"token": {"secret": "TOKEN"}})
    assert place.run() == 0, place.said
    assert server.came[0].headers["authorization"] == "Bearer s3cret-token"
    place.call(url=server.url, auth={"token": {"secret": "OTHER"}})
    assert place.run() != 0
    code, message = place.errors()[-1]
    assert code == "SECRET_MISSING" and "OTHER" in message
    assert len(server.came) == 1


def test_no_value_writes_a_header_of_its_own(listen: Listen, place: Place) -> None:
    server = listen(OK)
    inputs = [{"id": "word", "default": "a\r\nX-Evil: 1"}]
    place.call(url=server.url, headers={"X-Word": "{{ inputs.word }}"}, inputs=inputs)
    assert place.run() != 0
    assert server.came == []
    code, message = place.errors()[0]
    assert code == "INPUT_INVALID" and "headers.X-Word" in message and "Evil" not in message


def test_what_is_too_large_for_outputs_is_an_artifact(listen: Listen, place: Place) -> None:
    large = os.urandom(3_000_000).hex().encode()
    server = listen(answers(Reply(200, large, {"Content-Type": "application/json"})))
    place.write(
        {"id": "call", "type": "http", "url": server.url},
        {"id": "count", "type": "shell",
         "script": 'echo "n=$(wc -c < {{ outputs.call.body_file }})" > "$DYNA_OUTPUTS"; '
                   "cmp {{ outputs.call.body_file }} {{ outputs.call.files['body'] }}"},
    )  # fmt: skip
    assert place.run() == 0, place.said
    outputs = place.outputs()
    assert "json" not in outputs and "body" not in outputs
    assert Path(outputs["body_file"]).read_bytes() == large
    assert place.outputs("count")["n"] == str(len(large))
    assert "too much for outputs" in place.log()


def test_more_than_the_limit_is_not_taken(listen: Listen, place: Place) -> None:
    server = listen(answers(Reply(200, b"x" * 3_000_000)))
    place.call(url=server.url, transfer={"max_size": "2MB"}, retry={"attempts": 2})
    assert place.run() != 0
    ((code, message),) = place.errors()
    assert code == "REMOTE_REFUSED" and "transfer.max_size" in message
    assert list((place.folder / ".cordyna").rglob("artifacts/body")) == []


@pytest.mark.parametrize(
    "transfer, reply, said",
    [({"idle_timeout": "200ms"}, Reply(hangs=True), "200ms"),
     ({"timeout": "300ms"}, Reply(hangs=True), "no whole answer within 300ms"),
     ({"timeout": "500ms"}, Reply(200, drips=True), "no whole answer within 500ms")],
)  # fmt: skip
def test_who_is_too_slow_is_not_waited_for(
    listen: Listen, place: Place, transfer: dict[str, str], reply: Reply, said: str
) -> None:
    server = listen(answers(reply))
    place.call(url=server.url, transfer=transfer)
    assert place.run() != 0
    ((code, message),) = place.errors()
    assert code == "SOURCE_UNAVAILABLE" and said in message, message
    assert len(server.came) == 1


def test_a_cancelled_call_lets_go_of_the_server(listen: Listen, place: Place) -> None:
    server = listen(answers(Reply(hangs=True)))
    place.call(url=server.url, body="x", retry={"attempts": 3})
    owner = place.spawn("run", "calls.yaml", "--follow", "plain")
    server.wait(1)
    assert place.dyna("cancel", "last").returncode == 0
    assert owner.wait(timeout=120) == 130
    eventually(lambda: server.gone == 1, "the connection is closed")
    assert place.rows("select state from run") == [("cancelled",)]
    assert len(server.came) == 1


def test_a_wait_that_a_server_asked_for_can_be_cancelled(listen: Listen, place: Place) -> None:
    server = listen(answers(Reply(503, b"", {"Retry-After": "200"})))
    place.call(url=server.url, body="x", retry={"attempts": 3})
    owner = place.spawn("run", "calls.yaml", "--follow", "plain")
    eventually(lambda: "Retry-After" in (place.folder / "dyna.log").read_text(), "it waits")
    assert place.dyna("cancel", "last").returncode == 0
    assert owner.wait(timeout=120) == 130
    assert len(server.came) == 1


def test_an_owner_that_is_killed_leaves_the_call_to_its_guardian(
    listen: Listen, place: Place
) -> None:
    def answer(_: Came, __: int) -> Reply:
        eventually((place.folder / "go").exists, "the word to go on")
        return Reply(200, b"late")

    server = listen(answer)
    place.call(url=server.url, body="x")
    owner = place.spawn("run", "calls.yaml", "--follow", "plain")
    server.wait(1)
    owner.kill()
    owner.wait()
    (place.folder / "go").touch()
    assert place.dyna("resume").returncode == 0
    assert place.outputs()["body"] == "late"
    assert len(server.came) == 1, "it was not called again"


def processes_of(folder: Path) -> list[int]:
    """Everything of ours that works for this folder's state."""
    needle = f"{folder}/.cordyna".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if needle in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def test_after_a_crash_of_all_the_repeat_has_the_same_key(listen: Listen, place: Place) -> None:
    server = listen(answers(Reply(hangs=True), Reply(200, b"once more")))
    place.call(url=server.url, body="x", retry={"attempts": 2})
    owner = place.spawn("run", "calls.yaml", "--follow", "plain")
    server.wait(1)
    owner.kill()
    owner.wait()
    for pid in processes_of(place.folder):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    eventually(lambda: server.gone == 1, "the call is gone")
    assert place.dyna("resume").returncode == 0, (place.folder / "dyna.log").read_text()
    assert place.outputs()["body"] == "once more"
    first, second = server.came
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert [code for code, _ in place.errors()] == ["LOST"]


def test_what_was_called_is_not_called_again_where_it_is_cached(
    listen: Listen, place: Place
) -> None:
    server = listen(OK)
    place.call(url=server.url, body="x", cache={"key": "a", "for": "1d"}, retry={"attempts": 2})
    assert place.run() == 0, place.said
    assert place.run() == 0, place.said
    assert len(server.came) == 1
    assert place.outputs()["body"] == "fine"


@pytest.fixture
def identity(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for localhost that is its own authority, and its key."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


def test_tls_is_trusted_or_nothing_is_sent(
    listen: Listen, place: Place, identity: tuple[Path, Path]
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*identity)
    server = listen(OK, context)
    place.call(url=f"https://localhost:{server.port}/", body="x", retry={"attempts": 2})
    assert place.run() != 0
    assert [code for code, _ in place.errors()] == ["REMOTE_UNTRUSTED"]
    assert server.came == []
    place.env["SSL_CERT_FILE"] = str(identity[0])
    assert place.run() == 0, place.said
    assert len(server.came) == 1
