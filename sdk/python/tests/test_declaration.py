"""What tasks declare."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import pytest

import cordyna
from cordyna import Context, DeclarationError, Need, Owner, Retry, Tasks, Timeouts
from cordyna.declaration import hash_of
from cordyna.durations import duration_text, seconds_of
from cordyna.signature import Signature


def test_a_function_declares_what_it_says(tasks: Tasks) -> None:
    @tasks.task
    def load(ctx: Context, day: dt.date, limit: Annotated[int, "rows at most"] = 10) -> list[str]:
        """Loads the orders of a day."""
        return []

    assert load.declaration() == {
        "id": "load",
        "description": "Loads the orders of a day.",
        "owner": {"team": "data", "contacts": ["data@example.com"]},
        "input_schema": {
            "type": "object",
            "properties": {
                "day": {"type": "string", "format": "date"},
                "limit": {"type": "integer", "description": "rows at most", "default": 10},
            },
            "required": ["day"],
            "additionalProperties": False,
        },
        "output_schema": {"type": "array", "items": {"type": "string"}},
    }


def test_everything_that_can_be_declared(tasks: Tasks) -> None:
    other = Tasks(owner=Owner("sales", ["s@example.com"]))

    @other.task(description="Of another team.")
    def orders() -> None: ...

    @tasks.task(description="Of the same team.")
    def customers() -> None: ...

    @tasks.task(
        id="join.all",
        owner=Owner("data", contacts=["a@example.com", "#data"]),
        description="Joins.",
        version="3",
        needs=["raw", "sales/leads", orders, customers, Need("slow", within="6h", optional=True)],
        within=dt.timedelta(hours=1, minutes=30),
        cron="30 6 * * *",
        timezone="Europe/Berlin",
        catch_up="all",
        retry=Retry(attempts=3, delay="10s", backoff="exponential", max_delay=90, on=["system"]),
        timeouts=Timeouts(acknowledge="5s", start=60, complete="PT2H", max_extend="1h"),
        overlap="replace",
        cancellable=False,
        slot_class="gpu",
        priority=7,
        labels={"zone": "eu"},
        runbook_url="https://example.com/join",
    )
    def join() -> None: ...

    assert join.declaration() == {
        "id": "join.all",
        "version": "3",
        "description": "Joins.",
        "owner": {"team": "data", "contacts": ["a@example.com", "#data"]},
        "needs": [
            {"task": "raw", "within": "1h30m"},
            {"task": "sales/leads", "within": "1h30m"},
            {"task": "sales/orders", "within": "1h30m"},
            {"task": "customers", "within": "1h30m"},
            {"task": "slow", "within": "6h", "optional": True},
        ],
        "cron": "30 6 * * *",
        "timezone": "Europe/Berlin",
        "catch_up": "all",
        "timeouts": {"acknowledge": "5s", "start": "1m", "complete": "PT2H", "max_extend": "1h"},
        "retry": {
            "attempts": 3,
            "delay": "10s",
            "backoff": "exponential",
            "max_delay": "1m30s",
            "on": ["system"],
        },
        "overlap": "replace",
        "cancellable": False,
        "slot_class": "gpu",
        "priority": 7,
        "input_schema": {"type": "object", "properties": {}, "additionalProperties": False},
        "labels": {"zone": "eu"},
        "runbook_url": "https://example.com/join",
    }


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"id": "Load"}, "its id must be small letters"),
    ({"description": " "}, "write a docstring, or give description="),
    ({"owner": Owner("data")}, "its owner has no contacts"),
    ({"owner": Owner("Data", ["a"])}, "its owner's team 'Data' is no id of a team"),
    ({"needs": ["a", "a"]}, "needs 'a' twice"),
    ({"needs": ["data/a", "a"]}, "needs 'a' twice"),
    ({"needs": ["work"]}, "needs itself"),
    ({"needs": ["A b"]}, "needs 'A b', which is no id"),
    ({"needs": "load"}, "needs must be a list"),
    ({"needs": [print]}, "which is no task: decorate it with @task"),
    ({"needs": [Need("a", within="6 hours")]}, "'6 hours' is not a duration: write it like 250ms"),
    ({"cron": "daily"}, "cron must have five fields"),
    ({"timezone": "UTC"}, "timezone is of use with a cron alone"),
    ({"retry": Retry(attempts=0)}, "retry.attempts must be from 1 to 1000"),
    ({"retry": Retry(delay=-1)}, "it is negative"),
    ({"timeouts": Timeouts(start="soon")}, "timeouts.start: 'soon' is not a duration"),
    ({"overlap": "maybe"}, "overlap must be one of forbid, allow, replace"),
    ({"priority": 2000}, "priority must be from 0 to 1000"),
    ({"labels": {"a": 1}}, "labels must be texts by name"),
    ({"run_in": "cellar"}, "run_in must be 'thread' or 'process'"),
]


@pytest.mark.parametrize(("given", "text"), WRONG)
def test_what_is_wrong_is_said(tasks: Tasks, given: dict[str, Any], text: str) -> None:
    def work() -> None:
        """Works."""

    made = tasks.task(**given)(work)
    with pytest.raises(DeclarationError) as caught:
        made.declaration()
    assert text in str(caught.value)
    assert f"task '{given.get('id', 'work')}'" in str(caught.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    @Tasks().task(cron="x", priority=-1)
    def work() -> None: ...

    with pytest.raises(DeclarationError) as caught:
        work.declaration()
    for text in ("no owner", "docstring", "five fields", "priority"):
        assert text in str(caught.value)


def test_an_unknown_setting_is_refused(tasks: Tasks) -> None:
    with pytest.raises(DeclarationError, match="unexpected keyword argument 'crn'"):
        tasks.task(crn="0 0 * * *")(lambda: None)  # type: ignore[call-overload]


def test_two_tasks_of_one_id_are_refused(tasks: Tasks) -> None:
    @tasks.task(id="a", description="First.")
    def first() -> None: ...

    with pytest.raises(DeclarationError, match=r"task 'a' is declared twice: in .*first and in"):

        @tasks.task(id="a", description="Second.")
        def second() -> None: ...


def test_a_task_of_another_team_is_refused(tasks: Tasks) -> None:
    @tasks.task(description="Works.")
    def work() -> None: ...

    assert len(tasks.declarations("data")) == 1
    with pytest.raises(DeclarationError, match="'work' is owned by team 'data'; a server of team"):
        tasks.declarations("sales")


def test_a_task_is_called_as_its_function(tasks: Tasks) -> None:
    @tasks.task(description="Adds.")
    def add(a: int, b: int = 1) -> int:
        return a + b

    assert add(1, b=2) == 3
    assert (add.id, add.__doc__) == ("add", add.function.__doc__)


def test_async_in_a_process_is_refused(tasks: Tasks) -> None:
    @tasks.task(description="Waits.", run_in="process")
    async def wait() -> None: ...

    with pytest.raises(DeclarationError, match="is for functions that are not async"):
        wait.declaration()


def test_the_hash_is_of_what_is_declared_in_any_order() -> None:
    one, other = {"id": "a", "labels": {"x": "1", "y": "2"}}, {"id": "b"}
    turned = {"labels": {"y": "2", "x": "1"}, "id": "a"}
    assert hash_of([one, other]) == hash_of([other, turned])
    assert hash_of([one]) != hash_of([one, other])


@pytest.mark.parametrize(
    ("given", "text"),
    [(90, "1m30s"), (0.25, "250ms"), (dt.timedelta(days=1, seconds=1), "1d1s"), (0, "0s"),
     ("1h30m", "1h30m"), ("PT10M", "PT10M"), ("P1DT1H", "P1DT1H")],
)  # fmt: skip
def test_durations(given: Any, text: str) -> None:
    assert duration_text(given) == text


@pytest.mark.parametrize("given", ["", "1", "m", "30m1h", "P", "PT", "1.5h", -1, True, None])
def test_what_is_no_duration(given: Any) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        duration_text(given)


def test_seconds_of_durations() -> None:
    assert [seconds_of(one) for one in ("1m30s", 2, dt.timedelta(minutes=1))] == [90, 2, 60]


def test_the_parameters_that_a_function_may_have() -> None:
    def starred(*days: str) -> None: ...
    def positional(day: str, /) -> None: ...
    def second(day: str, ctx: Context) -> None: ...

    for function in (starred, positional):
        with pytest.raises(DeclarationError, match="inputs have names"):
            Signature(function, "t")
    with pytest.raises(DeclarationError, match="only the first parameter may be the context"):
        Signature(second, "t")

    def keywords(**days: int) -> None: ...

    signature = Signature(keywords, "t")
    assert signature.bind({"a": 1}) == {"a": 1}
    assert signature.input_schema()["additionalProperties"] == {"type": "integer"}


def test_an_unknown_name_in_an_annotation_is_told() -> None:
    def work(day: Missing) -> None: ...  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(DeclarationError, match="an annotation cannot be read: name 'Missing'"):
        Signature(work, "work")


def test_the_package_has_a_registry_of_its_own() -> None:
    before = cordyna.default_tasks.swap({})
    try:

        @cordyna.task(owner=Owner("data", ["a"]))
        def work() -> None:
            """Works."""

        assert [task.id for task in cordyna.default_tasks] == ["work"]
    finally:
        cordyna.default_tasks.swap(before)
