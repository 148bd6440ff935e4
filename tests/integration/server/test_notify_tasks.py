"""Tasks of type notify: what a flow says reaches each kind of channel, with one id for all attempts."""

from __future__ import annotations

import email
import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alerting import Mailbox, Receiver
from kept_files import files_below
from serving import DYNA

SECRET = "s3cret-of-the-chat"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


class Place:
    """A folder with teams.yaml and one flow."""

    def __init__(self, folder: Path, teams: dict[str, Any]) -> None:
        self.folder = folder
        (folder / "cordyna.yaml").write_text("")
        (folder / "teams.yaml").write_text(json.dumps(teams))
        self.env = {**os.environ, "NO_COLOR": "1", "no_proxy": "*", "DYNA_SECRET_PAGER": "R0UTE"}

    def dyna(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [DYNA, *words],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )

    def tell(self, **keys: Any) -> subprocess.CompletedProcess[str]:
        task = {"id": "tell", "type": "notify", "owner": "data", **keys}
        flow = {"id": "daily", "namespace": "acme", "tasks": [task]}
        (self.folder / "daily.yaml").write_text(json.dumps(flow))
        return self.dyna("run", "daily.yaml")

    def row(self, query: str) -> tuple[Any, ...]:
        database = sqlite3.connect(f"file:{self.folder}/.cordyna/state.db?mode=ro", uri=True)
        try:
            return tuple(database.execute(query).fetchone())
        finally:
            database.close()


def test_each_kind_of_channel_is_told(tmp_path: Path, receiver: Receiver) -> None:
    mailbox = Mailbox()
    try:
        place = Place(tmp_path, {
            "teams": {"data": {"contacts": ["data@example.com"], "channels": ["chat", "hook", "pager", "mail"]}},
            "channels": {
                "chat": {"type": "slack", "url": {"secret": "CHAT"}},
                "hook": {"type": "webhook", "url": receiver.url("/hook")},
                "pager": {"type": "pagerduty", "url": receiver.url("/pager"), "key": {"secret": "PAGER"}},
                "mail": {"type": "email"},
            },
            "email": {"host": "127.0.0.1", "port": mailbox.port, "tls": "none", "from": "dyna@example.com"},
        })  # fmt: skip
        place.env["DYNA_SECRET_CHAT"] = receiver.url(f"/{SECRET}")
        done = place.tell(team="data", subject="17 <orders>", message="17 came\nüber Nacht")
        assert done.returncode == 0, done.stdout + done.stderr
        got = {one.path: one for one in receiver.got}
        assert set(got) == {f"/{SECRET}", "/hook", "/pager"}
        assert (
            got[f"/{SECRET}"]
            .json["text"]
            .startswith("*17 &lt;orders&gt;*\n17 came\nüber Nacht\n(acme.daily#tell")
        )
        hook = got["/hook"].json
        assert (hook["type"], hook["title"], hook["flow"], hook["task"]) == (
            "note",
            "17 <orders>",
            "acme.daily",
            "tell",
        )
        assert got["/pager"].json["payload"]["severity"] == "info"
        (letter,) = mailbox.wait(1)
        read = email.message_from_bytes(letter.content)
        assert letter.rcpt_tos == ["data@example.com"] and read["Subject"] == "17 <orders>"
        assert hook["id"] in read["Message-ID"]
        outputs = json.loads(place.row("select outputs from task where path = 'tell'")[0])
        assert outputs == {"id": hook["id"], "channels": ["chat", "hook", "pager", "mail"]}
        for path, content in files_below(tmp_path):
            assert SECRET.encode() not in content, path
        assert SECRET not in done.stdout + done.stderr + place.dyna("logs", "1", "tell").stdout
    finally:
        mailbox.close()


def test_who_is_away_is_tried_again_under_the_same_id(tmp_path: Path, receiver: Receiver) -> None:
    place = Place(
        tmp_path, {"channels": {"hook": {"type": "webhook", "url": receiver.url("/hook")}}}
    )
    receiver.answer = lambda _: (503 if len(receiver.got) < 2 else 200, {})
    done = place.tell(channels="hook", message="x", retry={"attempts": 4, "delay": "10ms"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(receiver.got) == 3
    assert len({one.json["id"] for one in receiver.got}) == 1
    assert {one.headers["Idempotency-Key"] for one in receiver.got} == {receiver.got[0].json["id"]}


def test_one_that_cannot_be_told_fails_the_task_after_all_were_tried(
    tmp_path: Path, receiver: Receiver
) -> None:
    place = Place(tmp_path, {"channels": {
        "bad": {"type": "webhook", "url": receiver.url("/bad")},
        "good": {"type": "webhook", "url": receiver.url("/good")},
    }})  # fmt: skip
    receiver.answer = lambda got: (400 if got.path == "/bad" else 200, {})
    done = place.tell(channels=["bad", "good"], message="x", retry={"attempts": 3, "delay": "10ms"})
    assert done.returncode == 1
    assert [one.path for one in receiver.got] == ["/bad", "/good"]
    code, message = place.row("select error_code, error_message from attempt")
    assert code == "REMOTE_REFUSED" and message.startswith("bad: ") and "400" in message


def test_validate_knows_teams_and_channels(tmp_path: Path) -> None:
    place = Place(
        tmp_path,
        {
            "teams": {"data": {"channels": ["chat"]}},
            "channels": {"chat": {"type": "slack", "url": "http://h/"}},
        },
    )

    def told(**keys: Any) -> str:
        place.tell(**{"message": "x", **keys})
        done = place.dyna("validate", "daily.yaml")
        assert done.returncode == 2
        return done.stdout + done.stderr

    assert "there is no channel 'chatt' in" in told(
        channels="chatt"
    ) and "did you mean 'chat'" in told(channels="chatt")
    assert "there is no team 'sales' in" in told(team="sales") and "data" in told(team="sales")
    assert "wants 'channels' or 'team'" in told()
    assert "wants 'channels' or 'team'" in told(team="data", channels="chat")
    (tmp_path / "teams.yaml").write_text("teams: [")
    assert "teams.yaml" in told(team="data")
