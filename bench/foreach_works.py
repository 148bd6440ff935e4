"""The work of ./dev bench about a foreach: what an item costs, in memory and in time."""

from measure import flow_memory, flow_seconds

FEW = 1_000
MANY = 100_000


def loop_flow(count):
    return (
        "id: bench\ntasks:\n  - id: loop\n    type: foreach\n"
        f"    items: {{from: 1, to: {count}}}\n"
        '    tasks: [{id: say, type: log, message: "item {{ item }}"}]\n'
    )


class Foreach:
    name = "foreach"

    def sample(self, context):
        # The time of a few is short: several of them for one of many.
        for _ in range(5):
            seconds = flow_seconds(context.dyna, loop_flow(FEW))
            context.add("foreach few", seconds / FEW * 1e6)
        context.add("foreach many", flow_seconds(context.dyna, loop_flow(MANY)) / MANY * 1e6)
        context.add("foreach memory", flow_memory(context.dyna, loop_flow(MANY)))

    def rows(self, context):
        peak = context.mid("foreach memory")
        yield context.row(
            f"resident memory of the owner, peak, foreach of {MANY:,} `log` tasks",
            "at most 250 MB", context.text("foreach memory", "MB"), "–",
            f"{peak:.0f} MB", peak <= 250)  # fmt: skip
        ratio = context.mid("foreach many") / context.mid("foreach few")
        yield context.row(
            f"the cost of an item of such a foreach, of {MANY:,} items by that of {FEW:,}",
            "at most 1.15 ×", context.text("foreach many", "µs"),
            f"of {FEW:,}: {context.text('foreach few', 'µs')}",
            f"{ratio:.2f} ×", ratio <= 1.15)  # fmt: skip
