"""The tasks of team billing: they depend on those of team orders, which runs elsewhere."""

from cordyna import Context, Need, Owner, task

BILLING = Owner("billing", contacts=["billing@example.com"])


@task(owner=BILLING, needs=[Need("orders/clean", within="10m")])
def invoices(ctx: Context) -> dict[str, object]:
    """Writes an invoice for each order."""
    return {"invoices": ctx.upstream["orders/clean"].output["rows"]}


@task(owner=BILLING, needs=["orders/returns"])
async def credits(ctx: Context) -> dict[str, object]:
    """Gives back what was paid for returned orders. Blocked, as long as there are no returns."""
    return {"credits": 0}


@task(owner=BILLING, needs=[invoices, Need("billing/credits", optional=True)], cron="0 * * * * *")
async def close(ctx: Context) -> str:
    """Closes the minute: invoices are wanted, credits are not."""
    ctx.log(f"closed with {ctx.upstream['billing/invoices'].output['invoices']} invoices")
    return "closed"
