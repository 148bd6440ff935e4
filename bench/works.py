"""The works of ./dev bench: each measures once, beside its limit, and judges the medians."""

import contextlib
from dataclasses import dataclass, field

from container_works import Containers
from data_works import Flights, SmallSteps
from foreach_works import Foreach
from history_works import History
from input_works import Flood, Kafka, Outbox, Slot
from measure import BenchError, flow_memory, flow_seconds, folder, median, run, spread, wall
from network_works import NETWORK_WORKS
from redis_works import Streams
from schedule_works import Schedules
from server_works import SERVER_WORKS
from ui_works import UI_WORKS

CHAIN = 40
FAN = 500
DURABLE = 100_000
# Tasks in one commit of Cordyna: kSettleMax of engine/engine.hpp. The limit gets the same batches.
BATCH = 1024
MANY = 10_000


@dataclass
class Row:
    """One line of the table."""

    work: str
    wanted: str
    measured: str = ""
    limit: str = ""
    figure: str = ""
    met: bool | None = None


def verdict(met, share):
    """`share`: our time by the limit's. Nobody does more in less time than what bounds it."""
    return None if share < 0.95 else met


@dataclass
class Context:
    dyna: str
    limits: str
    peer_python: str
    peers: bool
    rounds: int = 0  # of burn, for about one second
    samples: dict = field(default_factory=dict)

    def add(self, name, value):
        self.samples.setdefault(name, []).append(value)

    def mid(self, name):
        return median(self.samples[name])

    def row(self, *cells):
        return Row(*cells)

    def text(self, name, unit):
        return f"{spread(self.samples[name])} {unit}" if name in self.samples else "–"


def tasks(lines):
    return "id: bench\ntasks:\n" + "".join(f"  - {line}\n" for line in lines)


def shell(name, needs=(), script="true"):
    wants = f", needs: [{', '.join(needs)}]" if needs else ""
    return f"{{id: {name}, type: shell, script: '{script}'{wants}}}"


def chain_flow():
    return tasks([shell("t0")] + [shell(f"t{i}", [f"t{i - 1}"]) for i in range(1, CHAIN)])


def fan_flow():
    middle = [f"m{i}" for i in range(FAN)]
    lines = [shell("first"), *(shell(m, ["first"]) for m in middle), shell("last", middle)]
    return tasks(lines)


def log_flow(count):
    return tasks(f"{{id: t{i}, type: log, message: done}}" for i in range(count))


def peer(context, shape, count):
    if context.peers:
        script = f"{__file__.rsplit('/', 1)[0]}/peers/luigi_works.py"
        with folder() as cwd:
            out = run([context.peer_python, script, shape, str(count)], cwd)
        context.add(f"luigi {shape}", float(out))


class Chain:
    name = "chain"
    work = f"{CHAIN} shell tasks `true` in a chain, start excluded"
    wanted = "at most 1.5 × the C program; ahead of Luigi"

    def sample(self, context):
        context.add("chain", flow_seconds(context.dyna, chain_flow()))
        with folder() as cwd:
            out = run([f"{context.limits}/spawn_chain", str(CHAIN), "rows"], cwd)
        context.add("chain limit", float(out.split()[0]))
        peer(context, "chain", CHAIN)

    def rows(self, context):
        ratio = context.mid("chain") / context.mid("chain limit")
        ahead = not context.peers or context.mid("chain") < context.mid("luigi chain")
        limit = f"C {context.text('chain limit', 's')}; Luigi {context.text('luigi chain', 's')}"
        yield Row(self.work, self.wanted, context.text("chain", "s"), limit,
                  f"{ratio:.2f} ×", verdict(ratio <= 1.5 and ahead, ratio))  # fmt: skip


class Start:
    name = "start"
    work = "start: `dyna run` of one `log` task to exit"
    wanted = "at most 30 ms"

    def sample(self, context):
        with folder() as cwd:
            (cwd / "flow.yaml").write_text(log_flow(1), encoding="utf-8")
            seconds = wall([context.dyna, "run", "flow.yaml", "--follow", "plain"], cwd)
            context.add("start", seconds * 1000)
            sql = (
                "pragma journal_mode=wal; pragma synchronous=full;"
                "create table t(a); insert into t values(1);"
            )
            context.add("start limit", wall(["sqlite3", "x.db", sql], cwd) * 1000)

    def rows(self, context):
        value = context.mid("start")
        yield Row(self.work, self.wanted, context.text("start", "ms"),
                  f"sqlite3, one row: {context.text('start limit', 'ms')}",
                  f"{value:.1f} ms", value <= 30)  # fmt: skip


class Cpu:
    name = "cpu"
    work = "10 CPU tasks of about 1 s, 2 slots"
    wanted = "at most 1.03 × `xargs -P2`"

    def sample(self, context):
        burn = f"{context.limits}/burn"
        if not context.rounds:
            with folder() as cwd:
                context.rounds = max(1, int(100 / wall([burn, "100"], cwd)))
        script = f"{burn} {context.rounds}"
        flow = tasks(shell(f"t{i}", script=script) for i in range(10))
        context.add("cpu", flow_seconds(context.dyna, flow))
        with folder() as cwd:
            numbers = "\n".join([str(context.rounds)] * 10)
            (cwd / "numbers").write_text(numbers + "\n", encoding="ascii")
            context.add("cpu limit", wall(["xargs", "-a", "numbers", "-P2", "-n1", burn], cwd))

    def rows(self, context):
        ratio = context.mid("cpu") / context.mid("cpu limit")
        yield Row(self.work, self.wanted, context.text("cpu", "s"),
                  f"xargs {context.text('cpu limit', 's')}", f"{ratio:.3f} ×", verdict(ratio <= 1.03, ratio))  # fmt: skip


class Fan:
    name = "fan"
    work = f"1 → {FAN} `true` → 1, 2 slots"
    wanted = "at most 1.3 × `xargs -P2`"

    def sample(self, context):
        context.add("fan", flow_seconds(context.dyna, fan_flow()))
        with folder() as cwd:
            (cwd / "numbers").write_text("1\n" * FAN, encoding="ascii")
            command = ["xargs", "-a", "numbers", "-P2", "-n1", "true"]
            context.add("fan limit", wall(command, cwd))
        peer(context, "fan", FAN)

    def rows(self, context):
        ratio = context.mid("fan") / context.mid("fan limit")
        limit = f"xargs {context.text('fan limit', 's')}; Luigi {context.text('luigi fan', 's')}"
        yield Row(self.work, self.wanted, context.text("fan", "s"), limit,
                  f"{ratio:.2f} ×", verdict(ratio <= 1.3, ratio))  # fmt: skip


class Durable:
    name = "durable"
    work = f"durable no-op tasks (`log`), {DURABLE:,} in one run"
    wanted = "at least 50 % of the C program, and 30,000 tasks/s"

    def sample(self, context):
        context.add("durable", DURABLE / flow_seconds(context.dyna, log_flow(DURABLE)))
        with folder() as cwd:
            command = [f"{context.limits}/durable_rows", "rows.db", str(DURABLE), str(BATCH)]
            out = run(command, cwd)
        context.add("durable limit", DURABLE / float(out.split()[0]))

    def rows(self, context):
        rate, limit = context.mid("durable"), context.mid("durable limit")
        yield Row(self.work, self.wanted, context.text("durable", "tasks/s"),
                  f"C {context.text('durable limit', 'tasks/s')}",
                  f"{100 * rate / limit:.0f} %, {rate:,.0f} tasks/s",
                  verdict(rate >= 0.5 * limit and rate >= 30_000, limit / rate))  # fmt: skip


class MemoryUse:
    name = "memory"

    def sample(self, context):
        one = tasks([shell("one", script="sleep 0.3")])
        many = tasks(shell(f"t{i}") for i in range(MANY))
        context.add("memory one", flow_memory(context.dyna, one))
        context.add("memory many", flow_memory(context.dyna, many))

    def rows(self, context):
        for key, what, most in (("one", "one task", 20), ("many", f"a run of {MANY:,}", 40)):
            value = context.mid(f"memory {key}")
            yield Row(f"resident memory of the owner, peak, with {what}", f"at most {most} MB",
                      context.text(f"memory {key}", "MB"), "–", f"{value:.1f} MB", value <= most)  # fmt: skip


WORKS = [
    Chain(),
    Start(),
    Cpu(),
    Fan(),
    Durable(),
    MemoryUse(),
    Foreach(),
    History(),
    Schedules(),
    *SERVER_WORKS,
    *NETWORK_WORKS,
    Streams(),
    *UI_WORKS,
    Outbox(),
    Slot(),
    Kafka(),
    Flood(),
    Containers(),
    Flights(),
    SmallSteps(),
]


@contextlib.contextmanager
def named(work):
    """Errors say which work they belong to."""
    try:
        yield
    except BenchError as error:
        raise BenchError(f"{work.name}: {error}") from error
