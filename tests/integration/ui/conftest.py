"""A browser and a server with something of everything."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

INTEGRATION = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(INTEGRATION / one) for one in ("server", "task_servers", "ui", "git")]

from ui_world import World, browser, make_world  # noqa: E402

__all__ = ["browser", "world"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = make_world(tmp_path_factory.mktemp("ui"))
    yield made
    made.end()
