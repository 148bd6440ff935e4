"""A WebSocket of a task server, byte by byte: what no library would send can be sent, and thousands cost little."""

from __future__ import annotations

import base64
import os
import struct

PATH = "/api/v1/ts/socket"
PROTOCOL = "cordyna.v1+cloudevents.json"


def upgrade(port: int, token: str, **headers: str) -> bytes:
    """The request that begins it. `headers` with `_` for `-`; an empty one is left out."""
    lines = {
        "Host": f"127.0.0.1:{port}",
        "Authorization": f"Bearer {token}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": PROTOCOL,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return f"GET {PATH} HTTP/1.1\r\n{text}\r\n".encode()


def frame(
    opcode: int,
    payload: bytes,
    *,
    fin: bool = True,
    masked: bool = True,
    rsv: int = 0,
    key: bytes = bytes(4),
) -> bytes:
    """Masked with zeros, if not told otherwise: it is a mask, and the bytes stay what they are."""
    size = len(payload)
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    mask_bit = 0x80 if masked else 0
    if size < 126:
        head += bytes([mask_bit | size])
    elif size < 1 << 16:
        head += bytes([mask_bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([mask_bit | 127]) + struct.pack(">Q", size)
    if not masked:
        return head + payload
    if any(key):
        payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))
    return head + key + payload
