"""Measures the works of works.py, interleaved with their limits and peers; see ./dev bench --help."""

import argparse
import datetime
import os
import pathlib
import subprocess
import sys

import works
from measure import BenchError, machine, remove_folders

ROOT = pathlib.Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "RESULTS.md"

VERDICTS = {True: "met", False: "**missed**", None: "**suspect**: faster than its limit"}

HEAD = """# Results of `./dev bench`

- {date}, commit {commit}
- {machine}; load average before the start: {load:.2f}
- medians of {repeat} (smallest–largest); each sample of a work is followed at once by one of its
  limit and of its peer, and the works take turns, so that a slow moment of the machine meets all
- the time of a run is started_at to ended_at of `dyna runs --json`; ended_at is taken when the end
  is decided, so that the last commit of a run is not in it (one of 41, of about 500, of 98)
- `./dev bench{arguments}`; limits: `spawn_chain 40 FILE`, `durable_rows FILE 100000 {batch}`,
  `xargs -P2`, `sqlite3` with WAL and `synchronous=FULL`, `bench/flights.sql`; peer: `bench/peers/luigi_works.py`

| work | wanted | Cordyna | limit or peer in the same run | figure | verdict |
|---|---|---|---|---|---|
"""


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--limits", default=str(ROOT / "build/release/bin"))
    parser.add_argument("--peer-python", default=str(ROOT / "build/venv/bin/python"))
    parser.add_argument("--only", help="names of works, with commas between")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--no-peers", action="store_true")
    return parser.parse_args()


def choose(only):
    if not only:
        return works.WORKS
    names = only.split(",")
    unknown = set(names) - {w.name for w in works.WORKS}
    if unknown:
        known = ", ".join(w.name for w in works.WORKS)
        sys.exit(f"./dev bench: no work is named {', '.join(sorted(unknown))}; there are: {known}")
    return [w for w in works.WORKS if w.name in names]


def table(context, chosen):
    lines = []
    for work in chosen:
        for row in work.rows(context):
            verdict = VERDICTS[row.met]
            cells = (row.work, row.wanted, row.measured, row.limit, row.figure, verdict)
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def head(options, load):
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    ).stdout.strip()  # fmt: skip
    return HEAD.format(
        date=datetime.date.today().isoformat(),
        commit=commit or "unknown",
        machine=machine(),
        load=load,
        repeat=options.repeat,
        batch=works.BATCH,
        arguments=" --no-peers" if options.no_peers else "",
    )


def main():
    options = parse_arguments()
    chosen = choose(options.only)
    dyna = os.environ.get("DYNA_BIN", str(ROOT / "build/release/bin/dyna"))
    context = works.Context(dyna, options.limits, options.peer_python, not options.no_peers)
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"bench: the machine is busy (load average {load:.2f}): do not trust the figures")
    try:
        for round_ in range(options.repeat):
            for work in chosen:
                print(f"bench: round {round_ + 1} of {options.repeat}: {work.name}", flush=True)
                with works.named(work):
                    work.sample(context)
    except (BenchError, OSError) as error:
        sys.exit(f"./dev bench: {error}")
    finally:
        remove_folders()
    text = head(options, load) + table(context, chosen)
    print(text)
    if chosen == works.WORKS:
        RESULTS.write_text(text, encoding="utf-8")
        print(f"bench: wrote {RESULTS.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
