"""Files that nobody should send: each is a clear error or rejects, in bounded memory, and never a row that
is wrong. The step is run as a guardian runs it, so that the kernel tells its peak, DuckDB's with it.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[3]
DYNA = os.environ.get("DYNA_BIN", str(ROOT / "build" / "release" / "bin" / "dyna"))
CONTRACT = {"columns": {"id": "int64", "note": "string"}}
MEMORY_MB = 700  # of which `memory` is 128
LONG = os.environ.get("DYNA_TEST_LONG") == "1"


class Loaded(NamedTuple):
    code: str  # "" when it went well
    message: str
    outputs: dict[str, object]
    peak_mb: float
    folder: Path

    def rows(self) -> list[list[object]]:
        return pd.read_parquet(str(self.outputs["data"])).values.tolist()

    def rejects(self) -> pd.DataFrame:
        return pd.read_parquet(str(self.outputs["rejects_file"]))


def load(folder: Path, name: str, **params: object) -> Loaded:
    step = {
        "version": 1, "id": "a", "type": "load", "folder": str(folder), "upstream": {},
        "params": {"from": name, "contract": CONTRACT, "memory": "128MB", **params},
        "paths": {key: str(folder / key) for key in ("artifacts", "work", "report")},
    }  # fmt: skip
    (folder / "step.json").write_text(json.dumps(step), encoding="utf-8")
    with subprocess.Popen(
        [DYNA, "data-step", str(folder / "step.json")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    report = json.loads((folder / "report").read_text(encoding="utf-8"))
    error = report.get("error", {})
    assert (process.returncode == 0) == (not error)
    peak = usage.ru_maxrss / 1024
    assert peak < MEMORY_MB
    if error:
        assert "data" not in report["outputs"]
    return Loaded(error.get("code", ""), error.get("message", ""), report["outputs"], peak, folder)


def write(folder: Path, content: bytes, name: str = "a.csv") -> None:
    (folder / name).write_bytes(content)


def write_long_line(path: Path, size: int) -> None:
    piece = b"x" * (1 << 20)
    with path.open("wb") as out:
        out.write(b"id,note\n1,ok\n2,")
        for _ in range(size >> 20):
            out.write(piece)
        out.write(b"\n3,fine\n")


def never_closed(folder: Path) -> None:
    body = "".join(f"{i},x\n" for i in range(100_000))
    write(folder, f'id,note\n1,ok\n2,"open\n{body}'.encode())


def zip_as_gz(folder: Path) -> None:
    with zipfile.ZipFile(folder / "a.csv.gz", "w") as packed:
        packed.writestr("a.csv", "id,note\n1,x\n")


def cut_gz(folder: Path) -> None:
    body = "".join(f"{i},{i * 7919 % 10007}\n" for i in range(200_000))
    whole = gzip.compress(f"id,note\n{body}".encode(), mtime=0)
    write(folder, whole[: len(whole) // 2], "a.csv.gz")


REFUSED: dict[str, tuple[Callable[[Path], None], str, str, str]] = {
    # what it is: how it is made, its name, the error's code, what its message says
    "a zip instead of a gz": (zip_as_gz, "a.csv.gz", "SCHEMA_CHANGED", "is a zip archive"),
    "a gz that is cut short": (cut_gz, "a.csv.gz", "SOURCE_UNAVAILABLE", "a.csv.gz"),
    "an empty file": (lambda f: write(f, b""), "a.csv", "SCHEMA_CHANGED", "is empty"),
    "a quote that is never closed": (never_closed, "a.csv", "TOO_MANY_REJECTS", "line 3"),
    "NUL bytes": (
        lambda f: write(f, b"id,note\n1,ok\n2\x00,x\n"), "a.csv", "TOO_MANY_REJECTS", "line 3",
    ),
    "nothing but NUL bytes": (lambda f: write(f, b"\0" * 5000), "a.csv", "SCHEMA_CHANGED", "a.csv"),
    "bytes that are not UTF-8": (
        lambda f: write(f, b"id,note\n1,\xff\xfe\n2,ok\n"), "a.csv", "SCHEMA_CHANGED", "UTF-8",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_with_what_is_wrong_and_where(case: str, tmp_path: Path) -> None:
    make, name, code, part = REFUSED[case]
    make(tmp_path)
    done = load(tmp_path, name)
    assert done.code == code, done.message
    assert part in done.message, done.message
    assert len(done.message) < 4000


def test_only_a_header_is_no_row_and_the_contract_decides(tmp_path: Path) -> None:
    write(tmp_path, b"id,note\n")
    assert load(tmp_path, "a.csv").outputs["rows"] == 0
    done = load(tmp_path, "a.csv", contract={**CONTRACT, "rows": {"min": 1}})
    assert done.code == "CHECK_FAILED"
    assert "0 rows, at least 1" in done.message


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    write(tmp_path, b"\xef\xbb\xbfid,note\n1,x\n")
    assert load(tmp_path, "a.csv").rows() == [[1, "x"]]


def test_ten_thousand_columns_are_read_by_name(tmp_path: Path) -> None:
    names = [f"c{i}" for i in range(10_000)]
    names[7000], names[3] = "id", "note"
    lines = [names, [str(i) for i in range(10_000)]]
    write(tmp_path, "\n".join(",".join(line) for line in lines).encode())
    done = load(tmp_path, "a.csv", contract={**CONTRACT, "drift": {"new": "ignore"}})
    assert done.code == "", done.message
    assert done.rows() == [[7000, "3"]]


@pytest.mark.parametrize("size", [100 << 20, *([1 << 30] if LONG else [])])
def test_a_line_of_many_megabytes_is_a_reject_or_an_error(size: int, tmp_path: Path) -> None:
    write_long_line(tmp_path / "a.csv", size)
    done = load(tmp_path, "a.csv", rejects={"max_percent": 50})
    if done.code == "":
        assert done.rows() == [[1, "ok"], [3, "fine"]]
    else:
        assert done.code in ("SOURCE_UNAVAILABLE", "TOO_MANY_REJECTS")
        assert "aximum line size" in done.message, done.message
    assert len(done.message) < 4000
    (tmp_path / "a.csv").unlink()
