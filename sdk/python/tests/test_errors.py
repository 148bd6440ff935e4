"""Exceptions as errors of messages."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from cordyna import TaskError
from cordyna.errors import code_of, error_data, message_of
from cordyna.texts import clean, fit, size_of


def caught(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as made:
        return made


@pytest.mark.parametrize(
    ("name", "code"),
    [("ValueError", "VALUE_ERROR"), ("HTTPError", "HTTP_ERROR"), ("Érreur", "RREUR"),
     ("SSL3Error", "SSL3_ERROR"), ("no rows", "NO_ROWS"), ("___", "ERROR"), ("A" * 99, "A" * 64)],
)  # fmt: skip
def test_codes(name: str, code: str) -> None:
    assert code_of(name) == code


def test_an_exception_says_what_where_and_what_led_to_it() -> None:
    def connect() -> None:
        secret = "hunter2"
        try:
            raise ConnectionRefusedError("port 5432 is closed")
        except OSError as error:
            raise RuntimeError("no orders") from error
        finally:
            del secret

    try:
        connect()
    except RuntimeError as error:
        data = error_data(error)
    assert data["code"] == "RUNTIME_ERROR"
    assert data["message"] == "no orders"
    assert (data["kind"], data["retryable"], data["phase"]) == ("user", True, "run")
    assert data["cause"] == ["ConnectionRefusedError: port 5432 is closed"]
    lines = data["stack"].splitlines()
    assert lines[-1].startswith(__file__) and lines[-1].endswith(" in connect")
    assert "hunter2" not in str(data)


ROWS: list[tuple[BaseException, dict[str, Any]]] = [
    (ConnectionError("x"), {"kind": "system", "retryable": True}),
    (TimeoutError("x"), {"kind": "system", "retryable": True}),
    (MemoryError(), {"kind": "system", "out_of_memory": True}),
    (ImportError("x"), {"kind": "user", "retryable": False}),
    (NotImplementedError("x"), {"retryable": False}),
    (SystemExit(3), {"code": "SYSTEM_EXIT", "exit_code": 3}),
]


@pytest.mark.parametrize(("error", "wanted"), ROWS)
def test_kinds(error: BaseException, wanted: dict[str, Any]) -> None:
    data = error_data(caught(error))
    assert {name: data[name] for name in wanted} == wanted


def test_a_task_says_itself_how_it_failed() -> None:
    error = TaskError(
        "noRows",
        "nothing came from the shop",
        retryable=False,
        retry_after=dt.timedelta(minutes=5),
        kind="upstream",
        detail={"rows": 0},
    )
    data = error_data(caught(error))
    del data["stack"]
    assert data == {
        "code": "NO_ROWS",
        "message": "nothing came from the shop",
        "phase": "run",
        "kind": "upstream",
        "retryable": False,
        "retry_after_s": 300.0,
        "detail": {"rows": 0},
    }


def test_a_message_is_never_empty() -> None:
    class Silent(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    assert message_of(ValueError()) == "ValueError, without a message"
    assert message_of(ValueError("  ")) == "ValueError, without a message"
    assert message_of(Silent()) == "Silent, without a message"
    assert message_of(KeyError("day")) == "the key 'day' is missing"


def test_messages_and_stacks_have_bounds() -> None:
    def down(depth: int) -> None:
        if depth == 0:
            raise ValueError("é" * 50_000)
        down(depth - 1)

    try:
        down(300)
    except ValueError as error:
        data = error_data(error)
    assert size_of(data["message"]) <= 16_000 and data["message"].endswith("…")
    assert size_of(data["stack"]) <= 16_000
    assert "frames)" in data["stack"]


def test_causes_that_go_round_end() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert error_data(one)["cause"] == ["ValueError: other"]


def test_a_group_names_its_parts() -> None:
    class Group(Exception):
        exceptions = (ValueError("a"), KeyError("b"))

    assert error_data(Group("two failed"))["cause"] == [
        "ValueError: a",
        "KeyError: the key 'b' is missing",
    ]


def test_texts_are_cut_between_characters() -> None:
    assert fit("ééé", 5) == "é…"
    assert fit("abc", 3) == "abc"
    assert clean("a\ud800b") == "a�b"
