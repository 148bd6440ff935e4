"""Fixtures of the tests with a server, which name this as a plugin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pg_steps import Steps
from postgres_server import Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One server for all tests; each has schemas of its own."""
    running = Server()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def pg(server: Server, tmp_path: Path) -> Steps:
    """Single steps, and an empty schema `gold`."""
    # A test that failed may have left a session with locks.
    server.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    server.sql("DROP SCHEMA IF EXISTS gold CASCADE; CREATE SCHEMA gold")
    return Steps(tmp_path, server)
