"""What a change of one team breaks of others is said before it is merged: which border, whose it is, and what causes it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from teams import Teams


@pytest.fixture
def teams(tmp_path: Path) -> Teams:
    return Teams(tmp_path)


def test_a_change_that_harms_nobody(teams: Teams) -> None:
    teams.orders("id * 1 AS number, cents / 100.0 AS price")
    told = teams.downstream("orders", code=0)
    assert told["changed"] == [{"flow": "orders/orders", "change": "changed"}]
    assert told["behind"] == ["billing/bills", "dashboard/board"] and told["breaks"] == []


def test_a_renamed_column(teams: Teams) -> None:
    teams.orders("cents / 100.0 AS amount")
    (found,) = teams.downstream("orders", code=1)["breaks"]
    assert (found["kind"], found["flow"], found["part"]) == ("rows", "billing/bills", "task src")
    assert found["owner"] == "team-billing" and found["causes"] == ["orders/orders"]
    assert "price" in found["what"] and "2 rows of ../lake/orders.parquet" in found["what"]


def test_another_unit(teams: Teams) -> None:
    teams.orders("cents * 1.0 AS price")  # cents instead of euros
    (found,) = teams.downstream("orders", code=1)["breaks"]
    assert found["owner"] == "team-billing" and "range" in found["what"]


def test_what_only_the_third_generation_notices(teams: Teams) -> None:
    board = teams.place / "dashboard" / "flow.yaml"
    board.write_text(board.read_text().replace("max: 100000", "max: 1000"))
    assert teams.dyna("apply", "dashboard").returncode == 0
    teams.orders("cents / 99.0 AS price")  # 1,021.7 euros instead of 1,011.5
    (found,) = teams.downstream("orders", code=1)["breaks"]
    assert (found["flow"], found["owner"]) == ("dashboard/board", "team-dashboard")
    assert found["from"] == "billing/bills" and found["causes"] == ["orders/orders"]


def test_a_slower_schedule(teams: Teams) -> None:
    bills = teams.place / "billing" / "flow.yaml"
    trigger = 'triggers: [{id: daily, type: schedule, cron: "0 6 * * *"}]\ntasks:'
    bills.write_text(bills.read_text().replace("tasks:", trigger))
    assert teams.dyna("apply", "billing").returncode == 0
    teams.orders(cron="0 0 * * 1")
    (found,) = teams.downstream("orders", code=1)["breaks"]
    assert (found["kind"], found["owner"]) == ("slower", "team-billing")
    assert "was made every 1h and would come every 7d" in found["what"]


def test_the_report_names_borders_for_people_and_for_ci(teams: Teams) -> None:
    teams.orders("cents / 100.0 AS amount")
    done = teams.dyna("test", "--downstream", "--junit", "junit.xml", "orders")
    assert done.returncode == 1
    assert "✗ orders/orders → billing/bills task src: ../lake/orders.parquet" in done.stdout
    assert "owner team-billing" in done.stdout and "caused by orders/orders" in done.stdout
    suites = {one.get("name"): one for one in ET.parse(teams.place / "junit.xml").iter("testsuite")}
    assert int(suites["borders"].get("failures", "0")) == 1
    # The tests of all three teams were run.
    assert sum(name.endswith("flow.test.yaml") for name in suites if name) == 3
    markdown = teams.dyna("test", "--downstream", "--markdown", "orders").stdout
    assert "| `billing/bills` task src | team-billing |" in markdown and "flowchart LR" in markdown


def test_without_anybody_elses_flows_nothing_can_be_said(teams: Teams, tmp_path: Path) -> None:
    for words in (["test", "--downstream"], ["impact"]):
        done = teams.dyna(*words, "orders", "--state", str(tmp_path / "none"))
        assert done.returncode == 2 and "--network DIR" in done.stderr, done.stderr


def test_what_has_no_tests_is_not_taken_for_good(teams: Teams) -> None:
    (teams.place / "orders" / "flow.test.yaml").unlink()
    teams.orders("cents / 100.0 AS amount")
    done = teams.dyna("test", "--downstream", "orders")
    assert done.returncode == 0
    assert "not tried: orders/orders has no tests that would make it" in done.stdout


def test_another_checkout_is_the_base(teams: Teams, tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "orders").mkdir()
    for file in (teams.place / "orders").iterdir():
        (base / "orders" / file.name).write_text(file.read_text())
    teams.orders("cents / 100.0 AS amount")
    state = str(tmp_path / "none")
    network = ["--network", "billing", "--network", "dashboard", "--state", state]
    done = teams.dyna("impact", "orders", "--base", str(base / "orders"), *network, "--json")
    assert done.returncode == 0 and '"behind":["billing/bills","dashboard/board"]' in done.stdout
