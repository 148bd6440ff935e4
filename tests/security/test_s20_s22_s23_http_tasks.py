"""S20, S22, S23: where a task of type http goes, whoever chooses it, and what a server can do to it.

A host that the flow names is its author's decision. One that inputs, events or outputs have a part in is that of
whoever gives them.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from raw_web import Authority, ok, redirect, web
from serving import DYNA

CANARY = "canary-of-the-call"


def call(folder: Path, keys: dict[str, Any], value: str = "", *, first: list[dict[str, Any]] | None = None,
         variables: dict[str, str] | None = None, env: dict[str, str] | None = None) -> tuple[int, str, list[dict[str, Any]]]:  # fmt: skip
    """Exit code, all that was said, and the errors of the task; `value` is the input `v`."""
    task = {
        "id": "call",
        "type": "http",
        "transfer": {"connect_timeout": "2s", "timeout": "20s"},
        **keys,
    }
    flow = {"id": "calls", "inputs": [{"id": "v", "default": value}], "vars": variables or {},
            "tasks": [*(first or []), task]}  # fmt: skip
    (folder / "calls.yaml").write_text(json.dumps(flow))
    done = subprocess.run([DYNA, "run", "calls.yaml", "--json"], cwd=folder, capture_output=True, text=True,
                          env={**os.environ, "no_proxy": "*", **(env or {})}, timeout=120, check=False)  # fmt: skip
    errors = []
    for line in done.stdout.splitlines():
        errors += [one["error"] for one in json.loads(line).get("summary", {}).get("failed", [])]
    return done.returncode, done.stdout + done.stderr, errors


def denied(done: tuple[int, str, list[dict[str, Any]]]) -> str:
    code, said, errors = done
    assert code != 0 and errors[0]["code"] == "ACCESS_DENIED", said
    return str(errors[0]["message"])


def test_s20_a_host_that_the_flow_names_is_its_authors_decision(tmp_path: Path) -> None:
    with web(ok()) as server:
        code, said, _ = call(tmp_path, {"url": server.url + "/{{ inputs.v }}"}, "a")
        assert code == 0, said
        code, said, _ = call(tmp_path, {"url": "{{ vars.base }}/b"}, variables={"base": server.url})
        assert code == 0, said
        code, said, _ = call(tmp_path, {"url": "{{ env('BASE') }}/c"}, env={"BASE": server.url})
        assert code == 0, said
    assert [head.split(" ")[1] for head in server.heads] == ["/a", "/b", "/c"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "017700000001", "localhost",
                                  "localhost.", "LOCALHOST", "0.0.0.0", "0", "[::1]", "[::ffff:127.0.0.1]",
                                  "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "10.0.0.1", "172.16.0.1", "192.168.1.1",
                                  "100.64.0.1", "169.254.169.254", "[fd00::8]", "[fe80::1]", "[fd00:ec2::254]"])  # fmt: skip
def test_s20_a_host_that_a_value_chooses_is_public(tmp_path: Path, host: str) -> None:
    with web(ok()) as server:
        done = call(tmp_path, {"url": "http://{{ inputs.v }}/x"}, f"{host}:{server.port}")
    assert server.heads == []
    if host == "localhost." and "cannot be found" in done[1]:
        return  # not every machine knows it with its dot
    message = denied(done)
    assert "not public" in message and "allow_private" in message


def test_s20_every_way_that_a_value_has_into_the_host_counts(tmp_path: Path) -> None:
    made = [{"id": "made", "type": "shell", "script": 'echo "host=127.0.0.1" >> "$DYNA_OUTPUTS"'}]
    with web(ok()) as server:
        port = str(server.port)
        denied(call(tmp_path, {"url": "{{ inputs.v }}"}, server.url))
        denied(call(tmp_path, {"url": "http://127.0.0.1:{{ inputs.v }}/"}, port))
        denied(call(tmp_path, {"url": "http://127.0{{ inputs.v }}/"}, f".0.1:{port}"))
        denied(
            call(
                tmp_path,
                {"url": "{{ vars.base }}/"},
                port,
                variables={"base": "http://127.0.0.1:{{ inputs.v }}"},
            )
        )
        denied(call(tmp_path, {"url": "http://{{ outputs.made.host }}:" + port}, first=made))
        denied(
            call(
                tmp_path,
                {"url": "http://{{ inputs.v | default('x') | lower | raw }}/"},
                f"LOCALHOST:{port}",
            )
        )
        assert server.heads == []
        code, said, _ = call(
            tmp_path, {"url": "http://{{ inputs.v }}/", "allow_private": True}, f"127.0.0.1:{port}"
        )
        assert code == 0, said
    assert len(server.heads) == 1


@pytest.mark.parametrize("value", ["evil.example/", "u@127.0.0.1", "a#@127.0.0.1", "127.0.0.1\\@a", "a?b", "a b", "%2f", "a\r\nb"])  # fmt: skip
def test_s20_s22_no_value_gets_out_of_the_host(tmp_path: Path, value: str) -> None:
    with web(ok()) as server:
        url = "http://127.0.0.1{{ inputs.v }}:" + str(server.port) + "/"
        code, said, errors = call(tmp_path, {"url": url, "allow_private": True}, value)
    assert code != 0 and errors[0]["code"] == "TEMPLATE_FAILED", said
    assert server.heads == []


@pytest.mark.parametrize(
    "value", ["/etc", "../x", "?a=b", "#f", "//evil.example", "a\r\nHost: evil", "@evil.example"]
)
def test_s22_no_value_gets_out_of_the_path(tmp_path: Path, value: str) -> None:
    with web(ok()) as server:
        code, said, _ = call(
            tmp_path, {"url": server.url + "/a/{{ inputs.v }}/b?c={{ inputs.v }}"}, value
        )
    assert code == 0, said
    (head,) = server.heads
    target = head.split("\r\n")[0].removeprefix("GET ").removesuffix(" HTTP/1.1")
    front, _, query = target.partition("?")
    assert front.startswith("/a/") and front.endswith("/b") and front.count("/") == 3
    assert query.startswith("c=") and "&" not in query and "#" not in target
    assert "Host: evil" not in head


LINK_LOCAL = [
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "[::ffff:169.254.169.254]",
    "[fe80::1]",
    "[fd00:ec2::254]",
]


@pytest.mark.parametrize("host", LINK_LOCAL)
def test_s20_nobody_gets_to_where_clouds_keep_credentials(tmp_path: Path, host: str) -> None:
    assert "link-local" in denied(call(tmp_path, {"url": f"http://{host}/latest"}))
    keys = {"url": "http://{{ inputs.v }}/latest", "allow_private": True}
    assert "link-local" in denied(call(tmp_path, keys, host))
    with web(redirect(f"http://{host}/latest")) as server:
        assert "link-local" in denied(call(tmp_path, {"url": server.url}))


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://127.0.0.1/", "unix:/run/docker.sock", "ftp://h/", "http:/x"])  # fmt: skip
def test_s20_other_schemes_are_none(tmp_path: Path, url: str) -> None:
    code, said, _ = call(tmp_path, {"url": url})
    assert code != 0 and "root:" not in said and "https://" in said
    code, said, errors = call(tmp_path, {"url": "{{ inputs.v }}", "allow_private": True}, url)
    assert code != 0 and errors[0]["code"] == "INPUT_INVALID" and "root:" not in said


def test_s22_another_server_gets_neither_headers_nor_body(tmp_path: Path) -> None:
    keys = {
        "headers": {"X-Key": CANARY},
        "auth": {"token": {"secret": "T"}},
        "sign": {"secret": "T"},
    }
    env = {"DYNA_SECRET_T": CANARY}
    with web(ok()) as other, web(redirect(other.url + "/b")) as server:
        code, said, _ = call(tmp_path, {"url": server.url, **keys}, env=env)
        assert code == 0, said
        assert server.heads[0].count(CANARY) == 2 and "webhook-signature" in server.heads[0]
        assert CANARY not in other.heads[0] and "webhook" not in other.heads[0]
        assert len(other.heads) == 1

    def kept(connection: socket.socket, _: str) -> None:
        head = f"HTTP/1.1 307 X\r\nLocation: {third.url}/b\r\nContent-Length: 0\r\n\r\n"
        connection.sendall(head.encode())

    with web(ok()) as third, web(kept) as server:
        keys = {"url": server.url, "body": CANARY, "follow_redirects": True}
        assert "does not get the body" in denied(call(tmp_path, keys))
    assert third.heads == []


def test_s22_no_way_leads_away_from_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with (web(ok()) as plain,
          web(redirect(plain.url + "/b"), authority.context("localhost")) as server):  # fmt: skip
        code, said, errors = call(tmp_path, {"url": f"https://localhost:{server.port}/a"},
                                  env={"SSL_CERT_FILE": str(authority.file)})  # fmt: skip
    assert code != 0 and errors[0]["code"] == "REMOTE_UNTRUSTED", said
    assert plain.heads == []


def endless_head(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for _number in range(10_000):
        connection.sendall(b"X-Pad: " + b"x" * 1000 + b"\r\n")


def endless_body(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65536)


def cut(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")


@pytest.mark.parametrize("answer, code", [(endless_head, "SOURCE_UNAVAILABLE"), (endless_body, "REMOTE_REFUSED"),
                                          (cut, "SOURCE_UNAVAILABLE")])  # fmt: skip
def test_s23_what_does_not_end_is_cut_and_leaves_nothing(
    tmp_path: Path, answer: Any, code: str
) -> None:
    with web(answer) as server:
        keys = {"url": server.url, "transfer": {"max_size": "5MB", "timeout": "60s"}}
        exit_code, said, errors = call(tmp_path, keys)
    assert exit_code != 0 and errors[0]["code"] == code, said
    assert list((tmp_path / ".cordyna").rglob("artifacts/body")) == []
