"""The servers that these tests start are those of their neighbours, and of an example."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka_broker import Broker

INTEGRATION = Path(__file__).resolve().parents[1]
MEDALLION = INTEGRATION.parents[1] / "examples" / "medallion"
sys.path[:0] = [str(INTEGRATION / name) for name in ("data", "server", "containers")]
sys.path.append(str(MEDALLION))


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    running = Broker()
    try:
        yield running
    finally:
        running.stop()
