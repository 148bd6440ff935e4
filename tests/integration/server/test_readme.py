"""The README's quick start: its flow runs as it says, its commands and options exist, its server answers its client."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

from dyna_client import Client
from serving import DYNA, FLOW, ROOT, serve

README = (ROOT / "README.md").read_text()


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", README, re.S)


def commands() -> list[list[str]]:
    """Each `$ dyna …` line, without its comment."""
    lines = [line for block in blocks("console") for line in block.splitlines()]
    return [shlex.split(line[2:], comments=True) for line in lines if line.startswith("$ dyna ")]


def test_the_first_flow_does_what_it_says(tmp_path: Path) -> None:
    flow = next(block for block in blocks("yaml") if block.startswith("id: hello"))
    (tmp_path / "hello.yaml").write_text(flow)
    run = next(words for words in commands() if words[:3] == ["dyna", "run", "hello.yaml"])

    def dyna(*words: str) -> str:
        done = subprocess.run(
            [DYNA, *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    dyna(*run[1:])
    about_it = (["runs"], ["logs", "last"], ["why", "last", "say"])
    shown = [words for words in commands() if words[1:] in about_it]
    assert len(shown) == 3
    told = "".join(dyna(*words[1:]) for words in shown)
    assert "hello, Ann" in told and "n is 3" in told and "completed" in told


def test_each_command_and_option_is_there() -> None:
    for words in commands():
        # "dyna user add ann" and "dyna run FLOW": only some commands have commands of their own.
        for depth in (3, 2):
            asked = [DYNA, *words[1:depth], "--help"]
            done = subprocess.run(asked, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                break
        assert done.returncode == 0, words
        for option in (word.split("=")[0] for word in words if word.startswith("--")):
            assert option in done.stdout, (words, option)


def test_the_server_answers_its_client(tmp_path: Path) -> None:
    folder = tmp_path / "flows"
    folder.mkdir()
    (folder / "daily.yaml").write_text(FLOW)
    server = serve(folder)
    try:
        client = Client(tmp_path / "home", folder)
        client.ok("login", f"http://127.0.0.1:{server.port}", "--name", "box",
                  "--token-file", ".cordyna/admin.token")  # fmt: skip
        far = [words[1:] for words in commands() if "box" in words and words[1] == "run"]
        assert far == [["run", "acme/daily", "-i", "word=hi", "--server", "box"]]
        client.ok(*far[0])
        client.ok("context", "use", "box")
        rows = json.loads(client.ok("runs", "--json"))
        assert [(row["state"], row["inputs"]["word"]) for row in rows] == [("completed", "hi")]
        client.ok("user", "add", "ann", "--grant", "operator@acme", "--password-file", "-",
                  given="a long enough password")  # fmt: skip
        client.ok("backup", "state.backup", "--state", str(server.state))
        assert "is whole" in client.ok("audit", "verify", "--state", str(server.state))
    finally:
        server.stop()
