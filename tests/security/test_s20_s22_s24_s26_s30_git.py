"""S20, S22, S24, S26, S30 of namespaces that follow a branch: what a repository of others may not do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "integration" / "git"))

from branches import Branch, Host, applied, flow, follows, git, settled, sync, up, write_follow
from serving import DYNA, Server

CANARY = "c4nary-0f-git"


@pytest.fixture
def branch(tmp_path: Path) -> Branch:
    return Branch(tmp_path)


@pytest.fixture
def server(tmp_path: Path, branch: Branch) -> Iterator[Server]:
    good = branch.commit(a_yaml=flow("a"))
    one = up(follows(tmp_path, branch))
    applied(one, good)
    yield one
    one.stop()


def refused(server: Server, words: str) -> None:
    one = sync(server)
    assert words in one.get("problem", ""), one
    assert one["applied"]["commit"] != one["seen"]["commit"]


def test_s26_links_out_of_the_folder(server: Server, branch: Branch) -> None:
    for at, target in enumerate(("/etc/passwd", "../../../../state.db", "a/../../..")):
        link = branch.work / f"link{at}.yaml"
        link.symlink_to(target)
        branch.push()
        refused(server, f"link 'link{at}.yaml' leads out of the folder")
        link.unlink()
    branch.push()
    assert "problem" not in sync(server)


def forged(branch: Branch, *entries: tuple[str, str, bytes]) -> None:
    """A commit whose tree git itself would not make: mode, name, content."""
    body = b""
    for mode, name, data in entries:
        made = subprocess.run(
            ["git", "-C", str(branch.bare), "hash-object", "-w", "--stdin", "-t", "blob"],
            input=data, capture_output=True, check=True,
        )  # fmt: skip
        oid = made.stdout.strip().decode()
        if mode == "40000":
            inner = b"100644 x.yaml\0" + bytes.fromhex(oid)
            oid = tree(branch, inner)
        body += f"{mode} {name}".encode() + b"\0" + bytes.fromhex(oid)
    made = tree(branch, body)
    parent = branch.tip()
    commit = git(branch.bare, "commit-tree", made, "-p", parent, "-m", "forged")
    git(branch.bare, "update-ref", "refs/heads/main", commit)


def tree(branch: Branch, body: bytes) -> str:
    done = subprocess.run(
        ["git", "-C", str(branch.bare), "hash-object", "-w", "--stdin", "-t", "tree", "--literally"],
        input=body, capture_output=True, check=True,
    )  # fmt: skip
    return done.stdout.strip().decode()


@pytest.mark.parametrize(
    "entries",
    [
        [("100644", "../escaped.yaml", b"x")],
        [("40000", "..", b"x")],
        [("40000", ".git", b"x")],
        [("40000", ".GIT", b"x")],
        [("100644", "/tmp/escaped.yaml", b"x")],
        [("120000", "d", b"."), ("40000", "d", b"x")],
    ],
)
def test_s24_names_that_are_none(
    server: Server, branch: Branch, entries: list[tuple[str, str, bytes]], tmp_path: Path
) -> None:
    forged(branch, *entries)
    one = sync(server)
    assert one.get("problem") and one["applied"]["commit"] != one["seen"]["commit"], one
    assert not list(tmp_path.rglob("escaped.yaml"))
    assert not Path("/tmp/escaped.yaml").exists()
    assert server.ok("GET", "/api/v1/flows/acme/a")["version"] == 1


def test_s24_submodules_are_refused(server: Server, branch: Branch) -> None:
    commit = branch.tip()
    subprocess.run(
        ["git", "-C", str(branch.work), "update-index", "--add", "--cacheinfo", f"160000,{commit},mod"],
        check=True,
    )  # fmt: skip
    git(branch.work, "commit", "-q", "-m", "a submodule")
    git(branch.work, "push", "-q", "origin", "HEAD:main")
    refused(server, "'mod' is a submodule")


def test_s20_nothing_of_a_repository_is_executed(tmp_path: Path, branch: Branch) -> None:
    proof = tmp_path / "proof"
    program = tmp_path / "evil.sh"
    program.write_text(f"#!/bin/sh\necho $0 >> {proof}\ncat\n")
    program.chmod(0o755)
    branch.commit(a_yaml=flow("a"))
    (branch.work / ".gitattributes").write_text("* filter=evil diff=evil\n")
    good = branch.push()
    for hook in ("post-checkout", "post-receive", "pre-receive", "update", "reference-transaction"):
        (branch.bare / "hooks" / hook).parent.mkdir(exist_ok=True)
    for name in ("filter.evil.smudge", "core.fsmonitor", "core.sshCommand", "uploadpack.packObjectsHook",
                 "credential.helper", "core.pager", "core.editor"):  # fmt: skip
        git(branch.bare, "config", name, str(program))
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        f'[core]\n\tfsmonitor = {program}\n[credential]\n\thelper = {program}\n[filter "evil"]\n\tsmudge = {program}\n'
        f'[url "file:///nonexistent"]\n\tinsteadOf = file://{branch.bare}\n'
    )
    server = up(follows(tmp_path, branch, push=True), HOME=str(home), XDG_CONFIG_HOME=str(home))
    try:
        applied(server, good)
        files = {"files": [{"name": "a", "text": flow("a", "mine")}]}
        server.ok("POST", "/api/v1/flows", files)
        for hook in (
            "post-checkout",
            "post-receive",
            "pre-receive",
            "update",
            "reference-transaction",
        ):
            target = branch.bare / "hooks" / hook
            target.unlink(missing_ok=True)
            target.symlink_to(program)
        server.ok("POST", "/api/v1/git/acme/push", {})
        assert branch.tip() != good
    finally:
        server.stop()
    assert not proof.exists(), proof.read_text()


def test_s20_repositories_of_this_machine_want_a_setting(tmp_path: Path, branch: Branch) -> None:
    project = follows(tmp_path, branch)
    (project / "cordyna.yaml").write_text("")
    (project / "own.yaml").write_text(flow("own", namespace="home"))
    done = subprocess.run(
        [DYNA, "up", str(project)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2 and "server.git_folders" in done.stderr, done


def test_s22_s30_credentials_stay_where_they_belong(tmp_path: Path, branch: Branch) -> None:
    """A server that repeats what it was sent, asks again, and leads elsewhere."""
    branch.commit(a_yaml=flow("a"))
    host = Host(branch, tmp_path, tls=False, token="another")
    other = Host(branch, tmp_path / "work", tls=False)
    project = follows(tmp_path, branch)
    wish = {
        "namespace": "acme",
        "url": host.url,
        "every": "1h",
        "user": "me",
        "password": {"secret": "GIT"},
    }
    write_follow(project, wish)
    server = up(project, DYNA_SECRET_GIT=CANARY)
    try:
        one = settled(server, lambda one: one.get("problem"))
        assert "refuses the credentials" in one["problem"], one
        host.leads_to = f"http://localhost:{other.server.server_address[1]}"
        asked = server.call("POST", "/api/v1/git/acme/sync", {})
        assert asked.status == 503 and "leads elsewhere" in asked.json["detail"], asked
        assert other.asked == []
        shown = [
            server.call("GET", path).body
            for path in ("/api/v1/git", "/metrics", "/api/v1/audit", "/api/v1/flows")
        ]
        assert CANARY.encode() not in b"".join([asked.body, *shown])
    finally:
        server.stop()
        host.close()
        other.close()
    files = [path for path in (project / ".cordyna").rglob("*") if path.is_file()]
    assert files and not [path for path in files if CANARY.encode() in path.read_bytes()]


def test_s5_who_may_not_see_the_namespace_sees_nothing(server: Server) -> None:
    stranger = server.token(("admin", "other"))
    assert server.ok("GET", "/api/v1/git", token=stranger) == {"follows": []}
    for action in ("sync", "push"):
        assert server.call("POST", f"/api/v1/git/acme/{action}", {}, token=stranger).status == 404
    viewer = server.token(("viewer", "acme"))
    assert len(server.ok("GET", "/api/v1/git", token=viewer)["follows"]) == 1
    for action in ("sync", "push"):
        assert server.call("POST", f"/api/v1/git/acme/{action}", {}, token=viewer).status == 403
