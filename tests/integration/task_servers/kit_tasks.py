"""The tasks of the conformance kit, as a user of the Python package would write them."""

import asyncio
import os
from pathlib import Path
from typing import Any

from cordyna import Context, Owner, TaskError, Tasks

TASKS = Tasks(owner=Owner(os.environ["CORDYNA_TEAM"], contacts=["kit@example.com"]))


@TASKS.task(overlap="allow")
async def echo(value: Any) -> dict[str, Any]:
    """Returns its inputs."""
    return {"value": value}


@TASKS.task(overlap="allow")
async def sleep(seconds: float) -> None:
    """Returns after a while."""
    await asyncio.sleep(seconds)


@TASKS.task(overlap="allow")
def fail() -> None:
    """Fails."""
    raise TaskError("FAILED", "it was told to")


@TASKS.task(overlap="allow")
def count(ctx: Context, file: str) -> None:
    """Leaves a line for each time that it ran."""
    with Path(file).open("a") as lines:
        lines.write(ctx.attempt + "\n")
