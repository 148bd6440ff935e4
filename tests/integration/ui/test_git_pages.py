"""Flows that follow a branch, in a real browser: what is wrong in it is on the page of the flow, and what was changed is pushed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from branches import Branch, applied, flow, follow, follows, git, sync, up
from playwright.sync_api import Browser, Page
from ui_world import World, looking, open_page, violations

MARKUP = "<img src=x onerror=alert(1)>"


@dataclass
class Followed:
    world: World
    branch: Branch


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    branch = Branch(tmp_path)
    first = branch.commit(f"it begins {MARKUP}", a_yaml=flow("a"), b_yaml=flow("b"))
    server = up(follows(tmp_path, branch, push=True))
    applied(server, first)
    yield Followed(World(server), branch)
    server.stop()


def is_for_everybody(page: Page) -> None:
    """No rule of accessibility is broken, light and dark, and nothing is too wide for a small screen."""
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360


def test_what_is_wrong_in_the_branch_is_on_the_page_of_the_flow(
    browser: Browser, followed: Followed
) -> None:
    branch, world = followed.branch, followed.world
    bad = branch.commit(b_yaml=flow("b").replace("type: log", f"type: '{MARKUP}'"))
    sync(world.server)
    with looking(browser, world) as (page, watcher):
        open_page(page, world, "/ui/flows/acme/a")
        page.get_by_text("Follows branch main of").wait_for()
        page.get_by_text(f"it begins {MARKUP}").wait_for()
        alert = page.get_by_role("alert")
        assert f"Commit {bad[:10]} of branch main cannot be applied" in alert.inner_text()
        assert "b.yaml:5:" in alert.inner_text() and MARKUP in alert.inner_text()
        branch.commit(b_yaml=flow("b", "better"))
        page.get_by_role("button", name="Pull now").click()
        alert.wait_for(state="detached")
        is_for_everybody(page)
        assert watcher.wrongs == []
    assert follow(world.server)["applied"]["commit"] == branch.tip()


def test_changes_are_pushed_from_the_page(browser: Browser, followed: Followed) -> None:
    branch, world = followed.branch, followed.world
    files = {"files": [{"name": "a", "text": flow("a", "mine")}]}
    world.server.ok("POST", "/api/v1/flows", files)
    with looking(browser, world) as (page, watcher):
        open_page(page, world, "/ui/flows")
        section = page.locator("section", has_text="Branches").last
        section.get_by_text("Changed here and not pushed:").wait_for()
        section.get_by_role("button", name="Push").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Message").fill("From the page")
        dialog.get_by_role("button", name="Push", exact=True).click()
        dialog.wait_for(state="detached")
        section.get_by_text("Changed here and not pushed:").wait_for(state="detached")
        section.get_by_text("From the page").wait_for()
        is_for_everybody(page)
        assert watcher.wrongs == []
    assert branch.show("a.yaml") == flow("a", "mine").strip()
    assert (
        git(branch.bare, "log", "-1", "--format=%an: %s", branch.tip()) == "ui-admin: From the page"
    )


def test_versions_know_their_commits(browser: Browser, followed: Followed) -> None:
    branch, world = followed.branch, followed.world
    second = branch.commit(a_yaml=flow("a", "new"))
    sync(world.server)
    with looking(browser, world) as (page, watcher):
        open_page(page, world, "/ui/flows/acme/a?tab=versions")
        page.locator("main td", has_text=second[:10]).first.wait_for()
        assert watcher.wrongs == []
