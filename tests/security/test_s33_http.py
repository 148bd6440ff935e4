"""S33: bytes that are no request, or two requests to somebody before this server. Raw sockets, a real server."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from serving import FLOW, Server, serve

HOST = b"Host: 127.0.0.1\r\n"
GET = b"GET /livez HTTP/1.1\r\n" + HOST + b"\r\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("s33")
    (folder / "daily.yaml").write_text(FLOW)
    server = serve(folder, *(part for one in ("head_wait=1s", "body_wait=1s", "idle_wait=2s", "connections=300")
                             for part in ("--set", f"limits.{one}")))  # fmt: skip
    yield server
    server.stop()


def all_of(connection: socket.socket) -> bytes:
    """Until the server ends it."""
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(1 << 16):
            answer += piece
    return answer


def ask(server: Server, *pieces: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for piece in pieces:
                connection.sendall(piece)
        return all_of(connection)


def statuses(answer: bytes) -> list[int]:
    """Of the answers that came over one connection."""
    found = []
    at = 0
    while at < len(answer):
        end = answer.index(b"\r\n\r\n", at)
        head = answer[at:end]
        assert head.startswith(b"HTTP/1.1 "), head[:200]
        found.append(int(head[9:12]))
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n")
                       if line.lower().startswith(b"content-length:")), 0)  # fmt: skip
        at = end + 4 + length
    return found


# The second request is what gets in where two of them disagree about the end of the first.
SMUGGLED = b"GET /readyz HTTP/1.1\r\n" + HOST + b"\r\n"
BODY = b"0\r\n\r\n" + SMUGGLED
LOGIN = b"POST /api/v1/login HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
AMBIGUOUS = {
    "length and chunks": (LOGIN + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + BODY, 400),
    "chunks and length": (LOGIN + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n" + BODY, 400),
    "chunks, hidden by a blank": (LOGIN + b"Transfer-Encoding : chunked\r\nContent-Length: 4\r\n\r\n" + BODY, 400),
    "chunks, hidden by a tab": (LOGIN + b"Transfer-Encoding:\tchunked\r\nContent-Length: 4\r\n\r\n" + BODY, 400),
    "chunks, twice": (LOGIN + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + BODY, 400),
    "chunks, and not": (LOGIN + b"Transfer-Encoding: chunked, identity\r\n\r\n" + BODY, 501),
    "chunks in quotes": (LOGIN + b'Transfer-Encoding: "chunked"\r\n\r\n' + BODY, 501),
    "chunks of 1.0": (LOGIN.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n" + BODY, 400),
    "two lengths": (LOGIN + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}" + SMUGGLED, 400),
    "a list of lengths": (LOGIN + b"Content-Length: 2, 40\r\n\r\n{}" + SMUGGLED, 400),
    "a length with a sign": (LOGIN + b"Content-Length: +2\r\n\r\n{}" + SMUGGLED, 400),
    "a length in hexadecimal": (LOGIN + b"Content-Length: 0x2\r\n\r\n{}" + SMUGGLED, 400),
    "a length beyond all": (LOGIN + b"Content-Length: 18446744073709551618\r\n\r\n{}" + SMUGGLED, 400),
    "a chunk beyond all": (LOGIN + b"Transfer-Encoding: chunked\r\n\r\n10000000000000002\r\n{}\r\n" + BODY, 400),
    "a chunk with a sign": (LOGIN + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n" + BODY, 400),
    "a chunk of a blank": (LOGIN + b"Transfer-Encoding: chunked\r\n\r\n \r\n{}\r\n" + BODY, 400),
    "a chunk with another end": (LOGIN + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}XX" + BODY, 400),
    "a chunk extension with a line feed": (
        LOGIN + b"Transfer-Encoding: chunked\r\n\r\n2;\nxx\r\n{}\r\n" + BODY, 400),
    "a folded header": (b"GET /livez HTTP/1.1\r\n" + HOST + b"X-A: b\r\n c\r\n\r\n" + SMUGGLED, 400),
    "a folded length": (LOGIN + b"Content-Length:\r\n 2\r\n\r\n{}" + SMUGGLED, 400),
    "a header without a colon": (b"GET /livez HTTP/1.1\r\n" + HOST + b"what\r\n\r\n" + SMUGGLED, 400),
    "a header without a name": (b"GET /livez HTTP/1.1\r\n" + HOST + b": x\r\n\r\n" + SMUGGLED, 400),
    "a header with a NUL": (b"GET /livez HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n" + SMUGGLED, 400),
    "a line feed alone": (b"GET /livez HTTP/1.1\n" + HOST + b"\r\n" + SMUGGLED, 400),
    "a return alone": (b"GET /livez HTTP/1.1\r\n" + HOST + b"X: a\rY: b\r\n\r\n" + SMUGGLED, 400),
    "HTTP/0.9": (b"GET /livez\r\n\r\n" + SMUGGLED, 400),
    "HTTP/2": (b"GET /livez HTTP/2.0\r\n" + HOST + b"\r\n" + SMUGGLED, 505),
    "HTTP/2 from the start": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "HTTP/1.10": (b"GET /livez HTTP/1.10\r\n" + HOST + b"\r\n" + SMUGGLED, 400),
    "no Host": (b"GET /livez HTTP/1.1\r\n\r\n" + SMUGGLED, 400),
    "two Hosts": (b"GET /livez HTTP/1.1\r\n" + HOST + HOST + b"\r\n" + SMUGGLED, 400),
    "another Host": (b"GET /livez HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
    "a Host that was made to lead here": (b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1.nip.io\r\n\r\n", 421),
    "a Host that is no name": (b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1/evil\r\n\r\n" + SMUGGLED, 400),
    "another Host in the target": (b"GET http://evil.example/livez HTTP/1.1\r\n" + HOST + b"\r\n" + SMUGGLED, 400),
    "a blank in the target": (b"GET /live z HTTP/1.1\r\n" + HOST + b"\r\n" + SMUGGLED, 400),
    "a tunnel": (b"CONNECT 127.0.0.1:22 HTTP/1.1\r\n" + HOST + b"\r\n" + SMUGGLED, 501),
    "an odd expectation": (LOGIN + b"Expect: 200-maybe\r\nContent-Length: 2\r\n\r\n{}" + SMUGGLED, 417),
    "TLS to a plain port": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 100, 400),
    "no request at all": (bytes(range(256)) * 4, 400),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(AMBIGUOUS))
def test_what_could_be_read_in_two_ways_ends_the_connection(served: Server, what: str) -> None:
    request, status = AMBIGUOUS[what]
    answer = ask(served, request, SMUGGLED)
    found = statuses(answer)
    # One answer, and the end: nothing that came behind was taken for a request.
    assert found == [status], (what, answer[:300])
    assert b"connection: close" in answer.lower()


def test_ten_thousand_pipelined_requests_have_ten_thousand_answers(served: Server) -> None:
    count = 10_000
    last = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    with (socket.create_connection(("127.0.0.1", served.port), timeout=60) as connection,
          ThreadPoolExecutor(1) as pool):  # fmt: skip
        sent = pool.submit(connection.sendall, GET * (count - 1) + last)
        answer = all_of(connection)
        sent.result()
    assert statuses(answer) == [200] * count


def test_a_body_is_never_the_next_request(served: Server) -> None:
    body = SMUGGLED
    head = LOGIN + b"Content-Length: %d\r\n\r\n" % len(body)
    closing = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    assert statuses(ask(served, head + body + closing)) == [400, 200], "no JSON, and then /livez"


@pytest.mark.parametrize("what", ["one header", "a thousand headers", "the target"])
def test_a_megabyte_of_head_is_too_much(served: Server, what: str) -> None:
    heads = {
        "one header": b"GET /livez HTTP/1.1\r\n" + HOST + b"X: " + b"x" * (1 << 20) + b"\r\n\r\n",
        "a thousand headers": b"GET /livez HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 1000 + b"\r\n",
        "the target": b"GET /livez?" + b"x" * (1 << 20) + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    }
    found = statuses(ask(served, heads[what]))
    assert found == [431], found


def test_who_is_slow_is_thrown_out_and_others_are_not_held_up(served: Server) -> None:
    """Slowloris: heads and bodies that never end, over most of the connections that there may be."""
    slow = []
    beginnings = (b"", b"GET /livez HTTP/1.1\r\nHo", b"GET /livez HTTP/1.1\r\n" + HOST,
                  LOGIN + b"Content-Length: 100\r\n\r\n{", LOGIN + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{")  # fmt: skip
    for number in range(250):
        connection = socket.create_connection(("127.0.0.1", served.port), timeout=60)
        connection.sendall(beginnings[number % len(beginnings)])
        slow.append((number % len(beginnings), connection))
    for _ in range(20):
        assert served.call("GET", "/livez", token=None).status == 200
        run = served.start()
    for kind, connection in slow:
        found = statuses(all_of(connection))  # returns when the server has ended it
        assert found == ([] if kind == 0 else [408]), (kind, found)
        connection.close()
    assert served.ended(run)["state"] == "completed"


def test_more_connections_than_there_may_be_are_told_so(tmp_path: Path) -> None:
    (tmp_path / "daily.yaml").write_text(FLOW)
    server = serve(tmp_path, "--set", "limits.connections=50")
    held = [socket.create_connection(("127.0.0.1", server.port), timeout=60) for _ in range(150)]
    for connection in held:
        connection.sendall(b"GET /livez HTTP/1.1\r\n" + HOST)
    for connection in held[50:]:
        assert statuses(all_of(connection)) in ([503], [])
    for connection in held[:50]:  # in time: these were let in, and are answered
        connection.sendall(b"Connection: close\r\n\r\n")
        assert statuses(all_of(connection)) == [200]
    for connection in held:
        connection.close()
    server.stop()


def test_the_server_is_as_it_was(served: Server) -> None:
    assert served.ended(served.start())["state"] == "completed"
    assert served.call("GET", "/readyz", token=None).status == 200
    assert Path(f"/proc/{served.process.pid}").exists()
