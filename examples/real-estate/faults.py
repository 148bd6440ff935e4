"""The county's file as it comes on bad days: one fault each, the rest as it was.

Deterministic: the draws have a fixed seed of their own.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import random
from collections.abc import Callable
from pathlib import Path

Table = list[list[str]]  # the header first

# The names that the county's own glossary gives to its grades.
GRADES = [
    "Cabin", "Substandard", "Poor", "Low", "Fair", "Low Average", "Average", "Good", "Better",
    "Very Good", "Excellent", "Luxury", "Mansion",
]  # fmt: skip


def as_csv(table: Table, delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(table)
    return out.getvalue()


def at(table: Table, name: str) -> int:
    return table[0].index(name)


def dirty_lines(table: Table, count: int) -> str:
    """So many lines broken, in four ways that take turns."""
    lines = as_csv(table).splitlines()
    price, living = at(table, "SalePrice"), at(table, "SqFtLiving")
    chosen = sorted(random.Random(7).sample(range(1, len(lines)), count))
    for turn, line in enumerate(chosen):
        cells = list(table[line])
        if turn % 4 == 0:
            cells[price] = f"{int(cells[price]):,}"  # a comma inside, and no quotes around it
        elif turn % 4 == 1:
            cells = cells[:7]  # cut short
        elif turn % 4 == 2:
            cells.append("")  # one column too many
        else:
            cells[living] = "n/a"
        lines[line] = ",".join(cells)
    return "\n".join(lines) + "\n"


def renamed(table: Table) -> str:
    header = ["SqFtTotLiving" if name == "SqFtLiving" else name for name in table[0]]
    return as_csv([header, *table[1:]])


def reordered(table: Table) -> str:
    order = list(range(len(table[0])))
    random.Random(7).shuffle(order)
    return as_csv([[row[i] for i in order] for row in table])


def added(table: Table) -> str:
    price, living = at(table, "SalePrice"), at(table, "SqFtLiving")
    rows = [[*row, str(round(int(row[price]) / int(row[living])))] for row in table[1:]]
    return as_csv([[*table[0], "PricePerSqFt"], *rows])


def half(table: Table) -> str:
    kept = sorted(random.Random(7).sample(range(1, len(table)), len(table) // 2))
    return as_csv([table[0], *(table[i] for i in kept)])


def as_json(table: Table) -> str:
    text = {"Parcel", "SaleDate", "ZipCode"}
    rows = (dict(zip(table[0], row, strict=True)) for row in table[1:])
    values = (
        {k: v if k in text else json.loads(v) if v else None for k, v in row.items()}
        for row in rows
    )
    return "".join(json.dumps(row) + "\n" for row in values)


def with_units(table: Table) -> str:
    """Values that are not ASCII."""
    living = at(table, "SqFtLiving")
    rows = [list(row) for row in table[1:]]
    for row in rows:
        row[living] = f"{row[living]} ft\u00b2"
    return as_csv([table[0], *rows])


def grade_words(table: Table) -> str:
    grade = at(table, "Grade")
    rows = [list(row) for row in table[1:]]
    for row in rows:
        row[grade] = f"{row[grade]} {GRADES[int(row[grade]) - 1]}"
    return as_csv([table[0], *rows])


def thousands(table: Table) -> str:
    price = at(table, "SalePrice")
    rows = [list(row) for row in table[1:]]
    for row in rows:
        row[price] = f"{int(row[price]):,}"
    return as_csv([table[0], *rows])


VARIANTS: dict[str, tuple[Callable[[Table], str], str]] = {
    "dirty-lines": (lambda table: dirty_lines(table, 12), "utf-8"),
    "too-many-dirty-lines": (lambda table: dirty_lines(table, 216), "utf-8"),
    "renamed": (renamed, "utf-8"),
    "reordered": (reordered, "utf-8"),
    "added": (added, "utf-8"),
    "delimiter": (lambda table: as_csv(table, ";"), "utf-8"),
    "half": (half, "utf-8"),
    "json": (as_json, "utf-8"),
    "latin-1": (with_units, "latin-1"),
    "utf-16": (as_csv, "utf-16-le"),
    "type": (grade_words, "utf-8"),
    "thousands": (thousands, "utf-8"),
}


def write_all(county: str, folder: Path) -> None:
    """data/variants/<name>/county.csv: the name of the file does not tell what is in it."""
    table = list(csv.reader(io.StringIO(county)))
    for name, (make, encoding) in VARIANTS.items():
        content = make(table).encode(encoding)
        if encoding == "utf-16-le":
            content = codecs.BOM_UTF16_LE + content
        target = folder / name / "county.csv"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
