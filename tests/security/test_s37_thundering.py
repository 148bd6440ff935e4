"""S37: all who follow the runs lose their connection, and come back at once."""

from __future__ import annotations

import resource
import selectors
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Server, serve

FLOW = "id: quick\ntasks: [{id: a, type: log, message: x}]\n"
RUNS = 5
ROUNDS = 3


@pytest.fixture
def many() -> Iterator[int]:
    """As many clients as this process may have connections, and no more than a thousand."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    yield min(1000, min(hard, 4096) // 3)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Follower:
    """A live stream, read by hand: a thread for each would measure threads."""

    def __init__(self, server: Server, token: str, last: str) -> None:
        self.text = b""
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        back = f"Last-Event-ID: {last}\r\n" if last else ""
        self.socket.sendall(
            f"GET /api/v1/live/runs HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n{back}\r\n".encode()
        )

    def seen(self) -> list[tuple[str, bytes]]:
        """Identifier and data of each event that is there as a whole."""
        events = []
        for block in self.text.replace(b"\r\n", b"\n").split(b"\n\n"):
            lines = dict(line.split(b": ", 1) for line in block.split(b"\n") if b": " in line)
            if b"data" in lines and b"id" in lines:
                events.append((lines[b"id"].decode(), lines[b"event"] + b" " + lines[b"data"]))
        return events


def read_until(followers: list[Follower], count: int) -> None:
    """Each has so many events."""
    waiting = set(followers)
    with selectors.DefaultSelector() as selector:
        for follower in followers:
            follower.socket.setblocking(False)
            selector.register(follower.socket, selectors.EVENT_READ, follower)
        while waiting:
            ready = selector.select(60)
            assert ready, f"{len(waiting)} wait, one for {waiting.pop().text[-300:]!r}"
            for key, _ in ready:
                follower = key.data
                piece = key.fileobj.recv(1 << 16)
                assert piece, follower.text[:300]
                follower.text += piece
                if len(follower.seen()) >= count:
                    waiting.discard(follower)


def test_all_come_back_at_once_and_miss_nothing(tmp_path: Path, many: int) -> None:
    (tmp_path / "quick.yaml").write_text(FLOW)
    limits = f"limits.connections={many + 100}", f"limits.streams={many}"
    server = serve(tmp_path, "--set", limits[0], "--set", limits[1])
    token = server.token(("viewer", "*"))
    first = Follower(server, token, "")
    server.ended(server.start("_/quick"))
    read_until([first], 1)
    last = first.seen()[0][0]
    first.socket.close()
    told: dict[str, bytes] = {}
    for _ in range(ROUNDS):
        # While nobody listens, something happens.
        runs = [server.start("_/quick") for _ in range(RUNS)]
        for run in runs:
            server.ended(run)
        followers = [Follower(server, token, last) for _ in range(many)]
        assert server.call("GET", "/livez", token=None).status == 200
        assert server.ended(server.start("_/quick"))["state"] == "completed", "it works meanwhile"
        reference = Follower(server, token, last) if not followers else followers[0]
        read_until([reference], 2 * RUNS)
        wanted = len(reference.seen())
        read_until(followers[1:], wanted)
        news = reference.seen()[:wanted]
        for follower in followers:
            assert follower.seen()[:wanted] == news, "each has the same, in order, once"
            assert b" 200 " in follower.text[:20] and b"reset" not in follower.text
        assert not {identifier for identifier, _ in news} & set(told), "nothing comes twice"
        told.update(news)
        last = news[-1][0]
        for follower in followers:
            follower.socket.close()
    # And when the server itself has gone and come back, they are told to look again.
    server.stop()
    server = serve(tmp_path, "--set", limits[0], "--set", limits[1])
    followers = [Follower(server, token, last) for _ in range(many)]
    read_until(followers, 1)
    assert {event.split(b" ")[0] for one in followers for _, event in one.seen()[:1]} == {b"reset"}
    for follower in followers:
        follower.socket.close()
    assert server.call("GET", "/readyz", token=None).status == 200
    server.stop()
