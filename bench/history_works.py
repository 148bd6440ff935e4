"""The work of ./dev bench about a long history: a state with a million runs that have ended."""

import subprocess

from measure import BASE, BenchError, Memory, run, wall

RUNS = 1_000_000
LOG = "id: after\ntasks:\n  - {id: only, type: log, message: hello}\n"
REST = "id: rest\ntasks:\n  - {id: only, type: shell, script: sleep 0.3}\n"
# By flow and state, also where there are none, and pages far back.
QUESTIONS = [
    [],
    ["--flow", "flow-7"],
    ["--run-state", "error"],
    ["--run-state", "cancelled"],
    ["--flow", "flow-7", "--run-state", "error"],
    ["--flow", "flow-7", "--run-state", "cancelled"],
    ["--flow", "flow-33", "--run-state", "warning", "--before", "500000"],
    ["--unfinished"],
]


class History:
    name = "history"

    def sample(self, context):
        full, empty = BASE / "history", BASE / "no-history"
        if not full.exists():
            full.mkdir(parents=True)
            empty.mkdir()
            for place in (full, empty):
                (place / "log.yaml").write_text(LOG, encoding="utf-8")
                (place / "rest.yaml").write_text(REST, encoding="utf-8")
            run([f"{context.limits}/fill_runs", ".cordyna", str(RUNS)], full)
            run([context.dyna, "run", "log.yaml"], empty)
        for place, name in ((full, "full"), (empty, "empty")):
            seconds = wall([context.dyna, "run", "log.yaml", "--follow", "plain"], place)
            context.add(f"history start {name}", seconds * 1000)
            context.add(f"history memory {name}", self.memory(context, place))
        for question in QUESTIONS:
            for _ in range(3):
                seconds = wall([context.dyna, "runs", "--json", *question], full)
                context.add("history list", seconds * 1000)

    def memory(self, context, cwd):
        process = subprocess.Popen(
            [context.dyna, "run", "rest.yaml", "--follow", "plain"],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        memory = Memory(process)
        process.wait()
        memory.thread.join()
        if process.returncode:
            raise BenchError(f"dyna ended with {process.returncode}")
        return memory.peak

    def rows(self, context):
        where = f"with {RUNS:,} finished runs"
        value = context.mid("history start full")
        yield context.row(
            f"start: `dyna run` of one `log` task, {where}", "at most 300 ms",
            context.text("history start full", "ms"),
            f"with none: {context.text('history start empty', 'ms')}",
            f"{value:.1f} ms", value <= 300)  # fmt: skip
        times = sorted(context.samples["history list"])
        p99 = times[min(len(times) - 1, int(0.99 * len(times)))]
        yield context.row(
            f"`dyna runs`, the whole command, first page by flow and state, {where}",
            "p99 at most 20 ms", context.text("history list", "ms"), "–",
            f"p99 {p99:.1f} ms of {len(times)}", p99 <= 20)  # fmt: skip
        more = context.mid("history memory full") - context.mid("history memory empty")
        yield context.row(
            f"resident memory of the owner, peak, {where}", "at most 10 MB above that with none",
            context.text("history memory full", "MB"),
            f"with none: {context.text('history memory empty', 'MB')}",
            f"{more:+.1f} MB", more <= 10)  # fmt: skip
