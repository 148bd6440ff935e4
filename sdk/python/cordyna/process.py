"""An attempt in a process of its own, which can be killed.

The child is `cordyna.child`: a fresh interpreter that imports the task by its name. The two
talk over a socket, in frames of four bytes of length and JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import struct
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from .calling import Ending
from .context import Invocation
from .texts import dumps

if TYPE_CHECKING:
    from .runner import Runner
    from .tasks import Task

LENGTH = struct.Struct(">I")
FRAME_MAX = 64 << 20
# Its path is that of the server, and no variable of the environment that its own children would see.
_PROGRAM = """import json, sys
sys.path[:] = json.loads(sys.argv[3])
from cordyna.child import main
main()
"""


def frame(message: dict[str, Any]) -> bytes:
    text = dumps(message).encode()
    return LENGTH.pack(len(text)) + text


def order_of(task: Task[..., Any], invocation: Invocation) -> dict[str, Any]:
    """What the child has to know."""
    module = task.function.__module__
    main = sys.modules.get("__main__")
    path = getattr(main, "__file__", None) if module == "__main__" else None
    return {
        "module": module,
        "main": path,
        "task": task.id,
        "function": task.function.__qualname__,
        "invocation": asdict(invocation),
    }


class ProcessAttempt:
    """Its own group of processes: what it starts is killed with it."""

    def __init__(self, runner: Runner, task: Task[..., Any], invocation: Invocation) -> None:
        self._runner = runner
        self._name = invocation.attempt
        self._order = order_of(task, invocation)
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._stopped: str | None = None
        self._killed = False
        # The loop alone holds no task.
        self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self, reason: str) -> None:
        self._stopped = reason
        if self._writer is not None:
            self._writer.write(frame({"stop": reason}))

    def kill(self) -> None:
        self._killed = True
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def _run(self) -> None:
        try:
            ending = await self._whole()
        except Exception as error:  # it could not be started, or its frames are broken
            self.kill()
            message = f"the process of the task could not be used: {error or type(error).__name__}"
            ending = _error("PROCESS_FAILED", message, phase="start")
        self._runner.ended(self._name, ending)

    async def _whole(self) -> Ending:
        ours, theirs = socket.socketpair()
        # Its other end is closed with this process, however that ends.
        life, self._life = os.pipe()
        try:
            argv = [sys.executable, "-c", _PROGRAM, str(theirs.fileno()), str(life)]
            self._process = await asyncio.create_subprocess_exec(
                *argv,
                json.dumps(sys.path),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=[theirs.fileno(), life],
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            os.close(self._life)
            raise
        finally:
            theirs.close()
            os.close(life)
        reader, self._writer = await asyncio.open_connection(sock=ours)
        try:
            if self._killed:
                self.kill()
            self._writer.write(frame(self._order))
            if self._stopped is not None:
                self.stop(self._stopped)
            self._runner.began(self._name)
            said = await self._listen(reader)
            code = await self._process.wait()
        finally:
            self._writer.close()
            os.close(self._life)
        if said is not None:
            return said
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)  # what it has left running
        return self._vanished(code)

    async def _listen(self, reader: asyncio.StreamReader) -> Ending | None:
        """How it ended; None: it said nothing of that."""
        said: Ending | None = None
        while said is None:
            try:
                (size,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
                if size > FRAME_MAX:
                    raise ValueError(f"a frame of {size} bytes")
                message = json.loads(await reader.readexactly(size))
            except (asyncio.IncompleteReadError, ConnectionError):
                return None
            if "end" in message:
                said = Ending(**message["end"])
            else:
                self._pass_on(message)
        return said

    def _pass_on(self, message: dict[str, Any]) -> None:
        if "progress" in message:
            self._runner.progress(self._name, message["progress"])
        elif "log" in message:
            self._runner.log(self._name, *message["log"])
        elif "extend" in message:
            self._runner.extend(self._name, message["extend"])

    def _vanished(self, code: int) -> Ending:
        if self._stopped is not None or self._killed:
            return Ending("cancelled", cleaned=False)
        if code < 0:
            name = signal.Signals(-code).name if -code in list(signal.Signals) else str(-code)
            text = f"the process of the task was ended by signal {name}"
            if -code == signal.SIGKILL:
                text += ": by hand, or because memory ran out"
            return _error("PROCESS_KILLED", text, signal=-code)
        text = f"the process of the task ended with exit code {code}, and gave no result"
        return _error("PROCESS_ENDED", text, exit_code=code & 0xFF)


def _error(code: str, message: str, phase: str = "run", **more: Any) -> Ending:
    kind = {"code": code, "message": message, "phase": phase, "kind": "system", "retryable": True}
    return Ending("error", error={**kind, **more})
