"""examples/two-teams: two task servers, one order of things, a failure on purpose, and who is told of it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from serving import DYNA, ROOT


def run(*words: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "two-teams" / "run.py", *words],
        env={**os.environ, "DYNA_BIN": DYNA},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def check(lines: list[str]) -> None:
    order = [
        line.split()[2] for line in lines if line.strip()[:2] in {f"{n}." for n in range(1, 9)}
    ]
    for first, then in (
        ("orders/extract", "orders/clean"),
        ("orders/clean", "billing/invoices"),
        ("billing/invoices", "billing/close"),
    ):
        assert order.index(first) < order.index(then), order
    text = "\n".join(lines)
    failed = lines.index(
        next(line for line in lines if line.startswith("  orders/returns failed: "))
    )
    assert "SOURCE_AWAY: the returns desk has not delivered its file" in lines[failed]
    assert lines[failed + 1].strip() == "told: team orders, orders-on-call@example.com"
    assert lines[failed + 2].startswith("  billing/credits blocked, for the fault of orders: run ")
    assert lines[failed + 3].strip().startswith("told: team billing, ")
    assert sum("told: team" in line for line in lines) == 2, text
    assert "billing/close ended as completed" in text
    assert any("cerebro → billing/billing-1  task.invoke" in line for line in lines)


@pytest.mark.parametrize("over", [[], ["--redis"]], ids=["websocket", "redis"])
def test_what_is_asked_for_runs_with_all_that_it_needs(over: list[str]) -> None:
    check(run(*over))


@pytest.mark.skipif(not os.environ.get("DYNA_TEST_LONG"), reason="it waits for the next minute")
def test_the_cron_of_a_minute_does_the_same() -> None:
    check(run("--cron"))
