"""The figures of examples/flights, computed a second time with pandas from the five CSV files.

UPDATE_README=1 writes the block of the README anew from what the program prints now.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "examples" / "flights"
README = EXAMPLE / "README.md"
DYNA = os.environ.get("DYNA_BIN", str(ROOT / "build" / "release" / "bin" / "dyna"))


class Example(NamedTuple):
    folder: Path
    printed: str


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    subprocess.run([sys.executable, str(EXAMPLE / "prepare.py")], check=True)
    folder = tmp_path_factory.mktemp("example") / "flights"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("out", ".cordyna"))
    command = [DYNA, "run", str(folder), "--follow", "plain", "--slots", "1"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return Example(folder, done.stdout)


def table(example: Example, name: str) -> pd.DataFrame:
    path = example.folder / "data" / f"{name}.csv"
    return pd.read_csv(path, na_values=["NA"], keep_default_na=False)


@pytest.fixture(scope="module")
def flights(example: Example) -> pd.DataFrame:
    return table(example, "flights").replace({"tailnum": {"": None}})


@pytest.fixture(scope="module")
def bad(flights: pd.DataFrame) -> pd.Series:
    """The flights that the two rules of quarantine find; where nothing is known, nothing is wrong."""
    late = flights["dep_delay"].notna() & ~flights["dep_delay"].between(-60, 720)
    speed = flights["distance"] / (flights["air_time"] / 60.0)
    return late | (speed >= 700)


@pytest.fixture(scope="module")
def enriched(example: Example, flights: pd.DataFrame, bad: pd.Series) -> pd.DataFrame:
    weather = table(example, "weather")
    weather = weather[~(weather["wind_speed"] > 200)]
    weather = weather[["origin", "time_hour", "temp", "wind_speed", "precip", "visib"]]
    planes = table(example, "planes").rename(columns={"year": "built"})
    airports = table(example, "airports")[["faa", "name"]]
    airports = airports.rename(columns={"faa": "dest", "name": "destination"})
    airlines = table(example, "airlines").rename(columns={"name": "airline"})
    joined = flights[~bad].merge(airlines, on="carrier", how="inner", validate="many_to_one")
    joined = joined.merge(
        planes[["tailnum", "built", "seats"]], on="tailnum", how="left", validate="many_to_one"
    )
    joined = joined.merge(weather, on=["origin", "time_hour"], how="left", validate="many_to_one")
    return joined.merge(airports, on="dest", how="left", validate="many_to_one").assign(
        cancelled=lambda t: t["dep_time"].isna(), time_hour=lambda t: pd.to_datetime(t["time_hour"])
    )


KEY = ["time_hour", "carrier", "flight", "origin", "dest"]


def test_the_joined_flights_are_those_of_pandas(example: Example, enriched: pd.DataFrame) -> None:
    shared = pd.read_parquet(example.folder / "out" / "flights.parquet")
    shared["time_hour"] = pd.to_datetime(shared["time_hour"], utc=True)
    assert len(shared) == len(enriched) > 336_000
    shared = shared.sort_values(KEY).reset_index(drop=True)
    wanted = enriched.sort_values(KEY).reset_index(drop=True)
    for column in shared.columns:
        ours, theirs = shared[column], wanted[column]
        assert (ours.isna() == theirs.isna()).all(), column
        known = ours.notna()
        assert (ours[known] == theirs[known]).all(), column


def test_the_figures_are_those_of_pandas(example: Example, enriched: pd.DataFrame) -> None:
    groups = enriched.groupby(["airline", "origin"])
    arrived = enriched.dropna(subset="arr_delay").groupby(["airline", "origin"])["arr_delay"]
    in_rain = enriched[enriched["precip"] > 0].groupby(["airline", "origin"])["dep_delay"]
    wanted = pd.DataFrame(
        {
            "flights": groups.size(),
            "cancelled": groups["cancelled"].sum(),
            "median_dep_delay": groups["dep_delay"].median(),
            "mean_dep_delay": groups["dep_delay"].mean(),
            "late_percent": arrived.apply(lambda delays: 100.0 * (delays > 15).mean()),
            "median_seats": groups["seats"].median(),
            "mean_delay_in_rain": in_rain.mean(),
        }
    ).sort_index()
    for path, read in (("by_carrier.csv", pd.read_csv), ("by_carrier.parquet", pd.read_parquet)):
        shared = read(example.folder / "out" / path).set_index(["airline", "origin"])
        assert list(shared.index) == list(wanted.index)
        # Half a unit of the last of two places, and what binary fractions cannot say.
        pd.testing.assert_frame_equal(
            shared.astype(float), wanted.astype(float), rtol=0, atol=0.0050001
        )


def test_what_cannot_be_is_in_quarantine_with_its_reason(
    example: Example, flights: pd.DataFrame, bad: pd.Series
) -> None:
    found = list(example.folder.glob(".cordyna/runs/*/*/artifacts/flights_ok.quarantine.parquet"))
    assert len(found) == 1
    kept = pd.read_parquet(found[0])
    assert len(kept) == bad.sum() > 0
    assert sorted(kept["flight"]) == sorted(flights[bad]["flight"])
    reasons = kept["dyna_reasons"].explode().value_counts().to_dict()
    assert reasons["believable speed"] == 1
    assert reasons["believable delay"] == bad.sum() - 1


def shown(example: Example) -> str:
    text = example.printed.replace(str(example.folder), "/cordyna/examples/flights")
    text = re.sub(r"\bin [0-9.]+m?s", "in 1s", text)
    lines = text.splitlines()
    end = next(i for i, line in enumerate(lines) if re.match(r"\S+  run 1 completed", line))
    said = [line for line in lines[:end] if " | " in line]
    return "\n".join([*said, *lines[end + 1 :]]) + "\n"


def test_the_readme_shows_what_the_program_prints(example: Example) -> None:
    readme = README.read_text(encoding="utf-8")
    block = re.search(
        r"(?<=```console\n)\$ dyna run examples/flights\n(.*?)(?=```)", readme, re.DOTALL
    )
    assert block is not None
    if os.environ.get("UPDATE_README"):
        README.write_text(readme[: block.start(1)] + shown(example) + readme[block.end(1) :])
    else:
        assert block[1] == shown(example)


def test_numbers_in_the_readme_are_those_of_the_data(
    example: Example, flights: pd.DataFrame, bad: pd.Series
) -> None:
    readme = README.read_text(encoding="utf-8")
    register = set(table(example, "planes")["tailnum"])
    unknown = flights["tailnum"].notna() & ~flights["tailnum"].isin(register)
    assert f"{len(flights):,} flights" in readme
    assert f"{flights['tailnum'].isna().sum():,} flights have a plane without" in readme
    assert f"{unknown.sum():,} one that is not in the register" in readme
