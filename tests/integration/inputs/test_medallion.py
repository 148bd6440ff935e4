"""examples/medallion: Kafka, PostgreSQL, containers and three flows give the figures of the raw orders, whoever is killed."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from time import monotonic, sleep

import orders
import pytest
import run
from docker_daemon import need_daemon

LONG = bool(os.environ.get("DYNA_TEST_LONG"))
KILLS = 5
COUNT = 200 if LONG else 30
PATIENCE = 600


@pytest.fixture
def medallion() -> Iterator[run.Medallion]:
    need_daemon()
    with run.started() as made:
        yield made


def through(now: dict[str, int]) -> int:
    """How far all orders are together."""
    return now["bronze"] + now["silver"] + now["rejected"] + now["gold"]


def test_gold_has_the_figures_of_the_raw_orders_though_it_is_killed_on_the_way(
    medallion: run.Medallion,
) -> None:
    chosen = orders.choose(COUNT)
    medallion.up()
    medallion.wait_for_triggers()
    medallion.send(chosen)
    # Each order counts once in bronze, once in silver or as rejected, and the good ones in gold.
    rejected = sum(order["value"] == 0 for order in chosen)
    whole = 3 * len(chosen) - rejected
    seeded = random.Random(5)
    places = sorted(seeded.randrange(1, whole * 9 // 10) for _ in range(KILLS))
    until = monotonic() + PATIENCE
    for place in places:
        while through(medallion.counts()) < place:
            assert monotonic() < until, medallion.counts()
            sleep(0.02)
        medallion.kill()
        medallion.up()
    while not medallion.is_done(len(chosen)):
        assert monotonic() < until, medallion.counts()
        sleep(0.1)
    assert medallion.counts()["rejected"] == rejected > 0
    assert run.in_cents(medallion.gold()) == run.expected(chosen)
