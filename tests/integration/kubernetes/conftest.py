"""The servers that these tests start are those of their neighbours."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kube_cluster import Cluster, is_built

INTEGRATION = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(INTEGRATION / "server")]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Its programs take minutes to build, once: ./dev test --long does it."""
    if not is_built():
        assert not os.environ.get("DYNA_TEST_LONG"), (
            "tools/dev/kube.sh did not build the control plane"
        )
        pytest.skip("the control plane is not built: ./dev test --long does it")
    running = Cluster()
    try:
        yield running
    finally:
        running.stop()
