"""The example of the README works as it stands."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cordyna
from cordyna import Tasks, TaskServer
from cordyna.testing import FakeCerebro, run_task

README = Path(__file__).parent.parent / "README.md"


def test_the_first_example(in_loop: Callable[[Any], Any]) -> None:
    example, *_ = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    before = cordyna.default_tasks.swap({})
    names: dict[str, Any] = {"__name__": "readme"}
    try:
        exec(compile(example, str(README), "exec"), names)
        mine = Tasks(owner=cordyna.default_tasks.owner)
        mine.swap({task.id: task for task in cordyna.default_tasks})
    finally:
        cordyna.default_tasks.swap(before)
    declared = {one["id"]: one for one in mine.declarations("sales")}
    assert declared["count"]["needs"] == [{"task": "load_orders"}]
    assert declared["load_orders"]["description"] == "Loads yesterday's orders of a shop."
    result = run_task(names["count"], upstream={"load_orders": {"rows": 6}})
    assert (result.state, result.output) == ("completed", 6)

    async def main() -> None:
        async with FakeCerebro() as cerebro:
            server = TaskServer(
                url=cerebro.url, token=cerebro.token, team="sales", server="s", tasks=mine
            )
            running = asyncio.ensure_future(server.serve())
            attempt = await cerebro.end(await cerebro.invoke("load_orders", {"shop": "ulm"}))
            assert attempt.output == {"rows": 3}
            server.drain()
            await running

    try:
        in_loop(main())
    finally:
        cordyna.default_tasks.owner = None
