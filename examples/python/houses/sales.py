"""What was sold: read, checked and summed up."""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

DATA = Path("sales.csv")


@dataclass
class Sale:
    day: dt.date
    county: str
    price: Decimal


@dataclass
class Rules:
    least: int = 1
    round_to: Decimal = Decimal("1")


def load(since: dt.date, county: str = "") -> dict:
    """The sales since a day, of one county or of all."""
    sales = []
    with DATA.open(newline="") as file:
        for row in csv.DictReader(file):
            sale = Sale(dt.date.fromisoformat(row["day"]), row["county"], Decimal(row["price"]))
            if sale.day >= since and county in ("", sale.county):
                sales.append(sale)
    if not sales:
        raise ValueError(f"no sales of county '{county}' since {since}")
    return {"sales": sales}


async def sum_up(sales: list[Sale], rules: Rules) -> dict:
    """The mean price of each county that has sales enough."""
    prices: dict[str, list[Decimal]] = {}
    for sale in sales:
        prices.setdefault(sale.county, []).append(sale.price)
    counties = {
        county: (sum(found) / len(found)).quantize(rules.round_to)
        for county, found in sorted(prices.items())
        if len(found) >= rules.least
    }
    return {"counties": counties}
