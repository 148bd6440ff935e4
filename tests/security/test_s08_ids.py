"""S8: names that only look like others, names that are taken, and names of somebody else's namespace."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from serving import Answer, Server

# Each is read as "daily" by somebody: by a file system, a browser, a person.
ALIKE = {
    "case": "Daily",
    "capital at the end": "dailY",
    "full width (NFKC)": "\uff44aily",
    "ligature (NFKC)": "dai\ufb02y",
    "superscript (NFKC)": "daily\u00b2",
    "long s folded": "dai\u017fy",
    "dotless i": "da\u0131ly",
    "Cyrillic a": "d\u0430ily",
    "Greek omicron": "m\u03bfnday",
    "zero width space": "dai\u200bly",
    "zero width joiner": "dai\u200dly",
    "word joiner": "dai\u2060ly",
    "soft hyphen": "dai\u00adly",
    "byte order mark": "\ufeffdaily",
    "right to left": "\u202edaily",
    "isolate": "\u2066daily\u2069",
    "combining mark": "dai\u0301ly",
    "composed mark": "da\u00edly",
    "variation selector": "daily\ufe0f",
    "tag letters": "daily\U000e0061",
    "blank before": " daily",
    "blank behind": "daily ",
    "no-break blank": "daily\u00a0",
    "line break": "daily\n",
    "tab": "da\tily",
    "NUL": "daily\u0000",
    "delete": "daily\u007f",
}
RESERVED = ["", ".", "..", "_", "-daily", ".daily", "_daily", "*", "daily/../x", "a/b", "/daily", "a\\b",
            "daily%20", "C:daily", "~", "a" * 129, "dai ly", "$daily", "{{daily}}", "flow:daily"]  # fmt: skip
PLACES = {
    "flow": "id: {}\ntasks: [{{id: a, type: log, message: x}}]\n",
    "namespace": "id: mine\nnamespace: {}\ntasks: [{{id: a, type: log, message: x}}]\n",
    "task": "id: mine\ntasks: [{{id: {}, type: log, message: x}}]\n",
    "input": "id: mine\ninputs: [{{id: {}}}]\ntasks: [{{id: a, type: log, message: x}}]\n",
    "trigger": (
        "id: mine\ntriggers: [{{id: {}, type: schedule, cron: '@daily'}}]\n"
        "tasks: [{{id: a, type: log, message: x}}]\n"
    ),
}


def apply(server: Server, text: str, token: str | None = "admin") -> Answer:
    return server.call("POST", "/api/v1/flows", {"files": [{"name": "f", "text": text}]}, token)


@pytest.mark.parametrize("place", sorted(PLACES))
def test_an_id_that_looks_like_another_is_refused(server: Server, place: str) -> None:
    before = server.ok("GET", "/api/v1/flows?limit=500")
    # "", as a namespace, is none: the same as a flow without the key.
    names = [*ALIKE.values(), *(name for name in RESERVED if name or place != "namespace")]
    for name in names:
        answer = apply(server, PLACES[place].format(json.dumps(name, ensure_ascii=False)))
        assert answer.status == 422, (place, name, answer.status, answer.body)
        assert all(error["at"].startswith("f:") for error in answer.json["errors"]), answer.body
    assert server.ok("GET", "/api/v1/flows?limit=500") == before


def test_the_longest_and_the_shortest_id_are_taken(server: Server) -> None:
    for name in ("a", "0", "a" * 128, "a.b-c_d"):
        answer = apply(server, PLACES["flow"].format(json.dumps(name, ensure_ascii=False)))
        assert answer.status == 200, answer.body
        server.ok("DELETE", f"/api/v1/flows/_/{name}")


def test_in_an_address_no_name_is_another(server: Server) -> None:
    for name in (*ALIKE.values(), *(one for one in RESERVED if one)):
        for path in (f"/api/v1/flows/acme/{quote(name, safe='')}",
                     f"/api/v1/flows/{quote(name, safe='')}/daily"):  # fmt: skip
            answer = server.call("GET", path)
            assert answer.status in (400, 404), (path, answer.status)
            answer = server.call("POST", path + "/runs", {})
            assert answer.status in (400, 404), (path, answer.status)


@pytest.mark.parametrize("what", ["users", "secrets"])
def test_users_and_secrets_have_names_that_look_like_themselves(server: Server, what: str) -> None:
    body = {"users": {"grants": []}, "secrets": {"value": "x"}}[what]
    before = server.ok("GET", f"/api/v1/{what}")
    for name in (*ALIKE.values(), ".", "..", "-x", "a/b", "a" * 129, " ", "*"):
        if what == "secrets" and name.isascii() and name.isidentifier():
            continue  # SECRET and Secret are two
        answer = server.call("PUT", f"/api/v1/{what}/{quote(name, safe='')}", body)
        assert answer.status in (400, 422), (what, name, answer.status, answer.body)
    assert server.ok("GET", f"/api/v1/{what}") == before


def test_nobody_declares_for_another_namespace(server: Server) -> None:
    token = server.token(("author", "acme"))
    before = server.ok("GET", "/api/v1/flows?limit=500")
    for namespace in ("other", "acmes", "acm", "ac.me", "acme-x", "other.acme", "x.acme.y"):
        text = PLACES["namespace"].format(namespace)
        assert apply(server, text, token).status == 403, namespace
    # Neither without one, nor beside one that is right, nor under somebody else's id.
    assert apply(server, PLACES["flow"].format("mine"), token).status == 403
    two = {"files": [{"name": "a", "text": PLACES["namespace"].format("acme")},
                     {"name": "b", "text": PLACES["namespace"].format("other")}]}  # fmt: skip
    assert server.call("POST", "/api/v1/flows", two, token).status == 403
    assert server.ok("GET", "/api/v1/flows?limit=500") == before
    assert apply(server, PLACES["namespace"].format("acme.sub"), token).status == 200
