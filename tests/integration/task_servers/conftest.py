"""A cerebro without flows, and task servers for it."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "server")]

from talking import cerebro, talker  # noqa: E402

__all__ = ["cerebro", "talker"]
