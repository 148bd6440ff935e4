"""kill -9 of dyna, of guardians with the fork server, and of DuckDB, at random moments of examples/real-estate
(a cut of it): what is shared is always the whole old or the whole new, and in the end the new, once.

The moments have fixed seeds; a failure names its own.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import select
import shutil
import signal
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from time import monotonic

import pandas as pd
import pytest
from conftest import RELEASE, ROOT, Place

EXAMPLE = ROOT / "examples" / "real-estate"
MOMENTS = int(os.environ.get("DYNA_MOMENTS", "200" if os.environ.get("DYNA_TEST_LONG") else "24"))
ENV = {"DYNA_SECRET_PARCEL_KEY": "a key for tests"}
SHARES = ("by_zip.csv", "by_zip.parquet", "sales.parquet")
Figures = dict[str, list[list[object]]]


def pause(seconds: float) -> None:
    select.select([], [], [], seconds)


def cut(folder: Path, name: str, rows: int) -> None:
    """The first sales of the county, and those of the listing service that belong to them."""
    lines = (EXAMPLE / "data" / "county.csv").read_text(encoding="ascii").splitlines()
    lines = lines[: rows + 1]
    (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="ascii")
    parcels = {line.split(",")[0].zfill(10) for line in lines[1:]}
    with gzip.open(EXAMPLE / "data" / "listings.jsonl.gz", "rt", encoding="ascii") as source:
        chosen = [line for line in source if json.loads(line)["parcel_id"] in parcels]
    (folder / f"{name}.jsonl").write_text("".join(chosen), encoding="ascii")
    (folder / f"{name}.yaml").write_text(f"county: {name}.csv\nlistings: {name}.jsonl\n")


def figures(content: dict[str, bytes]) -> Figures:
    """What the files hold, in an order of its own: a merge has none. A file that is not whole is an error."""
    out = {}
    for name, data in content.items():
        read = pd.read_csv if name.endswith(".csv") else pd.read_parquet
        rows = read(BytesIO(data)).astype(str).values.tolist()
        out[name] = sorted(rows)
    return out


def without_guards(flow: str) -> str:
    """Old and new differ by more than a guard would let pass."""
    off, count = re.subn(r"    guard:(?: .*|(?:\n      .*)+)\n", "    guard: off\n", flow)
    assert count == 2
    return off


class Shop:
    def __init__(self, folder: Path) -> None:
        subprocess.run([sys.executable, str(EXAMPLE / "prepare.py")], check=True)
        shutil.copytree(EXAMPLE / "contracts", folder / "contracts")
        for contract in (folder / "contracts").iterdir():
            text = contract.read_text(encoding="utf-8")
            contract.write_text(re.sub(r"rows: \{.*\}", "rows: {min: 1}", text))
        self.place = Place(folder, without_guards((EXAMPLE / "flow.yaml").read_text()))
        cut(folder, "old", 300)
        cut(folder, "new", 500)
        self.whole = {}
        for name in ("new", "old"):
            assert self.run(name).returncode == 0
            self.whole[name] = figures(self.shared())

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        return self.place.dyna("run", "flow.yaml", "--inputs", f"{name}.yaml", **ENV)

    def shared(self) -> dict[str, bytes]:
        out = self.place.folder / "out"
        return {name: (out / name).read_bytes() for name in SHARES}

    def assert_whole(self) -> None:
        for name, rows in figures(self.shared()).items():
            assert rows in (self.whole["old"][name], self.whole["new"][name]), f"{name} is torn"

    def victims(self, kind: str, owner: subprocess.Popen[bytes]) -> list[int]:
        """Those that are there next, while the owner is."""
        if kind == "dyna":
            return [owner.pid]
        while owner.poll() is None:
            if found := self.processes(kind):
                return found
            pause(0.002)
        return []

    def processes(self, kind: str) -> list[int]:
        """DuckDB's processes of this place, or our own that are neither the owner nor a step."""
        found = []
        folder = str(self.place.folder)
        for entry in Path("/proc").iterdir():
            try:
                if not entry.name.isdigit():
                    continue
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                place = os.readlink(entry / "cwd") + " ".join(words)
            except OSError:
                continue  # gone meanwhile
            duckdb = words[0].endswith("/duckdb")
            guardian = "supervise" in words[:3]
            if folder in place and (duckdb if kind == "duckdb" else guardian):
                found.append(int(entry.name))
        return found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("shop"))


@pytest.mark.parametrize("kind", ["dyna", "guardian", "duckdb"])
def test_a_share_is_whole_whatever_is_killed_and_whenever(shop: Shop, kind: str) -> None:
    killed = 0
    for seed in range(["dyna", "guardian", "duckdb"].index(kind), MOMENTS, 3):
        draw = random.Random(seed)
        begun = monotonic()
        assert shop.run("old").returncode == 0
        takes = monotonic() - begun  # as slow as the machine is now
        command = [RELEASE, "run", "flow.yaml", "--inputs", "new.yaml"]
        process = subprocess.Popen(
            command, cwd=shop.place.folder, env={**os.environ, **ENV}, stdout=subprocess.DEVNULL
        )
        pause(draw.random() * takes)
        for pid in shop.victims(kind, process):
            try:
                os.kill(pid, signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                continue  # it has just ended
        shop.assert_whole()
        process.wait(timeout=60)
        shop.assert_whole()
        # What dyna left is taken up; a run that ended in error is tried again.
        shop.place.dyna("resume", **ENV)
        shop.assert_whole()
        if figures(shop.shared()) != shop.whole["new"]:
            again = shop.run("new")
            assert again.returncode == 0, f"seed {seed}: {again.stdout}"
        assert figures(shop.shared()) == shop.whole["new"], f"seed {seed}"
        left = sorted(path.name for path in (shop.place.folder / "out").iterdir())
        assert left == sorted(SHARES), f"seed {seed}"
    assert killed > 5
