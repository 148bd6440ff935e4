"""What stands before Google's APIs in the tests: gives tokens to those whose signature is right, lets
nobody else through, and passes on what it is asked to a server behind it."""

from __future__ import annotations

import base64
import http.client
import json
import threading
import time
import urllib.parse
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

EMAIL = "dyna@project.iam.gserviceaccount.com"
TOKEN = "token-of-google-that-nobody-may-see-4711"

Headers = dict[str, str]
Answer = tuple[int, Headers, bytes]
Handler = Callable[[str, str, Headers, bytes], Answer]


def bytes_of(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class GoogleFront:
    """`behind` answers what has the token; `faults` are (method, beginning of a path, status), each once."""

    def __init__(self, behind: Handler) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.behind = behind
        self.seen: list[tuple[str, str]] = []
        self.faults: list[tuple[str, str, int]] = []
        self.claims: list[dict[str, Any]] = []
        outer = self

        class Server(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                size = int(self.headers.get("Content-Length", "0"))
                body = self.rfile.read(size)
                status, headers, content = outer.answer(
                    self.command, self.path, dict(self.headers), body
                )
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def key_file(self) -> str:
        pem = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return json.dumps(
            {
                "type": "service_account",
                "project_id": "project",
                "client_email": EMAIL,
                "private_key_id": "k1",
                "private_key": pem.decode(),
                "token_uri": f"{self.url}/token",
            }
        )

    def answer(self, method: str, path: str, headers: Headers, body: bytes) -> Answer:
        self.seen.append((method, path))
        if path == "/token":
            return self.token(body)
        for fault in self.faults:
            if fault[0] == method and path.startswith(fault[1]):
                self.faults.remove(fault)
                return fault[2], {}, b"{}"
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {}, b'{"error":{"code":401,"message":"no such token"}}'
        return self.behind(method, path, headers, body)

    def token(self, body: bytes) -> Answer:
        form = urllib.parse.parse_qs(body.decode())
        head, claims, signature = form["assertion"][0].split(".")
        try:
            self.key.public_key().verify(
                bytes_of(signature),
                f"{head}.{claims}".encode(),
                padding.PKCS1v15(),
                hashes.SHA256(),
            )
        except Exception:
            return (
                400,
                {},
                b'{"error":"invalid_grant","error_description":"Invalid JWT Signature."}',
            )
        told = json.loads(bytes_of(claims))
        self.claims.append(told)
        good = (
            json.loads(bytes_of(head)) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
            and told["iss"] == EMAIL
            and told["aud"] == f"{self.url}/token"
            and told["exp"] - told["iat"] == 3600
            and abs(told["iat"] - time.time()) < 600
            and form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
        )
        if not good:
            return 400, {}, b'{"error":"invalid_grant"}'
        return 200, {}, json.dumps({"access_token": TOKEN, "expires_in": 3600}).encode()


def relay(port: int, url: Callable[[], str]) -> Handler:
    """Passes everything on to this machine's `port`; sessions lead back to `url`."""

    def answer(method: str, path: str, headers: Headers, body: bytes) -> Answer:
        # fake-gcs-server ends an upload that is only asked about; Google says that nothing is there yet.
        if headers.get("Content-Range", "").startswith("bytes */"):
            return 308, {}, b""
        connection = http.client.HTTPConnection("127.0.0.1", port)
        kept = ("content-type", "content-range", "range", "if-match", "accept-encoding")
        passed = {k: v for k, v in headers.items() if k.lower().startswith(("x-", *kept))}
        connection.request(method, path, body, passed)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        told = {
            k: v
            for k, v in response.getheaders()
            if k.lower() in ("content-type", "location", "range", "x-goog-hash", "etag")
        }
        if "Location" in told:
            there = urllib.parse.urlsplit(told["Location"])
            told["Location"] = f"{url()}{there.path}?{there.query}"
        return response.status, told, content

    return answer
