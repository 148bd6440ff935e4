"""S28, S30 in a browser: what users wrote is text on each page that shows it, whatever it is."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from serving import Server, eventually, serve
from talking import Talker, task
from ui_world import Watcher, World, looking, open_page

# Each would say so: by an alert, or by a mark on the window.
PAYLOADS = [
    "<script>window.hit=1</script>",
    "<img src=x onerror='window.hit=2'>",
    "\"><svg onload=window.hit=3>",
    "javascript:window.hit=4",
    "{{constructor.constructor('window.hit=5')()}}",
    "<iframe srcdoc='<script>parent.hit=6</script>'></iframe>",
    "\u202egnp.exe\u0007\u001b]8;;javascript:window.hit=7\u0007click\u001b]8;;\u0007",
]  # fmt: skip
ALL = " ".join(PAYLOADS)
# A flow's own texts are templates, or may not look like one.
FIXED = " ".join(one for one in PAYLOADS if "{{" not in one)
FLOW = f"""
id: hostile
namespace: acme
description: {json.dumps(FIXED)}
owner: {json.dumps(PAYLOADS[1])}
labels: {{x: {json.dumps(FIXED)}}}
inputs: [{{id: v, type: string, default: {json.dumps(FIXED)}, description: {json.dumps(FIXED)}}}]
tasks:
  - {{id: say, type: log, message: {json.dumps(PAYLOADS[0])}, description: {json.dumps(FIXED)}}}
  - id: leave
    type: shell
    env: {{WORD: "{{{{ inputs.v }}}}"}}
    script: |
      printf '%s\\n' "$WORD"; printf '\\033[31m%s\\033[0m\\n' "$WORD" >&2
      printf '%s' "$WORD" > "$DYNA_ARTIFACTS/page.html"
      printf '<svg xmlns="http://www.w3.org/2000/svg" onload="window.hit=8"><script>window.hit=9</script></svg>' > "$DYNA_ARTIFACTS/a.svg"
      printf 'a,b\\n"%s",2\\n' '<img src=x onerror=window.hit=10>' > "$DYNA_ARTIFACTS/t.csv"
  - {{id: ask, type: pause, message: {json.dumps(FIXED)}, needs: [say, leave]}}
  - {{id: break, type: fail, message: "{{{{ inputs.v }}}}", needs: [ask]}}
triggers: [{{id: shop, type: webhook, path_secret: SHOP_KEY, inputs: {{v: "{{{{ event.data.v }}}}", w: "{{{{ event.data.w }}}}"}}}}]
"""
FLOW = FLOW.replace("inputs: [{id: v", "inputs: [{id: w, type: int, default: 1}, {id: v")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("s28-browser")
    (folder / "hostile.yaml").write_text(FLOW)
    server = serve(folder, DYNA_SECRET_SHOP_KEY="k")
    world = World(server)
    tell_everything(server, world)
    yield world
    server.process.kill()
    server.process.communicate()


def tell_everything(server: Server, world: World) -> None:
    run = server.start("acme/hostile", v=ALL)
    tasks = f"/api/v1/runs/{run}/tasks"
    eventually(lambda: server.ok("GET", tasks)["holds"], "the pause")
    world.runs["held"] = server.start("acme/hostile", v=ALL)
    word = {"decision": "approve", "note": ALL}
    server.ok("POST", f"/api/v1/runs/{run}/decision", word)
    assert server.ended(run)["state"] == "error"
    world.runs["failed"] = run
    server.token(("viewer", "*"), name=ALL[:60])
    server.ok("PUT", "/api/v1/secrets/OTHER", {"value": ALL})
    off = {"enabled": False, "reason": ALL}
    body = {"v": ALL, "w": PAYLOADS[1]}
    sent = server.call("POST", "/hooks/acme/hostile/shop/k", body, token=None,
                       headers={"webhook-id": PAYLOADS[0].replace(" ", "")})  # fmt: skip
    assert sent.status == 202, sent.body
    world.event = int(sent.json["event"])
    server.ok("PATCH", "/api/v1/flows/acme/hostile", off)
    talker = Talker(server, "orders", "etl-1")
    # Which is no template, and has no control characters.
    talker.ready({**task("clean"), "description": " ".join(PAYLOADS[:4])})
    world.runs["clean"] = server.start("orders/clean")
    attempt = {"attempt": talker.invoked()["attempt"]}
    talker.say("task.queued", attempt)
    talker.say("task.started", attempt)
    talker.say("task.log", {**attempt, "offset": 0, "lines": [ALL]})
    wrong = {"error": {"code": "BROKEN", "message": ALL, "retryable": False}}
    talker.say("task.error", {**attempt, **wrong})
    server.ended(world.runs["clean"])


def addresses(world: World) -> list[str]:
    failed, held, clean = (f"/ui/runs/{world.runs[one]}" for one in ("failed", "held", "clean"))
    tabs = (
        "timeline",
        "tasks",
        "log&task=leave",
        "outputs",
        "data",
        "attempts",
        "why",
        "messages",
        "history",
    )
    return [
        "/ui", "/ui/flows", "/ui/runs", "/ui/events", f"/ui/events/{world.event}", "/ui/network", "/ui/network/orders/etl-1",
        "/ui/data", "/ui/notices", "/ui/backfills", failed, held, clean, f"{clean}?tab=messages", f"{clean}?tab=log&task=clean",
        *(f"{failed}?tab={tab}" for tab in tabs), f"{held}?tab=why",
        *(f"/ui/flows/acme/hostile?tab={tab}" for tab in ("topology", "runs", "triggers", "plan", "source", "versions")),
        *(f"/ui/admin/{part}" for part in ("users", "tokens", "secrets", "pools", "audit", "about")),
    ]  # fmt: skip


def is_text(page: Page, watcher: Watcher, path: str) -> None:
    assert page.evaluate("() => window.hit") is None, path
    alien = "script:not([src^='/assets/']), iframe, object, embed, [onload], [onerror], [onclick], a[href^='javascript:' i]"
    assert page.locator(alien).count() == 0, path
    assert watcher.wrongs == [], path


def test_s28_what_users_wrote_is_text_on_each_page(browser: Browser, hostile: World) -> None:
    seen = 0
    with looking(browser, hostile) as (page, watcher):
        for path in addresses(hostile):
            open_page(page, hostile, path)
            is_text(page, watcher, path)
            seen += "window.hit" in page.locator("main").inner_text()
    assert seen >= 8, "the pages show what was written"


def test_s28_a_picture_of_a_task_runs_nothing(browser: Browser, hostile: World) -> None:
    with looking(browser, hostile) as (page, watcher):
        run = f"/ui/runs/{hostile.runs['failed']}?tab=outputs"
        for name in ("a.svg", "page.html", "t.csv"):
            open_page(page, hostile, run)
            page.get_by_role("button", name=name).or_(
                page.get_by_role("link", name=name)
            ).first.click()
            page.get_by_role("heading", name=name).wait_for()
            page.wait_for_load_state("networkidle")
            is_text(page, watcher, name)


def test_s30_a_secret_is_on_no_page(browser: Browser, hostile: World) -> None:
    server = hostile.server
    server.ok("PUT", "/api/v1/secrets/CANARY", {"value": "canary-7f3a-never-shown"})
    with looking(browser, hostile) as (page, _):
        for path in ("/ui/admin/secrets", "/ui/admin/audit"):
            open_page(page, hostile, path)
            assert "CANARY" in page.content() or path.endswith("audit")
            assert "canary-7f3a" not in page.content()
