"""The servers that these tests start are those of their neighbours."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker_daemon import Daemon, need_daemon

INTEGRATION = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(INTEGRATION / "server")]


@pytest.fixture(scope="module")
def docker() -> Iterator[Daemon]:
    need_daemon()
    running = Daemon()
    try:
        yield running
    finally:
        running.stop()
