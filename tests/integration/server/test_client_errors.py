"""What `dyna` says and does when a server refuses, breaks off, dies, or is not the one that is meant."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from dyna_client import SLOW, Client
from serving import FLOW, Server, serve

# ---- the unhappy path


def test_a_weak_token_is_told_what_it_lacks(client: Client, served: Server) -> None:
    client.login(served, "weak", served.token(("viewer", "acme")))
    told = client.refused(8, "run", "acme/daily", "--server", "weak")
    assert "this wants the role operator" in told and "ask an admin" in told
    assert "other" not in client.ok("flows", "--server", "weak")


def test_a_server_that_is_not_there(client: Client) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        told = client.refused(6, "runs", DYNA_SERVER=url, DYNA_TOKEN="dyna_a_b")
        assert url in told


def test_what_is_no_server_of_ours(client: Client) -> None:
    with Speaker([b"HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\n\r\n<html>"]) as speaker:
        told = client.refused(7, "runs", DYNA_SERVER=speaker.url, DYNA_TOKEN="dyna_a_b")
        assert "not as a server of Cordyna does" in told


def problem(status: int, code: str, detail: str, *headers: str) -> bytes:
    body = json.dumps({"type": "about:blank", "title": "", "status": status, "code": code,
                       "detail": detail})  # fmt: skip
    head = [f"HTTP/1.1 {status} x", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


def answer(body: Any) -> bytes:
    text = json.dumps(body)
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()


def test_a_server_that_has_too_much_to_do_is_asked_again_when_it_says(client: Client) -> None:
    busy = problem(429, "too_many_requests", "too many", "Retry-After: 1")
    with Speaker([busy, busy, answer({"runs": []})]) as speaker:
        told = client.ok("runs", DYNA_SERVER=speaker.url, DYNA_TOKEN="dyna_a_b")
        assert told == "no runs\n" and len(speaker.seen) == 3
    long = problem(429, "too_many_requests", "too many", "Retry-After: 3600")
    with Speaker([long]) as speaker:
        client.refused(6, "runs", DYNA_SERVER=speaker.url, DYNA_TOKEN="dyna_a_b")
        assert len(speaker.seen) == 1


def test_a_server_of_another_version_says_so(client: Client) -> None:
    with Speaker([problem(404, "not_found", "there is no such address")]) as speaker:
        told = client.refused(5, "runs", DYNA_SERVER=speaker.url, DYNA_TOKEN="dyna_a_b")
        assert "of another version than this dyna" in told
    with Speaker([answer({"runs": [{"run": 1, "state": "sleeping"}]})]) as speaker:
        told = client.refused(7, "runs", DYNA_SERVER=speaker.url, DYNA_TOKEN="dyna_a_b")
        assert "is it of another version?" in told


def test_a_start_whose_answer_was_lost_is_asked_again_with_its_key(
    client: Client, served: Server
) -> None:
    flow = answer(served.ok("GET", "/api/v1/flows/acme/daily"))
    refused = problem(409, "conflict", "enough")
    with Speaker([flow, flow, b"", b"", refused]) as speaker:
        told = client.refused(
            5, "run", "acme/daily", DYNA_SERVER=speaker.url, DYNA_TOKEN="dyna_a_b"
        )
        assert "enough" in told
    starts = [head for head in speaker.seen if head.startswith("POST ")]
    assert len(starts) == 3 and starts[0].startswith("POST /api/v1/flows/acme/daily/runs ")
    keys = {key for head in starts for key in re.findall(r"Idempotency-Key: (\S+)", head)}
    assert len(keys) == 1, "one key for one start, so that no second run begins"


def test_what_cannot_be_repeated_is_sent_once(client: Client, served: Server) -> None:
    run = served.start("_/asks")
    path = f"/api/v1/runs/{run}"
    row = answer(served.ok("GET", path))
    flow, tasks, attempts = (
        answer(served.ok("GET", path + more)) for more in ("/flow", "/tasks", "/attempts")
    )
    with Speaker([row, flow, row, tasks, attempts, b""]) as speaker:
        client.refused(6, "cancel", str(run), DYNA_SERVER=speaker.url, DYNA_TOKEN="dyna_a_b")
    assert [head.split()[0] for head in speaker.seen].count("POST") == 1
    served.ok("POST", f"{path}/cancel")


class Speaker:
    """Says what it was told to, a connection each; an empty reply closes without one."""

    def __init__(self, replies: list[bytes]) -> None:
        self.replies = replies
        self.seen: list[str] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self) -> Speaker:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)  # wakes who waits for another connection
        self.thread.join(timeout=30)
        self.socket.close()

    def serve(self) -> None:
        for reply in self.replies:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                head = b""
                while b"\r\n\r\n" not in head:
                    piece = connection.recv(65536)
                    if not piece:
                        break
                    head += piece
                self.seen.append(head.decode())
                connection.sendall(reply)


# ---- over a server that dies


def kill(server: Server) -> None:
    server.process.send_signal(signal.SIGKILL)
    server.process.communicate()


def restart(server: Server) -> Server:
    return serve(server.folder, "--listen", f"127.0.0.1:{server.port}")


@pytest.mark.parametrize("command", ["run", "logs"])
def test_a_follower_goes_on_where_it_was_when_the_server_comes_back(
    command: str, tmp_path: Path
) -> None:
    (tmp_path / "served").mkdir()
    (tmp_path / "empty").mkdir()
    gate = tmp_path / "gate"
    (tmp_path / "served" / "slow.yaml").write_text(SLOW)
    server = serve(tmp_path / "served")
    client = Client(tmp_path / "home", tmp_path / "empty")
    try:
        client.login(server)
        if command == "run":
            words = ["run", "slow", "-i", f"gate={gate}", "--json", "--server", "here"]
        else:
            run = server.start("_/slow", gate=str(gate))
            words = ["logs", str(run), "-f", "--json", "--server", "here"]
        follower = client.start(*words)
        assert follower.stdout is not None
        lines = []
        for line in follower.stdout:
            lines.append(json.loads(line))
            if lines[-1].get("text") == "begun":
                break
        kill(server)
        server = restart(server)
        gate.touch()
        rest, errors = follower.communicate(timeout=90)
        assert follower.returncode == 0, errors
        lines += [json.loads(line) for line in rest.splitlines()]
        assert [
            line["text"] for line in lines if line.get("task") == "first" and "text" in line
        ] == [
            "begun",
            "done",
        ], "each line of output once"
        told = (
            errors if command == "logs" else str([line["note"] for line in lines if "note" in line])
        )
        assert told.count("the connection is lost") <= 1, "it is said once"
        if command == "run":
            seqs = [line["seq"] for line in lines if "seq" in line]
            assert seqs == list(range(1, len(seqs) + 1)), "each update once, none is missing"
            assert lines[-1]["summary"]["state"] == "completed"
    finally:
        gate.touch()
        server.stop()


def test_ctrl_c_cancels_the_run_and_a_second_one_leaves_it(client: Client, served: Server) -> None:
    gate = client.folder / "gate"
    follower = client.start("run", "slow", "-i", f"gate={gate}", "--json", "--server", "here")
    assert follower.stdout is not None
    for line in follower.stdout:
        if json.loads(line).get("text") == "begun":
            break
    follower.send_signal(signal.SIGINT)
    rest, errors = follower.communicate(timeout=60)
    assert follower.returncode == 130, (rest, errors)
    assert '"cancelled"' in rest


def test_sigterm_leaves_the_run_to_the_server(client: Client, served: Server) -> None:
    gate = client.folder / "gate"
    follower = client.start("run", "slow", "-i", f"gate={gate}", "--json", "--server", "here")
    assert follower.stdout is not None
    run = 0
    for line in follower.stdout:
        told = json.loads(line)
        run = told.get("run", run)
        if told.get("text") == "begun":
            break
    follower.send_signal(signal.SIGTERM)
    _, errors = follower.communicate(timeout=60)
    assert follower.returncode == 130
    assert f"run {run} goes on at the server" in errors
    gate.touch()
    assert served.ended(run)["state"] == "completed"


# ---- TLS


def test_a_certificate_of_an_own_ca_is_trusted_when_it_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "daily.yaml").write_text(FLOW)
    ca, key, cert = (str(tmp_path / name) for name in ("ca.pem", "key.pem", "cert.pem"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    os.chmod(key, 0o600)
    Path(ca).write_text(Path(cert).read_text())
    (tmp_path / "empty").mkdir()
    client = Client(tmp_path / "home", tmp_path / "empty")
    server = serve(folder, "--tls-cert", cert, "--tls-key", key)
    try:
        url = f"https://127.0.0.1:{server.port}"
        token = server.admin
        told = client.refused(8, "login", url, given=token)
        assert "is not trusted" in told
        client.ok("login", url, "--name", "tls", "--ca", ca, given=token)
        assert "completed" in client.ok("run", "daily", "--server", "tls")
        told = client.refused(8, "runs", DYNA_SERVER="tls", DYNA_CA=key)
        assert "certificates" in told or "not trusted" in told
        plain = f"http://127.0.0.1:{server.port}"
        assert client.call("runs", DYNA_SERVER=plain, DYNA_TOKEN=token).returncode in (6, 7)
    finally:
        server.stop()
