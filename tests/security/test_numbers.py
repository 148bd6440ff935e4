"""The table of docs/security.md: each attack has its test, or its reason for having none."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "security"
WANTED = {*range(1, 42), 43}
ALL = range(1, 46)


def tables() -> tuple[list[list[str]], list[list[str]]]:
    """Rows of the attacks that are tested, and of those that have no surface yet."""
    text = (ROOT / "docs" / "security.md").read_text()
    tested, _, without = text.partition("## No surface yet")
    assert without, "the second table is there"

    def rows(part: str) -> list[list[str]]:
        lines = [line for line in part.splitlines() if line.startswith("| S")]
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]

    return rows(tested), rows(without)


def numbers(cell: str) -> set[int]:
    """Of "S6", "S6, S7", "S20–S23"; a part of one, as "S16 (containers)", counts for none."""
    found: set[int] = set()
    for one in cell.split(","):
        match = re.fullmatch(r"S(\d+)(?:–S(\d+))?( \(.+\))?", one.strip())
        assert match, cell
        if match[3] is None:
            found |= set(range(int(match[1]), int(match[2] or match[1]) + 1))
    return found


def in_name(file: Path) -> set[int]:
    """test_s13_s14_values.py is of S13 and S14."""
    return {int(one) for one in re.findall(r"(?<=_s)(\d\d)(?=_)", file.name)}


def files() -> list[Path]:
    return sorted(HERE.glob("test_s*.py"))


def test_each_attack_has_its_test_or_its_reason() -> None:
    tested, without = tables()
    first = [numbers(row[0]) for row in tested]
    second = [numbers(row[0]) for row in without]
    every = [one for row in first + second for one in row]
    assert sorted(every) == list(ALL), "each number once"
    named = set().union(*(in_name(file) for file in files()))
    assert WANTED - named == set().union(*second) & WANTED, (
        "a file of its name, or the second table"
    )


def test_every_test_that_is_named_is_there() -> None:
    tested, without = tables()
    names = re.findall(
        r"`([^`]+\.(?:py|cpp|sh|c))`", " ".join(cell for row in tested + without for cell in row)
    )
    assert len(names) > 30
    for name in names:
        found = [
            path
            for part in ("src", "tests", "tools")
            for path in (ROOT / part).rglob(Path(name).name)
        ]
        assert [path for path in found if str(path).endswith(name)], name


def test_each_file_stands_in_the_rows_of_its_numbers() -> None:
    rows = tables()[0]
    for file in files():
        of_rows = set().union(*(numbers(row[0]) for row in rows if file.name in row[-1]))
        assert in_name(file) and in_name(file) == of_rows, file.name
