"""The variants of examples/real-estate: what each run prints is what the README shows, and what it
shares is what pandas computes; where a run is stopped, what was shared before stays byte for byte.

UPDATE_README=1 writes the blocks of the README anew from what the program prints now.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "examples" / "real-estate"
DYNA = os.environ.get("DYNA_BIN", str(ROOT / "build" / "release" / "bin" / "dyna"))
README = EXAMPLE / "README.md"
SHARES = ("by_zip.csv", "by_zip.parquet", "sales.parquet")
COMPLETED = {"clean": 0, "dirty-lines": 0, "reordered": 0, "added": 0}
STOPPED = {
    "too-many-dirty-lines": "TOO_MANY_REJECTS",
    "renamed": "SCHEMA_CHANGED",
    "delimiter": "SCHEMA_CHANGED",
    "json": "SCHEMA_CHANGED",
    "latin-1": "SCHEMA_CHANGED",
    "utf-16": "SCHEMA_CHANGED",
    "type": "SCHEMA_CHANGED",
    "thousands": "SCHEMA_CHANGED",
}

HELD = {"half": ("share_sales", "share_by_zip")}


class Done(NamedTuple):
    code: int
    printed: str
    before: dict[str, bytes]  # what was shared, by name
    after: dict[str, bytes]


class Copy:
    """A copy of the example with the state of one clean run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        subprocess.run([sys.executable, str(EXAMPLE / "prepare.py")], check=True)
        ignore = shutil.ignore_patterns("out", ".cordyna", "__pycache__")
        shutil.copytree(EXAMPLE, folder, ignore=ignore)
        self.runs: dict[str, Done] = {}

    def once(self, variant: str) -> Done:
        """The variant's only run, after a clean one."""
        if variant not in self.runs:
            # A guard compares with the median once it has four good runs.
            for _ in range(4 if variant in HELD else 1):
                assert self.run("clean").returncode == 0
            before = self.shares()
            done = self.run(variant)
            self.runs[variant] = Done(done.returncode, done.stdout, before, self.shares())
        return self.runs[variant]

    def run(self, variant: str) -> subprocess.CompletedProcess[str]:
        """As the README says, from the root of the repository."""
        command = [DYNA, "run", "examples/real-estate", "--inputs", f"variants/{variant}.yaml"]
        return subprocess.run(
            [*command, "--follow", "plain"],
            cwd=self.folder.parents[1],
            env={**os.environ, "DYNA_SECRET_PARCEL_KEY": "a key for tests"},
            capture_output=True,
            text=True,
            check=False,
        )

    def shares(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted((self.folder / "out").iterdir())}

    def shown(self, output: str) -> list[str]:
        """What the README shows of it: the county's step, and how the run ended."""
        text = output.replace(str(self.folder), "/cordyna/examples/real-estate")
        text = re.sub(r"\brun \d+", "run 2", text)
        text = re.sub(r"logs \d+", "logs 2", text)
        text = re.sub(r"\.cordyna/runs/\d+/", ".cordyna/runs/2/", text)
        text = re.sub(r"\bin [0-9.]+m?s", "in 1s", text)
        text = re.sub(r"the median of \d+ runs", "the median of 4 runs", text)
        text = re.sub(r"dyna (approve|reject) \d+", r"dyna \1 2", text)
        lines = text.splitlines()
        end = next(i for i, line in enumerate(lines) if re.match(r"\S+  run 2 (?!running)", line))
        county = [line for line in lines[:end] if line.startswith("county | ")]
        return [*county, *lines[end + 1 :]]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(tmp_path_factory.mktemp("variants") / "examples" / "real-estate")


def block_of(variant: str, readme: str) -> re.Match[str]:
    head = re.escape(f"$ dyna run examples/real-estate --inputs variants/{variant}.yaml")
    found = re.search(rf"(?<=```console\n){head}\n(.*?)(?=```)", readme, re.DOTALL)
    assert found is not None, f"the README shows no run of {variant}"
    return found


def county(example: Copy, variant: str) -> pd.DataFrame:
    """The county's sales of a variant with pandas: the lines that can be read."""
    path = example.folder / "data" / "variants" / variant / "county.csv"
    if variant == "clean":
        path = example.folder / "data" / "county.csv"
    with path.open(newline="", encoding="utf-8") as source:
        rows = list(csv.reader(source))
    table = pd.DataFrame([r for r in rows[1:] if len(r) == len(rows[0])], columns=rows[0])
    numbers = ["SalePrice", "SqFtLiving", "Grade", "YrBuilt"]
    table[numbers] = table[numbers].apply(pd.to_numeric, errors="coerce")
    table = table.dropna(subset=numbers)
    table["parcel"] = table["Parcel"].str.zfill(10)
    table["sale_date"] = pd.to_datetime(table["SaleDate"], format="%m/%d/%Y")
    return table


def by_zip(example: Copy, variant: str) -> pd.DataFrame:
    listings = pd.read_json(
        example.folder / "data" / "listings.jsonl.gz", lines=True, dtype={"parcel_id": str}
    )
    good = listings["bedrooms"].between(1, 15) & (listings["bathrooms"] > 0)
    listings = listings[good].assign(
        parcel=listings["parcel_id"].astype(str), sale_date=pd.to_datetime(listings["sold_on"])
    )
    sales = county(example, variant).merge(
        listings, on=["parcel", "sale_date"], validate="one_to_one"
    )
    groups = sales.groupby("ZipCode")
    return pd.DataFrame(
        {
            "sales": groups.size(),
            "median_price": groups["SalePrice"].median().round(1),
            "price_per_sqft": (groups["SalePrice"].sum() / groups["sqft_living"].sum()).round(2),
        }
    ).astype(float)


@pytest.mark.parametrize("variant", [*COMPLETED, *STOPPED, *HELD])
def test_the_readme_shows_what_the_program_prints(example: Copy, variant: str) -> None:
    done = example.once(variant)
    readme = README.read_text(encoding="utf-8")
    block = block_of(variant, readme)
    printed = "\n".join(example.shown(done.printed)) + "\n"
    if os.environ.get("UPDATE_README"):
        README.write_text(readme[: block.start(1)] + printed + readme[block.end(1) :])
    else:
        assert block[1] == printed
    assert done.code == (0 if variant in COMPLETED else 3 if variant in HELD else 1)


@pytest.mark.parametrize("variant", COMPLETED)
def test_what_is_shared_is_what_pandas_computes_of_the_lines_that_can_be_read(
    example: Copy, variant: str
) -> None:
    shared = pd.read_csv(BytesIO(example.once(variant).after["by_zip.csv"]), dtype={"zipcode": str})
    pd.testing.assert_frame_equal(
        shared.set_index("zipcode").astype(float), by_zip(example, variant), check_names=False
    )


@pytest.mark.parametrize("variant", ["reordered", "added"])
def test_moved_and_new_columns_change_no_number(example: Copy, variant: str) -> None:
    def sales(shares: dict[str, bytes]) -> pd.DataFrame:
        table = pd.read_parquet(BytesIO(shares["sales.parquet"]))
        return table.sort_values(["parcel", "sale_date"]).reset_index(drop=True)

    done = example.once(variant)
    pd.testing.assert_frame_equal(sales(done.after), sales(done.before), check_exact=True)
    assert done.after["by_zip.csv"] == done.before["by_zip.csv"]


@pytest.mark.parametrize("variant", STOPPED)
def test_a_stopped_run_leaves_what_was_shared_byte_for_byte(example: Copy, variant: str) -> None:
    done = example.once(variant)
    assert f"county: {STOPPED[variant]}: " in done.printed
    assert sorted(done.before) == list(SHARES)
    assert done.after == done.before


@pytest.mark.parametrize("variant", HELD)
def test_a_held_run_leaves_what_was_shared_and_approve_publishes_what_was_held(
    example: Copy, variant: str
) -> None:
    done = example.once(variant)
    assert done.after == done.before
    number = re.findall(r"dyna approve (\d+) ", done.printed)[-1]
    env = {**os.environ, "DYNA_SECRET_PARCEL_KEY": "a key for tests"}
    for task in HELD[variant]:
        subprocess.run(
            [DYNA, "approve", number, task], cwd=example.folder, env=env, capture_output=True
        )
    shared = pd.read_csv(BytesIO(example.shares()["by_zip.csv"]), dtype={"zipcode": str})
    pd.testing.assert_frame_equal(
        shared.set_index("zipcode").astype(float), by_zip(example, variant), check_names=False
    )
    assert len(pd.read_parquet(example.folder / "out" / "sales.parquet")) == shared.sales.sum()


# What the message says to write, and where: the file, the line to find, the line with the advice.
ADVICE = {
    "renamed": ("contracts/county.yaml", "  SqFtLiving: sqft_living",
                "  SqFtLiving: sqft_living\n  SqFtTotLiving: sqft_living"),
    "delimiter": ("flow.yaml", "    contract: contracts/county.yaml",
                  "    contract: contracts/county.yaml\n    delimiter: ';'"),
    "json": ("flow.yaml", "    contract: contracts/county.yaml",
             "    contract: contracts/county.yaml\n    format: json"),
    "utf-16": ("flow.yaml", "    contract: contracts/county.yaml",
               "    contract: contracts/county.yaml\n    encoding: utf-16"),
}  # fmt: skip


@pytest.mark.parametrize("variant", ADVICE)
def test_who_follows_the_advice_gets_the_numbers_of_the_clean_run(
    example: Copy, variant: str
) -> None:
    stopped = example.once(variant)
    file, old, new = ADVICE[variant]
    path = example.folder / file
    before = path.read_text(encoding="utf-8")
    said = stopped.printed.replace("{", "").replace("}", "")
    assert new.splitlines()[-1].strip() in said
    path.write_text(before.replace(old, new, 1), encoding="utf-8")
    try:
        done = example.run(variant)
    finally:
        path.write_text(before, encoding="utf-8")
    assert done.returncode == 0, done.stdout
    assert (example.folder / "out" / "by_zip.csv").read_bytes() == stopped.before["by_zip.csv"]


def test_the_variants_are_the_same_wherever_they_are_made(example: Copy, tmp_path: Path) -> None:
    sys.path.insert(0, str(EXAMPLE))
    try:
        import faults
    finally:
        sys.path.pop(0)
    faults.write_all((example.folder / "data" / "county.csv").read_text(encoding="ascii"), tmp_path)
    for name in faults.VARIANTS:
        made = (tmp_path / name / "county.csv").read_bytes()
        assert made == (example.folder / "data" / "variants" / name / "county.csv").read_bytes()
    assert {path.stem for path in (EXAMPLE / "variants").glob("*.yaml")} == {
        *faults.VARIANTS,
        "clean",
    }
