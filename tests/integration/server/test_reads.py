"""What tasks left, how versions differ, namespaces, and backfills that are begun by the API."""

from __future__ import annotations

from pathlib import Path

from serving import FLOW, Server, eventually, serve

LEAVES = r"""
id: leaves
namespace: acme.files
tasks:
  - id: write
    type: shell
    script: |
      mkdir -p "$DYNA_ARTIFACTS/deep"
      printf 'a,b\n1,2\n' > "$DYNA_ARTIFACTS/table.csv"
      head -c 300000 /dev/zero > "$DYNA_ARTIFACTS/deep/big file.bin"
      ln -s /etc/passwd "$DYNA_ARTIFACTS/link"
      ln -s / "$DYNA_ARTIFACTS/root"
"""


def test_artifacts_are_listed_and_downloaded(tmp_path: Path) -> None:
    (tmp_path / "leaves.yaml").write_text(LEAVES)
    server = serve(tmp_path)
    run = server.start("acme.files/leaves")
    assert server.ended(run)["state"] == "completed"
    listed = server.ok("GET", f"/api/v1/runs/{run}/artifacts")["artifacts"]
    assert [(one["name"], one["bytes"]) for one in listed] == [
        ("deep/big file.bin", 300_000), ("table.csv", 8)]  # fmt: skip
    base = f"/api/v1/runs/{run}/artifact?task=write&name="
    table = server.call("GET", base + "table.csv")
    assert table.body == b"a,b\n1,2\n"
    assert table.headers["Content-Disposition"] == 'attachment; filename="table.csv"'
    assert len(server.call("GET", base + "deep/big%20file.bin").body) == 300_000
    for name in (
        "link",
        "root/etc/passwd",
        "../log",
        "../../../../state.db",
        "deep",
        "",
        "/etc/passwd",
    ):
        assert server.call("GET", base + name).status == 404, name
    stranger = server.token(("viewer", "other"))
    assert server.call("GET", f"/api/v1/runs/{run}/artifacts", token=stranger).status == 404
    server.stop()


def test_versions_and_namespaces(server: Server) -> None:
    text = FLOW.replace("id: daily", "id: changing")
    server.ok("POST", "/api/v1/flows", {"files": [{"name": "changing", "text": text}]})
    changed = text.replace("echo loud", "echo louder")
    server.ok("POST", "/api/v1/flows", {"files": [{"name": "changing", "text": changed}]})
    diff = server.ok("GET", "/api/v1/flows/acme/changing/diff")
    assert (diff["from"], diff["to"]) == (1, 2)
    assert diff["tasks"] == {"added": [], "changed": ["shout"], "removed": []}
    assert any(line.startswith("+") and "louder" in line for line in diff["diff"])
    assert server.ok("GET", "/api/v1/flows/acme/changing/diff?from=2&to=2")["diff"] == []
    assert server.call("GET", "/api/v1/flows/acme/changing/diff?to=1").status == 404
    spaces = {
        one["namespace"]: one["flows"]
        for one in server.ok("GET", "/api/v1/namespaces")["namespaces"]
    }
    assert spaces["acme"] >= 2 and spaces[""] == 1 and spaces["other"] == 1
    own = server.token(("viewer", "other"))
    assert [
        one["namespace"] for one in server.ok("GET", "/api/v1/namespaces", token=own)["namespaces"]
    ] == ["other"]


def test_a_backfill_is_begun_by_the_api(server: Server) -> None:
    path = "/api/v1/flows/acme/daily/backfills"
    wish = {
        "from": "2026-01-01",
        "to": "2026-01-04",
        "inputs": [{"name": "word", "value": "{{ run.date }}"}],
    }
    dry = server.call("POST", path, {**wish, "dry_run": True})
    assert dry.status == 200
    assert [time["scheduled_for"] for time in dry.json["times"]] == [
        f"2026-01-0{day}T02:00:00.000Z" for day in (1, 2, 3)]  # fmt: skip
    key = {"Idempotency-Key": "backfill-once"}
    first = server.call("POST", path, wish, headers=key)
    again = server.call("POST", path, wish, headers=key)
    assert (first.status, again.status) == (201, 201) and first.json == again.json
    number = first.json["backfill"]

    def ended() -> bool:
        return bool(server.ok("GET", f"/api/v1/backfills/{number}")["state"] == "completed")

    eventually(ended, "the end of the backfill")
    runs = server.ok("GET", f"/api/v1/runs?backfill={number}")["runs"]
    assert sorted(run["inputs"]["word"] for run in runs) == [
        "2026-01-01",
        "2026-01-02",
        "2026-01-03",
    ]
    for bad, said in (
        ({**wish, "to": "2025-01-01"}, "from 2026-01-01 is not before to 2025-01-01"),
        ({**wish, "from": "soon"}, "from 'soon'"),
        ({**wish, "trigger": "nighly"}, "nightly"),
        ({**wish, "inputs": [{"name": "wrod", "value": "x"}]}, "word"),
    ):
        answer = server.call("POST", path, bad)
        assert answer.status == 422 and said in answer.json["detail"], answer.body
