"""S24, S26, S27, S30, S43: names that are paths, logs that are more than text, secrets, and an audit that stays."""

from __future__ import annotations

import sqlite3
import subprocess
from pathlib import Path

import pytest
from kept_files import files_below
from serving import DYNA, Server, eventually, serve

LOGS = r"""
id: hostile
tasks:
  - id: say
    type: shell
    script: |
      printf '\033]0;title\007<script>alert(1)</script>\n'
      printf '\n2026-01-01 ERROR forged\n'
      printf '\xff\xfe\n'
      head -c 100000 /dev/zero | tr '\0' 'a'; echo
  - id: swap
    type: shell
    needs: [say]
    script: "ln -sf /etc/passwd ../log || true; ln -sf /etc/passwd log || true"
  - id: link
    type: shell
    needs: [say]
    script: |
      echo '{"outputs": {"stolen": true}}' > "$DYNA_ARTIFACTS/elsewhere"
      ln -sf "$DYNA_ARTIFACTS/elsewhere" "$DYNA_ARTIFACTS/../report"
  - {id: forge, type: shell, needs: [say], script: 'echo ''","token":"x'' > "$DYNA_ARTIFACTS/../report"'}
"""


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2fetc%2fpasswd",
        "..",
        "%2e%2e",
        "..%252f",
        "%00",
        "a" * 300,
        "CON",
        "-rf",
        "0",
        "-1",
        "1e3",
    ],
)
def test_s24_a_name_is_never_a_path(server: Server, name: str) -> None:
    for path in (f"/api/v1/runs/{name}", f"/api/v1/runs/{name}/log?task=say", f"/api/v1/flows/acme/{name}",
                 f"/api/v1/flows/{name}/daily", f"/api/v1/secrets/{name}", f"/api/v1/tokens/{name}"):  # fmt: skip
        method = "DELETE" if "secrets" in path or "tokens" in path else "GET"
        answer = server.call(method, path)
        assert answer.status in (400, 404, 422), (path, answer.status)
        assert b"root:" not in answer.body
    run = server.start()
    server.ended(run)
    answer = server.call("GET", f"/api/v1/runs/{run}/log?task={name}")
    assert answer.status in (400, 404) and b"root:" not in answer.body


def test_s26_s27_a_log_is_text_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "hostile.yaml").write_text(LOGS)
    served = serve(tmp_path)
    try:
        run = served.start("_/hostile")
        served.ended(run)
        answer = served.call("GET", f"/api/v1/runs/{run}/log?task=say")
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        lines = answer.json["lines"]
        assert {line["stream"] for line in lines} == {"stdout"}
        assert any("<script>" in line["text"] for line in lines)
        assert b"\x1b" not in answer.body and b"\xff" not in answer.body
        swapped = served.call("GET", f"/api/v1/runs/{run}/log?task=swap")
        assert b"root:" not in swapped.body
        # A report that is a link is not followed; what is no object does not get into the answer.
        for task in ("link", "forge"):
            report = served.ok("GET", f"/api/v1/runs/{run}/report?task={task}")
            assert report == {"attempt": 1}
    finally:
        served.stop()


def test_s30_a_secret_of_the_api_is_nowhere(tmp_path: Path) -> None:
    canary = "canary-5d1f-of-the-api"
    (tmp_path / "use.yaml").write_text(
        "id: use\ntasks:\n  - {id: a, type: shell, env: {K: \"{{ secret('K') }}\"}, script: 'echo $K; exit 1'}\n"
    )
    served = serve(tmp_path)
    try:
        served.ok("PUT", "/api/v1/secrets/K", {"value": canary})
        run = served.start("_/use")
        served.ended(run)
        for path in (f"/api/v1/runs/{run}", f"/api/v1/runs/{run}/log?task=a", f"/api/v1/runs/{run}/history",
                     f"/api/v1/runs/{run}/tasks", f"/api/v1/runs/{run}/attempts", "/api/v1/secrets", "/api/v1/audit",
                     "/metrics", "/api/v1/flows/_/use"):  # fmt: skip
            assert canary.encode() not in served.call("GET", path).body, path
        for file, content in files_below(served.state):
            assert canary.encode() not in content, file
    finally:
        served.stop()


def test_s43_the_audit_cannot_be_changed(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("id: a\ntasks: [{id: a, type: log, message: b}]\n")
    served = serve(tmp_path)
    try:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert (
                served.call(method, "/api/v1/audit", {} if method != "DELETE" else None).status
                == 405
            )
            assert served.call(method, "/api/v1/audit/1").status == 404
        for _ in range(3):
            served.start("_/a")
        told = served.ok("GET", "/api/v1/audit/verify")
        assert told["whole"] and told["entries"] >= 3
        newest = served.ok("GET", "/api/v1/audit?limit=1")["audit"][0]
        assert told["last_hash"] == newest["hash"]
    finally:
        served.stop()
    verify = [DYNA, "audit", "verify", "--state", str(served.state)]
    good = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert good.returncode == 0, good.stderr
    state = sqlite3.connect(served.state / "state.db")
    with pytest.raises(sqlite3.IntegrityError):
        state.execute("UPDATE audit SET actor = 'user:eve' WHERE seq = 2")
    state.execute("DROP TRIGGER audit_stays")
    state.execute("UPDATE audit SET actor = 'user:eve' WHERE seq = 3")
    state.commit()
    state.close()
    bad = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert bad.returncode != 0
    assert "entry 3" in bad.stderr + bad.stdout


def test_s43_each_write_is_told_once_with_who_from_where_and_what(tmp_path: Path) -> None:
    flow = "id: {}\nnamespace: acme\ntasks: [{{id: ask, type: pause}}]\n"
    timed = flow + "triggers: [{{id: nightly, type: schedule, cron: '0 2 * * *'}}]\n"
    (tmp_path / "asks.yaml").write_text(timed.format("asks"))
    served = serve(tmp_path)
    canary = "canary-of-the-audit"
    flows = "/api/v1/flows"
    mine = served.token(("admin", "*"))
    actor = f"token:{mine.split('_')[1]}"

    def held() -> int:
        run = int(served.ok("POST", f"{flows}/acme/asks/runs", {}, token=mine)["run"])
        eventually(lambda: served.ok("GET", f"/api/v1/runs/{run}/tasks")["holds"], "the pause")
        return run

    first, second = held(), held()
    backfill = served.ok("POST", f"{flows}/acme/asks/backfills", {
        "from": "2026-01-01", "to": "2026-01-02"}, token=mine)["backfill"]  # fmt: skip
    wish = {"name": "t", "kind": "service", "grants": []}
    token = served.ok("POST", "/api/v1/tokens", wish, token=mine)["token"].split("_")[1]
    files = {"files": [{"name": "f", "text": flow.format("more")}]}
    for method, path, body in (
        ("POST", flows, files), ("DELETE", f"{flows}/acme/more", None),
        ("POST", f"/api/v1/runs/{first}/decision", {"decision": "approve", "note": "fine"}),
        ("POST", f"/api/v1/runs/{second}/cancel", None),
        ("POST", f"/api/v1/backfills/{backfill}/steer", {"action": "cancel"}),
        ("PUT", "/api/v1/secrets/K", {"value": canary}), ("DELETE", "/api/v1/secrets/K", None),
        ("PUT", "/api/v1/users/ann", {"grants": [], "password": canary}),
        ("DELETE", f"/api/v1/tokens/{token}", None)):  # fmt: skip
        served.ok(method, path, body, token=mine)
    served.ended(second)
    served.ok("POST", f"/api/v1/runs/{second}/rerun", {}, token=mine)
    # What is refused, or only tried, is no write.
    served.call("POST", f"{flows}/acme/asks/runs", {"inputs": {"x": 1}}, token=mine)
    served.ok("POST", flows, {**files, "dry_run": True}, token=mine)
    answer = served.call("GET", f"/api/v1/audit?actor={actor}&limit=100")
    entries = answer.json["audit"][::-1]
    assert [entry["action"] for entry in entries] == [
        "startRun", "startRun", "startBackfill", "createToken", "applyFlows", "removeFlow", "decideTask",
        "cancelRun", "steerBackfill", "setSecret", "removeSecret", "putUser", "revokeToken", "rerunRun"]  # fmt: skip
    for entry in entries:
        assert entry["actor"] == actor and entry["address"] == "127.0.0.1", entry
        assert entry["at"] and entry["subject"], entry
    told = {entry["action"]: entry for entry in entries}
    for action in (
        "startRun",
        "startBackfill",
        "applyFlows",
        "decideTask",
        "steerBackfill",
        "putUser",
    ):
        assert told[action]["after"], action
    for action in ("removeFlow", "cancelRun", "steerBackfill", "revokeToken"):
        assert told[action]["before"], action
    assert canary.encode() not in answer.body
    served.stop()
