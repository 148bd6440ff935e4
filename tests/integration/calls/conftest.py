"""Listeners that end with their test, and a folder for a flow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from listener import Answering, Listener, Place


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    made: list[Listener] = []

    def make(answer: Answering, tls: object = None) -> Listener:
        made.append(Listener(answer, tls))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)
