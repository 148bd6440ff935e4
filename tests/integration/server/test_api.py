"""The API as a client sees it: flows, runs, logs, decisions, secrets, users, tokens, the audit."""

from __future__ import annotations

import stat
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from serving import PAUSED, Answer, Server, eventually, serve


def test_health_needs_no_token_and_metrics_do(server: Server) -> None:
    assert server.call("GET", "/livez", token=None).body == b"alive\n"
    assert server.call("GET", "/readyz", token=None).body == b"ready\n"
    assert server.call("HEAD", "/livez", token=None).body == b""
    assert server.call("GET", "/metrics", token=None).status == 401
    metrics = server.call("GET", "/metrics").body.decode()
    assert "dyna_live_runs " in metrics and "process_resident_memory_bytes " in metrics


def test_the_first_start_leaves_a_private_token(server: Server) -> None:
    mode = stat.S_IMODE((server.state / "admin.token").stat().st_mode)
    assert mode == 0o600
    assert server.ok("GET", "/api/v1/me") == {
        "actor": "user:admin", "user": "admin", "grants": [{"namespace": "*", "role": "admin"}]}  # fmt: skip


def test_a_run_from_its_start_to_its_logs(server: Server) -> None:
    run = server.start(word="hi", count=3)
    row = server.ended(run)
    assert row["state"] == "completed"
    assert row["inputs"] == {"word": "hi", "count": 3}
    tasks = {task["task"]: task for task in server.ok("GET", f"/api/v1/runs/{run}/tasks")["tasks"]}
    assert tasks["say"]["state"] == tasks["shout"]["state"] == "completed"
    attempts = server.ok("GET", f"/api/v1/runs/{run}/attempts?task=shout")["attempts"]
    assert [attempt["attempt"] for attempt in attempts] == [1]
    log = server.ok("GET", f"/api/v1/runs/{run}/log?task=shout")
    assert {(line["stream"], line["text"]) for line in log["lines"]} == {
        ("stdout", "loud"), ("stderr", "wrong")}  # fmt: skip
    assert log["ended"]
    again = server.ok("GET", f"/api/v1/runs/{run}/log?task=shout&offset={log['offset']}")
    assert again["lines"] == [] and again["offset"] == log["offset"]
    history = server.ok("GET", f"/api/v1/runs/{run}/history")["history"]
    assert [entry["seq"] for entry in history] == list(range(1, len(history) + 1))
    page = server.ok("GET", f"/api/v1/runs/{run}/history?limit=1")
    assert page["next"] == "1" and page["history"] == history[:1]
    assert server.ok("GET", f"/api/v1/runs/{run}/why")["tasks"] == []
    by_id = server.ok("GET", f"/api/v1/runs/{row['id']}")
    assert by_id == row


def test_inputs_are_checked(server: Server) -> None:
    answer = server.call("POST", "/api/v1/flows/acme/daily/runs", {"inputs": {"count": "many"}})
    assert answer.status == 422
    assert "count" in answer.json["detail"]
    answer = server.call("POST", "/api/v1/flows/acme/daily/runs", {"inputs": {"wrod": "x"}})
    assert answer.status == 422 and "word" in answer.json["detail"]
    wrong = {"inputs": {"count": "many", "wrod": "x"}}
    answer = server.call("POST", "/api/v1/flows/acme/daily/runs", wrong)
    errors = {one["at"]: one["detail"] for one in answer.json["errors"]}
    assert sorted(errors) == ["#/inputs/count", "#/inputs/wrod"]
    assert "many" in errors["#/inputs/count"] and "word" in errors["#/inputs/wrod"]
    assert server.call("POST", "/api/v1/flows/acme/nothing/runs", {}).status == 404


def test_the_same_key_starts_one_run(server: Server) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    path = "/api/v1/flows/acme/daily/runs"
    first = server.call("POST", path, {"inputs": {"word": "once"}}, headers=key)
    again = server.call("POST", path, {"inputs": {"word": "once"}}, headers=key)
    assert (first.status, again.status) == (201, 201)
    assert first.json == again.json
    assert first.headers["Location"] == f"/api/v1/runs/{first.json['run']}"
    other = server.call("POST", path, {"inputs": {"word": "twice"}}, headers=key)
    assert other.status == 409 and "Idempotency-Key" in other.json["detail"]
    less = server.call("POST", path, {"inputs": {}}, headers=key)
    assert less.status == 409, "what was given and is not any more is something else, too"


def test_a_key_that_two_use_at_once_for_different_things_is_of_the_first(server: Server) -> None:
    path = "/api/v1/flows/acme/daily/runs"
    barrier = threading.Barrier(2)

    def start(key: str, word: str) -> Answer:
        barrier.wait()
        return server.call(
            "POST", path, {"inputs": {"word": word}}, headers={"Idempotency-Key": key}
        )

    with ThreadPoolExecutor(2) as pool:
        for _ in range(20):
            key = str(uuid.uuid4())
            answers = list(pool.map(start, [key, key], ["once", "twice"]))
            assert sorted(answer.status for answer in answers) == [201, 409], answers
            refused = next(answer for answer in answers if answer.status == 409)
            assert "Idempotency-Key" in refused.json["detail"]
            word = ["once", "twice"][
                next(i for i, answer in enumerate(answers) if answer.status == 201)
            ]
            run = next(answer for answer in answers if answer.status == 201).json["run"]
            assert server.ok("GET", f"/api/v1/runs/{run}")["inputs"]["word"] == word


def test_a_default_that_names_the_run_makes_no_other_start(server: Server) -> None:
    text = """
id: stamped
inputs:
  - {id: at, type: string, default: "{{ run.started_at }}"}
tasks: [{id: a, type: log, message: "{{ inputs.at }}"}]
"""
    server.ok("POST", "/api/v1/flows", {"files": [{"name": "f.yaml", "text": text}]})
    path = "/api/v1/flows/_/stamped/runs"
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = server.ok("POST", path, {"inputs": {}}, headers=key)
    server.ended(first["run"])  # some time has passed
    assert server.ok("POST", path, {"inputs": {}}, headers=key) == first
    other = server.call("POST", path, {"inputs": {"at": "now"}}, headers=key)
    assert other.status == 409


def test_runs_are_listed_page_by_page(server: Server) -> None:
    for _ in range(3):
        server.ended(server.start())
    seen: list[int] = []
    path = "/api/v1/runs?flow=daily&limit=2"
    while True:
        page = server.ok("GET", path)
        seen += [run["run"] for run in page["runs"]]
        if "next" not in page:
            break
        path = f"/api/v1/runs?flow=daily&limit=2&before={page['next']}"
    assert len(seen) >= 3 and seen == sorted(set(seen), reverse=True)
    failed = server.start("other/broken")
    assert server.ended(failed)["state"] == "error"
    states = server.ok("GET", "/api/v1/runs?state=error&namespace=other")["runs"]
    assert [run["run"] for run in states] == [failed]
    assert server.ok("GET", "/api/v1/runs?namespace=nowhere")["runs"] == []


def test_a_person_decides(server: Server) -> None:
    run = server.start("_/asks")
    why = eventually(
        lambda: [
            task
            for task in server.ok("GET", f"/api/v1/runs/{run}/why")["tasks"]
            if task["kind"] == "paused"
        ],
        "the pause",
    )
    assert why[0]["task"] == "gate"
    holds = server.ok("GET", f"/api/v1/runs/{run}/tasks")["holds"]
    assert holds[0]["state"] == "held"
    server.ok("POST", f"/api/v1/runs/{run}/decision", {"decision": "approve", "note": "fine"})
    assert server.ended(run)["state"] == "completed"
    hold = server.ok("GET", f"/api/v1/runs/{run}/tasks")["holds"][0]
    assert (hold["by"], hold["note"]) == ("admin", "fine")
    late = server.call("POST", f"/api/v1/runs/{run}/decision", {"decision": "approve"})
    assert late.status == 409


def test_cancel_and_rerun(server: Server) -> None:
    run = server.start("_/asks")
    server.ok("POST", f"/api/v1/runs/{run}/cancel")
    assert server.ended(run)["state"] == "cancelled"
    again = server.ok("POST", f"/api/v1/runs/{run}/rerun", {})["run"]
    server.ok("POST", f"/api/v1/runs/{again}/cancel")
    assert server.ended(again)["rerun_of"] == run
    assert server.call("POST", "/api/v1/runs/999999/cancel").status == 404


def test_flows_are_applied_all_or_none(server: Server) -> None:
    good = {
        "name": "new.yaml",
        "text": "id: fresh\nnamespace: acme\ntasks:\n  - {id: a, type: log, message: x}\n",
    }
    bad = {"name": "bad.yaml", "text": "id: bad\ntasks:\n  - {id: a, type: lag, message: x}\n"}
    refused = server.call("POST", "/api/v1/flows", {"files": [good, bad]})
    assert refused.status == 422
    assert refused.json["errors"][0]["at"] == "bad.yaml:3:19"
    assert server.call("GET", "/api/v1/flows/acme/fresh").status == 404
    planned = server.ok("POST", "/api/v1/flows", {"files": [good], "dry_run": True})
    assert [flow["action"] for flow in planned["flows"]] == ["added"]
    assert server.call("GET", "/api/v1/flows/acme/fresh").status == 404
    server.ok("POST", "/api/v1/flows", {"files": [good]})
    shown = server.ok("GET", "/api/v1/flows/acme/fresh")
    assert shown["version"] == 1 and shown["canonical"]["id"] == "fresh"
    server.ok("POST", "/api/v1/flows", {"files": [good]})
    assert server.ok("GET", "/api/v1/flows/acme/fresh")["version"] == 1
    server.ok(
        "POST", "/api/v1/flows", {"files": [{**good, "text": good["text"].replace("x}", "y}")}]}
    )
    versions = server.ok("GET", "/api/v1/flows/acme/fresh/versions")["versions"]
    assert [version["version"] for version in versions] == [2, 1]
    old = server.ok("GET", "/api/v1/flows/acme/fresh/versions/1")
    assert old["canonical"]["tasks"][0]["message"] == "x"
    assert server.call("GET", "/api/v1/flows/acme/fresh/versions/3").status == 404
    assert server.ended(server.start("acme/fresh"))["state"] == "completed"
    server.ok("DELETE", "/api/v1/flows/acme/fresh")
    assert server.call("POST", "/api/v1/flows/acme/fresh/runs", {}).status == 404
    listed = server.ok("GET", "/api/v1/flows")["flows"]
    names = [(flow["namespace"], flow["id"]) for flow in listed]
    assert names == sorted(names)
    assert ("acme", "fresh") not in names and ("acme", "daily") in names
    checked = server.ok("POST", "/api/v1/flows/validate", bad)
    assert not checked["valid"] and checked["diagnostics"][0]["line"] == 3


def test_a_flow_keeps_the_text_it_was_written_as(server: Server) -> None:
    first = (
        "# ours\nid: written\nnamespace: acme\ntasks:\n  - {id: a, type: log, message: x}  # é\n"
    )
    server.ok("POST", "/api/v1/flows", {"files": [{"name": "w.yaml", "text": first}]})
    shown = server.ok("GET", "/api/v1/flows/acme/written")
    assert (shown["version"], shown["source"]) == (1, first)
    # Another comment is no version, and is seen.
    other = first.replace("ours", "theirs")
    server.ok("POST", "/api/v1/flows", {"files": [{"name": "w.yaml", "text": other}]})
    shown = server.ok("GET", "/api/v1/flows/acme/written")
    assert (shown["version"], shown["source"]) == (1, other)
    assert server.ok("GET", "/api/v1/flows/acme/written/versions/1")["source"] == other
    third = other.replace("message: x", "message: y")
    server.ok("POST", "/api/v1/flows", {"files": [{"name": "w.yaml", "text": third}]})
    assert server.ok("GET", "/api/v1/flows/acme/written/versions/2")["source"] == third
    assert server.ok("GET", "/api/v1/flows/acme/written/versions/1")["source"] == first


def test_an_item_of_a_list_keeps_its_commas(server: Server) -> None:
    text = "id: lists\nnamespace: acme\ninputs: [{id: names, type: array, items: string}]\ntasks: [{id: a, type: log, message: x}]\n"
    server.ok("POST", "/api/v1/flows", {"files": [{"name": "l.yaml", "text": text}]})
    names = ["Doe, Ann", "b", ""]
    run = server.ok("POST", "/api/v1/flows/acme/lists/runs", {"inputs": {"names": names}})["run"]
    assert server.ended(run)["inputs"] == {"names": names}


def test_what_was_mended_goes_on_where_it_failed(server: Server) -> None:
    text = """
id: mended
namespace: acme
tasks:
  - {id: load, type: shell, script: 'echo n=7 >> "$DYNA_OUTPUTS"'}
  - {id: clean, type: fail, message: "no", needs: load}
"""
    server.ok("POST", "/api/v1/flows", {"files": [{"name": "m.yaml", "text": text}]})
    run = server.start("acme/mended")
    assert server.ended(run)["state"] == "error"
    mended = text.replace('type: fail, message: "no"', 'type: log, message: "{{ outputs.load.n }}"')
    server.ok("POST", "/api/v1/flows", {"files": [{"name": "m.yaml", "text": mended}]})
    plan = server.ok("GET", f"/api/v1/runs/{run}/rerun?latest=true")
    assert (plan["taken"], plan["again"]) == (["load"], ["clean"])
    same = server.ok("POST", f"/api/v1/runs/{run}/rerun", {})["run"]
    assert server.ended(same)["state"] == "error"
    again = server.ok("POST", f"/api/v1/runs/{run}/rerun", {"latest": True})["run"]
    assert server.ended(again)["state"] == "completed"
    attempts = server.ok("GET", f"/api/v1/runs/{again}/attempts")["attempts"]
    assert [attempt["task"] for attempt in attempts] == ["clean"]
    server.ok("DELETE", "/api/v1/flows/acme/mended")
    gone = server.call("POST", f"/api/v1/runs/{run}/rerun", {"latest": True})
    assert gone.status == 409 and "'dyna apply'" in gone.json["detail"]


def test_schedules_and_ticks(server: Server) -> None:
    times = server.ok("GET", "/api/v1/flows/acme/daily/next?limit=3")["next"]
    assert [time["trigger"] for time in times] == ["nightly"] * 3
    assert all(time["scheduled_for"].endswith("T02:00:00Z") for time in times)
    ticks = server.ok("GET", "/api/v1/flows/acme/daily/ticks")["ticks"]
    assert ticks[0]["tick"] == "begun"
    assert server.call("GET", "/api/v1/flows/acme/nothing/ticks").status == 404
    assert server.ok("GET", "/api/v1/pools") == {"pools": []}
    assert server.ok("GET", "/api/v1/places") == {"places": []}
    assert server.ok("GET", "/api/v1/backfills") == {"backfills": []}
    assert server.call("GET", "/api/v1/backfills/1").status == 404


def test_a_secret_is_never_read_again(server: Server) -> None:
    server.ok("PUT", "/api/v1/secrets/API_KEY", {"value": "canary-8f3a"})
    names = [secret["name"] for secret in server.ok("GET", "/api/v1/secrets")["secrets"]]
    assert names == ["API_KEY"]
    assert server.call("PUT", "/api/v1/secrets/a-b", {"value": "x"}).status == 422
    audit = server.call("GET", "/api/v1/audit?subject=secret%20API_KEY")
    assert audit.json["audit"][0]["action"] == "setSecret"
    assert b"canary" not in audit.body
    server.ok("DELETE", "/api/v1/secrets/API_KEY")
    assert server.call("DELETE", "/api/v1/secrets/API_KEY").status == 404


def test_users_log_in_and_out(server: Server) -> None:
    grants = [{"namespace": "acme", "role": "operator"}]
    user = {"grants": grants, "password": "correct horse battery"}
    assert server.ok("PUT", "/api/v1/users/ann", user)["version"] == 1
    assert server.call("PUT", "/api/v1/users/ann", {"password": "short"}).status == 422
    wrong = server.call("POST", "/api/v1/login", {"user": "ann", "password": "x"}, token=None)
    nobody = server.call("POST", "/api/v1/login", {"user": "zoe", "password": "x"}, token=None)
    assert wrong.status == nobody.status == 401 and wrong.json == nobody.json
    login = {"user": "ann", "password": "correct horse battery"}
    answer = server.call("POST", "/api/v1/login", login, token=None)
    assert answer.status == 200
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie
    session = {"Cookie": cookie.split(";")[0]}
    me = server.call("GET", "/api/v1/me", token=None, headers=session)
    token = answer.json["csrf_token"]
    assert me.json == {"actor": "user:ann", "user": "ann", "grants": grants, "csrf_token": token}
    start = ("POST", "/api/v1/flows/acme/daily/runs", {})
    assert server.call(*start, token=None, headers=session).status == 403
    origin = f"http://127.0.0.1:{server.port}"
    whole = {**session, "Origin": origin, "X-CSRF-Token": token}
    assert server.call(*start, token=None, headers=whole).status == 201
    assert server.call("POST", "/api/v1/logout", token=None, headers=whole).status == 204
    assert server.call("GET", "/api/v1/me", token=None, headers=session).status == 401
    again = server.call("POST", "/api/v1/login", login, token=None)
    server.ok("PUT", "/api/v1/users/ann", {"disabled": True})
    session = {"Cookie": again.headers["Set-Cookie"].split(";")[0]}
    assert server.call("GET", "/api/v1/me", token=None, headers=session).status == 401
    assert server.call("POST", "/api/v1/login", login, token=None).status == 401
    since = server.ok("PUT", "/api/v1/users/ann", {"disabled": True})["disabled_at"]
    changed = server.ok("PUT", "/api/v1/users/ann", {"grants": [], "password": login["password"]})
    assert changed["disabled_at"] == since, "what is not named stays as it was"
    assert server.call("POST", "/api/v1/login", login, token=None).status == 401
    assert "disabled_at" not in server.ok("PUT", "/api/v1/users/ann", {"disabled": False})
    assert server.call("POST", "/api/v1/login", login, token=None).status == 200


def test_the_link_of_the_first_start_logs_in_once(server: Server) -> None:
    page, token = server.login_link.split("#")
    assert page == f"http://127.0.0.1:{server.port}/login"
    shown = server.call("GET", "/login", token=None)
    assert shown.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in shown.headers["Content-Security-Policy"]
    assert b'src="/assets/' in shown.body
    assert server.call("GET", "/api/v1/me", token=token).status == 401, "a link is no token"
    first = server.call("POST", "/api/v1/login", {"link_token": token}, token=None)
    assert first.status == 200 and first.json["user"] == "admin"
    session = {"Cookie": first.headers["Set-Cookie"].split(";")[0]}
    me = server.call("GET", "/api/v1/me", token=None, headers=session)
    assert me.json["grants"] == [{"namespace": "*", "role": "admin"}]
    again = server.call("POST", "/api/v1/login", {"link_token": token}, token=None)
    assert again.status == 401


def test_the_audit_is_a_chain(server: Server) -> None:
    server.start()
    rows: list[dict] = []
    path = "/api/v1/audit?limit=3"
    while True:
        page = server.ok("GET", path)
        rows += page["audit"]
        if "next" not in page:
            break
        path = f"/api/v1/audit?limit=3&before={page['next']}"
    rows.reverse()
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert rows[0]["action"] == "firstStart"
    before = ""
    for row in rows:
        assert len(row["hash"]) == 64 and row["hash"] != before
        before = row["hash"]
    started = [row for row in rows if row["action"] == "startRun"]
    assert started[-1]["actor"] == "user:admin" and started[-1]["address"] == "127.0.0.1"
    assert started[-1]["after"]["flow"] == "acme/daily"


def test_a_restart_keeps_users_tokens_and_runs(tmp_path: Path) -> None:
    (tmp_path / "asks.yaml").write_text(PAUSED)
    first = serve(tmp_path)
    token = first.token(("viewer", "*"))
    run = first.start("_/asks")
    first.process.kill()
    first.process.communicate()
    second = serve(tmp_path)
    try:
        assert second.ok("GET", "/api/v1/me", token=token)["grants"][0]["role"] == "viewer"
        assert second.ok("GET", f"/api/v1/runs/{run}", token=token)["run"] == run
        second.ok("POST", f"/api/v1/runs/{run}/cancel")
        second.ended(run)
    finally:
        second.stop()
    assert second.process.returncode == 0
    secret = token.rsplit("_", 1)[1].encode()
    for file in second.state.glob("state.db*"):
        assert secret not in file.read_bytes()


def test_a_key_of_a_rerun_or_a_backfill_is_of_that_one(server: Server) -> None:
    runs = [server.start("other/broken") for _ in range(2)]
    for run in runs:
        server.ended(run)
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = server.ok("POST", f"/api/v1/runs/{runs[0]}/rerun", {}, headers=key)
    assert server.ok("POST", f"/api/v1/runs/{runs[0]}/rerun", {}, headers=key) == first
    other = server.call("POST", f"/api/v1/runs/{runs[1]}/rerun", {}, headers=key)
    assert other.status == 409 and "Idempotency-Key" in other.json["detail"]

    path = "/api/v1/flows/acme/daily/backfills"
    key = {"Idempotency-Key": str(uuid.uuid4())}
    days = {"from": "2026-01-01", "to": "2026-01-02", "every": "1d"}
    first = server.ok("POST", path, days, headers=key)
    assert server.ok("POST", path, days, headers=key) == first
    other = server.call("POST", path, {**days, "from": "2025-12-31"}, headers=key)
    assert other.status == 409 and "Idempotency-Key" in other.json["detail"]
