"""`dyna` at a server: it logs in, and commands print there what they print over a state folder."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from dyna_client import Client
from serving import Server, eventually


def url_of(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


# ---- login and contexts


def test_a_login_is_verified_and_kept_for_oneself_alone(tmp_path: Path, served: Server) -> None:
    (tmp_path / "empty").mkdir()
    client = Client(tmp_path / "home", tmp_path / "empty")
    told = client.ok("login", url_of(served), "--name", "here", given=served.admin)
    assert f"logged in to {url_of(served)} as " in told and "the context is 'here'" in told
    assert served.admin not in told
    assert client.contexts.stat().st_mode & 0o777 == 0o600
    assert client.contexts.parent.stat().st_mode & 0o777 == 0o700
    assert served.admin in client.contexts.read_text()
    shown = client.call("context", "list")
    assert re.search(rf"^  here +{re.escape(url_of(served))}  \S+", shown.stdout, re.M)
    assert json.loads(client.ok("context", "list", "--json"))[0]["current"] is False
    assert served.admin not in shown.stdout + client.ok("context", "show", "here", "--json")


def test_a_wrong_token_is_not_kept(tmp_path: Path, served: Server) -> None:
    client = Client(tmp_path / "home", tmp_path)
    for token in ("dyna_aaaa_bbbb", "nonsense"):
        told = client.refused(8, "login", url_of(served), given=token)
        assert "log in again: dyna login" in told and token not in told
    assert "no token was given" in client.refused(2, "login", url_of(served), given="\n")
    assert not client.contexts.exists()


def test_a_token_comes_from_a_file_and_never_as_an_argument(client: Client, served: Server) -> None:
    file = client.folder / "token"
    file.write_text(served.admin + "\n")
    told = client.ok("login", url_of(served), "--name", "file", "--token-file", str(file), "--json")
    assert json.loads(told)["context"] == "file"
    client.refused(2, "login", url_of(served), served.admin)


def test_a_password_becomes_a_token_that_a_logout_revokes(client: Client, served: Server) -> None:
    password = "a long enough password"
    client.ok("user", "add", "ann", "--server", "here", "--grant", "operator@acme",
              "--password-file", "-", given=password)  # fmt: skip
    client.ok("login", url_of(served), "--name", "ann", "--user", "ann", given=password)
    kept = client.contexts.read_text()
    assert password not in kept
    token = next(c["token"] for c in json.loads(kept)["contexts"] if c["name"] == "ann")
    assert served.ok("GET", "/api/v1/me", token=token)["user"] == "ann"
    assert "operator@acme" in client.ok("token", "list", "--server", "ann")
    # A login in its place revokes the token that it made before.
    client.ok("login", url_of(served), "--name", "ann", "--user", "ann", given=password)
    assert served.call("GET", "/api/v1/me", token=token).status == 401
    kept = client.contexts.read_text()
    token = next(c["token"] for c in json.loads(kept)["contexts"] if c["name"] == "ann")
    assert "the token is revoked" in client.ok("logout", "ann")
    assert served.call("GET", "/api/v1/me", token=token).status == 401
    assert "logged out" in client.ok("context", "list")
    told = client.refused(8, "runs", "--server", "ann")
    assert f"dyna login {url_of(served)}" in told
    told = client.refused(8, "login", url_of(served), "--user", "ann", given="wrong")
    assert "do not fit" in told


def test_contexts_say_where_commands_go(client: Client, served: Server) -> None:
    # Nothing says so: a state folder is meant, and there is none.
    assert "no state folder" in client.refused(4, "runs")
    client.ok("context", "use", "here")
    done = client.call("runs")
    assert done.returncode == 0 and f"at here ({url_of(served)})" in done.stderr
    assert client.call("runs", "--json").stderr == ""
    assert "no state folder" in client.refused(4, "runs", "--server", "local")
    assert "no state folder" in client.refused(4, "runs", DYNA_SERVER="local")
    assert "there is no state folder" in client.refused(4, "runs", "--state", "nowhere")
    told = client.refused(2, "runs", "--state", "x", "--server", "here")
    assert "--server and --state" in told
    client.ok("context", "use", "local")
    assert "no state folder" in client.refused(4, "runs")
    assert client.ok("runs", "--server") == client.ok("runs", "--server", "here")
    assert "did you mean 'here'?" in client.refused(4, "runs", "--server", "heer")
    client.ok("context", "use", "here")
    client.ok("context", "remove", "here")
    assert client.ok("context", "list") == "no contexts: dyna login URL\n"
    client.refused(4, "context", "use", "here")


def test_variables_name_a_server_without_any_login(tmp_path: Path, served: Server) -> None:
    client = Client(tmp_path / "home", tmp_path)
    named = {"DYNA_SERVER": url_of(served), "DYNA_TOKEN": served.admin}
    assert client.call("runs", "--json", **named).returncode == 0
    told = client.refused(8, "runs", DYNA_SERVER=url_of(served))
    assert "there is no token" in told
    # A token for one server does not go to another that a context names.
    client.login(served, "viewer", served.token(("viewer", "acme")))
    told = client.refused(8, "user", "list", "--server", "viewer", DYNA_TOKEN=served.admin)
    assert "this wants the role admin" in told


def test_plain_text_to_another_machine_is_refused(tmp_path: Path) -> None:
    client = Client(tmp_path / "home", tmp_path)
    told = client.refused(2, "login", "http://dyna.example:7070", given="dyna_a_b")
    assert "everybody on the way reads the token" in told and "--insecure-plaintext" in told
    told = client.refused(2, "runs", DYNA_SERVER="http://dyna.example", DYNA_TOKEN="dyna_a_b")
    assert "dyna_a_b" not in told


def test_a_file_of_contexts_that_others_can_read_is_refused(client: Client) -> None:
    client.contexts.chmod(0o644)
    assert "chmod 600" in client.refused(6, "runs", "--server", "here")


# ---- the same views


@pytest.fixture(scope="module")
def some_runs(served: Server) -> dict[str, int]:
    runs = {"daily": served.start("acme/daily", word="bye"), "broken": served.start("other/broken"),
            "asks": served.start("_/asks"), "pooled": served.start("_/pooled")}  # fmt: skip
    for name in ("daily", "broken", "pooled"):
        served.ended(runs[name])
    eventually(
        lambda: served.ok("GET", f"/api/v1/runs/{runs['asks']}")["state"] == "paused", "the pause"
    )
    return runs


READS = [
    ("runs",),
    ("runs", "--json"),
    ("runs", "--flow", "daily", "--json", "-n", "1"),
    ("runs", "--unfinished"),
    ("runs", "--run-state", "error", "--json"),
    ("show", "{daily}"),
    ("show", "{daily}", "--json"),
    ("show", "{daily}", "shout"),
    ("logs", "{daily}"),
    ("logs", "{daily}", "shout", "--json"),
    ("why", "{broken}"),
    ("why", "{broken}", "--json"),
    ("why", "{asks}", "--json"),
    ("flows",),
    ("flows", "--json"),
    ("flows", "--names"),
    ("flows", "-n", "acme"),
    ("flows", "-n", "", "--json"),
    ("flows", "show", "acme/daily"),
    ("flows", "show", "daily", "--json"),
    ("pools",),
    ("places",),
    ("places", "--json"),
    ("pools", "--json"),
    ("backfill", "list"),
    ("schedule", "ticks", "acme/daily", "--json"),
    ("schedule", "next", "acme/daily", "--json"),
    ("secret", "list"),
    ("audit", "list", "--json"),
    ("notices",),
    ("notices", "--json"),
    ("notices", "--team", "nobody"),
    ("audit", "verify"),
]


@pytest.mark.parametrize("words", READS, ids=lambda words: " ".join(words))
def test_a_read_prints_the_same_at_a_server(
    words: tuple[str, ...], client: Client, served: Server, some_runs: dict[str, int]
) -> None:
    words = tuple(word.format(**some_runs) for word in words)
    there = client.ok(*words, "--server", "here")
    here = Client(client.home, served.folder).ok(*words, "--state", str(served.state))
    # Times that pass between the two calls are the only difference, with the blanks that fill their column.
    passing = re.compile(r" *\b\d+(\.\d+)?(ms|s|m\d\ds)( ago)?\b *")

    def timeless(text: str) -> str:
        return re.sub(" +", " ", passing.sub(" T ", text))

    assert timeless(there) == timeless(here)


def test_why_of_a_flow_tells_its_runs_and_when_it_is_due(
    client: Client, some_runs: dict[str, int]
) -> None:
    told = client.ok("why", "asks", "--server", "here")
    assert f"run {some_runs['asks']} of asks: paused" in told
    told = client.ok("why", "acme/daily", "--server", "here")
    assert "next: nightly at " in told and "nobody fires" not in told
    told = client.ok("schedule", "next", "acme/daily", "-n", "2", "--server", "here")
    assert told.count("nightly") == 2


@pytest.mark.parametrize(
    "words",
    [("show", "99999"), ("logs", "99999"), ("why", "99999"), ("cancel", "99999"),
     ("rerun", "99999"), ("run", "nobody"), ("flows", "show", "nobody"),
     ("backfill", "show", "99"), ("token", "revoke", "abcd"), ("secret", "remove", "NOBODY")],
    ids=" ".join,
)  # fmt: skip
def test_what_is_not_there_is_not_found(words: tuple[str, ...], client: Client) -> None:
    client.refused(4, *words, "--server", "here")


# ---- doing


def test_a_run_is_followed_with_the_views_of_a_run_here(client: Client) -> None:
    done = client.call("run", "acme/daily", "-i", "word=hi", "--input", "count=3",
                       "--server", "here")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.search(r"say.*hi 3", done.stdout) and "loud" in done.stdout
    assert re.search(r"completed.*: daily", done.stdout)
    lines = [json.loads(line) for line in client.ok(
        "run", "daily", "--json", "--server", "here").splitlines()]  # fmt: skip
    assert lines[-1]["summary"]["state"] == "completed"
    assert {"stdout", "stderr"} <= {line.get("stream") for line in lines}
    assert [line["seq"] for line in lines if "seq" in line] == list(
        range(1, 1 + sum("seq" in line for line in lines))
    )


def test_a_run_that_fails_ends_with_its_code_and_its_log(client: Client) -> None:
    done = client.call("run", "broken", "--server", "here")
    assert done.returncode == 1
    assert "bad: EXIT_NONZERO" in done.stdout


def test_inputs_are_checked_and_defaults_are_the_servers(client: Client, served: Server) -> None:
    told = client.refused(2, "run", "daily", "-i", "count=many", "--server", "here")
    assert "count" in told
    told = client.refused(2, "run", "daily", "-i", "wrod=x", "--server", "here")
    assert "did you mean 'word'?" in told
    lines = client.ok("run", "daily", "-i", "count=2", "--json", "--server", "here").splitlines()
    run = json.loads(lines[-1])["summary"]["run"]
    assert served.ok("GET", f"/api/v1/runs/{run}")["inputs"] == {"word": "hello", "count": 2}


def test_inputs_keep_their_types_and_paths_are_the_servers(client: Client, served: Server) -> None:
    (client.folder / "typed.yaml").write_text("""
id: typed
inputs:
  - {id: rate, type: float, default: 0.5}
  - {id: tags, type: array, items: string, default: []}
  - {id: extra, type: json, default: {}}
  - {id: data, type: file, required: false}
tasks: [{id: a, type: log, message: "{{ inputs.rate }} {{ inputs.tags | join('+') }}"}]
""")
    client.ok("apply", "typed.yaml", "--server", "here")
    there = served.folder / "data.csv"
    there.write_text("a\n1\n")
    told = client.ok("run", "typed", "-i", "rate=1.25", "-i", "tags=x", "-i", "tags=y",
                     "-i", 'extra={"deep": [1, null]}', "-i", f"data={there}", "--json",
                     "--server", "here")  # fmt: skip
    run = json.loads(told.splitlines()[-1])["summary"]["run"]
    inputs = served.ok("GET", f"/api/v1/runs/{run}")["inputs"]
    assert inputs == {"rate": 1.25, "tags": ["x", "y"], "extra": {"deep": [1, None]},
                      "data": str(there)}  # fmt: skip
    (client.folder / "only-here.csv").write_text("a\n")
    told = client.refused(2, "run", "typed", "-i", "data=only-here.csv", "--server", "here")
    assert "only-here.csv" in told


def test_a_file_runs_here_and_says_how_it_gets_there(client: Client) -> None:
    (client.folder / "f.yaml").write_text("id: f\ntasks: [{id: a, type: log, message: hi}]\n")
    told = client.refused(2, "run", "f.yaml", "--server", "here")
    assert "dyna apply f.yaml" in told and "--server local" in told
    client.ok("context", "use", "here")
    client.refused(2, "run", "f.yaml")
    assert "completed" in client.ok("run", "f.yaml", "--server", "local")


def test_approve_reject_and_cancel_show_how_it_goes_on(client: Client, served: Server) -> None:
    def held() -> int:
        done = client.call("run", "asks", "--server", "here")
        assert done.returncode == 3, done.stderr
        return int(json.loads(client.ok("runs", "-n", "1", "--json", "--server", "here"))[0]["run"])

    run = held()
    told = client.ok("approve", str(run), "--note", "fine", "--server", "here")
    assert "completed" in told
    assert served.ok("GET", f"/api/v1/runs/{run}/tasks")["holds"][0]["note"] == "fine"
    client.refused(5, "approve", str(run), "--server", "here")
    client.ok("reject", str(held()), "--server", "here")
    run = held()
    assert "cancelled" in client.ok("cancel", str(run), "--server", "here")
    assert served.ended(run)["state"] == "cancelled"
    assert "has ended" in client.refused(5, "cancel", str(run), "--server", "here")


def test_a_rerun_takes_over_what_completed(client: Client, some_runs: dict[str, int]) -> None:
    done = client.call("rerun", str(some_runs["broken"]), "--server", "here")
    assert done.returncode == 1, done.stderr
    run = json.loads(client.ok("runs", "-n", "1", "--json", "--server", "here"))[0]
    assert run["rerun_of"] == some_runs["broken"]
    told = client.ok("rerun", str(some_runs["daily"]), "--from", "shout", "--dry-run",
                     "--server", "here")  # fmt: skip
    assert "taken over: say" in told and "runs again: shout" in told
    client.ok("rerun", str(some_runs["daily"]), "--with", "count=7", "--server", "here")
    run = json.loads(client.ok("runs", "-n", "1", "--json", "--server", "here"))[0]
    assert run["inputs"] == {"word": "bye", "count": 7}, "what is not given is as it was"
    told = client.refused(
        2, "rerun", str(some_runs["daily"]), "--with", "cuont=7", "--server", "here"
    )
    assert "did you mean 'count'?" in told


def test_a_backfill_is_steered(client: Client, served: Server) -> None:
    here = Client(client.home, served.folder)
    begun = here.start("backfill", "asks", "--from", "2026-01-01", "--to", "2026-01-04",
                       "--every", "1d", "--state", str(served.state))  # fmt: skip

    def listed() -> list[dict[str, Any]]:
        found = json.loads("[" + ",".join(client.ok(
            "backfill", "list", "--json", "--server", "here").splitlines()) + "]")  # fmt: skip
        return [one for one in found if one["flow"] == "asks" and one["state"] != "cancelled"]

    number = str(eventually(listed, "the backfill")[0]["backfill"])
    assert "paused" in client.ok("backfill", "pause", number, "--server", "here")
    told = json.loads(client.ok("backfill", "resume", number, "--json", "--server", "here"))
    assert told["state"] == "running" and told["total"] == 3
    assert f"backfill {number}" in client.ok("backfill", "show", number, "--server", "here")
    client.ok("backfill", "cancel", number, "--server", "here")
    begun.communicate(timeout=60)
    assert "cancelled" in client.ok("backfill", "show", number, "--server", "here")
    client.refused(5, "backfill", "pause", number, "--server", "here")


def test_apply_plan_and_remove(client: Client, served: Server) -> None:
    flow = client.folder / "new.yaml"
    flow.write_text("id: new\nnamespace: acme\ntasks: [{id: a, type: log, message: one}]\n")
    assert client.call("plan", "new.yaml", "--exit-code", "--server", "here").returncode == 1
    told = client.ok("apply", "new.yaml", "--server", "here")
    assert re.search(r"^added +acme/new  version 1  .*/new.yaml$", told, re.M)
    assert "unchanged" in client.ok("apply", "new.yaml", "--server", "here")
    assert client.call("plan", "new.yaml", "--exit-code", "--server", "here").returncode == 0
    flow.write_text(flow.read_text().replace("one", "two"))
    assert "+" in client.ok("plan", "new.yaml", "--server", "here")
    assert "changed" in client.ok("apply", "new.yaml", "--server", "here")
    assert "two" in client.ok("flows", "diff", "acme/new", "--server", "here")
    assert "two" in client.ok("run", "new", "--server", "here")
    flow.write_text("id: new\ntasks: [{id: a, type: nonsense}]\n")
    client.refused(2, "apply", "new.yaml", "--server", "here")
    client.refused(2, "apply", "new.yaml", "--prune", "--server", "here")
    assert "removed" in client.ok("flows", "remove", "acme/new", "--server", "here")
    client.refused(4, "run", "acme/new", "--server", "here")
    assert served.ok("GET", "/api/v1/flows/acme/new")["removed_at"]


def test_what_a_server_would_read_otherwise_is_not_applied(client: Client) -> None:
    (client.folder / "cordyna.yaml").write_text("")
    (client.folder / "defaults.yaml").write_text("retry: {attempts: 3, delay: 1s}\n")
    (client.folder / "d.yaml").write_text("id: d\ntasks: [{id: a, type: shell, script: 'true'}]\n")
    told = client.refused(2, "apply", "d.yaml", "--server", "here")
    assert "nothing is applied" in told and "defaults.yaml" in told
    client.refused(4, "flows", "show", "d", "--server", "here")


def test_secrets_are_set_and_never_shown(client: Client, served: Server) -> None:
    value = "s3cret-canary"
    told = client.ok("secret", "set", "API_KEY", "--server", "here", given=value)
    assert "secret 'API_KEY' is set at here" in told
    assert "API_KEY" in client.ok("secret", "list", "--server", "here")
    assert value not in client.ok("audit", "list", "--json", "--server", "here")
    client.ok("secret", "remove", "API_KEY", "--server", "here")
    assert client.ok("secret", "list", "--server", "here") == "no secrets\n"


def test_users_and_tokens(client: Client, served: Server) -> None:
    client.ok("user", "add", "bo", "--grant", "viewer@acme", "--grant", "author@acme.sales",
              "--server", "here")  # fmt: skip
    assert re.search(r"^bo +viewer@acme,author@acme.sales +- ", client.ok(
        "user", "list", "--server", "here"), re.M)  # fmt: skip
    client.refused(5, "user", "add", "bo", "--grant", "viewer@acme", "--server", "here")
    client.refused(4, "user", "set", "nobody", "--disable", "--server", "here")
    client.refused(2, "user", "set", "bo", "--server", "here")
    client.refused(2, "user", "add", "x", "--server", "here")
    client.refused(2, "user", "add", "x", "--grant", "king@acme", "--server", "here")
    client.ok("user", "remove", "bo", "--server", "here")
    users = json.loads(client.ok("user", "list", "--json", "--server", "here"))
    assert next(user for user in users if user["name"] == "bo")["disabled_at"]
    assert "disabled" not in client.ok("user", "set", "bo", "--enable", "--server", "here")

    token = client.ok("token", "create", "ci", "--service", "--grant", "operator@acme",
                      "--expires", "2099-01-01", "--server", "here").strip()  # fmt: skip
    assert served.ok("GET", "/api/v1/me", token=token)["grants"] == [
        {"namespace": "acme", "role": "operator"}
    ]
    told = client.refused(2, "token", "revoke", token, "--server", "here")
    assert "never the token" in told and token not in told
    client.ok("token", "revoke", token.split("_")[1], "--server", "here")
    assert served.call("GET", "/api/v1/me", token=token).status == 401
    assert "users are those of a server" in client.refused(2, "user", "list")
