"""Each page of the web UI in a real browser, against a real server with real runs."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser
from ui_world import World, looking, make_user, open_page, violations

NAMES = ["home", "flows", "flow", "flow-runs", "flow-triggers", "flow-source", "flow-versions", "runs", "run", "run-failed",
         "run-waiting", "run-many", "run-timeline", "run-tasks", "run-log", "run-history", "run-outputs", "run-data", "run-attempts", "run-why",
         "run-messages", "backfills", "backfill", "events", "event", "network", "server", "data", "notices", "admin-users",
         "admin-tokens", "admin-secrets", "admin-pools", "admin-audit", "admin-about"]  # fmt: skip


def test_no_page_is_left_out(world: World) -> None:
    assert list(world.pages()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_whole_and_for_everybody(browser: Browser, world: World, name: str) -> None:
    """Nothing wrong is said, nothing is asked of others, and no rule of accessibility is broken, light and dark."""
    with looking(browser, world, color_scheme="light") as (page, watcher):
        open_page(page, world, world.pages()[name])
        assert page.title().endswith(" · Cordyna")
        assert page.get_by_text("There is no such view").count() == 0
        assert violations(page) == []
        page.emulate_media(color_scheme="dark")
        assert violations(page) == []
        page.set_viewport_size({"width": 360, "height": 740})
        wide = page.evaluate("() => document.documentElement.scrollWidth")
        assert wide <= 360, f"{wide} px of a page on a screen of 360"
        assert watcher.wrongs == []


def test_the_link_of_the_first_start_logs_in(browser: Browser, world: World) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(world.server.login_link)
    page.wait_for_url(f"{world.origin}/ui/**")
    page.locator("main h1").wait_for()
    assert "#" not in page.url
    page.reload()
    page.locator("main h1").wait_for()
    context.close()


def test_whoever_is_not_logged_in_comes_back_to_where_he_wanted(
    browser: Browser, world: World
) -> None:
    context = browser.new_context()
    page = context.new_page()
    path = f"/ui/runs/{world.runs['broken']}"
    page.goto(world.origin + path)
    page.wait_for_url(f"{world.origin}/login**")
    login = make_user(world)
    page.get_by_label("Name").fill(login["user"])
    page.get_by_label("Password").fill(login["password"])
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(world.origin + path)
    context.close()


def test_the_policy_of_pages_is_strict_and_files_are_kept(world: World) -> None:
    server = world.server
    shown = server.call("GET", "/ui", token=None)
    policy = shown.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy
    assert "unsafe" not in policy and "*" not in policy and "http" not in policy
    assert shown.headers["Cache-Control"] == "no-cache"
    again = server.call("GET", "/ui", token=None, headers={"If-None-Match": shown.headers["ETag"]})
    assert again.status == 304 and again.body == b""
    name = shown.body.decode().split('src="/assets/')[1].split('"')[0]
    plain = server.call("GET", f"/assets/{name}", token=None)
    packed = server.call(
        "GET", f"/assets/{name}", token=None, headers={"Accept-Encoding": "gzip, br"}
    )
    assert plain.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "immutable" in plain.headers["Cache-Control"]
    assert packed.headers["Content-Encoding"] == "gzip" and len(packed.body) < len(plain.body) / 2
    assert server.call("GET", "/assets/index.html", token=None).status == 404
    assert server.call("GET", "/assets/none.js", token=None).status == 404


def test_the_first_view_is_small(browser: Browser, world: World) -> None:
    with looking(browser, world) as (page, _):
        sizes: dict[str, int] = {}

        def note(response: object) -> None:
            url = response.url  # type: ignore[attr-defined]
            if "/assets/" in url or url.endswith("/ui"):
                sizes[url] = int(response.headers["content-length"])  # type: ignore[attr-defined]

        page.on("response", note)
        open_page(page, world, "/ui")
        page.wait_for_load_state("networkidle")
        assert 20_000 < sum(sizes.values()) <= 250_000, json.dumps(sizes)


def test_somebody_says_that_he_is_at_an_alert(browser: Browser, world: World) -> None:
    with looking(browser, world) as (page, watcher):
        open_page(page, world, world.pages()["notices"])
        page.get_by_role("button", name="I am at it: acme.shop/broken#post").click()
        alerts = page.get_by_label("What is not well")
        alerts.get_by_text("is at it since").wait_for()
        assert alerts.get_by_role("button").count() == 0
        (alert,) = world.server.ok("GET", "/api/v1/alerts")["alerts"]
        assert alert["acknowledged_by"]
        assert watcher.wrongs == []
