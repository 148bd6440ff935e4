"""A web service with a list that grows, for inputs that poll: real HTTP, on a port that the system chose."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PAGE = 7


@dataclass
class Orders:
    """What the service knows. `lock` is held while it is read or changed."""

    token: str = ""
    items: list[dict] = field(default_factory=list)
    refuse: tuple[int, dict[str, str]] | None = None  # an answer to all, until it is taken away
    asked: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, count: int, at: int) -> None:
        with self.lock:
            first = len(self.items)
            self.items += [{"id": first + i, "at": at, "total": 1.5} for i in range(count)]

    def page(self, query: dict[str, list[str]]) -> dict:
        """Those of `since` and later, newest first, as many services have it; parted into pages."""
        since = int(query.get("since", ["0"])[0])
        start = int(query.get("page", ["0"])[0])
        found = [one for one in reversed(self.items) if one["at"] >= since]
        some = found[start : start + PAGE]
        more = start + PAGE < len(found)
        return {
            "data": some,
            "next": f"/orders?since={since}&page={start + PAGE}" if more else None,
        }


class Service:
    def __init__(self, orders: Orders) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with orders.lock:
                    orders.asked += 1
                    status, headers, body = 200, {}, b""
                    if orders.refuse is not None:
                        status, headers = orders.refuse
                    elif orders.token and self.headers["Authorization"] != f"Bearer {orders.token}":
                        status = 401
                    else:
                        query = parse_qs(urlsplit(self.path).query)
                        body = json.dumps(orders.page(query)).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/orders"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
