#!/usr/bin/env python3
"""Builds the web UI and makes a C++ file of it (src/server/pages/pages.hpp).

All is made in one folder: a copy of the sources beside their packages, so that nothing appears among the sources. What has
not changed since is left alone; kinds of build that want it at the same time wait for each other.
"""

from __future__ import annotations

import argparse
import fcntl
import gzip
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
}
# Of docs/reference: the types of the API are made of the one, the editor completes by the other.
REFERENCE = ("openapi.json", "flow.schema.json")
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
LEFT_OUT = {"node_modules", "dist"}


def sources_of(folder: Path) -> list[Path]:
    found = []
    for path in sorted(folder.rglob("*")):
        within = path.relative_to(folder)
        if path.is_file() and not LEFT_OUT & set(within.parts):
            found.append(within)
    return found


def hash_of(paths: list[Path]) -> str:
    one = hashlib.sha256()
    for path in paths:
        one.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        one.update(path.read_bytes())
    return one.hexdigest()


class Stamp:
    """What a step was done for the last time."""

    def __init__(self, file: Path, value: str) -> None:
        self.file, self.value = file, value

    def holds(self) -> bool:
        return self.file.exists() and self.file.read_text() == self.value

    def set(self) -> None:
        self.file.write_text(self.value)


def copy_sources(source: Path, work: Path) -> None:
    wanted = sources_of(source)
    for old in sources_of(work):
        if old not in wanted:
            (work / old).unlink()
    for path in wanted:
        text = (source / path).read_bytes()
        to = work / path
        if to.exists() and to.read_bytes() == text:
            continue
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(text)


def run(npm: str, work: Path, arguments: list[str]) -> None:
    # A script of npm calls the Node.js that stands beside it.
    path = f"{Path(npm).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    # It trusts the authorities that it brings; the machine may know more, as all else here does.
    if AUTHORITIES.exists():
        environment.setdefault("NODE_EXTRA_CA_CERTS", str(AUTHORITIES))
    done = subprocess.run(
        [npm, *arguments], cwd=work, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)  # fmt: skip
    if done.returncode != 0:
        sys.exit(f"{done.stdout}\n'npm {' '.join(arguments)}' failed in {work}")


def cpp_of(dist: Path) -> str:
    """The files as C++: a string of bytes for each, and the table."""
    files = sorted(path for path in dist.rglob("*") if path.is_file())
    names: dict[str, Path] = {path.name: path for path in files}
    if len(names) != len(files):
        sys.exit(f"two files of one name in {dist}")
    arrays, rows = [], []
    for number, name in enumerate(sorted(names)):
        content = names[name].read_bytes()
        if names[name].suffix not in TYPES:
            sys.exit(f"{names[name]}: no type is known of '{names[name].suffix}'; see {__file__}")
        packed = gzip.compress(content, 9, mtime=0)
        numbers = ",".join(map(str, packed))
        arrays.append(f"constexpr unsigned char kFile{number}[] = {{{numbers}}};")
        tag = hashlib.sha256(content).hexdigest()[:32]
        rows.append(
            f'    {{"{name}", "{TYPES[names[name].suffix]}", "{tag}", view(kFile{number}), {len(content)}}},'
        )
    return "\n".join(
        [
            "// Made by tools/ui/build.py of the built files of ui/.",
            '#include "server/pages/pages.hpp"',
            "namespace cordyna::server {",
            "namespace {",
            *arrays,
            "template <std::size_t N>",
            "std::string_view view(const unsigned char (&bytes)[N]) {",
            "  return {reinterpret_cast<const char*>(bytes), N};",
            "}",
            "}  // namespace",
            "std::span<const PageFile> page_files() {",
            "  static const PageFile files[] = {",
            *rows,
            "  };",
            "  return files;",
            "}",
            "}  // namespace cordyna::server",
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--npm", required=True)
    parser.add_argument("--source", type=Path, required=True, help="the folder ui/")
    parser.add_argument(
        "--reference", type=Path, required=True, help="the folder docs/reference, which ui/ reads"
    )
    parser.add_argument("--folder", type=Path, required=True, help="where all is made")
    wish = parser.parse_args()
    work = wish.folder / "work"
    work.mkdir(parents=True, exist_ok=True)
    with (wish.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sources = [wish.source / path for path in sources_of(wish.source)]
        sources += [wish.reference / name for name in REFERENCE]
        output = wish.folder / "ui_files.cpp"
        built = Stamp(wish.folder / ".built", hash_of([*sources, Path(__file__).resolve()]))
        if not (built.holds() and output.exists()):
            copy_sources(wish.source, work)
            # Beside them, where they stand in the repository, too.
            beside = wish.folder / "docs" / "reference"
            beside.mkdir(parents=True, exist_ok=True)
            for name in REFERENCE:
                shutil.copyfile(wish.reference / name, beside / name)
            locked = Stamp(wish.folder / ".installed", hash_of([work / "package-lock.json"]))
            if not (locked.holds() and (work / "node_modules").exists()):
                run(wish.npm, work, ["ci", "--no-audit", "--no-fund"])
                locked.set()
            shutil.rmtree(work / "dist", ignore_errors=True)
            run(wish.npm, work, ["run", "build"])
            output.write_text(cpp_of(work / "dist"))
            built.set()
        # Ninja wants it newer than what it was made of, and what was compiled of it is older then.
        newest = max(path.stat().st_mtime_ns for path in [*sources, Path(__file__)])
        if output.stat().st_mtime_ns <= newest:
            output.touch()


if __name__ == "__main__":
    main()
