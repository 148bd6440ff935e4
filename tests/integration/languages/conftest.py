"""A folder with a flow of scripts, and compilers that tell what they do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[0] / "server"), str(HERE.parents[0] / "calls")]

from script_place import ScriptPlace  # noqa: E402


@pytest.fixture
def place(tmp_path: Path) -> ScriptPlace:
    return ScriptPlace(tmp_path)
