"""What is changed here is pushed back as a commit of who changed it; who was faster in the branch wins, and nothing is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from branches import Branch, applied, flow, follow, follows, git, names, sync, up
from serving import Server
from test_follow import dyna


@pytest.fixture
def branch(tmp_path: Path) -> Branch:
    return Branch(tmp_path)


def change(server: Server, *texts: str, **more: Any) -> Any:
    files = [{"name": f"file{at}", "text": text} for at, text in enumerate(texts)]
    return server.ok("POST", "/api/v1/flows", {"files": files}, **more)


def push(server: Server, **body: Any) -> dict[str, Any]:
    return dict(server.ok("POST", "/api/v1/git/acme/push", body))


def test_changes_are_one_commit_of_who_pushes(tmp_path: Path, branch: Branch) -> None:
    first = branch.commit(flows__a_yaml=flow("a"), flows__gone_yaml=flow("gone"))
    server = up(follows(tmp_path, branch, folder="flows", push=True))
    try:
        applied(server, first)
        change(server, flow("a", "edited"), flow("fresh", namespace="acme.sales.north"))
        server.ok("DELETE", "/api/v1/flows/acme/gone")
        shown = server.ok("GET", "/api/v1/flows/acme/a")
        assert shown["git"] == {"commit": first, "path": "flows/a.yaml", "edited": True}
        edits = ["acme.sales.north/fresh", "acme/a", "acme/gone"]
        assert follow(server)["edits"] == edits
        assert sync(server)["edits"] == edits, "a look at the branch leaves them"
        assert server.ok("GET", "/api/v1/flows/acme/a")["version"] == 2
        run = server.start("acme/a")
        assert server.ended(run)["state"] == "completed"

        told = dyna(server, "git", "push", "acme", "-m", "Three changes")
        assert told.returncode == 0, told
        tip = branch.tip()
        assert tip[:10] in told.stdout and follow(server)["edits"] == []
        assert (
            git(branch.bare, "log", "-1", "--format=%an|%s|%P", tip)
            == f"admin|Three changes|{first}"
        )
        assert branch.show("flows/a.yaml") == flow("a", "edited").strip()
        assert branch.show("flows/sales/north/fresh.yaml").startswith("id: fresh")
        assert "gone" not in git(branch.bare, "ls-tree", "-r", "--name-only", tip)
        assert server.ok("GET", "/api/v1/flows/acme/a")["git"] == {
            "commit": tip, "path": "flows/a.yaml", "edited": False}  # fmt: skip
        assert server.ok("GET", "/api/v1/flows/acme/a")["version"] == 2
        nothing = server.call("POST", "/api/v1/git/acme/push", {})
        assert nothing.status == 409 and "nothing to push" in nothing.json["detail"]
        branch.pull()
        again = branch.commit(flows__gone_yaml=flow("gone", "back"))
        assert sync(server)["applied"]["commit"] == again
        assert "acme/gone" in names(server)
        actions = [
            row["action"] for row in server.ok("GET", "/api/v1/audit?actor=user:admin")["audit"]
        ]
        assert "pushGit" in actions
    finally:
        server.stop()


def test_a_push_that_comes_too_late_is_refused_and_loses_nothing(
    tmp_path: Path, branch: Branch
) -> None:
    first = branch.commit(a_yaml=flow("a"), b_yaml=flow("b"))
    server = up(follows(tmp_path, branch, push=True))
    try:
        applied(server, first)
        change(server, flow("a", "mine"))
        theirs = branch.commit(b_yaml=flow("b", "theirs"))
        late = server.call("POST", "/api/v1/git/acme/push", {"message": "x"})
        assert late.status == 409 and "pull first" in late.json["detail"], late
        assert branch.tip() == theirs
        one = sync(server)
        assert one["applied"]["commit"] == theirs and one["edits"] == ["acme/a"], one
        assert push(server)["edits"] == []
        assert branch.show("a.yaml") == flow("a", "mine").strip()
        assert branch.show("b.yaml") == flow("b", "theirs").strip()
        assert git(branch.bare, "log", "-1", "--format=%s", branch.tip()) == "Change a"
    finally:
        server.stop()


def test_both_changed_the_same_flow(tmp_path: Path, branch: Branch) -> None:
    first = branch.commit(a_yaml=flow("a"))
    server = up(follows(tmp_path, branch, push=True))
    try:
        applied(server, first)
        change(server, flow("a", "mine"))
        theirs = branch.commit(a_yaml=flow("a", "theirs"))
        one = sync(server)
        assert one["applied"]["commit"] == first and one["seen"]["commit"] == theirs
        assert "was changed here and in the branch" in one["problem"], one
        assert "mine" in server.ok("GET", "/api/v1/flows/acme/a")["source"]
        operator = server.token(("operator", "acme"))
        refused = server.call("POST", "/api/v1/git/acme/sync", {"discard": True}, token=operator)
        assert refused.status == 403, refused
        told = dyna(server, "git", "sync", "acme", "--discard")
        assert told.returncode == 0, told
        shown = server.ok("GET", "/api/v1/flows/acme/a")
        assert "theirs" in shown["source"] and shown["version"] == 3
        mine = server.ok("GET", "/api/v1/flows/acme/a/versions/2")
        assert "mine" in mine["source"] and mine["git"]["edited"] is True
    finally:
        server.stop()


def test_what_is_changed_back_is_no_change(tmp_path: Path, branch: Branch) -> None:
    first = branch.commit(a_yaml=flow("a"))
    server = up(follows(tmp_path, branch, push=True))
    try:
        applied(server, first)
        change(server, flow("a", "mine"))
        change(server, flow("a", "mine again"))
        assert follow(server)["edits"] == ["acme/a"]
        change(server, flow("a"))
        assert follow(server)["edits"] == []
        assert server.ok("GET", "/api/v1/flows/acme/a")["git"]["edited"] is False
    finally:
        server.stop()


def test_a_kill_between_push_and_here_is_made_good(tmp_path: Path, branch: Branch) -> None:
    """The branch has what was changed here, and the server does not know it yet."""
    first = branch.commit(a_yaml=flow("a"))
    project = follows(tmp_path, branch, push=True)
    server = up(project)
    applied(server, first)
    change(server, flow("a", "mine"))
    server.process.kill()
    server.process.communicate()
    pushed = branch.commit(a_yaml=flow("a", "mine"))
    server = up(project)
    try:
        one = applied(server, pushed)
        assert one["edits"] == []
        assert server.ok("GET", "/api/v1/flows/acme/a")["version"] == 2
    finally:
        server.stop()


def test_without_push_nothing_goes_there(tmp_path: Path, branch: Branch) -> None:
    first = branch.commit(a_yaml=flow("a"))
    server = up(follows(tmp_path, branch))
    try:
        applied(server, first)
        refused = server.call("POST", "/api/v1/git/acme/push", {})
        assert refused.status == 403 and "push: true" in refused.json["detail"], refused
        assert branch.tip() == first
    finally:
        server.stop()
