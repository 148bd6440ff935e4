"""A browser and a server with something of everything."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

INTEGRATION = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(INTEGRATION / one) for one in ("server", "task_servers", "ui")]

from ui_world import World, make_world, start_browser  # noqa: E402


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = start_browser(playwright)
        yield started
        started.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = make_world(tmp_path_factory.mktemp("ui"))
    yield made
    made.end()
