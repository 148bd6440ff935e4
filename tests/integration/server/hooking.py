"""Requests to webhooks, signed as Standard Webhooks say: our own reading of the specification."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from time import time
from typing import Any

from serving import Answer, Server

SECRET = "whsec_" + base64.b64encode(b"a key of twenty-four byt").decode()
OTHER_SECRET = "whsec_" + base64.b64encode(b"another of twenty-four b").decode()
HOOKED = """
id: orders
namespace: acme
inputs:
  - {id: order, type: json, default: {}}
  - {id: amount, type: int, default: 0}
  - {id: kind, type: string, default: none}
tasks:
  - {id: say, type: log, message: "{{ inputs.kind }} {{ inputs.amount }}"}
outputs: {doubled: "{{ inputs.amount * 2 }}"}
triggers:
  - id: shop
    type: webhook
    signing_secret: [SHOP_KEY, SHOP_KEY_OLD]
    inputs:
      order: "{{ event.data.order }}"
      amount: "{{ event.data.order.amount }}"
      kind: "{{ event.headers['x-kind'] | default('none') }}"
  - id: open
    type: webhook
    path_secret: OPEN_KEY
    event_id: "{{ event.query.ref }}"
    inputs: {kind: "{{ event.data }}"}
  - id: asked
    type: webhook
    path_secret: OPEN_KEY
    wait: 30s
    inputs: {amount: "{{ event.data.amount }}"}
  - id: resting
    type: webhook
    path_secret: OPEN_KEY
    disabled: true
"""


def body_of(amount: int, **more: Any) -> bytes:
    return json.dumps({"order": {"amount": amount, **more}}).encode()


def signature(message: str, at: int, body: bytes, secret: str = SECRET) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"{message}.{at}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(mac.digest()).decode()


def signed(
    message: str, body: bytes, secret: str = SECRET, at: int | None = None
) -> dict[str, str]:
    at = int(time()) if at is None else at
    return {
        "webhook-id": message,
        "webhook-timestamp": str(at),
        "webhook-signature": signature(message, at, body, secret),
        "Content-Type": "application/json",
    }


def send(
    server: Server, message: str, body: bytes, path: str = "/hooks/acme/orders/shop", **more: Any
) -> Answer:
    return server.call("POST", path, body, token=None, headers=signed(message, body, **more))


def set_secrets(server: Server) -> None:
    server.ok("PUT", "/api/v1/secrets/SHOP_KEY", {"value": SECRET})
    server.ok("PUT", "/api/v1/secrets/OPEN_KEY", {"value": "open-sesame"})
