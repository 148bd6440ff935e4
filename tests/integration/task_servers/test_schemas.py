"""What tasks declare of their inputs and outputs, by JSON Schema: cerebro holds both sides to it."""

from __future__ import annotations

from typing import Any

import pytest
from serving import Server
from talking import Talker, task

INPUTS = {
    "type": "object",
    "properties": {
        "filter": {"$ref": "#/$defs/filter"},
        "limit": {"type": "integer", "minimum": 1, "default": 10},
        "note": {"type": "string"},
    },
    "required": ["filter"],
    "additionalProperties": False,
    "$defs": {
        "filter": {
            "type": "object",
            "properties": {
                "states": {
                    "type": "array",
                    "items": {"enum": ["new", "paid"]},
                    "uniqueItems": True,
                },
                "country": {"type": "string", "pattern": "^[A-Z]{2}$"},
            },
            "required": ["states"],
            "additionalProperties": False,
        }
    },
}
OUTPUT = {
    "type": "object",
    "properties": {
        "rows": {"type": "integer"},
        "files": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["rows"],
}


def start(cerebro: Server, **inputs: Any) -> Any:
    return cerebro.call("POST", "/api/v1/flows/orders/load/runs", {"inputs": inputs})


@pytest.mark.parametrize(
    ("schema", "path", "words"),
    [
        ({"properties": {"day": {"type": "strin"}}}, "/properties/day/type", "must be one of"),
        ({"properties": {"a": {"minLength": -1}}}, "/properties/a/minLength", "at least 0"),
        ({"properties": {"a": {"pattern": "("}}}, "/properties/a/pattern", "regex"),
        ({"$ref": "https://example.com/s.json"}, "/$ref", "nothing is fetched"),
        ({"$ref": "file:///etc/passwd"}, "/$ref", "nothing is fetched"),
        ({"$ref": "#"}, "", "leads back to itself"),
    ],
)
@pytest.mark.parametrize("side", ["input_schema", "output_schema"])
def test_what_is_no_schema_is_refused_at_its_place(
    talker: Talker, side: str, schema: dict[str, Any], path: str, words: str
) -> None:
    (declared,) = talker.ready(task("good", **{side: OUTPUT}), task("bad", **{side: schema}))
    assert declared["data"]["accepted"] == ["good"]
    (refused,) = declared["data"]["rejected"]
    assert (refused["task"], refused["path"]) == ("bad", f"#/{side}{path}")
    assert refused["code"] == "invalid" and words in refused["message"]


def test_inputs_that_break_the_schema_start_nothing(cerebro: Server, talker: Talker) -> None:
    talker.ready(task("load", input_schema=INPUTS))
    wrong = start(cerebro, filter={"states": ["new", "lost"], "country": "de", "x": 1}, limit=0)
    assert wrong.status == 422
    assert set(wrong.json["detail"].split("\n")) == {
        '#/inputs/filter/states/1 must be one of "new", "paid"',
        "#/inputs/filter/country must match the pattern ^[A-Z]{2}$",
        "#/inputs/filter/x is not known here",
        "#/inputs/limit must be at least 1",
    }
    assert start(cerebro, filter={}).json["detail"] == "#/inputs/filter/states is missing"
    assert cerebro.ok("GET", "/api/v1/runs?namespace=orders")["runs"] == []
    # What is not given is not sent, and what has a default is checked with it.
    run = cerebro.start("orders/load", filter={"states": ["paid"]})
    invoke = talker.invoked()
    assert invoke["inputs"] == {"filter": {"states": ["paid"]}, "limit": 10}
    talker.run(invoke)
    assert cerebro.ended(run)["state"] == "completed"


def test_a_rerun_with_other_inputs_is_held_to_the_schema_too(
    cerebro: Server, talker: Talker
) -> None:
    talker.ready(task("load", input_schema=INPUTS))
    run = cerebro.start("orders/load", filter={"states": ["paid"]})
    talker.run(talker.invoked())
    cerebro.ended(run)
    path = f"/api/v1/runs/{run}/rerun"
    refused = cerebro.call("POST", path, {"inputs": {"filter": {"states": [1]}}})
    assert refused.status == 422 and "#/inputs/filter/states/0" in refused.json["detail"]
    again = cerebro.ok("POST", path, {"inputs": {"limit": 5}})
    talker.ready()
    invoke = talker.invoked()
    assert invoke["inputs"] == {"filter": {"states": ["paid"]}, "limit": 5}
    talker.run(invoke)
    assert cerebro.ended(again["run"])["state"] == "completed"


def test_who_needs_a_task_with_wrong_inputs_is_told(cerebro: Server, talker: Talker) -> None:
    """Nobody gives inputs to a need: a task that wants some cannot be one."""
    billing = Talker(cerebro, "billing", "sums")
    billing.ready(task("sum", "billing", needs=[{"task": "orders/load"}]))
    talker.ready(task("load", input_schema={**INPUTS, "required": [], "minProperties": 2}))
    run = cerebro.start("billing/sum")
    assert cerebro.ended(run)["state"] == "error"
    tasks = {one["task"]: one for one in cerebro.ok("GET", f"/api/v1/runs/{run}/tasks")["tasks"]}
    assert "#/inputs must have at least 2 fields" in tasks["flow:orders/load"]["error"]["message"]


def test_an_output_that_breaks_the_schema_is_an_error_of_its_team(
    cerebro: Server, talker: Talker
) -> None:
    talker.ready(task("load", output_schema=OUTPUT, retry={"attempts": 3, "delay": "10ms"}))
    run = cerebro.start("orders/load")
    talker.run(talker.invoked(), {"rows": "3", "files": ["a", 2]})
    assert cerebro.ended(run)["state"] == "error"
    # It would come out the same way again: there is no second attempt.
    (attempt,) = cerebro.ok("GET", f"/api/v1/runs/{run}/attempts")["attempts"]
    error = attempt["error"]
    assert (error["code"], error["phase"], error["retryable"]) == (
        "OUTPUT_INVALID",
        "result",
        False,
    )
    assert error["owner"] == "orders"
    assert error["message"] == (
        "task server 'orders/etl' gave what the output_schema of its task 'load' does not allow: "
        "#/output/files/1 must be a text, but is an integer; "
        "#/output/rows must be an integer, but is a text"
    )


def test_an_output_that_is_missing_breaks_it_too_and_a_good_one_does_not(
    cerebro: Server, talker: Talker
) -> None:
    talker.ready(task("load", output_schema=OUTPUT))
    first = cerebro.start("orders/load")
    talker.run(talker.invoked())
    assert cerebro.ended(first)["state"] == "error"
    talker.ready()
    second = cerebro.start("orders/load")
    talker.run(talker.invoked(), {"rows": 3, "files": [], "more": True})
    assert cerebro.ended(second)["outputs"] == {"rows": 3, "files": [], "more": True}


def test_an_output_of_any_kind_may_have_a_schema(cerebro: Server, talker: Talker) -> None:
    talker.ready(task("load", output_schema={"type": "array", "items": {"type": "integer"}}))
    run = cerebro.start("orders/load")
    talker.run(talker.invoked(), [1, 2])
    assert cerebro.ended(run)["outputs"] == {"value": [1, 2]}
