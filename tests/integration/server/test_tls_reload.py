"""A certificate that is replaced under a server: read again at SIGHUP, kept where the new one is bad."""

from __future__ import annotations

import http.client
import json
import os
import pty
import signal
import ssl
import subprocess
from pathlib import Path
from threading import Timer
from typing import Any

from serving import DYNA, FLOW, Server, serve


def make_pair(folder: Path, serial: int) -> tuple[bytes, bytes]:
    """Certificate and key."""
    cert, key = folder / f"cert-{serial}.pem", folder / f"key-{serial}.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1",
         "-set_serial", str(serial), "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert.read_bytes(), key.read_bytes()


def connect(server: Server) -> http.client.HTTPSConnection:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=60, context=context)
    connection.connect()
    return connection


def serial_of(connection: http.client.HTTPSConnection, folder: Path) -> int:
    shown = connection.sock.getpeercert(binary_form=True)
    assert shown is not None
    (folder / "shown.der").write_bytes(shown)
    told = subprocess.run(
        ["openssl", "x509", "-inform", "DER", "-in", str(folder / "shown.der"), "-noout", "-serial"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return int(told.removeprefix("serial=").strip(), 16)


def lives(connection: http.client.HTTPSConnection) -> bool:
    connection.request("GET", "/livez")
    answer = connection.getresponse()
    answer.read()
    return answer.status == 200


def hang_up(server: Server) -> dict[str, Any]:
    """What it says of it; the answer comes after the files were read."""
    server.process.send_signal(signal.SIGHUP)
    assert server.process.stdout is not None
    for line in server.process.stdout:
        told: dict[str, Any] = json.loads(line)
        if "tls" in told:
            return told
    raise AssertionError("the server has gone")


def test_new_files_are_read_at_sighup_and_bad_ones_are_not(tmp_path: Path) -> None:
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "daily.yaml").write_text(FLOW)
    first, second = make_pair(tmp_path, 11), make_pair(tmp_path, 12)
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"

    def put(certificate: bytes, private: bytes) -> None:
        cert.write_bytes(certificate)
        key.write_bytes(private)

    put(*first)
    server = serve(folder, "--tls-cert", str(cert), "--tls-key", str(key))
    old = connect(server)
    assert serial_of(old, tmp_path) == 11 and lives(old)

    put(*second)
    assert serial_of(connect(server), tmp_path) == 11  # not before it is told to
    assert hang_up(server)["tls"] == "reloaded"
    new = connect(server)
    assert serial_of(new, tmp_path) == 12
    assert lives(old) and lives(new)  # the one that was open goes on

    for bad, why in (
        ((first[0], second[1]), f"the key {key} "),
        ((b"nothing", second[1]), f"the certificate {cert} cannot be read"),
    ):
        put(*bad)
        told = hang_up(server)
        assert told["tls"] == "kept" and why in told["detail"]
        assert serial_of(connect(server), tmp_path) == 12
    cert.unlink()
    assert hang_up(server)["tls"] == "kept"
    assert lives(old) and lives(connect(server))

    put(*first)
    assert hang_up(server)["tls"] == "reloaded"
    assert serial_of(connect(server), tmp_path) == 11
    server.process.send_signal(signal.SIGTERM)
    _, errors = server.process.communicate(timeout=60)
    assert server.process.returncode == 0
    assert errors.count("the certificate that was read before stays in use") == 3


def test_without_tls_sighup_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "daily.yaml").write_text(FLOW)
    server = serve(tmp_path)
    assert hang_up(server)["tls"] == "none"
    assert server.call("GET", "/livez", token=None).status == 200
    server.stop()


def test_a_terminal_that_is_closed_still_ends_it(tmp_path: Path) -> None:
    (tmp_path / "daily.yaml").write_text(FLOW)
    child, terminal = pty.fork()
    if child == 0:
        os.environ["DYNA_LISTEN"] = "127.0.0.1:0"
        os.execv(DYNA, [DYNA, "up", str(tmp_path), "--json"])
    said = b""
    while b"listening" not in said:
        said += os.read(terminal, 4096)
    limit = Timer(60, os.kill, (child, signal.SIGKILL))
    limit.start()
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    limit.cancel()
    assert os.WIFEXITED(status)
