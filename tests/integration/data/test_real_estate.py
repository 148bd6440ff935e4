"""The figures of examples/real-estate, computed a second time with pandas from the two sources.

The example's folder is copied, so that a run of it elsewhere is not disturbed.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "examples" / "real-estate"
KEY = "a key for tests"
DYNA = os.environ.get("DYNA_BIN", str(ROOT / "build" / "release" / "bin" / "dyna"))


def run_in(folder: Path, *command: str) -> str:
    env = {**os.environ, "DYNA_SECRET_PARCEL_KEY": KEY}
    done = subprocess.run(command, cwd=folder, env=env, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example, with its data, after a run."""
    run_in(ROOT, sys.executable, str(EXAMPLE / "prepare.py"))
    folder = tmp_path_factory.mktemp("example") / "real-estate"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("out", ".cordyna"))
    run_in(folder, DYNA, "run", "flow.yaml")
    return folder


@pytest.fixture(scope="module")
def sales(example: Path) -> pd.DataFrame:
    """What the merge should give, from the sources alone."""
    county = pd.read_csv(example / "data" / "county.csv", dtype={"Parcel": str})
    county["parcel"] = county["Parcel"].str.zfill(10)
    county["sale_date"] = pd.to_datetime(county["SaleDate"], format="%m/%d/%Y")
    packed = example / "data" / "listings.jsonl.gz"
    listings = pd.read_json(packed, lines=True, dtype=False)
    listings["parcel"] = listings["parcel_id"].astype(str)
    listings["sale_date"] = pd.to_datetime(listings["sold_on"], format="%Y-%m-%d")
    good = listings["bedrooms"].between(1, 15) & (listings["bathrooms"] > 0)
    return county.merge(
        listings[good], on=["parcel", "sale_date"], how="inner", validate="one_to_one"
    )


def test_the_merged_sales_are_those_of_pandas(example: Path, sales: pd.DataFrame) -> None:
    shared = pd.read_parquet(example / "out" / "sales.parquet")
    keys = ["token", "sale_date"]
    shared["sale_date"] = pd.to_datetime(shared["sale_date"])
    shared = shared.rename(columns={"parcel": "token"}).sort_values(keys).reset_index(drop=True)
    tokens = sales["parcel"].map(
        lambda parcel: hmac.new(KEY.encode(), parcel.encode(), hashlib.sha256).hexdigest()
    )
    wanted = sales.assign(token=tokens).sort_values(keys).reset_index(drop=True)
    assert len(shared) == len(wanted) > 21_000
    same = {
        "token": "token", "sale_date": "sale_date", "price": "SalePrice",
        "sqft_living": "sqft_living", "sqft_lot": "SqFtLot", "yr_built": "YrBuilt",
        "grade": "Grade", "condition": "Condition",
        "bedrooms": "bedrooms", "sqft_above": "sqft_above", "waterfront": "waterfront",
        "view": "view",
    }  # fmt: skip
    for ours, theirs in same.items():
        assert (shared[ours] == wanted[theirs]).all(), ours
    for ours, theirs in (("lat", "Lat"), ("long", "Long")):
        assert ((shared[ours] - wanted[theirs]).abs() < 0.00500001).all(), ours
        assert (shared[ours] == shared[ours].round(2)).all(), ours
    for column in ("bathrooms", "floors"):  # decimals, of two and one places
        assert (shared[column].astype(float) == wanted[column].round(2)).all(), column
    renovated = shared["yr_renovated"].astype("Float64")
    assert renovated.equals(wanted["YrRenovated"].astype("Float64"))
    assert (shared["zipcode"] == wanted["ZipCode"].astype(str)).all()


def figures_by_zip(sales: pd.DataFrame) -> pd.DataFrame:
    groups = sales.groupby(sales["ZipCode"].astype(str))
    return pd.DataFrame(
        {
            "sales": groups.size(),
            "median_price": groups["SalePrice"].median().round(1),
            "price_per_sqft": (groups["SalePrice"].sum() / groups["sqft_living"].sum()).round(2),
        }
    )


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_the_figures_by_zip_code_are_those_of_pandas(
    example: Path, sales: pd.DataFrame, form: str
) -> None:
    path = example / "out" / f"by_zip.{form}"
    shared = pd.read_parquet(path) if form == "parquet" else pd.read_csv(path)
    wanted = figures_by_zip(sales)
    assert list(shared["zipcode"].astype(str)) == list(wanted.index)
    assert len(wanted) == 70
    for column in wanted.columns:
        assert list(shared[column].astype(float)) == list(wanted[column].astype(float)), column


def test_a_second_run_replaces_what_was_shared_and_leaves_nothing_beside_it(example: Path) -> None:
    before = (example / "out" / "by_zip.csv").read_bytes()
    run_in(example, DYNA, "run", "flow.yaml")
    assert (example / "out" / "by_zip.csv").read_bytes() == before
    names = sorted(entry.name for entry in (example / "out").iterdir())
    assert names == ["by_zip.csv", "by_zip.parquet", "sales.parquet"]
