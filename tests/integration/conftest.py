"""What holds for all integration tests."""

from __future__ import annotations

import os
from collections import Counter

import pytest

# They run side by side with whatever listens on this machine: only tests of the server serve an API,
# on a port that the system chooses.
os.environ.setdefault("DYNA_LISTEN", "off")

#: Files whose few tests take longest.
SLOW = ("test_cron.py", "test_soak.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long come first, so that none runs alone in the end: a worker takes one after the
    other (--no-loadscope-reorder leaves them as they are here)."""
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.path.name not in SLOW, -tests[item.path], str(item.path)))
