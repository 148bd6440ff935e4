"""Pictures of each page of the web UI: light, dark and narrow.

screenshots.py FOLDER [NAME...]: of all pages, or those that are named; './dev screenshots' calls it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

INTEGRATION = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(INTEGRATION / one) for one in ("server", "task_servers", "ui")]

from playwright.sync_api import sync_playwright  # noqa: E402
from ui_world import looking, make_world, open_page, start_browser  # noqa: E402

KINDS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}},
    "narrow": {"color_scheme": "light", "viewport": {"width": 390, "height": 800}},
}


def main() -> None:
    folder, names = Path(sys.argv[1]), sys.argv[2:]
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        world = make_world(Path(made))
        browser = start_browser(playwright)
        pages = world.pages()
        if unknown := set(names) - set(pages):
            sys.exit(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(pages)}")
        for kind, settings in KINDS.items():
            with looking(browser, world, **settings) as (page, watcher):
                for name in names or pages:
                    open_page(page, world, pages[name])
                    page.wait_for_load_state("load")
                    page.wait_for_timeout(
                        400
                    )  # layouts and charts are drawn after their data is there
                    file = folder / f"{name}-{kind}.png"
                    page.screenshot(path=file)
                    print(file, flush=True)
                for wrong in watcher.wrongs:
                    print(f"{kind}: {wrong}", file=sys.stderr)
        browser.close()
        world.end()


if __name__ == "__main__":
    main()
