"""A project with one plugin, whose program does what its inputs say."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[0] / "server"), str(HERE.parents[0] / "calls")]

from plugin_place import PluginPlace  # noqa: E402


@pytest.fixture
def place(tmp_path: Path) -> PluginPlace:
    return PluginPlace(tmp_path)
