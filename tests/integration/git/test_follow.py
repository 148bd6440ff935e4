"""A namespace follows a branch: what is there is applied whole, and what is wrong in it is told and changes nothing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from branches import Branch, applied, flow, follow, follows, names, settled, sync, up, write_follow
from serving import DYNA, Server, eventually


@pytest.fixture
def branch(tmp_path: Path) -> Branch:
    return Branch(tmp_path)


def dyna(server: Server, *words: str) -> subprocess.CompletedProcess[str]:
    env = {
        **os.environ,
        "DYNA_SERVER": f"http://127.0.0.1:{server.port}",
        "DYNA_TOKEN": server.admin,
        "NO_COLOR": "1",
    }
    return subprocess.run([DYNA, *words], env=env, capture_output=True, text=True, check=False)


def test_all_flows_of_a_commit_come_and_go_with_the_branch(tmp_path: Path, branch: Branch) -> None:
    first = branch.commit(a_yaml=flow("a"), deep__b_yaml=flow("b", namespace="acme.sales"))
    server = up(follows(tmp_path, branch))
    try:
        one = applied(server, first)
        assert one["applied"]["author"] == "Ann" and one["applied"]["summary"] == "a change"
        assert "problem" not in one and one["errors"] == []
        assert names(server) == ["acme/a", "acme.sales/b", "home/own"]
        shown = server.ok("GET", "/api/v1/flows/acme.sales/b")
        assert shown["git"] == {"commit": first, "path": "deep/b.yaml", "edited": False}
        assert shown["follows"]["applied"]["commit"] == first
        assert shown["source"] == flow("b", namespace="acme.sales")

        second = branch.commit(a_yaml=flow("a", "bye"), deep__b_yaml=None, c_yaml=flow("c"))
        assert sync(server)["applied"]["commit"] == second
        assert names(server) == ["acme/a", "acme/c", "home/own"]
        versions = server.ok("GET", "/api/v1/flows/acme/a/versions")["versions"]
        assert [(v["version"], v["git"]["commit"]) for v in versions] == [(2, second), (1, first)]

        # Another commit that changes no flow makes no version.
        third = branch.commit(notes="nothing of ours")
        assert sync(server)["applied"]["commit"] == third
        assert server.ok("GET", "/api/v1/flows/acme/c")["git"]["commit"] == second
        assert server.ok("GET", "/api/v1/flows/acme/c")["version"] == 1
        run = server.start("acme/a")
        assert server.ended(run)["state"] == "completed"
    finally:
        server.stop()


def test_one_wrong_flow_and_nothing_of_the_commit_is_applied(
    tmp_path: Path, branch: Branch
) -> None:
    good = branch.commit(flows__a_yaml=flow("a"), flows__b_yaml=flow("b"))
    server = up(follows(tmp_path, branch, folder="flows"))
    try:
        applied(server, good)
        bad = branch.commit(
            flows__a_yaml=flow("a", "new"),
            flows__b_yaml=flow("b").replace("type: log", "type: lgo"),
        )
        one = sync(server)
        assert one["applied"]["commit"] == good and one["seen"]["commit"] == bad
        assert one["errors"][0]["file"] == "flows/b.yaml" and one["errors"][0]["line"] == 5
        words = f"commit {bad[:10]} of branch main cannot be applied: flows/b.yaml:5:"
        assert one["problem"].startswith(words), one["problem"]
        shown = server.ok("GET", "/api/v1/flows/acme/a")
        assert shown["version"] == 1 and shown["follows"]["problem"].startswith(words)
        told = dyna(server, "git", "sync", "acme")
        assert told.returncode == 2 and words in told.stderr, told
        listed = dyna(server, "git")
        assert listed.returncode == 0 and good[:10] in listed.stdout and words in listed.stdout
        metrics = server.call("GET", "/metrics").body.decode()
        assert 'dyna_git_follows{namespace="acme"} 0' in metrics

        better = branch.commit(flows__b_yaml=flow("b", "new"))
        assert sync(server)["applied"]["commit"] == better
        told = dyna(server, "git", "sync", "acme")
        assert told.returncode == 0 and better[:10] in told.stdout, told
        assert server.ok("GET", "/api/v1/flows/acme/a")["version"] == 2
        assert (
            'dyna_git_follows{namespace="acme"} 1' in server.call("GET", "/metrics").body.decode()
        )
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"x_yaml": flow("x", namespace="other")}, "is not of namespace acme"),
        ({"x_yaml": flow("a")}, "is in a.yaml already"),
        ({"cordyna_yaml": "plugins: {acme/p: ./p}\n"}, "cordyna.yaml"),
    ],
)
def test_what_a_branch_may_not_have(
    tmp_path: Path, branch: Branch, files: dict[str, str], words: str
) -> None:
    good = branch.commit(a_yaml=flow("a"))
    server = up(follows(tmp_path, branch))
    try:
        applied(server, good)
        branch.commit(**files)
        one = sync(server)
        assert words in one["problem"] and one["applied"]["commit"] == good, one
        assert names(server) == ["acme/a", "home/own"]
    finally:
        server.stop()


def test_files_beside_a_flow_are_those_of_its_commit(tmp_path: Path, branch: Branch) -> None:
    text = "id: a\nnamespace: acme\nowner: x\ntasks:\n  - {id: t, type: shell, script: 'sh deep/say.sh'}\n"
    branch.commit(flows__a_yaml=text, flows__deep__say="", elsewhere="x")
    (branch.work / "flows/deep/say.sh").write_text("echo one\n")
    first = branch.push()
    server = up(follows(tmp_path, branch, folder="flows"))
    try:
        applied(server, first)

        def said() -> str:
            run = server.start("acme/a")
            assert server.ended(run)["state"] == "completed"
            return str(server.ok("GET", f"/api/v1/runs/{run}/log?task=t")["lines"][0]["text"])

        assert said() == "one"
        (branch.work / "flows/deep/say.sh").write_text("echo two\n")
        second = branch.push()
        assert sync(server)["applied"]["commit"] == second
        assert said() == "two"
        assert server.ok("GET", "/api/v1/flows/acme/a")["version"] == 1, "no flow has changed"
    finally:
        server.stop()


def test_a_branch_that_was_forced_elsewhere_is_followed(tmp_path: Path, branch: Branch) -> None:
    branch.commit(a_yaml=flow("a"))
    second = branch.commit(b_yaml=flow("b"))
    server = up(follows(tmp_path, branch))
    try:
        applied(server, second)
        subprocess.run(
            ["git", "-C", str(branch.work), "reset", "-q", "--hard", "HEAD~1"], check=True
        )
        forced = branch.commit("another way", force=True, c_yaml=flow("c"))
        assert sync(server)["applied"]["commit"] == forced
        assert names(server) == ["acme/a", "acme/c", "home/own"]
    finally:
        server.stop()


def test_after_a_start_nothing_is_applied_twice_and_the_clone_may_be_gone(
    tmp_path: Path, branch: Branch
) -> None:
    first = branch.commit(a_yaml=flow("a"))
    project = follows(tmp_path, branch)
    server = up(project)
    applied(server, first)
    audit = server.ok("GET", "/api/v1/audit?actor=git")["audit"]
    assert [(row["action"], row["subject"]) for row in audit] == [("followBranch", "flow acme/a")]
    server.stop()
    shutil.rmtree(project / ".cordyna" / "git")
    server = up(project)
    try:
        settled(server, lambda one: one.get("looked_at"))
        assert server.ok("GET", "/api/v1/flows/acme/a")["version"] == 1
        assert len(server.ok("GET", "/api/v1/audit?actor=git")["audit"]) == 1
        assert (project / ".cordyna/git/acme/current/a.yaml").read_text() == flow("a")
    finally:
        server.stop()


def test_a_server_that_is_killed_goes_on_right(tmp_path: Path, branch: Branch) -> None:
    branch.commit(a_yaml=flow("a"))
    project = follows(tmp_path, branch)
    for turn in range(6):
        newest = branch.commit(
            a_yaml=flow("a", f"turn-{turn}"), **{f"f{turn}_yaml": flow(f"f{turn}")}
        )
        server = up(project)
        # At some moment of fetching, checking and applying.
        if turn % 3 == 0:
            eventually(lambda: (project / ".cordyna/git/acme/clone").exists(), "a clone")
        elif turn % 3 == 1:
            eventually(lambda: (project / ".cordyna/git/acme/trees").exists(), "files")
        server.process.send_signal(signal.SIGKILL)
        server.process.communicate()
    server = up(project)
    try:
        applied(server, newest)
        assert names(server) == sorted(
            [*(f"acme/f{turn}" for turn in range(6)), "acme/a", "home/own"]
        )
        versions = server.ok("GET", "/api/v1/flows/acme/a/versions")["versions"]
        texts = {version["hash"] for version in versions}
        assert len(texts) == len(versions), "none was applied twice"
    finally:
        server.stop()


def test_a_repository_that_goes_leaves_what_was_good(tmp_path: Path, branch: Branch) -> None:
    good = branch.commit(a_yaml=flow("a"))
    server = up(follows(tmp_path, branch))
    try:
        applied(server, good)
        gone = branch.bare.rename(branch.bare.with_name("gone.git"))
        refused = server.call("POST", "/api/v1/git/acme/sync", {})
        assert refused.status == 503 and branch.url in refused.json["detail"], refused
        one = follow(server)
        assert one["problem"].startswith("branch main of") and one["applied"]["commit"] == good
        assert names(server) == ["acme/a", "home/own"]
        gone.rename(branch.bare)
        assert "problem" not in sync(server)
    finally:
        server.stop()


def test_git_yaml_is_read_again_when_it_changes(tmp_path: Path, branch: Branch) -> None:
    first = branch.commit(a_yaml=flow("a"))
    project = follows(tmp_path, branch)
    good = (project / "git.yaml").read_text()
    (project / "git.yaml").unlink()
    server = up(project)
    try:
        assert server.ok("GET", "/api/v1/git") == {"follows": []}
        assert server.call("POST", "/api/v1/git/acme/sync", {}).status == 404
        (project / "git.yaml").write_text(good)
        applied(server, first)
        (project / "git.yaml").write_text("follows: [{namespace: acme}]\n")
        told = server.ok("GET", "/api/v1/git")
        assert "has no 'url'" in told["problem"], told
        assert applied(server, first), "what was read before goes on"
        git_other = "release"
        subprocess.run(["git", "-C", str(branch.bare), "branch", git_other, first], check=True)
        second = branch.commit(a_yaml=flow("a", "new"))
        write_follow(
            project, {"namespace": "acme", "url": branch.url, "branch": git_other, "every": "1h"}
        )
        settled(server, lambda one: one["branch"] == git_other and one.get("looked_at"))
        assert follow(server)["applied"]["commit"] == first != second
    finally:
        server.stop()


def test_flows_of_a_followed_namespace_are_changed_in_the_branch(
    tmp_path: Path, branch: Branch
) -> None:
    good = branch.commit(a_yaml=flow("a"))
    project = follows(tmp_path, branch)
    other = tmp_path / "other.yaml"
    other.write_text(flow("mine"))
    server = up(project)
    try:
        applied(server, good)
        files = {"files": [{"name": "a", "text": flow("a", "by hand")}]}
        refused = server.call("POST", "/api/v1/flows", files)
        assert refused.status == 409 and "change a.yaml there" in refused.json["detail"], refused
        refused = server.call("DELETE", "/api/v1/flows/acme/a")
        assert refused.status == 409 and "follows branch main" in refused.json["detail"], refused
        told = dyna(server, "apply", str(other))
        assert told.returncode == 5 and "follows branch main" in told.stderr, told
        # And on the state folder itself.
        local = subprocess.run(
            [DYNA, "apply", str(other), "--state", str(server.state)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert local.returncode == 5 and "follows branch main" in local.stderr, local
        assert names(server) == ["acme/a", "home/own"]
        # An operator may disable it all the same, and an apply leaves it so.
        server.ok("PATCH", "/api/v1/flows/acme/a", {"enabled": False})
        newer = branch.commit(a_yaml=flow("a", "new"))
        assert sync(server)["applied"]["commit"] == newer
        assert server.ok("GET", "/api/v1/flows/acme/a")["enabled"] is False
    finally:
        server.stop()


def test_the_folder_of_dyna_up_leaves_a_followed_namespace_alone(
    tmp_path: Path, branch: Branch
) -> None:
    good = branch.commit(a_yaml=flow("a"))
    project = follows(tmp_path, branch)
    (project / "own").mkdir()
    (project / "own" / "a.yaml").write_text(flow("a", "of the folder"))
    server = up(project)
    try:
        applied(server, good)
        assert server.ok("GET", "/api/v1/flows/acme/a")["git"]["commit"] == good
        assert server.ok("GET", "/api/v1/flows/acme/a")["version"] == 1
    finally:
        server.stop()


def test_a_wrong_git_yaml_keeps_the_server_from_starting(tmp_path: Path, branch: Branch) -> None:
    project = follows(tmp_path, branch)
    (project / "git.yaml").write_text("follows: [{namespace: acme, url: 'ftp://x/y'}]\n")
    (project / "own.yaml").write_text(flow("own", namespace="home"))
    done = subprocess.run(
        [DYNA, "up", str(project)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2 and "git.yaml:1:" in done.stderr, done
