"""The arguments of `cordyna`, and what it says when something is wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cordyna import default_tasks
from cordyna.cli import main

GOOD = '''
from cordyna import Owner, TaskServer, Tasks, task

mine = Tasks(owner=Owner("data", contacts=["a"]))

@mine.task
def load(day: str) -> int:
    """Loads."""
    return 1

@task(owner=Owner("sales", contacts=["b"]))
def sell() -> None:
    """Sells."""

server = TaskServer(team="data", owner=Owner("data", contacts=["c"]))

@server.task
def serve() -> None:
    """Serves."""

number = 7
'''


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = default_tasks.swap({})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("TOKEN", "URL", "TEAM", "SERVER"):
        monkeypatch.delenv(f"CORDYNA_{name}", raising=False)
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "shop.py").write_text(GOOD)
    monkeypatch.setattr("cordyna.cli._set_up_logging", lambda level: None)
    yield
    default_tasks.swap(before)


@pytest.mark.parametrize(
    ("module", "ids"),
    [("shop", ["sell"]), ("shop:mine", ["load"]), ("shop.py:mine", ["load"]),
     ("shop:server", ["serve"])],
)  # fmt: skip
def test_declare(module: str, ids: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["declare", module]) == 0
    assert [one["id"] for one in json.loads(capsys.readouterr().out)] == ids


WRONG = [
    (["declare", "nothing"], "there is no module 'nothing' in"),
    (["declare", "nothing.py"], "there is no file nothing.py"),
    (["declare", "shop:other"], "shop has no 'other'; it has: mine, server"),
    (["declare", "shop:number"], "shop:number is a int; it must be a Tasks or a TaskServer"),
    (["declare", "shop:mine", "--team", "sales"], "task 'load' is owned by team 'data'"),
    (["declare", "broken"], "broken.py:2: "),
    (["declare", "raises"], "raises.py:2: ZeroDivisionError: division by zero"),
    (["declare", "needs"], "No module named 'not_there'"),
    (["declare", "empty"], "empty has no tasks: decorate functions with @cordyna.task"),
    (["declare", "wrong"], "task 'w': its owner has no contacts"),
    (["declare", "double"], "task 'w' is declared twice"),
    (["serve", "shop:mine"], "--url is missing; CORDYNA_URL would do too"),
    (["serve", "shop:mine", "--url", "x"], "--team is missing"),
    (["serve", "shop:mine", "--url", "x", "--team", "data"], "--server is missing"),
    (["serve", "shop:server", "--url", "x", "--server", "s"], "no token: give --token-file FILE"),
    (["serve", "shop:server", "--url", "x", "--server", "s", "--token-file", "none"],
     "--token-file none cannot be read"),
    (["serve", "shop:server", "--url", "x", "--server", "s", "--token-file", "/dev/null"],
     "--token-file /dev/null is empty"),
]  # fmt: skip


@pytest.mark.parametrize(("argv", "text"), WRONG)
def test_what_is_wrong_is_said(
    argv: list[str], text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.py").write_text("x = 1\ndef (:\n")
    (tmp_path / "raises.py").write_text("x = 0\n1 / x\n")
    (tmp_path / "needs.py").write_text("import not_there\n")
    (tmp_path / "empty.py").write_text("x = 1\n")
    one = "@cordyna.task(owner=cordyna.Owner('d'), description='x', id='w')\ndef {}(): ...\n"
    (tmp_path / "wrong.py").write_text("import cordyna\n" + one.format("a"))
    twice = "import cordyna\n" + one.format("a") + one.format("b")
    (tmp_path / "double.py").write_text(twice)
    assert main(argv) == 1
    assert text in capsys.readouterr().err


USAGE = [
    (["serve", "shop", "--slots", "many"], "'many' must be a count, as 4"),
    (["serve", "shop", "--class", "gpu"], "'gpu' must be a class and a count, as gpu=1"),
    (["serve", "shop", "--label", "zone"], "'zone' must be a name and a text"),
    (["sing"], "invalid choice: 'sing'"),
]


@pytest.mark.parametrize(("argv", "text"), USAGE)
def test_wrong_arguments(argv: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    assert text in capsys.readouterr().err


def test_without_a_command_it_helps(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "serve the tasks of a module" in capsys.readouterr().err


def test_help_names_exit_codes_and_the_environment(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    for word in ("exit codes:", "CORDYNA_TOKEN", "--reload", "--state", "SIGTERM"):
        assert word in text
