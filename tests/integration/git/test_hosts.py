"""Repositories on other machines: by HTTPS with a token, and who is not let in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from branches import Branch, Host, applied, flow, follow, follows, settled, sync, up, write_follow
from ssh_host import SshHost
from test_push import change, push


@pytest.fixture
def branch(tmp_path: Path) -> Branch:
    return Branch(tmp_path)


@pytest.fixture
def host(tmp_path: Path, branch: Branch) -> Iterator[Host]:
    one = Host(branch, tmp_path)
    yield one
    one.close()


def project(tmp_path: Path, branch: Branch, host: Host, trusted: bool = True, **more: Any) -> Path:
    folder = follows(tmp_path, branch)
    wish = {"namespace": "acme", "url": host.url, "every": "1h", "token": {"secret": "GIT"}, **more}
    write_follow(folder, wish, **({"ca_file": str(host.ca)} if trusted else {}))
    return folder


def test_https_with_a_token_both_ways(tmp_path: Path, branch: Branch, host: Host) -> None:
    first = branch.commit(a_yaml=flow("a"))
    server = up(project(tmp_path, branch, host, push=True), DYNA_SECRET_GIT=host.token)
    try:
        applied(server, first)
        change(server, flow("a", "mine"))
        assert push(server, message="mine")["applied"]["commit"] == branch.tip() != first
        second = branch.work  # somebody else's clone is behind by now
        branch.pull()
        assert (second / "a.yaml").read_text() == flow("a", "mine")
        third = branch.commit(a_yaml=flow("a", "theirs"))
        assert sync(server)["applied"]["commit"] == third
    finally:
        server.stop()


def test_a_wrong_token_is_told_without_it_and_waited_with(
    tmp_path: Path, branch: Branch, host: Host
) -> None:
    first = branch.commit(a_yaml=flow("a"))
    server = up(project(tmp_path, branch, host), DYNA_SECRET_GIT="wr0ng-t0ken")
    try:
        one = settled(server, lambda one: one.get("problem"))
        assert "refuses the credentials" in one["problem"], one
        refused = server.call("POST", "/api/v1/git/acme/sync", {})
        assert refused.status == 503 and b"wr0ng" not in refused.body
        assert "applied" not in follow(server)
    finally:
        server.stop()
    assert b"wr0ng-t0ken" not in (server.state / "state.db").read_bytes()
    server = up(project(tmp_path, branch, host), DYNA_SECRET_GIT=host.token)
    try:
        assert "problem" not in applied(server, first)
    finally:
        server.stop()


def test_a_secret_that_is_not_there_is_told(tmp_path: Path, branch: Branch, host: Host) -> None:
    branch.commit(a_yaml=flow("a"))
    server = up(project(tmp_path, branch, host))
    try:
        one = settled(server, lambda one: one.get("problem"))
        assert "'token'" in one["problem"] and "GIT" in one["problem"], one
        assert host.asked == []
    finally:
        server.stop()


def test_who_is_not_trusted_gets_no_token(tmp_path: Path, branch: Branch, host: Host) -> None:
    branch.commit(a_yaml=flow("a"))
    server = up(project(tmp_path, branch, host, trusted=False), DYNA_SECRET_GIT=host.token)
    try:
        one = settled(server, lambda one: one.get("problem"))
        assert "certificate" in one["problem"].lower(), one
        assert host.asked == []
    finally:
        server.stop()


def test_a_redirect_to_another_host_is_not_followed(
    tmp_path: Path, branch: Branch, host: Host
) -> None:
    branch.commit(a_yaml=flow("a"))
    other = Host(branch, tmp_path / "work")
    host.leads_to = f"https://localhost:{other.server.server_address[1]}"
    server = up(project(tmp_path, branch, host), DYNA_SECRET_GIT=host.token)
    try:
        one = settled(server, lambda one: one.get("problem"))
        assert "leads elsewhere" in one["problem"], one
        assert other.asked == []
    finally:
        server.stop()
        other.close()


def test_ssh_with_a_key_both_ways(tmp_path: Path, branch: Branch) -> None:
    first = branch.commit(a_yaml=flow("a"))
    host = SshHost(branch, passphrase="open sesame")
    folder = follows(tmp_path, branch)
    wish = {
        "namespace": "acme",
        "url": host.url,
        "every": "1h",
        "push": True,
        "ssh_key": {"secret": "SSH"},
        "passphrase": {"secret": "PHRASE"},
        "known_hosts": f"# of a test\n{host.known_as}\n",
    }
    write_follow(folder, wish)
    server = up(folder, DYNA_SECRET_SSH=host.key, DYNA_SECRET_PHRASE="open sesame")
    try:
        applied(server, first)
        change(server, flow("a", "mine"))
        assert push(server)["applied"]["commit"] == branch.tip() != first
        assert host.users == {"git"}
        # Somebody else in its place gets nothing.
        other = SshHost(branch)
        write_follow(folder, {**wish, "url": other.url})
        one = settled(server, lambda one: one["url"] == other.url and one.get("problem"))
        assert "'known_hosts'" in one["problem"], one
        assert other.users == set()
        other.close()
        write_follow(folder, {**wish, "known_hosts": host.known_as.replace("ssh-", "x-")})
        one = settled(server, lambda one: one["url"] == host.url and one.get("problem"))
        assert "'known_hosts'" in one["problem"], one
    finally:
        server.stop()
        host.close()
    files = [path for path in (folder / ".cordyna").rglob("*") if path.is_file()]
    assert not [path for path in files if b"open sesame" in path.read_bytes()]


def test_ssh_with_a_key_that_is_not_let_in(tmp_path: Path, branch: Branch) -> None:
    branch.commit(a_yaml=flow("a"))
    host = SshHost(branch)
    folder = follows(tmp_path, branch)
    wish = {"namespace": "acme", "url": host.url, "ssh_key": {"secret": "SSH"}}
    write_follow(folder, {**wish, "known_hosts": host.known_as})
    other = SshHost(branch)
    server = up(folder, DYNA_SECRET_SSH=other.key)
    try:
        one = settled(server, lambda one: one.get("problem"))
        assert "refuses the credentials" in one["problem"] and "PRIVATE" not in one["problem"], one
    finally:
        server.stop()
        host.close()
        other.close()
