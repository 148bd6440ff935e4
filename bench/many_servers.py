"""Task servers of one team in one process, over whatever the address says, for ./dev bench: says "ready" when all are
connected. Server s3 has the task n3. Ends with its standard input."""

import argparse
import asyncio
import logging
import sys

from cordyna import Owner, Tasks, TaskServer


def tasks_of(team: str, number: int) -> Tasks:
    tasks = Tasks(owner=Owner(team, contacts=["bench@example.com"]))

    @tasks.task(overlap="allow", id=f"n{number}")
    async def noop() -> int:
        """Does nothing."""
        return 1

    return tasks


class Ready(logging.Handler):
    """Counts the sessions that have begun."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.left = count

    def emit(self, record: logging.LogRecord) -> None:
        if "connected: session" not in record.getMessage():
            return
        self.left -= 1
        if self.left == 0:
            print("ready", flush=True)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("token")
    parser.add_argument("team")
    parser.add_argument("count", type=int)
    parser.add_argument("--slots", type=int, default=4)
    options = parser.parse_args()
    log = logging.getLogger("cordyna")
    log.setLevel(logging.INFO)
    log.addHandler(Ready(options.count))
    log.propagate = False
    serving = []
    for number in range(options.count):
        tasks = tasks_of(options.team, number)
        server = TaskServer(
            url=options.url, token=options.token, team=options.team, server=f"s{number}",
            slots=options.slots, tasks=tasks,
        )  # fmt: skip
        serving.append(asyncio.ensure_future(server.serve()))
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for one in serving:
        one.cancel()


if __name__ == "__main__":
    asyncio.run(main())
