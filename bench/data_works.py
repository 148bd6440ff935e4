"""The works of ./dev bench about data: examples/flights three times over, and many small steps."""

import os
import pathlib
import re
import shutil
import sys
import threading
import time

from measure import BASE, BenchError, folder, run, run_seconds, wall

HERE = pathlib.Path(__file__).resolve().parent
FLIGHTS = HERE.parent / "examples" / "flights"
ROWS = 1_010_328
STEPS = 10


def duckdb():
    named = os.environ.get("DYNA_DUCKDB")
    return named or str(HERE.parent / "build" / "libexec" / "cordyna" / "duckdb")


def tripled():
    """The tables of examples/flights; each flight thrice, in three years, so that keys stay keys."""
    data = BASE / "flights-data"
    if (data / "flights.csv").exists():
        return data
    run([sys.executable, str(FLIGHTS / "prepare.py")], HERE)
    data.mkdir(parents=True)
    for name in ("airlines", "airports", "planes", "weather"):
        shutil.copy(FLIGHTS / "data" / f"{name}.csv", data)
    head, *lines = (FLIGHTS / "data" / "flights.csv").read_text(encoding="ascii").splitlines()
    with (data / "flights.new").open("w", encoding="ascii") as out:
        out.write(head + "\n")
        for year in ("2013", "2014", "2015"):
            out.writelines(year + line[4:] + "\n" for line in lines)
    (data / "flights.new").rename(data / "flights.csv")
    return data


def place(cwd):
    """The example in a folder of its own, with three times its flights."""
    shutil.copytree(FLIGHTS / "contracts", cwd / "contracts")
    shutil.copy(FLIGHTS / "flow.yaml", cwd)
    (cwd / "data").symlink_to(tripled())
    (cwd / "out").mkdir()


def same_figures(ours, theirs):
    if (ours / "out" / "by_carrier.csv").read_bytes() != (
        theirs / "out" / "by_carrier.csv"
    ).read_bytes():
        raise BenchError("dyna and the bare SQL give different figures")


class TreeMemory:
    """The largest sum of the proportional memory (PSS) of all processes whose working folder is inside
    `cwd`, sampled every 10 ms: the owner, its guardians, and DuckDB."""

    def __init__(self, cwd):
        self.peak_mb = 0.0
        self.cwd = str(cwd)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while not self.ended.wait(0.01):
            self.peak_mb = max(self.peak_mb, sum(map(self.pss, pathlib.Path("/proc").iterdir())))

    def pss(self, entry):
        try:
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                return 0.0
            if not os.readlink(entry / "cwd").startswith(self.cwd):
                return 0.0
            text = (entry / "smaps_rollup").read_text(encoding="ascii")
            return int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1]) / 1024
        except (OSError, TypeError):
            return 0.0  # gone meanwhile

    def stop(self):
        self.ended.set()
        self.thread.join()
        return self.peak_mb


class Flights:
    name = "flights"

    def sample(self, context):
        with folder() as ours:
            place(ours)
            command = [context.dyna, "run", "flow.yaml", "--slots", "2", "--follow", "plain"]
            context.add("flights", wall(command, ours))
        with folder() as theirs:
            place(theirs)
            script = [duckdb(), "-bail", "-batch", "-no-init", "-f", str(HERE / "flights.sql")]
            context.add("flights limit", wall(script, theirs))
        same_figures(ours, theirs)
        with folder() as small:
            place(small)
            flow = small / "flow.yaml"
            text = re.sub(
                r"type: (load|check|transform)\b", r"type: \1, memory: 256MB", flow.read_text()
            )
            flow.write_text(
                re.sub(r"^(\s+)type: (\w+), memory: 256MB$", r"\1type: \2\n\1memory: 256MB", text,
                       flags=re.M)
            )  # fmt: skip
            memory = TreeMemory(small)
            run([context.dyna, "run", "flow.yaml", "--slots", "1", "--follow", "plain"], small)
            context.add("flights memory", memory.stop())
        same_figures(small, theirs)

    def rows(self, context):
        # The middle one of the ratios: each pair ran at the same time of the day.
        pairs = zip(context.samples["flights"], context.samples["flights limit"], strict=True)
        ratios = sorted(ours / theirs for ours, theirs in pairs)
        ratio = ratios[len(ratios) // 2]
        yield context.row(
            f"examples/flights with {ROWS:,} flights: load, 5 checks, quarantine, joins, medians, share",
            "at most 1.5 × bench/flights.sql in one DuckDB process",
            context.text("flights", "s"), f"DuckDB {context.text('flights limit', 's')}",
            f"{ratio:.2f} ×", ratio <= 1.5)  # fmt: skip
        value = context.mid("flights memory")
        yield context.row(
            "the same with `memory: 256MB`, one slot: peak of the sum of all processes' PSS, sampled",
            "at most 450 MB", context.text("flights memory", "MB"), "–", f"{value:.0f} MB",
            value <= 450)  # fmt: skip


def small_flow():
    lines = ["{id: t0, type: load, from: in.csv}"]
    lines += [
        f"{{id: t{i}, type: transform, sql: 'select n + 1 as n from t{i - 1}'}}"
        for i in range(1, STEPS)
    ]
    return "id: bench\ntasks:\n" + "".join(f"  - {line}\n" for line in lines)


class SmallSteps:
    name = "small steps"

    def sample(self, context):
        with folder() as cwd:
            (cwd / "in.csv").write_text("n\n" + "\n".join(map(str, range(100))) + "\n")
            (cwd / "flow.yaml").write_text(small_flow(), encoding="utf-8")
            run([context.dyna, "run", "flow.yaml", "--follow", "plain"], cwd)
            context.add("small steps", run_seconds(context.dyna, cwd) * 1000 / STEPS)
            sql = ["CREATE TABLE t0 AS FROM read_csv('in.csv');"]
            sql += [
                f"CREATE TABLE t{i} AS SELECT n + 1 AS n FROM t{i - 1};" for i in range(1, STEPS)
            ]
            (cwd / "all.sql").write_text("\n".join(sql))
            begun = time.perf_counter()
            run([duckdb(), "-bail", "-batch", "-no-init", "-f", "all.sql"], cwd)
            context.add("small steps limit", (time.perf_counter() - begun) * 1000 / STEPS)

    def rows(self, context):
        value = context.mid("small steps") - context.mid("small steps limit")
        yield context.row(
            f"a chain of {STEPS} small data steps, for each", "at most 150 ms over its SQL",
            context.text("small steps", "ms"),
            f"in one DuckDB process: {context.text('small steps limit', 'ms')}",
            f"{value:.0f} ms", value <= 150)  # fmt: skip
