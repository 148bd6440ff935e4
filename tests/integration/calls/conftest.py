"""Listeners that end with their test, a folder for a flow, and a program of the library."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "server")]

from listener import Answering, Listener, Place  # noqa: E402
from probe import SOURCE, Probe  # noqa: E402
from programs import build  # noqa: E402


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


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(SOURCE, tmp_path_factory.mktemp("prefix"))


@pytest.fixture
def probe(program: Path, tmp_path: Path) -> Iterator[Probe]:
    made = Probe(program, tmp_path)
    yield made
    made.kill()
