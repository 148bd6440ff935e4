"""A web server that answers as it likes, with certificates that are as bad as a test wants."""

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# What it does with a connection, once the head of a request is there.
Answering = Callable[[socket.socket, str], None]


class RawWeb:
    def __init__(self, answer: Answering, tls: ssl.SSLContext | None = None) -> None:
        self.heads: list[str] = []  # of requests, as they came
        self.answer = answer
        self.tls = tls
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listening.getsockname()[1])
        self.url = f"http{'' if tls is None else 's'}://127.0.0.1:{self.port}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listening.accept()
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, plain: socket.socket) -> None:
        # A client that has had enough goes in the middle of anything.
        with contextlib.suppress(OSError), plain:
            connection = (
                plain if self.tls is None else self.tls.wrap_socket(plain, server_side=True)
            )
            head = b""
            while b"\r\n\r\n" not in head:
                piece = connection.recv(65536)
                if not piece:
                    return
                head += piece
            self.heads.append(head.decode("latin-1"))
            self.answer(connection, self.heads[-1])
            connection.close()

    def close(self) -> None:
        self.listening.close()


@contextlib.contextmanager
def web(answer: Answering, tls: ssl.SSLContext | None = None) -> Iterator[RawWeb]:
    served = RawWeb(answer, tls)
    yield served
    served.close()


def ok(body: bytes = b"a\n1\n", headers: str = "") -> Answering:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode()
    return lambda connection, _: connection.sendall(head + body)


def redirect(location: str) -> Answering:
    head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
    return lambda connection, _: connection.sendall(head)


class Authority:
    """A CA of its own; the certificates it gives, and itself, lie in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority of a test")])
        self.file = folder / "ca.pem"
        certificate = self.build(self.name, self.key, None, 30)
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def build(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, host: str | None, days: int,
              signer: ec.EllipticCurvePrivateKey | None = None) -> x509.Certificate:  # fmt: skip
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name if signer is None else name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=60))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
        )
        if host is not None:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False
            )
        return builder.sign(signer or self.key, hashes.SHA256())

    def certificate(
        self, host: str, days: int = 30, self_signed: bool = False
    ) -> tuple[Path, Path]:
        """Certificate and key."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        made = self.build(name, key, host, days, key if self_signed else None)
        stem = f"{host}-{days}-{self_signed}"
        cert_file, key_file = self.folder / f"{stem}.pem", self.folder / f"{stem}.key"
        cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM,
                                               serialization.PrivateFormat.PKCS8,
                                               serialization.NoEncryption()))  # fmt: skip
        return cert_file, key_file

    def context(self, host: str, days: int = 30, self_signed: bool = False) -> ssl.SSLContext:
        """Of a server with such a certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate(host, days, self_signed))
        return context
