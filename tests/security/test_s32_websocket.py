"""S32: frames that are none, on the WebSocket of task servers: each ends its connection, and no other."""

from __future__ import annotations

import base64
import os
import socket
import struct
from contextlib import suppress

import pytest
from serving import Server
from talking import Talker, task

PATH = "/api/v1/ts/socket"
PROTOCOL = "cordyna.v1+cloudevents.json"


def frame(
    opcode: int, payload: bytes, *, fin: bool = True, masked: bool = True, rsv: int = 0
) -> bytes:
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    size = len(payload)
    head = bytes([first])
    mask_bit = 0x80 if masked else 0
    if size < 126:
        head += bytes([mask_bit | size])
    elif size < 1 << 16:
        head += bytes([mask_bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([mask_bit | 127]) + struct.pack(">Q", size)
    if not masked:
        return head + payload
    key = b"\x01\x02\x03\x04"
    return head + key + bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))


class Raw:
    def __init__(self, cerebro: Server, token: str, **headers: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", cerebro.port), timeout=60)
        lines = {
            "Host": f"127.0.0.1:{cerebro.port}",
            "Authorization": f"Bearer {token}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Protocol": PROTOCOL,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        text = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
        self.socket.sendall(f"GET {PATH} HTTP/1.1\r\n{text}\r\n".encode())
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
