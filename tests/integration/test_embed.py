"""The library as its users have it: installed, found, linked, and killed in the middle of its work."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
from programs import BUILD, PATIENCE, ROOT, run

LINES = 300


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the library is, and nothing else of ours."""
    prefix = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", BUILD, "--component", "library", "--prefix", prefix)
    return prefix


@pytest.fixture(scope="module")
def example(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of examples/embed, built outside of the source tree with find_package."""
    source = tmp_path_factory.mktemp("source") / "embed"
    shutil.copytree(ROOT / "examples" / "embed", source)
    build = tmp_path_factory.mktemp("build")
    run("cmake", "-G", "Ninja", "-S", source, "-B", build, f"-DCMAKE_PREFIX_PATH={installed}")
    run("cmake", "--build", build)
    return build / "embed-example"


def library_folder(installed: Path) -> Path:
    return next(installed.rglob("libcordyna.so")).parent


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    yield path


def outputs(path: Path, count: int, program: subprocess.Popen[bytes]) -> list[str]:
    """The lines of the file, once there are so many different ones."""
    with path.open() as file:
        lines: list[str] = []
        until = monotonic() + PATIENCE
        while len(set(lines)) < count:
            assert program.poll() is None, "the program ended"
            assert monotonic() < until, f"{len(set(lines))} of {count} lines"
            line = file.readline()
            if line:
                lines.append(line)
            else:
                sleep(0.01)
        return lines


def completed(state: Path) -> set[str]:
    """The ids of the events on which the last process has completed, as the state has it: they have had their run, and
    it has left nothing."""
    database = sqlite3.connect(f"file:{state}/state.db?mode=ro", uri=True)
    try:
        rows = database.execute(
            "select json_extract(payload, '$.event.id') from event"
            " where state = 'run' and run not in (select no from run)"
        )
        return {row[0] for row in rows}
    finally:
        database.close()


def test_killed_in_the_middle_it_loses_nothing_and_does_nothing_again(
    example: Path, tmp_path: Path, pipe: Path
) -> None:
    state, output, lines = tmp_path / "state", tmp_path / "output", tmp_path / "lines"
    output.touch()
    text = [f"line {'x ' * (number % 7)}{number}\n" for number in range(1, LINES + 1)]
    lines.write_text("".join(text))

    first = subprocess.Popen([example, pipe, state, output])
    with pipe.open("w") as feed:
        # So many, and then no more: it cannot have read them all.
        feed.writelines(text[: LINES // 2])
        feed.flush()
        outputs(output, LINES // 4, first)
        first.send_signal(signal.SIGKILL)
        first.wait()
    before = completed(state)
    assert 0 < len(before) <= LINES // 2

    second = subprocess.Popen([example, lines, state, output])
    outputs(output, LINES, second)
    second.kill()
    second.wait()
    found = output.read_text().splitlines()
    wanted = {f"{i} {line.rstrip().count(' ') + 1}" for i, line in enumerate(text, 1)}
    assert set(found) == wanted
    ids = [line.split()[0] for line in found]
    assert [one for one in ids if one in before and ids.count(one) > 1] == []


def test_with_pkg_config_it_is_found_and_shows_only_its_own(
    installed: Path, tmp_path: Path
) -> None:
    folder = library_folder(installed)
    flags = run(
        "pkg-config",
        "--cflags",
        "--libs",
        "cordyna",
        env={**os.environ, "PKG_CONFIG_PATH": str(folder / "pkgconfig")},
    ).split()
    source = ROOT / "examples" / "embed" / "main.cpp"
    program = tmp_path / "program"
    run(
        "g++",
        "-std=c++23",
        "-Wall",
        "-Wextra",
        "-Werror",
        source,
        *flags,
        "-pthread",
        "-o",
        program,
    )
    usage = subprocess.run(
        [program],
        env={**os.environ, "LD_LIBRARY_PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert usage.returncode == 2, usage.stderr
    assert usage.stderr.startswith("usage: ")

    names = run("nm", "-DC", "--defined-only", "--format=just-symbols", folder / "libcordyna.so")
    strangers = [name for name in names.splitlines() if "cordyna::" not in name]
    assert strangers == []
    # TLS is the system's: nothing of it lies within.
    assert b"OpenSSL" not in (folder / "libcordyna.so").read_bytes()
    inside = [
        name
        for name in names.splitlines()
        if "cordyna::embed" in name or "::event_container" in name or "::event_http" in name
    ]
    assert inside == []
