"""S20, S21, S22, S23: what a load fetches, from where, and what a server can do to it.

Whoever writes a flow says where it loads from, as he says what its scripts do. So the attack is that of the server
he named: by where it sends us, and by what it sends. That the address which is judged is the one that is connected
to (S21) is proven beside the code, in reach_test.cpp.
"""

from __future__ import annotations

import socket
import zlib
from pathlib import Path

import pytest
from kept_files import files_below
from loading import load
from raw_web import Answering, Authority, ok, redirect, web
from serving import serve

CREDENTIALS = {"Authorization": "Bearer canary-of-the-load", "X-Api-Key": "canary-of-the-load",
               "Cookie": "canary-of-the-load"}  # fmt: skip


def test_a_plain_load_works_so_that_what_fails_below_fails_for_its_reason(tmp_path: Path) -> None:
    with web(ok()) as server:
        code, said, _ = load(tmp_path, server.url + "/a", headers=CREDENTIALS)
    assert code == 0, said
    assert server.heads[0].lower().count("canary-of-the-load") == 3


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "FILE:///etc/passwd", "gopher://127.0.0.1:{port}/_GET", "dict://127.0.0.1:{port}/",
     "ftp://127.0.0.1:{port}/a", "ldap://127.0.0.1:{port}/", "data:text/csv,a", "unix:/run/docker.sock",
     "http+unix://%2Frun%2Fdocker.sock/info", "http:///etc/passwd", "//127.0.0.1:{port}/a", "http:127.0.0.1:{port}/a",
     "http://user:word@127.0.0.1:{port}/a", "http://127.0.0.1:{port}@example.org/a",
     "http://example.org\\@127.0.0.1:{port}/a", "http://example.org#@127.0.0.1:{port}/a",
     "http://example.org?@127.0.0.1:{port}/a", "http://127.0.0.1:{port}\\@example.org/",
     "http://127.0.0.1:{port} @example.org/", "http://127.0.0.1%2f:{port}/", "http://127.0.0.1:{port}:80/",
     "http://127.0.0.1:{port}\r\nHost: evil/", "http://[127.0.0.1]:{port}/a", "http://[::1/", "http://127.0.0.1:0/",
     "http://127.0.0.1:99999/", "http://１２７.0.0.1:{port}/", "http://127。0。0。1:{port}/", "s3://../../etc/passwd"],
)  # fmt: skip
def test_s20_s22_what_is_read_in_two_ways_is_read_in_none(tmp_path: Path, address: str) -> None:
    with web(ok()) as server:
        code, said, _ = load(tmp_path, address.format(port=server.port),
                             env={"http_proxy": "http://127.0.0.1:9"})  # fmt: skip
    assert code != 0, said
    assert server.heads == [] and "root:" not in said and "word@" not in said


INNER = ["169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "0xa9.254.43518",
         "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]", "[fd00:ec2::254]", "[fe80::1]"]  # fmt: skip


@pytest.mark.parametrize("host", INNER)
def test_s20_s22_no_server_sends_us_to_where_credentials_are(tmp_path: Path, host: str) -> None:
    with web(redirect(f"http://{host}/latest/meta-data/iam")) as server:
        code, said, errors = load(tmp_path, server.url + "/a", headers=CREDENTIALS)
    assert code != 0, said
    assert errors[0]["code"] == "ACCESS_DENIED" and "link-local" in errors[0]["message"], errors


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "gopher://127.0.0.1:{port}/", "javascript:alert(1)", "http://u:p@127.0.0.1:{port}/",
                 "//u@127.0.0.1:{port}/", "http://127.0.0.1:{port}\\@x/", "http://", "http://127.0.0.1:{port} x/"]
)  # fmt: skip
def test_s22_a_redirect_is_read_as_strictly_as_an_address(tmp_path: Path, location: str) -> None:
    with web(ok()) as inner, web(redirect(location.format(port=inner.port))) as server:
        code, said, _ = load(tmp_path, server.url + "/a", headers=CREDENTIALS)
    assert code != 0 and "root:" not in said
    assert inner.heads == []


def test_s22_credentials_stay_where_they_were_given_for(tmp_path: Path) -> None:
    def back(connection: socket.socket, head: str) -> None:
        asked_first = head.startswith("GET /a ")
        (redirect(f"{other.url}/b") if asked_first else ok())(connection, head)

    with web(back) as first, web(lambda *given: redirect(first.url + "/c")(*given)) as other:
        code, said, _ = load(tmp_path, first.url + "/a", headers=CREDENTIALS)
    assert code == 0, said
    assert "canary" in first.heads[0]
    assert "canary" not in other.heads[0]
    assert "canary" not in first.heads[1], "nor when it leads back: who knows what for"


def test_s20_the_servers_own_api_is_no_way_in(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("id: a\ntasks: [{id: a, type: log, message: b}]\n")
    api = serve(tmp_path)
    inside = tmp_path / "load"
    inside.mkdir()
    for path in ("/api/v1/secrets", "/api/v1/users", "/metrics"):
        with web(redirect(f"http://127.0.0.1:{api.port}{path}")) as server:
            given = {"Authorization": f"Bearer {api.admin}"}
            code, said, errors = load(inside, server.url + "/a", headers=given)
        assert code != 0 and errors[0]["code"] == "ACCESS_DENIED", said
        assert api.admin not in said
    api.stop()


def test_s22_five_redirects_and_no_more(tmp_path: Path) -> None:
    def count(connection: socket.socket, head: str) -> None:
        number = int(head.split(" ")[1].strip("/"))
        (redirect(f"/{number - 1}") if number > 0 else ok())(connection, head)

    with web(count) as server:
        assert load(tmp_path, server.url + "/5")[0] == 0
        before = len(server.heads)
        code, _, errors = load(tmp_path, server.url + "/6")
    assert (
        code != 0 and errors[0]["code"] == "REMOTE_REFUSED" and "redirects" in errors[0]["message"]
    )
    assert len(server.heads) == before + 6


def test_s22_no_way_leads_away_from_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with (web(ok()) as plain,
          web(redirect(plain.url + "/b"), authority.context("localhost")) as server):  # fmt: skip
        code, said, errors = load(tmp_path, f"https://localhost:{server.port}/a", headers=CREDENTIALS,
                                  env={"SSL_CERT_FILE": str(authority.file)})  # fmt: skip
    assert code != 0 and errors[0]["code"] == "REMOTE_UNTRUSTED", said
    assert "away from TLS" in errors[0]["message"] and plain.heads == []


def in_pieces(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na\n\r\n")
    for _piece in range(300):  # more than one read takes, so that reads end in the middle of chunks
        connection.sendall(b"4000\r\n" + b"1\n" * 0x2000 + b"\r\n")
    connection.sendall(b"0\r\n\r\n")


def test_s23_what_comes_in_pieces_is_put_together(tmp_path: Path) -> None:
    with web(in_pieces) as server:
        code, said, _ = load(tmp_path, server.url + "/a")
    assert code == 0, said
    assert "2,457,600 rows" in said or "2457600" in said, said


def endless(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\na\n")
    while True:
        connection.sendall(b"1\n" * 50_000)


def endless_chunks(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"4000\r\n" + b"1\n" * 0x2000 + b"\r\n")


def huge_length(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000000\r\n\r\na\n")
    connection.recv(1)


def drip(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    connection.settimeout(0.05)
    while True:
        connection.sendall(b"1")
        try:
            if not connection.recv(1):
                return
        except TimeoutError:
            pass


def silent(connection: socket.socket, _: str) -> None:
    connection.recv(1)


def wide_head(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Wide: ")
    for _piece in range(10):
        connection.sendall(b"x" * 1_000_000)
    connection.sendall(b"\r\nContent-Length: 4\r\n\r\na\n1\n")


def many_heads(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(300_000):
        connection.sendall(b"X-%d: y\r\n" % number)


def endless_interim(connection: socket.socket, _: str) -> None:
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def two_lengths(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 9\r\n\r\na\n1\n")


def wide_chunk(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                       b"ffffffffffffffff1\r\na\n1\n")  # fmt: skip


BOMBS: dict[str, tuple[Answering, str]] = {
    "without an end": (endless, "REMOTE_REFUSED"),
    "chunks without an end": (endless_chunks, "REMOTE_REFUSED"),
    "an announced petabyte": (huge_length, "REMOTE_REFUSED"),
    "ten megabytes of head": (wide_head, "SOURCE_UNAVAILABLE"),
    "heads without an end": (many_heads, "SOURCE_UNAVAILABLE"),
    "interim answers without an end": (endless_interim, "SOURCE_UNAVAILABLE"),
    "two lengths": (two_lengths, "SOURCE_UNAVAILABLE"),
    "a chunk beyond all": (wide_chunk, "SOURCE_UNAVAILABLE"),
}


@pytest.mark.parametrize("what", sorted(BOMBS))
def test_s23_an_answer_has_its_limits(tmp_path: Path, what: str) -> None:
    answer, code_wanted = BOMBS[what]
    with web(answer) as server:
        code, said, errors = load(tmp_path, server.url + "/a", more=", max_size: 1MB")
    assert code != 0, said
    assert errors[0]["code"] == code_wanted and "127.0.0.1" in errors[0]["message"], errors
    kept = sum(len(content) for _, content in files_below(tmp_path))
    assert kept < 3_000_000, "and nothing of it stays"


def test_s23_who_says_nothing_is_left(tmp_path: Path) -> None:
    with web(silent) as server:
        code, _, errors = load(tmp_path, server.url + "/a", idle="300ms")
    assert code != 0 and errors[0]["code"] == "SOURCE_UNAVAILABLE", errors
    assert "sent nothing for 300ms" in errors[0]["message"]


def test_s23_a_byte_now_and_then_has_the_time_of_its_task(tmp_path: Path) -> None:
    with web(drip) as server:
        code, said, errors = load(tmp_path, server.url + "/a", keys="    timeout: 1s")
    assert code != 0, said
    assert errors[0]["code"] == "TIMEOUT_TOTAL" and "within 1.0s" in errors[0]["message"], errors


@pytest.mark.parametrize("encoding", ["gzip", "name"])
def test_s23_what_unpacks_to_a_thousand_times_has_the_same_limit(
    tmp_path: Path, encoding: str
) -> None:
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(pack.compress(bytes(1 << 20)) for _ in range(300)) + pack.flush()
    assert len(packed) * 900 < 300 << 20
    headers = "Content-Encoding: gzip\r\n" if encoding == "gzip" else ""
    with web(ok(packed, headers)) as server:
        address = server.url + ("/a.csv" if encoding == "gzip" else "/a.csv.gz")
        code, said, errors = load(tmp_path, address, more=", max_size: 50MB")
    assert code != 0 and errors[0]["code"] == "REMOTE_REFUSED", said
    assert "unpacks to more than 50000000 bytes" in errors[0]["message"]
    assert sum(len(content) for _, content in files_below(tmp_path)) < 3_000_000
