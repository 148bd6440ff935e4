"""What lies between a client and the API server: it can be cut, and can go silent."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Relay:
    """Hands on the bytes of each connection, both ways. Threads: two for each connection."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.open: list[socket.socket] = []
        self.cuts = 0  # connections that were cut
        self.loud = threading.Event()
        self.loud.set()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self.target))
                except OSError:
                    near.close()
                    continue
                with self.lock:
                    self.open += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self.hand_on, args=ends, daemon=True).start()

    def hand_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(1 << 16):
                self.loud.wait()
                target.sendall(piece)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """All that are open now."""
        with self.lock:
            cut, self.open = self.open, []
        for one in cut:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self.cuts += len(cut) // 2

    def stop(self) -> None:
        self.loud.set()
        self.listener.close()
        self.cut()
