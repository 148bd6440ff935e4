"""The work of ./dev bench about many schedules: 10,000 flows that are due every hour, for a day."""

import json

from measure import BenchError, folder, run

FLOWS = 10_000
HOURS = 24


class Schedules:
    name = "schedules"

    def sample(self, context):
        with folder() as place:
            told = json.loads(
                run([f"{context.limits}/tick_day", "state", str(FLOWS), str(HOURS)], place)
            )
        if told["ticks"] != FLOWS * HOURS or told["missed_or_doubled"] or told["at_another_time"]:
            raise BenchError(f"ticks were missed, doubled or moved: {told}")
        # One commit for each minute, and nothing between.
        if told["wakes"] != HOURS * 60:
            raise BenchError(f"awake {told['wakes']} times, due {HOURS * 60} times")
        context.add("tick", told["seconds"] / told["ticks"] * 1e6)

    def rows(self, context):
        value = context.mid("tick")
        yield context.row(
            f"{FLOWS:,} flows due every hour, one simulated day, ticks saved in SQLite without "
            "their runs: none missed, none doubled, asleep between",
            "at most 20 µs each", context.text("tick", "µs"), "–",
            f"{value:.1f} µs", value <= 20)  # fmt: skip
