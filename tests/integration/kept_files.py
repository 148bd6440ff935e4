"""What lies below a folder, while programs may still be at work in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def paths_below(folder: Path) -> Iterator[Path]:
    """Folders and all else; what goes meanwhile is passed over."""
    for where, folders, files in os.walk(folder):
        for name in (*folders, *files):
            yield Path(where) / name


def files_below(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Each file with what is in it; no links."""
    for path in paths_below(folder):
        if path.is_symlink() or not path.is_file():
            continue
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue  # a staging file of a living owner
        yield path, content


def content_below(folder: Path) -> bytes:
    return b"\n".join(content for _, content in files_below(folder))
