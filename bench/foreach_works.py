"""The work of ./dev bench about a foreach: what an item costs, in memory and in time."""

from measure import flow_memory, folder, wall

FEW = 1_000
MANY = 100_000


def loop_flow(count):
    return (
        "id: bench\ntasks:\n  - id: loop\n    type: foreach\n"
        f"    items: {{from: 1, to: {count}}}\n"
        '    tasks: [{id: say, type: log, message: "item {{ item }}"}]\n'
    )


def loop_seconds(dyna, count):
    """The whole command: the time of a run leaves its last commit out, and few items have no other."""
    with folder() as cwd:
        (cwd / "flow.yaml").write_text(loop_flow(count), encoding="utf-8")
        return wall([dyna, "run", "flow.yaml", "--follow", "plain"], cwd)


class Foreach:
    name = "foreach"

    def sample(self, context):
        # The time of a few is short: several of them for one of many.
        for _ in range(5):
            start = loop_seconds(context.dyna, 1)
            few = loop_seconds(context.dyna, FEW) - start
            context.add("foreach few", few / FEW * 1e6)
        many = loop_seconds(context.dyna, MANY) - start
        context.add("foreach many", many / MANY * 1e6)
        context.add("foreach memory", flow_memory(context.dyna, loop_flow(MANY)))

    def rows(self, context):
        peak = context.mid("foreach memory")
        yield context.row(
            f"resident memory of the owner, peak, foreach of {MANY:,} `log` tasks",
            "at most 250 MB", context.text("foreach memory", "MB"), "–",
            f"{peak:.0f} MB", peak <= 250)  # fmt: skip
        ratio = context.mid("foreach many") / context.mid("foreach few")
        yield context.row(
            f"an item of such a foreach, the command less its start, {MANY:,} items by {FEW:,}",
            "at most 1.15 ×", context.text("foreach many", "µs"),
            f"of {FEW:,}: {context.text('foreach few', 'µs')}",
            f"{ratio:.2f} ×", ratio <= 1.15)  # fmt: skip
