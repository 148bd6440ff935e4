"""The tasks of team orders: independent of everybody else."""

import csv
import io
import random

from cordyna import Context, Owner, TaskError, task

ORDERS = Owner("orders", contacts=["orders-on-call@example.com"])


@task(owner=ORDERS, cron="0 * * * * *")
def extract(ctx: Context, count: int = 200) -> dict[str, object]:
    """Reads the orders of the last minute from the shop."""
    draw = random.Random(ctx.run)
    rows = [(number, draw.choice("ABC"), round(draw.uniform(5, 90), 2)) for number in range(count)]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    ctx.log(f"{len(rows)} orders, {len(text.getvalue())} bytes")
    return {"rows": len(rows), "total": round(sum(row[2] for row in rows), 2)}


@task(owner=ORDERS, needs=[extract])
def clean(ctx: Context) -> dict[str, object]:
    """Drops orders that cannot be: the rest is what other teams may use."""
    rows = int(ctx.upstream["orders/extract"].output["rows"])
    ctx.progress(1.0, message=f"{rows} orders looked at")
    return {"rows": rows - rows % 7}


@task(owner=ORDERS, runbook_url="https://wiki.example.com/orders/returns")
def returns() -> dict[str, object]:
    """Reads what customers sent back. Its source is away, on purpose."""
    raise TaskError(
        "SOURCE_AWAY",
        "the returns desk has not delivered its file of today; ask returns@example.com",
        retryable=False,
    )
