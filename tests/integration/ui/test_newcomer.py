"""The first hour of a newcomer, in a browser and from the README alone: nothing is done by other means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from serving import ROOT, Server, serve
from ui_world import Watcher

expect.set_options(timeout=60_000)


def example_of_readme() -> str:
    """The flow under "What it looks like"."""
    text = (ROOT / "README.md").read_text()
    return text.split("## What it looks like")[1].split("```yaml\n")[1].split("```")[0]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "hello.yaml").write_text(example_of_readme())
    started = serve(tmp_path)
    yield started
    started.process.kill()
    started.process.communicate()


def tab(page: Page, name: str) -> None:
    page.locator("main nav").get_by_role("link", name=name, exact=True).click()


def write(page: Page, text: str) -> None:
    """As a person would: all that is there is replaced."""
    page.get_by_role("textbox", name="The text of the flow").click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(text)


def apply(page: Page, text: str, version: int) -> None:
    write(page, text)
    page.get_by_role("button", name=f"Apply version {version}").click()
    expect(page.get_by_text(f"version {version} is applied")).to_be_visible()


def start(page: Page, name: str) -> None:
    page.get_by_role("button", name="Run", exact=True).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("name").fill(name)
    dialog.get_by_role("button", name="Start").click()
    page.wait_for_url(re.compile(r"/ui/runs/\d+"))


def test_from_the_printed_link_to_a_run_that_was_mended(browser: Browser, server: Server) -> None:
    context = browser.new_context(locale="en-GB", timezone_id="Europe/Berlin")
    page = context.new_page()
    page.set_default_timeout(60_000)
    watcher = Watcher(f"http://127.0.0.1:{server.port}")
    watcher.watch(page)

    # Log in with what the terminal says, and find the example.
    page.goto(server.login_link)
    page.get_by_role("link", name="Flows").first.click()
    page.get_by_role("link", name="hello").first.click()

    # Start it, and watch it.
    start(page, "Ann")
    expect(page.locator("main")).to_contain_text("completed", ignore_case=True)
    tab(page, "Log")
    expect(page.locator("main")).to_contain_text("hello, Ann")
    page.get_by_role("link", name="hello", exact=True).first.click()

    # Break it: a wrong key first, which the editor explains where it stands.
    good = example_of_readme()
    tab(page, "Source")
    page.get_by_role("button", name="Edit").click()
    write(page, good.replace("script:", "skript:"))
    expect(page.locator("main")).to_contain_text("did you mean 'script'?")
    expect(page.get_by_role("button", name="Apply")).to_be_disabled()
    broken = good.replace("outputs.greet.n", "outputs.greet.m")
    apply(page, broken, 2)

    # Understand the error: what, where, whose.
    start(page, "Bob")
    failure = page.locator("main")
    expect(failure).to_contain_text("say")
    expect(failure).to_contain_text("outputs.greet.m")

    # Mend it in the editor, and go on from where it failed.
    failed = page.url
    page.get_by_role("link", name="Edit the flow").click()
    apply(page, "# ours\n" + good, 3)
    page.goto(failed)
    page.get_by_role("button", name="Run again from here").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("switch", name="With the flow as it is now").click()
    expect(dialog).to_contain_text("Taken over")
    dialog.get_by_role("button", name="Run again").click()
    page.wait_for_url(lambda url: url != failed and "/ui/runs/" in url)
    expect(page.locator("main")).to_contain_text("completed", ignore_case=True)
    run = int(page.url.split("/ui/runs/")[1].split("?")[0])
    attempts = server.ok("GET", f"/api/v1/runs/{run}/attempts")["attempts"]
    assert [attempt["task"] for attempt in attempts] == ["say"]
    assert server.ok("GET", "/api/v1/flows/_/hello")["source"].startswith("# ours\n")
    assert watcher.wrongs == []
    context.close()
