"""Threads for functions that are not async."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable


class Threads:
    """As many as there are calls at a time; idle ones are used again.

    They are daemons: a function that does not end holds up no process that is to go.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0
        self._count = 0

    def run(self, call: Callable[[], None]) -> None:
        with self._lock:
            if self._idle > 0:
                self._idle -= 1
            else:
                self._count += 1
                name = f"{self._name}-{self._count}"
                threading.Thread(target=self._work, name=name, daemon=True).start()
        self._calls.put(call)

    def close(self) -> None:
        """Idle threads end; others once their call is through."""
        with self._lock:
            count = self._count
        for _ in range(count):
            self._calls.put(None)

    def _work(self) -> None:
        while True:
            call = self._calls.get()
            if call is None:
                return
            call()
            with self._lock:
                self._idle += 1
