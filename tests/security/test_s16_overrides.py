"""S16: whoever starts a run decides nothing that its author did not ask for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hooking import send, set_secrets
from serving import Answer, Server, eventually, serve

FLOW = """
id: plain
namespace: acme
inputs:
  - {id: word, type: string, default: hello}
  - {id: county, type: select, values: [story, polk], default: story}
tasks: [{id: say, type: shell, script: "echo {{ inputs.word }}"}]
triggers:
  - {id: nightly, type: schedule, cron: "0 2 * * *"}
  - {id: shop, type: webhook, signing_secret: SHOP_KEY, inputs: {word: "{{ event.data.word }}"}}
"""
ASKS = """
id: asks
namespace: acme
tasks:
  - id: gate
    type: pause
    inputs:
      - {id: count, type: int, default: 1, max: 9}
      - {id: paper, type: file, required: false}
  - {id: plain, type: pause, needs: [gate]}
outputs: {by: "{{ outputs.gate.by }}", count: "{{ outputs.gate.count }}"}
"""
READS = """
id: reads
namespace: acme
inputs: [{id: paper, type: file, required: false}]
tasks: [{id: show, type: shell, script: "cat {{ inputs.paper }}"}]
triggers:
  - {id: nightly, type: schedule, cron: "0 2 * * *"}
  - {id: shop, type: webhook, signing_secret: SHOP_KEY, inputs: {paper: "{{ event.data.paper }}"}}
"""
# What decides how, where and as whom a task runs, here and at others.
POLICY = ["env", "script", "interpreter", "language", "compiler", "file", "command", "args", "image", "user", "privileged", "hostPath", "hostNetwork",
          "capabilities", "serviceAccount", "volumes", "mounts", "podSpecPatch", "pod_spec_patch", "docker",
          "resources", "pool", "priority", "timeout", "retry", "concurrency", "vars", "labels", "owner", "tasks",
          "flow", "folder", "namespace", "canonical", "hash", "version", "secrets", "state", "trigger",
          "scheduled_for", "rerun_of", "taken", "outputs"]  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("s16")
    flows = folder / "flows"
    flows.mkdir()
    for name, text in (("plain", FLOW), ("asks", ASKS), ("reads", READS)):
        (flows / f"{name}.yaml").write_text(text)
    (flows / "paper.txt").write_text("what may be read\n")
    (flows / "link.txt").symlink_to("/etc/hostname")
    (folder / "beside.txt").write_text("beside the flows\n")
    server = serve(flows)
    set_secrets(server)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def operator(served: Server) -> str:
    return served.token(("operator", "acme"))


def runs(server: Server) -> list[int]:
    return [row["run"] for row in server.ok("GET", "/api/v1/runs?limit=500")["runs"]]


@pytest.mark.parametrize("key", POLICY)
def test_a_start_takes_nothing_but_inputs(served: Server, operator: str, key: str) -> None:
    before = runs(served)
    for value in ("x", {"a": "b"}, ["x"], True, None):
        for path, body in (("/api/v1/flows/acme/plain/runs", {}),
                           ("/api/v1/flows/acme/plain/runs", {"inputs": {}}),
                           ("/api/v1/flows/acme/plain/backfills", {"from": "2026-01-01", "to": "2026-01-02"})):  # fmt: skip
            if key == "trigger" and "from" in body:
                continue  # which of the flow's schedules it goes by
            answer = served.call("POST", path, {**body, key: value}, operator)
            assert answer.status == 400, (path, key, answer.body)
            assert f"#/{key}" in [error["at"] for error in answer.json["errors"]]
    # Among the inputs it is one that the flow does not have.
    answer = served.call("POST", "/api/v1/flows/acme/plain/runs", {"inputs": {key: "x"}}, operator)
    assert answer.status == 422 and key in answer.json["detail"]
    assert runs(served) == before


def test_what_is_not_among_the_choices_is_refused(served: Server, operator: str) -> None:
    for county in ("linn", "", "Story", "story ", ["story"], {"a": 1}, 1, True):
        answer = served.call(
            "POST", "/api/v1/flows/acme/plain/runs", {"inputs": {"county": county}}, operator
        )
        assert answer.status == 422, (county, answer.body)


def held(server: Server, operator: str) -> int:
    run = int(server.ok("POST", "/api/v1/flows/acme/asks/runs", {}, token=operator)["run"])
    eventually(lambda: server.ok("GET", f"/api/v1/runs/{run}/tasks")["holds"], "the hold")
    return run


def decide(server: Server, run: int, operator: str, **body: Any) -> Answer:
    return server.call("POST", f"/api/v1/runs/{run}/decision", body, operator)


def test_a_decision_gives_what_was_asked_for_and_nothing_else(
    served: Server, operator: str
) -> None:
    run = held(served, operator)
    for inputs in ({"by": "user:root"}, {"approved": False}, {"note": "x"}, {"other": 1}, {"count": 10},
                   {"count": "$(id)"}, {"count": [1]}, {"count": 2, "by": "user:root"},
                   {"paper": "/etc/passwd"}, {"paper": ".cordyna/admin.token"}):  # fmt: skip
        answer = decide(served, run, operator, decision="approve", inputs=inputs)
        assert answer.status == 422, (inputs, answer.status, answer.body)
        assert next(iter(inputs)) in answer.json["detail"] or "by" in answer.json["detail"]
    answer = decide(served, run, operator, decision="reject", inputs={"count": 2})
    assert answer.status == 400 and answer.json["errors"][0]["at"] == "#/inputs"
    assert decide(served, run, operator, decision="approve", by="user:root").status == 400
    hold = served.ok("GET", f"/api/v1/runs/{run}/tasks")["holds"][0]
    assert hold["state"] == "held", hold
    assert decide(served, run, operator, decision="approve", inputs={"count": 2}).status == 202

    def asked() -> list[Any]:
        holds = served.ok("GET", f"/api/v1/runs/{run}/tasks")["holds"]
        return [hold for hold in holds if hold["task"] == "plain"]

    eventually(asked, "the second pause")
    refused = decide(served, run, operator, decision="approve", inputs={"count": 2})
    assert refused.status == 422 and "asks for no inputs" in refused.json["detail"]
    assert decide(served, run, operator, decision="approve").status == 202
    row = served.ended(run)
    assert row["state"] == "completed"
    assert row["outputs"]["count"] == 2
    assert row["outputs"]["by"].startswith("token:"), "who it was, the server says"


OUTSIDE = [
    "/etc/passwd",
    "/proc/self/environ",
    "../beside.txt",
    "paper.txt/../../beside.txt",
    "link.txt",
    ".cordyna/admin.token",
    ".cordyna/../.cordyna/admin.token",
    "./.cordyna/state.db",
    "{folder}/.cordyna/admin.token",
    "{folder}/../beside.txt",
    "/nowhere/at/all",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_file_from_afar_lies_below_the_flow(served: Server, operator: str, path: str) -> None:
    paper = path.format(folder=served.folder)
    before = runs(served)
    answer = served.call(
        "POST", "/api/v1/flows/acme/reads/runs", {"inputs": {"paper": paper}}, operator
    )
    assert answer.status == 422 and "server.files" in answer.json["detail"], answer.body
    for value in (paper, "{{ '" + paper + "' }}"):
        answer = served.call("POST", "/api/v1/flows/acme/reads/backfills", {
            "from": "2026-01-01", "to": "2026-01-03", "trigger": "nightly",
            "inputs": [{"name": "paper", "value": value}]}, operator)  # fmt: skip
        assert answer.status == 422 and "paper" in answer.json["detail"], answer.body
    first = served.ok("POST", "/api/v1/flows/acme/reads/runs", {"inputs": {"paper": "paper.txt"}})
    served.ended(first["run"])
    answer = served.call("POST", f"/api/v1/runs/{first['run']}/rerun",
                         {"from": "show", "inputs": {"paper": paper}}, operator)  # fmt: skip
    assert answer.status == 422 and "server.files" in answer.json["detail"], answer.body
    assert runs(served) == [first["run"], *before]
    log = served.ok("GET", f"/api/v1/runs/{first['run']}/log?task=show")
    assert [line["text"] for line in log["lines"]] == ["what may be read"]


def test_an_event_names_no_file_either(served: Server) -> None:
    def sent(number: int, paper: str) -> dict[str, Any]:
        body = json.dumps({"paper": paper}).encode()
        answer = send(served, f"paper-{number}", body, path="/hooks/acme/reads/shop")
        assert answer.status == 202
        event = answer.json["event"]

        def settled() -> Any:
            row = served.ok("GET", f"/api/v1/events/{event}")
            return row if row["state"] != "pending" else None

        return dict(eventually(settled, "what becomes of the event"))

    for number, path in enumerate(OUTSIDE):
        row = sent(number, path.format(folder=served.folder))
        assert row["state"] == "dead" and "server.files" in row["detail"], row
    row = sent(100, "paper.txt")
    assert row["state"] == "run" and served.ended(row["run"])["state"] == "completed"


def test_files_says_what_else_may_be_named(tmp_path: Path) -> None:
    flows, drop = tmp_path / "flows", tmp_path / "drop"
    flows.mkdir()
    drop.mkdir()
    (flows / "reads.yaml").write_text(READS)
    (drop / "in.csv").write_text("a\n")
    (tmp_path / "beside.txt").write_text("b\n")
    # Even "/" opens no state.
    for allowed, path, status in ((drop, "in.csv", 201), (drop, "../beside.txt", 422),
                                  ("/", f"{flows}/.cordyna/admin.token", 422)):  # fmt: skip
        server = serve(flows, "--set", f"files={allowed}")
        body = {"inputs": {"paper": str(drop / path)}}
        answer = server.call("POST", "/api/v1/flows/acme/reads/runs", body)
        assert answer.status == status, (path, answer.body)
        server.stop()


def test_an_event_gives_what_the_trigger_takes(served: Server) -> None:
    body = b'{"word": "tea", "county": "polk", "inputs": {"county": "polk"}, "env": {"A": "b"}}'
    answer = send(served, "more-than-asked", body, path="/hooks/acme/plain/shop")
    assert answer.status == 202
    row = eventually(
        lambda: (lambda one: one if one["state"] == "run" else None)(
            served.ok("GET", f"/api/v1/events/{answer.json['event']}")
        ),
        "the run of the event",
    )
    assert served.ended(row["run"])["inputs"] == {"word": "tea", "county": "story"}
