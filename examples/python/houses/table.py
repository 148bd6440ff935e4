"""A table for people."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

from tabulate import tabulate


def write(counties: dict[str, Decimal]) -> dict:
    """Leaves it as an artifact, and says where."""
    text = tabulate(counties.items(), headers=["county", "mean price"], disable_numparse=True)
    file = Path(os.environ["DYNA_ARTIFACTS"]) / "counties.txt"
    file.write_text(text + "\n")
    print(text)
    return {"file": file.name}
