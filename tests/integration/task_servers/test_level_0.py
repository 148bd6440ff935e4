"""Task servers over plain HTTP: declared, in order, checked, and told who is to blame."""

from __future__ import annotations

import json
from pathlib import Path

from dyna_client import Client
from serving import Server, serve
from talking import Talker, owner, task


def why(cerebro: Server, run: int) -> list[dict[str, str]]:
    return list(cerebro.ok("GET", f"/api/v1/runs/{run}/why")["tasks"])


def test_a_task_is_declared_invoked_and_ends(cerebro: Server, talker: Talker) -> None:
    (declared,) = talker.ready(task("load", cron="0 6 * * *"))
    assert declared["type"] == "cordyna.server.declared.v1"
    assert declared["data"]["accepted"] == ["load"] and declared["data"]["rejected"] == []
    flow = cerebro.ok("GET", "/api/v1/flows/orders/load")
    flow = cerebro.ok("GET", "/api/v1/flows/orders/load")["canonical"]
    assert (flow["owner"], flow["description"]) == ("orders", "Does load.")
    run = cerebro.start("orders/load")
    invoke = talker.invoked()
    assert (invoke["task"], invoke["inputs"]) == ("load", {})
    assert invoke["trigger"]["kind"] == "manual"
    assert invoke["deadlines"] == {"acknowledge": 10, "start": 600, "complete": 1800}
    talker.run(invoke, {"rows": 3})
    assert cerebro.ended(run)["outputs"] == {"rows": 3}
    told = cerebro.ok("GET", f"/api/v1/runs/{run}/messages")["messages"]
    assert [one["type"] for one in told] == [
        "task.invoke", "task.queued", "task.started", "task.completed"]  # fmt: skip
    (listed,) = cerebro.ok("GET", "/api/v1/task-servers")["servers"]
    assert (listed["state"], listed["tasks"], listed["slots"]) == (
        "ready",
        ["load"],
        {"default": 1},
    )


def test_what_is_wrong_with_one_task_leaves_the_others(cerebro: Server, talker: Talker) -> None:
    bad = {"id": "nobody", "owner": owner()}
    (declared,) = talker.ready(task("good"), bad, task("late", timeouts={"start": "soon"}))
    assert declared["data"]["accepted"] == ["good"]
    assert {(one["task"], one["path"]) for one in declared["data"]["rejected"]} == {
        ("nobody", "#/description"), ("late", "#/timeouts/start")}  # fmt: skip


def test_what_is_needed_runs_first_or_is_joined(cerebro: Server, talker: Talker) -> None:
    billing = Talker(cerebro, "billing", "sums")
    billing.ready(task("sum", "billing", needs=[{"task": "orders/load", "within": "1h"}],
                       overlap="allow"))  # fmt: skip
    talker.ready(task("load"))
    first, second = cerebro.start("billing/sum"), cerebro.start("billing/sum")
    invoke = talker.invoked()
    assert invoke["trigger"]["kind"] == "upstream"
    talker.run(invoke, {"rows": 7})
    for _ in range(2):
        billing.ready()
        needed = billing.invoked()
        (upstream,) = needed["upstream"]
        assert (upstream["task"], upstream["output"]) == ("orders/load", {"rows": 7})
        billing.run(needed)
    assert {cerebro.ended(run)["state"] for run in (first, second)} == {"completed"}
    assert len(cerebro.ok("GET", "/api/v1/runs?namespace=orders")["runs"]) == 1
    # Fresh: not again.
    third = cerebro.start("billing/sum")
    billing.ready()
    billing.run(billing.invoked())
    assert cerebro.ended(third)["state"] == "completed"
    assert len(cerebro.ok("GET", "/api/v1/runs?namespace=orders")["runs"]) == 1


def test_a_failure_names_whose_it_is_and_what_it_blocks(cerebro: Server, talker: Talker) -> None:
    billing = Talker(cerebro, "billing", "sums")
    billing.ready(task("sum", "billing", needs=[{"task": "orders/load"}]), task("other", "billing"))
    talker.ready(task("load"))
    run, other = cerebro.start("billing/sum"), cerebro.start("billing/other")
    talker.fail(talker.invoked(), "NO_FILE", "the file of today is not there")
    billing.run(billing.invoked())
    assert cerebro.ended(other)["state"] == "completed"  # what is not blocked runs
    assert cerebro.ended(run)["state"] == "error"
    tasks = {one["task"]: one for one in cerebro.ok("GET", f"/api/v1/runs/{run}/tasks")["tasks"]}
    need = tasks["flow:orders/load"]
    assert need["error"]["owner"] == "orders"
    assert "NO_FILE: the file of today is not there" in need["error"]["message"]
    assert tasks["task"]["state"] == "blocked"


def test_an_error_is_tried_again_as_declared(cerebro: Server, talker: Talker) -> None:
    talker.ready(task("load", retry={"attempts": 3, "delay": "10ms"}))
    run = cerebro.start("orders/load")
    first = talker.invoked()
    talker.fail(first, "BUSY", "the source is busy")
    talker.ready()
    second = talker.invoked()
    assert second["attempt"] != first["attempt"]
    assert second["idempotency_key"] == first["idempotency_key"]
    talker.fail(second, "GONE", "it is gone", retryable=False)
    assert cerebro.ended(run)["state"] == "error"


def test_a_silent_server_is_named_with_its_team(cerebro: Server, talker: Talker) -> None:
    talker.ready(task("load", timeouts={"acknowledge": "200ms"}))
    run = cerebro.start("orders/load")
    talker.invoked()  # and says nothing
    ended = cerebro.ended(run)
    (attempt,) = cerebro.ok("GET", f"/api/v1/runs/{run}/attempts")["attempts"]
    assert (ended["state"], attempt["error"]["code"]) == ("error", "TIMEOUT_ACKNOWLEDGE")
    assert attempt["error"]["message"] == "task server 'orders/etl': not acknowledged within 200ms"
    assert attempt["error"]["owner"] == "orders"


def test_without_its_server_a_task_waits_and_says_for_whom(cerebro: Server, talker: Talker) -> None:
    talker.ready(task("load"), slots=0)
    run = cerebro.start("orders/load")
    (told,) = why(cerebro, run)
    assert (told["kind"], told["owner"]) == ("server", "orders")
    assert told["what"] == "task server 'orders/etl' is not ready"
    talker.ready()
    talker.run(talker.invoked())
    assert cerebro.ended(run)["state"] == "completed"


def test_inputs_are_those_of_the_schema(cerebro: Server, talker: Talker) -> None:
    schema = {
        "type": "object",
        "properties": {
            "day": {"type": "string", "format": "date"},
            "limit": {"type": "integer", "default": 10},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["day"],
    }
    talker.ready(task("load", input_schema=schema))
    refused = cerebro.call("POST", "/api/v1/flows/orders/load/runs", {"inputs": {"day": "noon"}})
    assert refused.status == 422 and "day" in refused.json["detail"]
    run = cerebro.start("orders/load", day="2026-02-03", tags=["a"])
    invoke = talker.invoked()
    assert invoke["inputs"] == {"day": "2026-02-03", "limit": 10, "tags": ["a"]}
    talker.run(invoke)
    cerebro.ended(run)


def test_a_circle_over_teams_is_refused_with_its_owners(cerebro: Server, talker: Talker) -> None:
    billing = Talker(cerebro, "billing", "sums")
    talker.ready(task("load", needs=[{"task": "billing/sum"}]))
    (declared,) = billing.ready(task("sum", "billing", needs=[{"task": "orders/load"}]))
    (refused,) = declared["data"]["rejected"]
    assert (refused["code"], refused["path"]) == ("circle", "#/needs")
    assert "billing/sum (billing) → orders/load (orders) → billing/sum" in refused["message"]


def test_a_task_that_is_declared_no_more_is_gone(cerebro: Server, talker: Talker) -> None:
    talker.ready(task("load"), task("old"), slots=2)
    run = cerebro.start("orders/old")
    invoke = talker.invoked()
    talker.ready(task("load"))
    assert cerebro.call("GET", "/api/v1/flows/orders/old").json.get("removed_at")
    talker.run(invoke)  # what runs goes on
    assert cerebro.ended(run)["state"] == "completed"


def test_a_task_that_was_gone_comes_back_after_a_restart(cerebro: Server, talker: Talker) -> None:
    talker.ready(task("load"), task("old"))
    talker.ready(task("load"))
    cerebro.process.kill()
    cerebro.process.wait()
    again = serve(cerebro.folder)
    try:
        talker.cerebro = again
        (declared,) = talker.ready(task("load"), task("old"))
        assert declared["data"]["rejected"] == []
        assert declared["data"]["accepted"] == ["load", "old"]
        assert not again.ok("GET", "/api/v1/flows/orders/old").get("removed_at")
        run = again.start("orders/old")
        talker.run(talker.invoked())
        assert again.ended(run)["state"] == "completed"
    finally:
        again.stop()


def test_a_declaration_that_is_the_same_is_no_new_version(cerebro: Server, talker: Talker) -> None:
    for _ in range(3):
        talker.ready(task("load", needs=[{"task": "other", "within": "90m"}]), task("other"))
    assert cerebro.ok("GET", "/api/v1/flows/orders/load")["version"] == 1
    audit = cerebro.ok("GET", "/api/v1/audit")["audit"]
    assert [one["action"] for one in audit].count("declareTasks") == 1


def test_a_restart_of_cerebro_goes_on_with_what_runs(cerebro: Server, talker: Talker) -> None:
    talker.ready(task("load"))
    run = cerebro.start("orders/load")
    invoke = talker.invoked()
    talker.say("task.queued", {"attempt": invoke["attempt"]})
    talker.say("task.started", {"attempt": invoke["attempt"]})
    cerebro.process.kill()
    cerebro.process.wait()
    again = serve(cerebro.folder)
    try:
        talker.cerebro = again
        talker.say("task.completed", {"attempt": invoke["attempt"], "output": {"n": 1}})
        assert again.ended(run)["outputs"] == {"n": 1}
        attempts = again.ok("GET", f"/api/v1/runs/{run}/attempts")["attempts"]
        assert len(attempts) == 1
    finally:
        again.stop()


def test_a_message_that_is_none_is_told_what_is_wrong(cerebro: Server, talker: Talker) -> None:
    answer = cerebro.call("POST", "/api/v1/ts/events", b"{", token=talker.token)
    assert answer.status == 422
    (problem,) = answer.json
    assert problem["data"]["code"] == "malformed"
    answer = talker.post(talker.message("task.finished", {}))
    assert (answer.status, answer.json[0]["data"]["code"]) == (422, "unknown_type")
    answer = talker.post(talker.message("task.queued", {}))
    assert answer.json[0]["data"]["path"] == "#/data/attempt"
    answer = cerebro.call("POST", "/api/v1/ts/events", b"x", token=talker.token,
                          headers={"Content-Type": "text/plain"})  # fmt: skip
    assert answer.status == 415
    assert cerebro.call("GET", "/api/v1/ts/socket", token=talker.token).status == 400


def test_fetching_waits_no_longer_than_it_says(talker: Talker) -> None:
    talker.ready(task("load"))
    assert talker.fetch(0) == []


def test_commands_list_servers_and_messages(
    cerebro: Server, talker: Talker, tmp_path: Path
) -> None:
    talker.ready(task("load"))
    run = cerebro.start("orders/load")
    talker.run(talker.invoked())
    cerebro.ended(run)
    address = {"DYNA_SERVER": f"http://127.0.0.1:{cerebro.port}", "DYNA_TOKEN": cerebro.admin}
    client = Client(tmp_path / "home", tmp_path, address)

    def dyna(*words: str) -> str:
        done = client.call(*words, "--server")
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "orders/etl  ready" in dyna("servers")
    assert json.loads(dyna("servers", "--json"))[0]["server"] == "etl"
    lines = dyna("trace", str(run)).splitlines()
    assert len(lines) == 4 and "cerebro → orders/etl" in lines[0] and "task.invoke" in lines[0]


def test_a_dry_run_shows_the_plan(cerebro: Server, talker: Talker, tmp_path: Path) -> None:
    billing = Talker(cerebro, "billing", "sums")
    needs = [{"task": "orders/load", "within": "1h"}, {"task": "orders/rates"}]
    billing.ready(task("sum", "billing", needs=needs))
    talker.ready(task("load"), task("rates"))
    run = cerebro.start("orders/load")
    talker.run(talker.invoked())
    cerebro.ended(run)
    address = {"DYNA_SERVER": f"http://127.0.0.1:{cerebro.port}", "DYNA_TOKEN": cerebro.admin}
    done = Client(tmp_path / "home", tmp_path, address).call(
        "run", "billing/sum", "--dry-run", "--server"
    )
    assert done.returncode == 0, done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[1].startswith(f"1 orders/load fresh: run {run} completed")
    assert lines[2:] == [
        "2 orders/rates runs orders orders/etl",
        "3 billing/sum runs billing billing/sums",
    ]
    assert cerebro.ok("GET", "/api/v1/runs?namespace=billing")["runs"] == []
    # Who may not see a team is not told what its tasks need, or when they ran.
    viewer = cerebro.token(("viewer", "billing"))
    plan = cerebro.ok("GET", "/api/v1/flows/billing/sum/plan", token=viewer)["plan"]
    assert [(one["flow"], one["fate"], one.get("run")) for one in plan] == [
        ("orders/load", "hidden", None), ("orders/rates", "hidden", None), ("billing/sum", "runs", None)]  # fmt: skip
