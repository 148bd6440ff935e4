"""S35: declarations that nobody should be able to keep. S38: what was accepted cannot stop the server at its start."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from serving import Server, eventually, serve

TASK = "tasks: [{id: a, type: log, message: x}]\n"
BAD = {
    "a cycle": "id: f\ntasks:\n  - {id: a, type: log, message: x, needs: [b]}\n  - {id: b, type: log, message: x, needs: [a]}\n",
    "a task that needs itself": "id: f\ntasks: [{id: a, type: log, message: x, needs: [a]}]\n",
    "an unknown upstream": "id: f\ntasks: [{id: a, type: log, message: x, needs: [z]}]\n",
    "a cron that never fires": "id: f\n" + TASK + "triggers: [{id: t, type: schedule, cron: '0 0 30 2 *'}]\n",
    "a timeout of nothing": "id: f\ntasks: [{id: a, type: shell, script: x, timeout: 0s}]\n",
    "a negative timeout": "id: f\ntasks: [{id: a, type: shell, script: x, timeout: -1s}]\n",
    "a timeout beyond all": "id: f\ntasks: [{id: a, type: shell, script: x, timeout: 99999999999999999999d}]\n",
    "an id with case": "id: Flow\n" + TASK,
    "an id with a wide letter": "id: \uff46low\n" + TASK,
    "an id with a letter of no width": "id: f\u200blow\n" + TASK,
    "an id that is a path": "id: ../f\n" + TASK,
    "two tasks of one id": "id: f\ntasks: [{id: a, type: log, message: x}, {id: a, type: log, message: x}]\n",
    "a key that nobody knows": "id: f\nowner_team: x\n" + TASK,
    "a billion laughs": "id: f\nx: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
        f"x{n}: &a{n} [*a{n - 1 if n else ''},*a{n - 1 if n else ''},*a{n - 1 if n else ''},*a{n - 1 if n else ''},*a{n - 1 if n else ''}]\n"
        for n in range(20)) + TASK,
    "lists in lists": "id: f\nvars: {v: " + "[" * 10_000 + "]" * 10_000 + "}\n" + TASK,
    "no UTF-8 in spirit": "id: f\x00\n" + TASK,
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(BAD))
def test_s35_it_is_refused_with_its_place(server: Server, what: str) -> None:
    files = {"files": [{"name": "f", "text": BAD[what]}]}
    answer = server.call("POST", "/api/v1/flows", files)
    assert answer.status in (400, 422), (what, answer.status, answer.body[:300])
    assert answer.json["detail"] or answer.json.get("errors")
    assert server.call("GET", "/api/v1/flows/_/f").status == 404
    assert server.call("GET", "/livez", token=None).status == 200


def test_s35_a_hundred_thousand_tasks_and_a_deep_chain_are_taken_or_refused(server: Server) -> None:
    many = "id: many\ntasks:\n" + "".join(
        f"  - {{id: t{n}, type: log, message: x}}\n" for n in range(100_000)
    )
    chain = "id: chain\ntasks:\n  - {id: t0, type: log, message: x}\n" + "".join(
        f"  - {{id: t{n}, type: log, message: x, needs: [t{n - 1}]}}\n" for n in range(1, 10_000)
    )
    for text in (many, chain):
        answer = server.call("POST", "/api/v1/flows", {"files": [{"name": "f", "text": text}]})
        assert answer.status in (200, 201, 413, 422), answer.body[:300]
        assert server.call("GET", "/livez", token=None).status == 200


def test_s35_a_pattern_that_explodes_elsewhere_is_linear_here(server: Server) -> None:
    flow = "id: pattern\ninputs: [{id: x, type: string, match: '(a+)+b'}]\n" + TASK
    server.ok("POST", "/api/v1/flows", {"files": [{"name": "pattern", "text": flow}]})
    answer = server.call("POST", "/api/v1/flows/_/pattern/runs", {"inputs": {"x": "a" * 5000}})
    assert answer.status == 422


HOOK = """
id: hooked
inputs:
  - {id: any, type: json, default: {}}
  - {id: text, type: string, default: ""}
tasks:
  - {id: say, type: log, message: "{{ inputs.any | json }} {{ inputs.text }}"}
  - {id: tell, type: shell, needs: [say], script: "printf %s {{ inputs.text }} | wc -c"}
triggers:
  - id: in
    type: webhook
    path_secret: K
    inputs: {any: "{{ event.data }}", text: "{{ event.headers['x-text'] | default('') }}"}
"""
NESTED: object = 1
for _ in range(30):
    NESTED = [NESTED]
HOSTILE = [
    {"a": "{{ 7 * 7 }} ${x} %(x)s {% raw %}"}, {"__class__": {"constructor": 1}}, NESTED, [], {}, 0, -0.0, 1e308,
    2**53 + 1, "\u202e\u200b\ufeff", "\x1b]0;title\x07", "'; DROP TABLE run; --", "x" * 200_000,
    {f"k{n}": n for n in range(5000)}, {"": ""}, "\u0000", "\ud83d\ude00",
]  # fmt: skip
TEXTS = [
    "$(touch pwned)",
    "`id`",
    "a;b|c&d",
    "--help",
    "{{ secret('K') }}",
    "\\\"'",
    "%s%n",
    "../../etc/passwd",
]


def test_s38_what_was_accepted_cannot_stop_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "hooked.yaml").write_text(HOOK)
    server = serve(tmp_path, DYNA_SECRET_K="key-of-the-hook")
    accepted = []
    for value in HOSTILE:
        body = json.dumps(value).encode()
        answer = server.call("POST", "/hooks/_/hooked/in/key-of-the-hook", body, None)
        assert answer.status in (202, 400), (value, answer.body)
        if answer.status == 202:
            accepted.append(answer.json["event"])
    for text in TEXTS:
        headers = {"X-Text": text}
        answer = server.call("POST", "/hooks/_/hooked/in/key-of-the-hook", b"{}", None, headers)
        assert answer.status == 202
        accepted.append(answer.json["event"])
    for _ in range(2):  # killed at once, and started twice over what it left
        server.process.kill()
        server.process.wait()
        server = serve(tmp_path, DYNA_SECRET_K="key-of-the-hook")
    for event in accepted:

        def settled(event: int = event) -> bool:
            return bool(server.ok("GET", f"/api/v1/events/{event}")["state"] != "pending")

        eventually(settled, f"what becomes of event {event}")
        row = server.ok("GET", f"/api/v1/events/{event}")
        if row["state"] == "run":
            assert server.ended(row["run"])["state"] == "completed", row
    assert not (tmp_path / "pwned").exists()
    assert b"key-of-the-hook" not in server.call("GET", "/api/v1/runs?limit=500").body
    server.stop()
