"""What a server's state holds, read beside it."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def rows(folder: Path, sql: str) -> list[tuple]:
    """Of the state below the folder of the flows."""
    database = sqlite3.connect(f"file:{folder}/.cordyna/state.db?mode=ro", uri=True)
    try:
        return database.execute(sql).fetchall()
    finally:
        database.close()
