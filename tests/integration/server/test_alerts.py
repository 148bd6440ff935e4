"""Teams are told what goes wrong: by all kinds of channels, at least once, whatever dies meanwhile."""

from __future__ import annotations

import base64
import email
import hashlib
import hmac
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alerting import Got, Mailbox, Receiver
from certificates import tls_context
from serving import DYNA, ROOT, Server, eventually, serve

FLOW = """
id: orders
namespace: etl
owner: data
inputs:
  - {id: code, type: int, default: 0}
tasks:
  - {id: load, type: shell, script: "exit {{ inputs.code }}"}
"""
#: Fails in the engine itself, so that a thousand of them are soon done.
QUICK = """
id: quick
namespace: etl
owner: data
inputs:
  - {id: by, type: int, default: 0}
tasks:
  - {id: divide, type: log, message: "{{ 1 // inputs.by }}"}
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


def project(folder: Path, teams: dict[str, Any]) -> Path:
    (folder / "cordyna.yaml").write_text("")
    (folder / "orders.yaml").write_text(FLOW)
    (folder / "quick.yaml").write_text(QUICK)
    (folder / "teams.yaml").write_text(json.dumps(teams))  # which is YAML
    return folder


def at_once(channels: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "teams": {"data": {"contacts": ["data@example.com"], "channels": list(channels)}},
        "channels": channels,
        "rules": [{"wait": "0s"}],
        **more,
    }


def dyna(server: Server, token: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [DYNA, *words, "--server", f"http://127.0.0.1:{server.port}"],
        env={**os.environ, "DYNA_TOKEN": token},
        capture_output=True,
        text=True,
        check=False,
    )


def fail(server: Server) -> int:
    run = server.start("etl/orders", code=3)
    assert server.ended(run)["state"] == "error"
    return run


def test_every_kind_of_channel_is_told_and_told_again_when_all_is_well(
    tmp_path: Path, receiver: Receiver
) -> None:
    key = base64.b64encode(b"a key that nobody knows").decode()
    mailbox = Mailbox()
    channels = {
        "chat": {"type": "slack", "url": {"secret": "CHAT"}},
        "hook": {
            "type": "webhook",
            "url": receiver.url("/hook"),
            "key": {"secret": "SIGN"},
            "headers": {"X-Team": "data", "Authorization": {"secret": "TOKEN"}},
        },
        "pager": {"type": "pagerduty", "url": receiver.url("/pager"), "key": {"secret": "PAGER"}},
        "mail": {"type": "email"},
    }
    mail = {"host": "127.0.0.1", "port": mailbox.port, "tls": "none", "from": "dyna@example.com"}
    server = serve(
        project(tmp_path, at_once(channels, email=mail)),
        DYNA_SECRET_CHAT=receiver.url("/chat"),
        DYNA_SECRET_SIGN="whsec_" + key,
        DYNA_SECRET_TOKEN="Bearer of-a-receiver",
        DYNA_SECRET_PAGER="R0UTE",
    )
    try:
        run = fail(server)
        got = {one.path: one for one in receiver.wait(3)}
        assert set(got) == {"/chat", "/hook", "/pager"}
        assert got["/chat"].json["text"].startswith("*data: etl/orders#load failed*\n")
        assert f"/ui/runs/{run}" in got["/chat"].json["text"]

        hook = got["/hook"]
        assert (hook.headers["X-Team"], hook.headers["Authorization"]) == (
            "data",
            "Bearer of-a-receiver",
        )
        signed = f"{hook.headers['webhook-id']}.{hook.headers['webhook-timestamp']}.".encode()
        right = hmac.new(b"a key that nobody knows", signed + hook.body, hashlib.sha256).digest()
        assert hook.headers["webhook-signature"] == "v1," + base64.b64encode(right).decode()
        assert hook.json["type"] == "failing" and hook.headers["webhook-id"] == hook.json["id"]
        (alert,) = hook.json["incidents"]
        assert (alert["flow"], alert["task"], alert["team"], alert["last_run"]) == (
            "orders",
            "load",
            "data",
            run,
        )

        page = got["/pager"].json
        assert (page["routing_key"], page["event_action"]) == ("R0UTE", "trigger")
        assert page["payload"]["summary"] == "data: etl/orders#load failed"

        (letter,) = mailbox.wait(1)
        assert letter.rcpt_tos == ["data@example.com"]
        read = email.message_from_bytes(letter.content)
        assert read["Subject"] == "data: etl/orders#load failed"
        assert read["From"] == "dyna@example.com" and "alert-" in read["Message-ID"]

        # Nothing but a run that ends well is a recovery.
        assert server.ended(server.start("etl/orders"))["state"] == "completed"
        got = {one.path: one for one in receiver.wait(6)[3:]}
        assert "is well again" in got["/chat"].json["text"]
        assert got["/hook"].json["type"] == "recovered"
        assert (got["/pager"].json["event_action"], got["/pager"].json["dedup_key"]) == (
            "resolve",
            page["dedup_key"],
        )
        assert "well again" in email.message_from_bytes(mailbox.wait(2)[1].content)["Subject"]
        eventually(lambda: not server.ok("GET", "/api/v1/alerts")["alerts"], "nothing is wrong")
        channels = server.ok("GET", "/api/v1/alerts")["channels"]
        assert [(one["channel"], one["waiting"]) for one in channels] == [
            ("chat", 0), ("hook", 0), ("mail", 0), ("pager", 0)]  # fmt: skip
    finally:
        server.stop()
        mailbox.close()


def test_a_storm_is_one_message_with_a_count_and_one_recovery(
    tmp_path: Path, receiver: Receiver
) -> None:
    teams = at_once({"hook": {"type": "webhook", "url": receiver.url("/hook")}})
    teams["rules"] = [{"wait": "2s"}]
    server = serve(project(tmp_path, teams))
    try:
        runs = [server.start("etl/quick") for _ in range(1000)]
        assert {server.ended(run)["state"] for run in runs} == {"error"}
        (first,) = receiver.wait(1)
        assert server.ended(server.start("etl/quick", by=1))["state"] == "completed"
        receiver.wait(2)
        # Were there more of them, they would be under way before this one of another flow.
        fail(server)
        last = receiver.wait(3)
        assert [one.json["type"] for one in last] == ["failing", "recovered", "failing"]
        assert first.json["notices"] + last[1].json["notices"] == 1000
        assert last[1].json["incidents"][0]["count"] == 1000
    finally:
        server.stop()


def test_a_receiver_that_is_away_and_a_server_that_is_killed_lose_nothing(
    tmp_path: Path, receiver: Receiver
) -> None:
    folder = project(tmp_path, at_once({"hook": {"type": "webhook", "url": receiver.url("/hook")}}))
    receiver.answer = lambda _: (503, {"Retry-After": "1"})
    server = serve(folder)
    run = fail(server)
    refused = receiver.wait(1)[0].json["id"]
    waiting = eventually(
        lambda: [one for one in server.ok("GET", "/api/v1/alerts")["channels"] if one["waiting"]],
        "a message that waits",
    )
    eventually(
        lambda: "503" in server.ok("GET", "/api/v1/alerts")["channels"][0].get("problem", ""),
        "why it waits",
    )
    assert waiting[0]["channel"] == "hook"
    metrics = server.call("GET", "/metrics").body.decode()
    assert 'dyna_channel_waiting_messages{channel="hook",type="webhook"} 1\n' in metrics
    assert server.ended(run)["state"] == "error"  # and nothing else
    server.process.kill()
    server.process.communicate()
    receiver.answer = lambda _: (200, {})
    before = len(receiver.got)
    # It goes well while no server looks: that is told, too.
    flow = folder / "orders.yaml"
    subprocess.run([DYNA, "run", flow], capture_output=True, text=True, check=True)
    server = serve(folder)
    try:
        again, well = receiver.wait(before + 2)[before:]
        assert again.json["id"] == refused
        assert again.json["incidents"][0]["last_run"] == run
        assert well.json["type"] == "recovered"
        eventually(
            lambda: server.ok("GET", "/api/v1/alerts")["channels"][0]["waiting"] == 0, "all is sent"
        )
    finally:
        server.stop()


def test_what_is_well_again_while_a_message_is_on_its_way_is_told(
    tmp_path: Path, receiver: Receiver
) -> None:
    came, go = threading.Event(), threading.Event()

    def slowly(_: Got) -> tuple[int, dict[str, str]]:
        came.set()
        assert go.wait(60)
        return 200, {}

    receiver.answer = slowly
    teams = at_once({"hook": {"type": "webhook", "url": receiver.url("/hook")}})
    server = serve(project(tmp_path, teams))
    try:
        fail(server)
        assert came.wait(60)
        # The message is being sent: another flow fails and is well again before anybody looks.
        bad = server.start("etl/quick")
        assert server.ended(bad)["state"] == "error"
        assert server.ended(server.start("etl/quick", by=1))["state"] == "completed"
        assert server.ended(server.start("etl/orders"))["state"] == "completed"
        go.set()
        kinds = [(one.json["type"], one.json["incidents"][0]["flow"]) for one in receiver.wait(3)]
        assert kinds[0] == ("failing", "orders")
        assert sorted(kinds[1:]) == [("failing", "quick"), ("recovered", "orders")]
        eventually(lambda: not server.ok("GET", "/api/v1/alerts")["alerts"], "nothing is wrong")
    finally:
        go.set()
        server.stop()


def test_mail_goes_encrypted_to_a_server_that_is_trusted(tmp_path: Path) -> None:
    pem = tmp_path / "mail.pem"
    tls = tls_context(pem)
    mailbox = Mailbox(tls=tls, user=("dyna", "pässword"))
    mail = {
        "host": "127.0.0.1",
        "port": mailbox.port,
        "from": "Cordyna <dyna@example.com>",
        "user": "dyna",
        "password": {"secret": "SMTP"},
    }
    teams = at_once({"mail": {"type": "email", "to": ["a@example.com", "B <b@example.com>"]}})
    server = serve(project(tmp_path, {**teams, "email": mail}), DYNA_SECRET_SMTP="pässword")
    try:
        # Its certificate is its own: nobody knows it, and so nothing is sent.
        refused = server.call("POST", "/api/v1/channels/mail/test")
        assert refused.status == 503 and b"certificate" in refused.body, refused
        assert b"ssword" not in refused.body and not mailbox.got
        (tmp_path / "teams.yaml").write_text(json.dumps({**teams, "email": {**mail, "ca_file": pem.name}}))  # fmt: skip
        assert server.call("POST", "/api/v1/channels/mail/test").status == 204
        (letter,) = mailbox.wait(1)
        assert letter.was_encrypted and letter.login.login == b"dyna"
        assert letter.rcpt_tos == ["a@example.com", "b@example.com"]
    finally:
        server.stop()
        mailbox.close()


def test_a_channel_can_be_tried_by_an_admin_alone(tmp_path: Path, receiver: Receiver) -> None:
    folder = project(
        tmp_path,
        at_once({"hook": {"type": "webhook", "url": {"secret": "HOOK"}}, "none": {"type": "slack", "url": {"secret": "MISSING"}}}),
    )  # fmt: skip
    server = serve(folder, DYNA_SECRET_HOOK=receiver.url("/a-secret-place"))
    try:
        tried = dyna(server, server.admin, "alerts", "--test", "hook")
        assert tried.returncode == 0 and tried.stdout == "channel hook took a message\n", tried
        assert receiver.wait(1)[0].json["type"] == "test"
        assert "MISSING" in dyna(server, server.admin, "alerts", "--test", "none").stderr
        assert (
            "no channel 'other'" in dyna(server, server.admin, "alerts", "--test", "other").stderr
        )
        receiver.answer = lambda _: (404, {})
        refused = dyna(server, server.admin, "alerts", "--test", "hook")
        assert refused.returncode != 0 and "404" in refused.stderr
        assert "a-secret-place" not in refused.stderr
        assert "hook     webhook" in dyna(server, server.admin, "alerts").stdout
        for role in ("viewer", "operator", "author"):
            token = server.token((role, "*"))
            assert server.call("POST", "/api/v1/channels/hook/test", token=token).status == 403
            assert server.call("GET", "/api/v1/alerts", token=token).status == 200
        audit = server.ok("GET", "/api/v1/audit")["audit"]
        assert [one["subject"] for one in audit if one["action"] == "tryChannel"] == [
            "channel hook"
        ]
    finally:
        server.stop()


def test_who_sees_a_flow_sees_its_alerts_and_no_others(tmp_path: Path, receiver: Receiver) -> None:
    server = serve(project(tmp_path, at_once({"hook": {"type": "webhook", "url": receiver.url("/hook")}})))  # fmt: skip
    try:
        fail(server)
        receiver.wait(1)
        mine = server.token(("viewer", "etl"))
        others = server.token(("viewer", "sales"))
        seen = eventually(
            lambda: server.ok("GET", "/api/v1/alerts", token=mine)["alerts"], "the alert"
        )
        assert [one["what"] for one in seen] == ["etl/orders#load"]
        assert server.ok("GET", "/api/v1/alerts", token=others)["alerts"] == []
    finally:
        server.stop()


def test_who_is_at_it_is_shown_and_the_channel_hears_of_its_end_alone(
    tmp_path: Path, receiver: Receiver
) -> None:
    hook = {"hook": {"type": "webhook", "url": receiver.url("/hook")}}
    folder = project(tmp_path, at_once(hook))
    server = serve(folder)
    try:
        fail(server)
        receiver.wait(1)
        (alert,) = eventually(lambda: server.ok("GET", "/api/v1/alerts")["alerts"], "the alert")
        path = f"/api/v1/alerts/{alert['alert']}/acknowledge"
        for role, namespace, status in (("viewer", "etl", 403), ("operator", "sales", 404)):
            # Who has the role nowhere is refused before anything is looked up.
            token = server.token((role, namespace))
            assert server.call("POST", path, token=token).status == status, role
        assert server.call("POST", path.replace(alert["alert"], "0" * 16)).status == 404
        mine = server.token(("operator", "etl"))
        said = dyna(server, mine, "alerts", "--acknowledge", alert["alert"])
        assert said.returncode == 0 and "is yours" in said.stdout, said
        (alert,) = server.ok("GET", "/api/v1/alerts")["alerts"]  # shown before it is answered
        assert alert["acknowledged_by"] and alert["acknowledged_at"]
        assert " is at it) " in dyna(server, mine, "alerts").stdout
        audit = server.ok("GET", "/api/v1/audit")["audit"]
        (noted,) = [one for one in audit if one["action"] == "acknowledgeAlert"]
        assert noted["subject"] == f"alert {alert['alert']}" and noted["namespace"] == "etl"
        server.process.kill()
        server.process.communicate()
        server = serve(folder)
        for _ in range(3):
            fail(server)
        assert server.ended(server.start("etl/orders", code=0))["state"] == "completed"
        first, last = receiver.wait(2)
        assert (first.json["type"], last.json["type"]) == ("failing", "recovered")
        assert last.json["notices"] == 3
        eventually(lambda: server.ok("GET", "/api/v1/alerts")["alerts"] == [], "all is well")
    finally:
        server.stop()


def test_a_wrong_file_is_refused_at_the_start_and_later_the_one_before_stays(
    tmp_path: Path, receiver: Receiver
) -> None:
    good = at_once({"hook": {"type": "webhook", "url": receiver.url("/hook")}})
    folder = project(tmp_path, good)
    (folder / "teams.yaml").write_text("teams: {data: {channels: [nowhere]}}\n")
    refused = subprocess.run([DYNA, "up", folder], capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "teams.yaml:1:27: error: there is no channel 'nowhere'" in refused.stderr, refused.stderr
    listed = subprocess.run([DYNA, "teams", folder], capture_output=True, text=True, check=False)
    assert listed.returncode != 0 and "no channel 'nowhere'" in listed.stderr
    (folder / "teams.yaml").write_text(json.dumps(good))
    listed = subprocess.run([DYNA, "teams", folder], capture_output=True, text=True, check=True)
    assert listed.stdout.splitlines()[1].split() == ["data", "hook", "data@example.com", "-"]
    server = serve(folder)
    try:
        (folder / "teams.yaml").write_text("teams: {data: {channels: [nowhere]}}\n")
        assert "nowhere" in server.ok("GET", "/api/v1/alerts")["problem"]
        fail(server)
        assert receiver.wait(1)[0].json["type"] == "failing"
    finally:
        server.stop()


def test_the_example_of_the_documentation_is_right(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "server.md").read_text()
    part = text.split("## Telling the teams", 1)[1]
    (tmp_path / "teams.yaml").write_text(part.split("```yaml\n", 1)[1].split("```", 1)[0])
    listed = subprocess.run([DYNA, "teams", "--json", tmp_path], capture_output=True, text=True, check=True)  # fmt: skip
    assert json.loads(listed.stdout)["channels"] == ["chat", "mail"]
