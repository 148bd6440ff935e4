"""A server with something of everything that its web UI shows, and a browser that looks at it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright
from serving import ROOT, Server, eventually, serve
from talking import Talker, task

AXE = ROOT / "build" / "ui" / "work" / "node_modules" / "axe-core" / "axe.min.js"
MANY = 5000

FLOWS = {
    "sales": """
id: sales
namespace: acme.shop
description: Loads the day's sales, checks them, and shares what is right.
owner: sales-team
labels: {tier: gold}
inputs: [{id: day, type: date, default: "2026-11-28"}]
tasks:
  - id: get
    type: load
    from: sales.csv
    contract: {columns: {id: int64, town: string, amount: double}}
  - {id: check, type: check, of: get, rules: [{name: nothing is negative, sql: amount >= 0, severity: quarantine, max_bad: 5}]}
  - {id: each, type: foreach, needs: [check], items: [north, south, east], tasks: [
      {id: count, type: shell, script: 'printf "\\033[32mcounting\\033[0m {{ item }}\\n"; echo n=3 >> "$DYNA_OUTPUTS"'}]}
  - {id: report, type: shell, needs: [each], script: 'printf "town,n\\nnorth,3\\nsouth,3\\n" > "$DYNA_ARTIFACTS/towns.csv"; seq 1 400'}
triggers:
  - {id: nightly, type: schedule, cron: "0 2 * * *", timezone: Europe/Berlin}
""",
    "broken": """
id: broken
namespace: acme.shop
description: Fails, as it happens.
owner: billing-team
tasks:
  - {id: fetch, type: shell, script: "echo fetching; exit 0"}
  - {id: post, type: shell, needs: [fetch], script: "echo 'no such account' >&2; exit 3", retry: {attempts: 2, delay: 1ms}}
  - {id: tell, type: log, needs: [post], message: never}
""",
    "release": """
id: release
namespace: acme
tasks:
  - {id: build, type: log, message: built}
  - {id: gate, type: pause, needs: [build], message: "Is the release note written?", inputs: [{id: version, type: string}]}
  - {id: publish, type: log, needs: [gate], message: "{{ outputs.gate.version }}"}
""",
    "many": f"""
id: many
namespace: acme
tasks:
  - {{id: each, type: foreach, items: {{from: 1, to: {MANY}}}, tasks: [{{id: say, type: log, message: "{{{{ item }}}}"}}]}}
""",
    "typed": """
id: typed
namespace: acme
description: Asks for a value of each type.
inputs:
  - {id: word, type: string, default: hello, description: Any word.}
  - {id: count, type: int, min: 1, max: 10, default: 3}
  - {id: sure, type: bool, default: true}
  - {id: day, type: date, default: "2026-11-28"}
  - {id: region, type: select, values: [north, south], default: north}
tasks: [{id: say, type: log, message: "{{ inputs.word }} {{ inputs.count }}"}]
""",
    "orders": """
id: orders
namespace: acme.shop
inputs: [{id: amount, type: int}]
tasks: [{id: say, type: log, message: "{{ inputs.amount }}"}]
triggers: [{id: shop, type: webhook, path_secret: SHOP_KEY, inputs: {amount: "{{ event.data.amount }}"}}]
""",
    "hourly": """
id: hourly
tasks: [{id: say, type: log, message: "{{ run.scheduled_for }}"}]
triggers: [{id: hours, type: schedule, cron: "0 * * * *"}]
""",
}

#: Of a type that none of the flows wants: nothing else of the world goes by it.
PLACES = """
places:
  lab: {type: docker, slots: 2, cpu: 4, memory: 8GB, cost: 1.5, labels: {disk: large}, description: Beside the window.}
"""

#: Nobody listens there, so that the page of notices shows what waits, and why.
TEAMS = """
teams: {billing-team: {contacts: [billing@example.com], channels: [billing-chat]}}
channels: {billing-chat: {type: slack, url: "http://127.0.0.1:9/"}}
rules: [{wait: 0s}]
"""


@dataclass
class World:
    server: Server
    runs: dict[str, int] = field(default_factory=dict)
    backfill: int = 0
    event: int = 0

    def end(self) -> None:
        """At once: one of its runs waits for a person, and one for a task server."""
        self.server.process.kill()
        self.server.process.communicate()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def pages(self) -> dict[str, str]:
        """Each page, and each tab that shows something else, by a name for its picture."""
        good, bad, held, many = (self.runs[one] for one in ("sales", "broken", "release", "many"))
        return {
            "home": "/ui",
            "flows": "/ui/flows",
            "flow": "/ui/flows/acme.shop/sales",
            "flow-runs": "/ui/flows/acme.shop/sales?tab=runs",
            "flow-triggers": "/ui/flows/acme.shop/sales?tab=triggers",
            "flow-source": "/ui/flows/acme.shop/sales?tab=source",
            "flow-versions": "/ui/flows/acme.shop/sales?tab=versions",
            "runs": "/ui/runs",
            "run": f"/ui/runs/{good}",
            "run-failed": f"/ui/runs/{bad}",
            "run-waiting": f"/ui/runs/{held}",
            "run-many": f"/ui/runs/{many}",
            "run-timeline": f"/ui/runs/{good}?tab=timeline",
            "run-tasks": f"/ui/runs/{good}?tab=tasks",
            "run-log": f"/ui/runs/{good}?tab=log&task=report",
            "run-history": f"/ui/runs/{good}?tab=history",
            "run-outputs": f"/ui/runs/{good}?tab=outputs",
            "run-data": f"/ui/runs/{good}?tab=data",
            "run-attempts": f"/ui/runs/{bad}?tab=attempts",
            "run-why": f"/ui/runs/{held}?tab=why",
            "run-messages": f"/ui/runs/{self.runs['clean']}?tab=messages",
            "backfills": "/ui/backfills",
            "backfill": f"/ui/backfills/{self.backfill}",
            "events": "/ui/events",
            "event": f"/ui/events/{self.event}",
            "network": "/ui/network",
            "server": "/ui/network/orders/etl-1",
            "data": "/ui/data",
            "notices": "/ui/notices",
            "admin-users": "/ui/admin/users",
            "admin-tokens": "/ui/admin/tokens",
            "admin-secrets": "/ui/admin/secrets",
            "admin-pools": "/ui/admin/pools",
            "admin-audit": "/ui/admin/audit",
            "admin-about": "/ui/admin/about",
        }


def run_tasks_of_teams(world: World) -> None:
    """Two teams with a server each; a task of one needs that of the other."""
    server = world.server
    orders = Talker(server, "orders", "etl-1")
    billing = Talker(server, "billing", "pay-1")
    orders.ready(task("clean", cron="0 3 * * *"), task("extract"), slots=2)
    needs = [{"task": "orders/clean", "within": "6h"}]
    billing.ready(task("invoices", "billing", needs=needs))
    world.runs["clean"] = server.start("orders/clean")
    orders.run(orders.invoked(), {"rows": 12})
    server.ended(world.runs["clean"])
    world.runs["invoices"] = server.start("billing/invoices")
    attempt = billing.invoked()["attempt"]
    billing.say("task.queued", {"attempt": attempt})
    billing.say("task.started", {"attempt": attempt})


def take_events(world: World) -> None:
    server = world.server
    address = "/hooks/acme.shop/orders/shop/k"
    for number, body in enumerate([{"amount": 3}, {"amount": "many"}]):
        head = {"webhook-id": f"e{number}"}
        answer = server.call("POST", address, body, token=None, headers=head)
        assert answer.status == 202, answer.body
        world.event = int(answer.json["event"])


def make_world(folder: Path) -> World:
    """All that is to be seen has happened when it returns."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sales.csv").write_text("id,town,amount\n1,north,3.50\n2,south,-1.00\n3,east,7.25\n")
    for name, text in FLOWS.items():
        (folder / f"{name}.yaml").write_text(text)
    (folder / "teams.yaml").write_text(TEAMS)
    (folder / "cordyna.yaml").write_text(PLACES)
    server = serve(folder, DYNA_SECRET_SHOP_KEY="k")
    world = World(server)
    for name in ("sales", "broken"):
        world.runs[name] = server.start(f"acme.shop/{name}")
    for name in ("release", "many"):
        world.runs[name] = server.start(f"acme/{name}")
    take_events(world)
    wish = {"from": "2026-11-20T00:00:00Z", "to": "2026-11-22T00:00:00Z", "trigger": "hours"}
    world.backfill = int(server.ok("POST", "/api/v1/flows/_/hourly/backfills", wish)["backfill"])
    off = {"enabled": False, "reason": "the source is broken"}
    server.ok("PATCH", "/api/v1/flows/acme/typed", off)
    server.ok("PUT", "/api/v1/secrets/API_KEY", {"value": "x"})
    server.ok("PUT", "/api/v1/users/ann", {"grants": [{"namespace": "acme", "role": "operator"}]})
    server.token(("viewer", "*"))
    run_tasks_of_teams(world)
    for name in ("sales", "broken", "many"):
        server.ended(world.runs[name])
    backfill = f"/api/v1/backfills/{world.backfill}"
    eventually(lambda: "ended_at" in server.ok("GET", backfill), "the end of the backfill")
    channel = lambda: server.ok("GET", "/api/v1/alerts")["channels"][0]  # noqa: E731
    eventually(lambda: "problem" in channel(), "a message that cannot be sent")
    held = f"/api/v1/runs/{world.runs['release']}/tasks"
    eventually(lambda: server.ok("GET", held).get("holds"), "the pause")
    return world


def start_browser(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(
        executable_path="/usr/bin/chromium",
        # Root has no sandbox to give; what it shows is our own.
        args=["--no-sandbox", "--disable-dev-shm-usage"],
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for longer: while Playwright is there, nothing else in its process can use asyncio."""
    with sync_playwright() as playwright:
        started = start_browser(playwright)
        yield started
        started.close()


@dataclass
class Watcher:
    """What a page must not do, as it is noticed."""

    origin: str
    wrongs: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.wrongs.append(f"error: {error}"))
        page.on("console", lambda said: said.type in {"error", "warning"}
                and self.wrongs.append(f"console: {said.text}"))  # fmt: skip
        page.on("dialog", lambda dialog: self.wrongs.append(f"dialog: {dialog.message}"))
        page.on("request", lambda asked: asked.url.startswith((self.origin, "blob:", "data:"))
                or self.wrongs.append(f"request elsewhere: {asked.url}"))  # fmt: skip


def make_user(world: World) -> dict[str, str]:
    """Somebody who may do everything, and what he logs in with."""
    login = {"user": "ui-admin", "password": "a long enough password"}
    change = {"grants": [{"namespace": "*", "role": "admin"}], "password": login["password"]}
    world.server.ok("PUT", f"/api/v1/users/{login['user']}", change)
    return login


def log_in(context: BrowserContext, world: World) -> None:
    """A session by its cookie, without the login page."""
    server, login = world.server, make_user(world)
    answer = server.call("POST", "/api/v1/login", login, token=None)
    assert answer.status == 200, answer.body
    cookie, value = answer.headers["Set-Cookie"].split(";")[0].split("=", 1)
    context.add_cookies([{"name": cookie, "value": value, "url": world.origin}])


@contextmanager
def looking(browser: Browser, world: World, **more: Any) -> Iterator[tuple[Page, Watcher]]:
    """A page that is logged in, and what it must not have done when it is closed."""
    context = browser.new_context(**{"locale": "en-GB", "timezone_id": "Europe/Berlin", **more})
    try:
        log_in(context, world)
        page = context.new_page()
        watcher = Watcher(world.origin)
        watcher.watch(page)
        yield page, watcher
    finally:
        context.close()


def open_page(page: Page, world: World, path: str) -> None:
    """Until all of it is there: no placeholder, nothing that is still asked for."""
    page.goto(world.origin + path)
    page.locator("main h1").first.wait_for()
    page.wait_for_function("() => !document.querySelector('main [aria-busy=true]')")


def violations(page: Page) -> list[str]:
    """Of the rules of accessibility (axe), as lines."""
    page.evaluate(AXE.read_text())
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", tags)
    return [
        f"{one['id']}: {one['help']}: {json.dumps([node['html'][:160] for node in one['nodes'][:3]])}"
        for one in found["violations"]
    ]
