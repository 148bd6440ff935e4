"""A folder with a flow, its modules, and packages that are fetched from no network."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[0] / "server"), str(HERE.parents[0] / "calls")]

from packages import PythonPlace  # noqa: E402


@pytest.fixture
def place(tmp_path: Path) -> PythonPlace:
    return PythonPlace(tmp_path)
