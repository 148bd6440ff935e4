"""A flood of events beside a schedule: each has its run, each second has its run, memory stays bounded."""

from __future__ import annotations

import os
from pathlib import Path

from flood import Flood
from kafka_broker import Broker

COUNT = 200_000 if os.environ.get("DYNA_TEST_LONG") else 5_000
MEMORY_MAX = 400 << 20  # bytes: for 5,000 as for 200,000


def test_a_flood_is_taken_whole_and_no_second_is_passed_over(
    broker: Broker, tmp_path: Path
) -> None:
    flood = Flood(broker, tmp_path, COUNT)
    server = flood.come()
    server.stop()
    runs = flood.rows("SELECT count(*), count(DISTINCT inputs) FROM run WHERE flow_id = 'flood'")
    assert runs == [(COUNT, COUNT)]
    assert flood.memory < MEMORY_MAX
    ticks = flood.rows(
        "SELECT state, count(*), count(DISTINCT scheduled_for),"
        " (max(scheduled_for) - min(scheduled_for)) / 1000 + 1 FROM tick WHERE state <> 'begun'"
        " GROUP BY state"
    )
    assert len(ticks) == 1 and ticks[0][0] == "run", ticks
    assert ticks[0][1] == ticks[0][2] == ticks[0][3], ticks
