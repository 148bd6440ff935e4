"""S40: certificates that are nobody's word, and TLS of yesterday, in both directions."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from loading import load
from raw_web import Authority, ok, web
from serving import DYNA, Server, serve

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def context_of(authority: Authority, what: str) -> ssl.SSLContext:
    if what == "expired":
        return authority.context("localhost", days=-1)
    if what == "another host":
        return authority.context("elsewhere.example")
    if what == "self-signed":
        return authority.context("localhost", self_signed=True)
    context = authority.context("localhost")
    if what in ("TLS 1.0", "TLS 1.1"):
        context.set_ciphers("ALL:@SECLEVEL=0")
        version = ssl.TLSVersion.TLSv1 if what == "TLS 1.0" else ssl.TLSVersion.TLSv1_1
        context.minimum_version = context.maximum_version = version
    return context


BAD = {
    "expired": "certificate has expired",
    "another host": "hostname mismatch",
    "self-signed": "self-signed certificate",
    "TLS 1.0": "TLS with localhost failed",
    "TLS 1.1": "TLS with localhost failed",
    "an unknown authority": "unable to get local issuer certificate",
}


@pytest.mark.parametrize("what", sorted(BAD))
def test_a_load_trusts_no_server_that_is_not_who_it_says(
    tmp_path: Path, authority: Authority, what: str
) -> None:
    trusted = {} if what == "an unknown authority" else {"SSL_CERT_FILE": str(authority.file)}
    with web(ok(), context_of(authority, what)) as server:
        code, said, errors = load(tmp_path, f"https://localhost:{server.port}/a", env=trusted,
                                  headers={"Authorization": "Bearer canary-of-tls"})  # fmt: skip
    assert code != 0 and server.heads == [], "no byte of a request goes out"
    assert errors[0]["code"] == "REMOTE_UNTRUSTED" and BAD[what] in errors[0]["message"], said


def test_a_load_trusts_who_is(tmp_path: Path, authority: Authority) -> None:
    with web(ok(), context_of(authority, "good")) as server:
        code, said, _ = load(tmp_path, f"https://localhost:{server.port}/a",
                             env={"SSL_CERT_FILE": str(authority.file)})  # fmt: skip
    assert code == 0, said


@pytest.mark.parametrize("what", ["expired", "another host", "self-signed", "TLS 1.1"])
def test_a_client_gives_its_token_to_no_such_server(
    tmp_path: Path, authority: Authority, what: str
) -> None:
    with web(ok(), context_of(authority, what)) as server:
        done = subprocess.run(
            [DYNA, "runs", "--server", f"https://localhost:{server.port}"],
            env={**os.environ, "DYNA_TOKEN": "dyna_abcdefghijkl_canary", "HOME": str(tmp_path),
                 "DYNA_SERVER": f"https://localhost:{server.port}",
                 "SSL_CERT_FILE": str(authority.file), "no_proxy": "*"},
            capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    assert done.returncode == 8, done
    assert server.heads == [] and "canary" not in done.stdout + done.stderr


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("s40")
    (folder / "a.yaml").write_text("id: a\ntasks: [{id: a, type: log, message: b}]\n")
    certificate, key = authority.certificate("localhost")
    server = serve(folder, "--tls-cert", str(certificate), "--tls-key", str(key))
    yield server
    server.stop()


def call(server: Server, context: ssl.SSLContext) -> int:
    connection = http.client.HTTPSConnection("localhost", server.port, timeout=60, context=context)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_the_server_speaks_no_old_tls(
    served: Server, authority: Authority, version: ssl.TLSVersion
) -> None:
    context = ssl.create_default_context(cafile=str(authority.file))
    assert call(served, context) == 200
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with pytest.raises(ssl.SSLError):
        call(served, context)
    assert served.process.poll() is None


@pytest.mark.parametrize("ciphers", ["NULL", "aNULL", "EXPORT", "RC4", "3DES", "PSK"])
def test_the_server_speaks_no_weak_cipher(
    served: Server, authority: Authority, ciphers: str
) -> None:
    context = ssl.create_default_context(cafile=str(authority.file))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.set_ciphers(ciphers + ":@SECLEVEL=0")
    except ssl.SSLError:
        return  # this client does not know them any more, and cannot ask
    with pytest.raises((ssl.SSLError, OSError)):
        call(served, context)


def test_plain_text_at_a_tls_port_gets_nothing(served: Server) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=60) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"HTTP/1.1 2" not in connection.recv(4096)


def test_a_certificate_of_a_client_is_nobodys_token(served: Server, authority: Authority) -> None:
    context = ssl.create_default_context(cafile=str(authority.file))
    context.load_cert_chain(*authority.certificate("admin"))
    connection = http.client.HTTPSConnection("localhost", served.port, timeout=60, context=context)
    connection.request("GET", "/api/v1/users")
    assert connection.getresponse().status == 401
    connection.close()
