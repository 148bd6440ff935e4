"""What several tests use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from cordyna import Owner, Tasks


@pytest.fixture
def tasks() -> Tasks:
    return Tasks(owner=Owner("data", ["data@example.com"]))


@pytest.fixture
def in_loop() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Runs a coroutine to its end; more than a minute is a failure."""

    async def bounded(what: Coroutine[Any, Any, Any]) -> Any:
        return await asyncio.wait_for(what, 60)

    return lambda what: asyncio.run(bounded(what))
