"""Real `cordyna` processes for tests."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from cordyna.testing import FakeCerebro

MODULE = '''
import asyncio, os, signal, sys, time
from pathlib import Path
import cordyna
from cordyna import Context, Owner

cordyna.default_tasks.owner = Owner("data", contacts=["data@example.com"])
HERE = Path(__file__).parent


@cordyna.task
async def quick(x: int = 1) -> int:
    """Gives it back."""
    return x


@cordyna.task
async def until(name: str) -> str:
    """Waits for a file."""
    while not (HERE / name).exists():
        await asyncio.sleep(0.01)
    return VERSION


@cordyna.task
def thread(ctx: Context) -> None:
    """Waits in a thread, and takes no notice of anything."""
    while True:
        time.sleep(0.01)


@cordyna.task(run_in="process")
def apart(ctx: Context, how: str, x: int = 0) -> dict[str, int]:
    """Runs in a process of its own."""
    import logging, subprocess
    ctx.log(f"pid {os.getpid()}")
    if how == "ask":
        ctx.cancelled.wait()
        ctx.raise_if_cancelled()
    if how == "never":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        ctx.log(f"pid {child.pid}")
        ctx.progress(0.5)
        while True:
            time.sleep(0.01)
    if how == "signal":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "exit":
        os._exit(7)
    if how == "raise":
        raise ValueError("no good")
    logging.getLogger("shop").warning("through logging")
    ctx.progress(1.0, "done")
    return {"x": x + 1}


VERSION = "one"
'''


class Program:
    """`cordyna serve` of a module in `folder`."""

    def __init__(self, folder: Path, cerebro: FakeCerebro, *options: str) -> None:
        self.folder = folder
        self._cerebro = cerebro
        self._options = options
        self.process: asyncio.subprocess.Process
        self.errors = ""

    async def start(self) -> None:
        argv = [sys.executable, "-m", "cordyna", "serve", "shop", "--url", self._cerebro.url]
        argv += ["--team", "data", "--server", "s-1", "--state", str(self.folder / "state")]
        env = {**os.environ, "CORDYNA_TOKEN": self._cerebro.token, "PYTHONDONTWRITEBYTECODE": "1"}
        self.process = await asyncio.create_subprocess_exec(
            *argv, *self._options, cwd=self.folder, env=env, stderr=asyncio.subprocess.PIPE
        )

    async def ended(self) -> int:
        _, errors = await self.process.communicate()
        self.errors = errors.decode()
        code = self.process.returncode
        assert code is not None
        return code

    async def kill(self) -> None:
        """With -9."""
        self.process.send_signal(signal.SIGKILL)
        await self.ended()


@contextlib.asynccontextmanager
async def program(folder: Path, *options: str) -> AsyncIterator[tuple[FakeCerebro, Program]]:
    """One that is ready; killed at the end, if it is there still."""
    (folder / "shop.py").write_text(MODULE)
    async with FakeCerebro(heartbeat_s=0.2) as cerebro:
        made = Program(folder, cerebro, *options)
        await made.start()
        try:
            await cerebro.ready()
            yield cerebro, made
        finally:
            if made.process.returncode is None:
                await made.kill()


async def gone(pid: int) -> None:
    """Until there is no such process, or it is dead and waits for its parent."""
    while True:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state == "Z":
            return
        await asyncio.sleep(0.01)
