"""What goes wrong under a server, on demand: libraries that are loaded before the C library, and small disks."""

from __future__ import annotations

import errno
import mmap
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
WRITES, SYNCS = 1, 2


def build_library(source: str, folder: Path) -> Path:
    library = folder / (Path(source).stem + ".so")
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(library),
         str(HERE / source), "-ldl"],
        check=True,
    )  # fmt: skip
    return library


class Numbers:
    """64-bit numbers that this process and the library share."""

    def __init__(self, path: Path, names: tuple[str, ...]) -> None:
        self._names = names
        path.write_bytes(bytes(8 * len(names)))
        self._file = path.open("r+b")
        self._map = mmap.mmap(self._file.fileno(), 8 * len(names))

    def __getitem__(self, name: str) -> int:
        return int(struct.unpack_from("q", self._map, 8 * self._names.index(name))[0])

    def __setitem__(self, name: str, value: int) -> None:
        struct.pack_into("q", self._map, 8 * self._names.index(name), value)


class Disk(Numbers):
    """The disk under the state of one server (faulty_disk.c)."""

    def __init__(self, folder: Path) -> None:
        names = ("what", "error", "hold", "delay_us", "writes", "syncs", "held", "skip")
        super().__init__(folder / "disk", names)
        self.env = {
            "LD_PRELOAD": str(build_library("faulty_disk.c", folder)),
            "DYNA_DISK": str(folder / "disk"),
        }

    def fail(self, what: int, error: int = errno.ENOSPC, skip: int = 0) -> None:
        self["error"], self["skip"] = error, skip
        self["what"] = what

    def heal(self) -> None:
        self["what"] = 0


class Memory(Numbers):
    """The memory of one server (failing_malloc.c)."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "memory", ("count", "at", "run", "failed"))
        self.env = {
            "LD_PRELOAD": str(build_library("failing_malloc.c", folder)),
            "DYNA_MALLOC": str(folder / "memory"),
        }

    def fail(self, at: int, run: int = 0) -> None:
        """The `at`-th allocation from now on fails, and `run` more after it."""
        self["failed"], self["run"] = 0, run
        self["at"] = self["count"] + at

    def heal(self) -> None:
        self["at"] = 0


@pytest.fixture
def memory(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    return Memory(tmp_path_factory.mktemp("memory"))


@pytest.fixture
def disk(tmp_path_factory: pytest.TempPathFactory) -> Disk:
    return Disk(tmp_path_factory.mktemp("disk"))


@contextmanager
def small_disk(place: Path, mebibytes: int) -> Iterator[Path]:
    """A file system of its own with so much space. Root may always make one, so for root that is no reason to skip."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 and os.geteuid() != 0:
        pytest.skip(f"only root may mount a small disk: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    try:
        yield place
    finally:
        # What still runs there (an idle fork server) lets go of it when it ends.
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(ballast: Path, leave: int = 0) -> None:
    """Takes all the space but `leave` bytes."""
    with ballast.open("wb", buffering=0) as file:
        block = bytes(65536)
        size = len(block)
        while size > 0:
            try:
                size = min(size, file.write(block[:size]) or 1)
            except OSError as error:
                assert error.errno == errno.ENOSPC
                size //= 2
        if leave > 0:
            os.ftruncate(file.fileno(), max(0, file.tell() - leave))
