"""The works of ./dev bench about the web UI, in a real Chromium on this machine: how soon it shows what, and how it keeps up."""

import contextlib
import json
import statistics
import time

from measure import BASE, BenchError, folder, run
from server_works import Server

RUNS = 1_000_000
TASKS = 5_000
LINES = 1_000_000
CHANGES = 200  # a second
WATCHED = 8  # seconds
SCROLLS = 60

FIRST = "id: first\nnamespace: bench\ntasks: [{id: say, type: log, message: hello}]\n"
WIDE = f"""id: wide
namespace: bench
tasks:
  - {{id: each, type: foreach, items: {{from: 1, to: {TASKS}}}, tasks: [{{id: say, type: log, message: "{{{{ item }}}}"}}]}}
"""
# Each task has two changes: it begins to rest, and it has ended.
PACED = f"""id: paced
namespace: bench
tasks:
  - {{id: each, type: foreach, items: {{from: 1, to: {TASKS}}}, parallel: {CHANGES // 2}, tasks: [{{id: rest, type: pause, for: 1s}}]}}
"""
# 6.9 MB, 22 MiB as a log: the server keeps 32 MiB of it.
LONG = f"""id: long
namespace: bench
tasks: [{{id: say, type: shell, script: "seq 1 {LINES}"}}]
"""
# When the browser has drawn the next picture.
DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
# Milliseconds from a press of the link until what is wanted is in the page and drawn.
PRESS = """([link, wanted]) => new Promise((done, failed) => {
  const end = setTimeout(() => failed(new Error('not there after 30 s: ' + wanted)), 30000);
  const begun = performance.now();
  const look = () => {
    if (document.querySelector(wanted) === null) return requestAnimationFrame(look);
    clearTimeout(end);
    requestAnimationFrame(() => done(performance.now() - begun));
  };
  document.querySelector(link).click();
  look();
})"""
FRAMES = """seconds => new Promise(done => {
  const gaps = [];
  let before = performance.now();
  const until = before + seconds * 1000;
  const frame = () => {
    const now = performance.now();
    gaps.push(now - before);
    before = now;
    now < until ? requestAnimationFrame(frame) : done(gaps);
  };
  requestAnimationFrame(frame);
})"""
# How many of the pictures after a jump show no row at some place of the window where rows belong.
SCROLL = """async times => {
  let blank = 0;
  const picture = () => new Promise(requestAnimationFrame);
  for (let i = 0; i < times; ++i) {
    scrollBy(0, 700);
    await picture();
    await picture();
    const table = document.querySelector('main [role=table]').getBoundingClientRect();
    for (const share of [0.3, 0.6, 0.9]) {
      const y = innerHeight * share;
      if (y < table.top || y > table.bottom) continue;
      const there = document.elementFromPoint(table.left + table.width / 2, y);
      if (there === null || there.closest('[data-index]') === null) ++blank;
    }
  }
  return blank;
}"""


@contextlib.contextmanager
def browser(server):
    """A page that is logged in."""
    from playwright.sync_api import sync_playwright  # wanted by this work alone

    grants = [{"namespace": "*", "role": "admin"}]
    word = "a long enough password"
    server.ask("PUT", "/api/v1/users/bench", {"grants": grants, "password": word})
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"http://127.0.0.1:{server.port}/login")
        page.get_by_label("Name").fill("bench")
        page.get_by_label("Password").fill(word)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/ui/**")
        page.locator("main h1").wait_for()
        yield page
        chromium.close()


def start(server, flow):
    status, text = server.ask("POST", f"/api/v1/flows/bench/{flow}/runs", {"inputs": {}})
    if status >= 300:
        raise BenchError(f"start of {flow}: {status} {text[:200]}")
    return json.loads(text)["run"]


def wait_for(server, number):
    until = time.monotonic() + 600
    while time.monotonic() < until:
        row = json.loads(server.ask("GET", f"/api/v1/runs/{number}")[1])
        if row["state"] == "completed":
            return
        if "ended_at" in row:
            raise BenchError(f"run {number} ended as {row['state']}")
        time.sleep(0.05)
    raise BenchError(f"run {number} has not ended after ten minutes")


def press(page, address, link, wanted):
    """From a page that was loaded before, as a person comes to the next one."""
    page.goto(address)
    page.wait_for_selector(link)
    page.wait_for_load_state("networkidle")
    return page.evaluate(PRESS, [link, wanted])


class WebUi:
    name = "ui"

    def sample(self, context):
        self.with_little(context)
        self.with_a_million(context)

    def with_little(self, context):
        with folder() as place:
            for name, text in (("first", FIRST), ("wide", WIDE), ("paced", PACED), ("long", LONG)):
                (place / f"{name}.yaml").write_text(text, encoding="ascii")
            server = Server(context.dyna, place)
            try:
                numbers = {name: start(server, name) for name in ("first", "wide", "long")}
                for number in numbers.values():
                    wait_for(server, number)
                with browser(server) as page:
                    self.look(context, server, page, numbers)
            finally:
                server.process.kill()
                server.process.wait()

    def look(self, context, server, page, numbers):
        home = f"http://127.0.0.1:{server.port}/ui"
        sizes = {}

        def note(response):
            if "/assets/" in response.url or response.url == home:
                sizes[response.url] = int(response.headers["content-length"])

        client = page.context.new_cdp_session(page)
        client.send("Network.setCacheDisabled", {"cacheDisabled": True})
        page.on("response", note)
        begun = time.perf_counter()
        page.goto(home)
        page.locator("main h1").wait_for()
        page.evaluate(DRAWN)
        context.add("ui first", (time.perf_counter() - begun) * 1000)
        page.wait_for_load_state("networkidle")
        context.add("ui bytes", sum(sizes.values()) / 1000)
        page.remove_listener("response", note)
        client.send("Network.setCacheDisabled", {"cacheDisabled": False})
        wide = f"{home}/runs/{numbers['wide']}"
        tasks, topology = (
            "a[href*='tab=tasks']",
            "main nav:has(a[href*='tab=tasks']) li:first-child a",
        )
        context.add("ui tasks", press(page, wide, tasks, "main table [data-index='0']"))
        unfold = ["main table button[aria-expanded=false]", "main table [data-index='10']"]
        context.add("ui unfold", page.evaluate(PRESS, unfold))
        context.add(
            "ui topology",
            press(page, f"{wide}?tab=tasks", topology, "main svg [data-item]"),
        )
        log = f"{home}/runs/{numbers['long']}"
        wanted = "[aria-label='Lines of the log'] [data-index]"
        context.add("ui log", press(page, log, "a[href*='tab=log']", wanted))
        page.get_by_text(f"{LINES:,}").first.wait_for()  # all of it is there, whatever is drawn
        number = start(server, "paced")
        page.goto(f"{home}/runs/{number}")
        page.wait_for_selector("main svg [data-item]")
        gaps = page.evaluate(FRAMES, WATCHED)
        context.add("ui frames", max(gaps))
        context.add("ui frame", statistics.median(gaps))

    def with_a_million(self, context):
        place = BASE / "ui-history"
        if not place.exists():
            place.mkdir(parents=True)
            run([f"{context.limits}/fill_runs", ".cordyna", str(RUNS)], place)
        server = Server(context.dyna, place)
        try:
            with browser(server) as page:
                home = f"http://127.0.0.1:{server.port}/ui"
                took = press(
                    page,
                    f"{home}/flows",
                    "nav a[href='/ui/runs']",
                    "main [role=table] [data-index='10']",
                )
                context.add("ui runs", took)
                context.add("ui blank", page.evaluate(SCROLL, SCROLLS))
        finally:
            server.process.kill()
            server.process.wait()

    def rows(self, context):
        for name, what, wanted, unit, most in (
            ("bytes", "the web UI's first view, packed", "at most 250 kB", "kB", 250),
            ("first", "from nothing in the browser's cache to the first view, drawn", "at most 500 ms", "ms", 500),
            ("runs", f"first rows of the list of {RUNS:,} runs, drawn after the press", "at most 150 ms", "ms", 150),
            ("blank", f"places without a row, two pictures after each of {SCROLLS} jumps of 700 px in it", "none", "", 0),
            ("tasks", f"the list of tasks of a run of {TASKS:,}, drawn after the press", "at once: at most 150 ms", "ms", 150),
            ("unfold", "all of them, unfolded, drawn after the press", "at once: at most 150 ms", "ms", 150),
            ("topology", "its topology, collapsed, drawn after the press", "at most 1 s", "ms", 1000),
            ("frames", f"longest picture of {WATCHED} s while a run of {TASKS:,} tasks has {CHANGES} changes a second",
             "at most 50 ms", "ms", 50),
            ("log", f"first lines of a log of {LINES:,}, drawn after the press", "at most 300 ms", "ms", 300),
        ):  # fmt: skip
            value = context.mid(f"ui {name}")
            yield context.row(
                what,
                wanted,
                context.text(f"ui {name}", unit),
                "–",
                f"{value:.0f} {unit}",
                value <= most,
            )


UI_WORKS = [WebUi()]
