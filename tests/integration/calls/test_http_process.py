"""Webhooks of the library, in a program that a user would write: each event arrives, whoever falls over."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

from listener import Came, Listener, Reply
from probe import Probe
from serving import eventually

Listen = Callable[..., Listener]


def test_each_event_is_posted_signed_and_under_its_name(listen: Listen, probe: Probe) -> None:
    server = listen(lambda *_: Reply(202))
    probe.start(events=3, url=server.url + "/hook?key=hidden", secret="whsec_Zm9vYmFy")
    lines = probe.wait(3)
    probe.stop()
    assert all("error" not in line for line in lines)
    assert all(line["logs"][0].startswith(f"POST {server.url}/hook: 202 ") for line in lines)
    by_key = {came.headers["idempotency-key"]: came for came in server.came}
    assert sorted(by_key) == ["numbers/1", "numbers/2", "numbers/3"]
    for line in lines:
        came = by_key[f"numbers/{line['event']['key']}"]
        assert (came.method, came.path) == ("POST", "/hook?key=hidden")
        assert came.headers["content-type"] == "application/json"
        assert came.json == line["event"]
        signed = f"{came.headers['webhook-id']}.{came.headers['webhook-timestamp']}.".encode()
        mac = hmac.new(b"foobar", signed + came.body, hashlib.sha256).digest()
        assert came.headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode()


def test_without_a_url_or_with_another_key_it_is_not_made(probe: Probe) -> None:
    for keys, said in (({"method": "PUT"}, 'process \'work\': missing "url"'),
                       ({"url": "http://h", "uri": "x"}, "process 'work': uri: it is no key")):  # fmt: skip
        probe.start(**keys)
        assert probe.running is not None
        _, errors = probe.running.communicate(timeout=120)
        assert probe.running.returncode == 1
        assert errors.startswith("invalid_argument: ") and said in errors, errors


def test_a_refusal_names_address_and_status(listen: Listen, probe: Probe) -> None:
    server = listen(lambda *_: Reply(422, b"no such order"))
    probe.start(url=server.url + "/hook?key=hidden", attempts=3)
    (line,) = probe.wait()
    assert line["error"] == "invalid_argument"
    assert f"{server.url}/hook: the server answered 422" in line["message"]
    assert "no such order" in line["message"] and "hidden" not in line["message"]
    assert len(server.came) == 1, "it would be refused again"


def test_no_attempt_comes_before_the_server_wants_it(listen: Listen, probe: Probe) -> None:
    def answer(_: Came, number: int) -> Reply:
        return Reply(503, b"", {"Retry-After": "2"}) if number == 0 else Reply(200)

    server = listen(answer)
    probe.start(url=server.url, retry_wait="1ms")
    (line,) = probe.wait()
    assert "error" not in line
    first, second = server.came
    assert second.at - first.at >= 2.0
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


def test_who_is_killed_while_a_call_hangs_sends_the_same_again(
    listen: Listen, probe: Probe
) -> None:
    server = listen(lambda _, number: Reply(hangs=True) if number == 0 else Reply(200))
    probe.start(url=server.url)
    server.wait(1)
    probe.kill()
    eventually(lambda: server.gone == 1, "the connection is closed")
    probe.start(url=server.url)
    (line,) = probe.wait()
    assert "error" not in line
    first, second = server.came
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == "numbers/1"
    assert first.body == second.body


def test_a_stop_does_not_wait_for_a_server(listen: Listen, probe: Probe) -> None:
    server = listen(lambda *_: Reply(hangs=True))
    probe.start(url=server.url, timeout="1h")
    server.wait(1)
    probe.stop()
    eventually(lambda: server.gone == 1, "the connection is closed")
    assert probe.lines() == []


def test_who_does_not_answer_in_time_is_not_waited_for(listen: Listen, probe: Probe) -> None:
    server = listen(lambda *_: Reply(200, drips=True))
    probe.start(url=server.url, timeout="300ms", attempts=1, **{"header.X-A": "1"})
    (line,) = probe.wait()
    assert line["error"] == "unavailable" and "within 300ms; tried 3 times" in line["message"]
    assert [came.headers["x-a"] for came in server.came] == ["1"] * 3


def test_tls_by_the_systems_openssl(listen: Listen, probe: Probe, tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server = listen(lambda *_: Reply(200), context)
    probe.start(url=f"https://localhost:{server.port}/", ca_file=str(cert))
    (line,) = probe.wait()
    assert "error" not in line, line
    assert len(server.came) == 1
    library = next(probe.program.parent.rglob("libcordyna.so.*.*.*"))
    needed = subprocess.run(["readelf", "-d", str(library)], capture_output=True, text=True, check=True)  # fmt: skip
    assert "libssl.so.3" in needed.stdout and "libcrypto.so.3" in needed.stdout
