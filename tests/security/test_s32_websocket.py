"""S32: frames that are none, on the WebSocket of task servers: each ends its connection, and no other."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from typing import Any

import pytest
import raw_socket
from serving import Server
from talking import Talker, task

KEY = b"\x01\x02\x03\x04"


def frame(opcode: int, payload: bytes, **more: Any) -> bytes:
    return raw_socket.frame(opcode, payload, key=KEY, **more)


class Raw:
    def __init__(self, cerebro: Server, token: str, **headers: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", cerebro.port), timeout=60)
        self.socket.sendall(raw_socket.upgrade(cerebro.port, token, **headers))
        self.head = b""
        while not self.head.endswith(b"\r\n\r\n"):
            got = self.socket.recv(1)
            if not got:
                break
            self.head += got

    @property
    def status(self) -> int:
        return int(self.head.split(b" ")[1])

    def exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            got = self.socket.recv(size - len(data))
            if not got:
                raise EOFError
            data += got
        return data

    def close_code(self) -> int:
        """Of the close that comes; 0: the connection ends without one."""
        try:
            while True:
                first, second = self.exactly(2)
                size = second & 0x7F
                if size == 126:
                    size = struct.unpack(">H", self.exactly(2))[0]
                elif size == 127:
                    size = struct.unpack(">Q", self.exactly(8))[0]
                payload = self.exactly(size)
                if first & 0x0F == 8:
                    return int(struct.unpack(">H", payload[:2])[0]) if payload else 1005
        except (EOFError, ConnectionError):
            return 0


@pytest.mark.parametrize(
    ("bad", "codes"),
    [
        (frame(1, b"{}", masked=False), {1002, 0}),
        (frame(2, b"\x00\x01"), {1003}),
        (frame(1, b"\xff\xfe"), {1007}),
        (frame(3, b""), {1002, 0}),
        (frame(1, b"{}", rsv=4), {1002, 0}),
        (frame(0, b"{}"), {1002, 0}),
        (frame(9, b"x" * 126), {1002, 0}),
        (frame(9, b"x", fin=False), {1002, 0}),
        (frame(1, b"[" + b" " * (2 << 20)), {1009, 0}),
        (frame(1, b"a", fin=False) + frame(0, b"a" * 600_000, fin=False) * 3, {1009, 0}),
        (frame(8, b"\x03"), {1002, 0}),
    ],
)
def test_s32_what_is_no_frame_ends_its_connection(
    cerebro: Server, talker: Talker, bad: bytes, codes: set[int]
) -> None:
    raw = Raw(cerebro, talker.token)
    assert raw.status == 101
    with suppress(ConnectionError):  # it is told before all of it is there
        raw.socket.sendall(bad)
    assert raw.close_code() in codes
    # And nobody else is any worse.
    assert talker.ready(task("load"))[0]["data"]["accepted"] == ["load"]


def test_s32_an_upgrade_wants_what_any_request_does(cerebro: Server, talker: Talker) -> None:
    for headers, status in (
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer dyna_x_y"}, 401),
        ({"Sec_WebSocket_Version": "8"}, 426),
        ({"Sec_WebSocket_Key": "short"}, 400),
        ({"Sec_WebSocket_Protocol": "chat"}, 400),
        ({"Upgrade": "h2c"}, 400),
        ({"Host": "evil.example"}, 421),
    ):
        assert Raw(cerebro, talker.token, **headers).status == status, headers
    viewer = cerebro.token(("viewer", "orders"))
    assert Raw(cerebro, viewer).status == 403


def test_s32_a_flood_of_pings_is_answered_and_bounded(cerebro: Server, talker: Talker) -> None:
    raw = Raw(cerebro, talker.token)
    for _ in range(20):
        raw.socket.sendall(frame(9, b"x" * 100) * 500)
    raw.socket.sendall(frame(8, struct.pack(">H", 1000)))
    assert raw.close_code() in {1000, 0}
    assert talker.ready(task("load"))[0]["data"]["accepted"] == ["load"]
