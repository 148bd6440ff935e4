"""The process of one attempt. Started by `process.py` alone."""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import os
import runpy
import signal
import socket
import sys
import threading
from dataclasses import asdict
from typing import Any, NoReturn

from .calling import Ending, call_sync
from .context import Context, Invocation
from .errors import BadInput, error_data
from .log_handler import LogHandler
from .process import LENGTH, frame
from .tasks import Task


class Parent:
    """The server, at the other end of the socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def read(self) -> dict[str, Any] | None:
        head = self._exactly(LENGTH.size)
        body = None if head is None else self._exactly(LENGTH.unpack(head)[0])
        if body is None:
            return None
        message: dict[str, Any] = json.loads(body)
        return message

    def _exactly(self, size: int) -> bytes | None:
        parts = bytearray()
        while len(parts) < size:
            part = self._connection.recv(size - len(parts))
            if not part:
                return None
            parts += part
        return bytes(parts)

    def send(self, **message: Any) -> None:
        with self._lock:
            self._connection.sendall(frame(message))

    # What the context says.

    def progress(self, attempt: str, data: dict[str, Any]) -> None:
        self.send(progress=data)

    def log(self, attempt: str, level: str, offset: int, lines: list[str]) -> None:
        self.send(log=[level, offset, lines])

    def extend(self, attempt: str, data: dict[str, Any]) -> None:
        self.send(extend=data)


def main() -> None:
    connection, life = int(sys.argv[1]), int(sys.argv[2])
    _watch_parent(life, connection)
    parent = Parent(socket.socket(fileno=connection))
    order = parent.read()
    if order is None:
        return
    context = Context(Invocation(**order["invocation"]), parent)
    threading.Thread(target=_listen, args=(parent, context), daemon=True).start()
    ending = _run(order, context)
    sys.stdout.flush()
    sys.stderr.flush()
    with contextlib.suppress(OSError):  # the server may have gone
        parent.send(end=asdict(ending))
    _end_group()


def _run(order: dict[str, Any], context: Context) -> Ending:
    try:
        task = _task_of(order)
        arguments = task.bind(context.inputs)
    except BadInput as error:
        return Ending("error", error=error_data(error, "start"))
    except BaseException as error:  # whatever a module does when it is imported
        return Ending("error", error=error_data(error, "start"))
    logging.getLogger().addHandler(LogHandler())
    logging.getLogger().setLevel(logging.INFO)
    return call_sync(task, context, arguments)


def _task_of(order: dict[str, Any]) -> Task[..., Any]:
    if order["main"] is not None:
        names = runpy.run_path(order["main"], run_name="__cordyna_main__")
    else:
        names = vars(importlib.import_module(order["module"]))
    first, *rest = order["function"].split(".")
    found = names.get(first)
    for name in rest:
        found = getattr(found, name, None)
    if not isinstance(found, Task):
        found = next(
            (one for one in names.values() if isinstance(one, Task) and one.id == order["task"]),
            None,
        )
    if found is None:
        raise ImportError(
            f"task '{order['task']}' is not found in {order['module']}: a task that runs in a "
            "process must be a name of its module"
        )
    return found


def _listen(parent: Parent, context: Context) -> None:
    message: dict[str, Any] | None
    while True:
        try:
            message = parent.read()
        except OSError:
            message = None
        if message is None:
            return
        if "stop" in message:
            context.cancelled.set(str(message["stop"]))


def _end_group() -> NoReturn:
    """This process, and all that the function has left running."""
    with contextlib.suppress(OSError):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _watch_parent(life: int, connection: int) -> None:
    """Ends all of this when the server is gone: nobody would take the result, and another attempt may
    run soon. A process of its own does, for the function may hold the interpreter's lock."""
    if os.fork() != 0:
        os.close(life)
        return
    os.close(connection)  # it is the task's process alone that the server listens to
    os.read(life, 1)  # the server never writes: this is its end
    _end_group()
