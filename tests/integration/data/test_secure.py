"""Secured columns: what is shared, and that neither a raw value nor the key lies anywhere else.

The tokens and hashes are computed a second time with Python.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[3]
DYNA = os.environ.get("DYNA_BIN", str(ROOT / "build" / "release" / "bin" / "dyna"))
KEY = "a-key-that-nobody-may-see-4711"
ROWS = 300

LOAD = """
id: people
tasks:
  - id: people
    type: load
    from: people.csv
    contract:
      columns:
        id: int64
        name: {type: string, pii: true, required: true}
        mail: {type: string, pii: true}
        phone: {type: string, pii: true}
        born: {type: date, pii: true}
        ssn: {type: string, pii: true}
        town: string
"""

SECURED = (
    LOAD
    + """
  - id: std
    type: standardize
    of: people
    set: {name: squeeze(name), mail: lower(mail)}
    rename: {name: person}
  - id: ok
    type: check
    of: std
    rules:
      - {name: odd ids, sql: id % 2 = 1, severity: warn}
      - {name: known towns, sql: "town <> 'Nowhere'", severity: quarantine}
  - id: safe
    type: secure
    of: ok
    columns:
      person: {token: hmac, key: PEOPLE_KEY}
      mail: hash
      phone: {mask: 2}
      born: {round: year}
      ssn: drop
  - id: out
    type: share
    of: safe
    to: [out/people.csv, out/people.parquet]
"""
)


def person(i: int) -> dict[str, str]:
    return {
        "id": str(i),
        "name": f"Qwerta Zyxson-{i:04d}",
        "mail": f"qwerta{i:04d}@Example.ORG",
        "phone": f"55501{i:04d}",
        "born": f"19{60 + i % 30}-0{1 + i % 9}-17",
        "ssn": f"987-65-{i:04d}",
        "town": ["Kent", "Auburn", "Nowhere"][i % 3],
    }


def dyna(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "DYNA_SECRET_PEOPLE_KEY": KEY}
    return subprocess.run(
        [DYNA, *words], cwd=folder, env=env, check=False, capture_output=True, text=True
    )


def run_watched(folder: Path) -> tuple[str, set[bytes]]:
    """What a run of the flow printed, and the arguments of every process there was meanwhile."""
    arguments: set[bytes] = set()
    with (folder / "printed").open("w+") as printed:
        process = subprocess.Popen(
            [DYNA, "run", "flow.yaml"],
            cwd=folder,
            env={**os.environ, "DYNA_SECRET_PEOPLE_KEY": KEY},
            stdout=printed,
            stderr=subprocess.STDOUT,
        )
        while process.poll() is None:
            for entry in Path("/proc").iterdir():
                if entry.name.isdigit():
                    with contextlib.suppress(OSError):  # it has ended meanwhile
                        arguments.add((entry / "cmdline").read_bytes())
        printed.seek(0)
        text = printed.read()
    assert process.returncode == 0, text
    return text, arguments


class Run(NamedTuple):
    folder: Path
    printed: str
    arguments: set[bytes]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("secure")
    people = [person(i) for i in range(ROWS)]
    pd.DataFrame(people).to_csv(folder / "people.csv", index=False)
    (folder / "flow.yaml").write_text(SECURED, encoding="utf-8")
    return Run(folder, *run_watched(folder))


def test_what_is_shared_is_what_python_computes(run: Run) -> None:
    folder = run.folder
    people = [p for p in map(person, range(ROWS)) if p["town"] != "Nowhere"]
    wanted = pd.DataFrame(
        {
            "id": [p["id"] for p in people],
            "person": [
                hmac.new(KEY.encode(), p["name"].encode(), hashlib.sha256).hexdigest()
                for p in people
            ],
            "mail": [hashlib.sha256(p["mail"].lower().encode()).hexdigest() for p in people],
            "phone": ["*" * (len(p["phone"]) - 2) + p["phone"][-2:] for p in people],
            "born": [p["born"][:4] + "-01-01" for p in people],
            "town": [p["town"] for p in people],
        }
    )
    shared = pd.read_csv(folder / "out" / "people.csv", dtype=str)
    pd.testing.assert_frame_equal(shared, wanted)
    parquet = pd.read_parquet(folder / "out" / "people.parquet").astype(str)
    pd.testing.assert_frame_equal(parquet, wanted)


def test_no_raw_value_and_no_key_lies_anywhere(run: Run) -> None:
    folder = run.folder
    raw = []
    for i in (0, 1, 2, ROWS - 1):
        p = person(i)
        raw += [p["name"], p["mail"], p["mail"].lower(), p["phone"], p["ssn"]]
    assert any(b"duckdb" in words for words in run.arguments)
    places = {
        "what was printed": run.printed.encode(),
        "arguments of processes": b"\n".join(run.arguments),
    }
    for command in (["runs", "--json"], ["logs", "1"], ["why", "1"], ["show", "flow.yaml"]):
        done = dyna(folder, *command)
        places[" ".join(command)] = (done.stdout + done.stderr).encode()
    # Guardians that have just ended are still tidying up.
    with (folder / ".cordyna" / "supervise.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "people.csv":
            places[str(path)] = path.read_bytes()
        if path.suffix == ".parquet":  # packed: its values are no text in the file
            places[f"the values of {path}"] = pd.read_parquet(path).to_csv().encode()
        if path.name == ".cordyna":
            assert path.stat().st_mode & 0o077 == 0
    places["out/people.csv"] = (folder / "out" / "people.csv").read_bytes()
    assert any(name.endswith("step.json") for name in places)
    assert any(name.endswith("state.db") for name in places)
    assert any(name.endswith("artifacts/safe.parquet") for name in places)
    for name, content in places.items():
        for value in [*raw, KEY]:
            assert value.encode() not in content, f"{value} in {name}"


def test_an_open_column_is_refused_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "flow.yaml").write_text(
        LOAD + "  - {id: out, type: share, of: people, to: out.csv}\n", encoding="utf-8"
    )
    done = dyna(tmp_path, "validate", "flow.yaml")
    assert done.returncode == 2
    assert "born, mail, name, phone, ssn tell about persons (`pii`)" in done.stdout + done.stderr


def test_what_sql_lets_through_by_name_is_refused_by_the_share(tmp_path: Path) -> None:
    pd.DataFrame([person(1)]).to_csv(tmp_path / "people.csv", index=False)
    flow = (
        LOAD
        + "  - {id: t, type: transform, sql: 'select id, ssn from people'}\n"
        + "  - {id: out, type: share, of: t, to: out.csv}\n"
    )
    (tmp_path / "flow.yaml").write_text(flow, encoding="utf-8")
    done = dyna(tmp_path, "run", "flow.yaml")
    assert done.returncode == 1
    assert "ssn of 't' tell about persons and were not secured" in done.stdout + done.stderr
    assert not (tmp_path / "out.csv").exists()


def test_without_its_key_the_step_fails_and_says_how_to_set_it(tmp_path: Path) -> None:
    pd.DataFrame([person(1)]).to_csv(tmp_path / "people.csv", index=False)
    (tmp_path / "flow.yaml").write_text(SECURED, encoding="utf-8")
    env = {k: v for k, v in os.environ.items() if k != "DYNA_SECRET_PEOPLE_KEY"}
    done = subprocess.run(
        [DYNA, "run", "flow.yaml"],
        cwd=tmp_path,
        env=env,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "DYNA_SECRET_PEOPLE_KEY" in done.stdout + done.stderr
