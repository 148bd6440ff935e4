"""`--watch` of lists: woken by what happens, at a server and over a state folder."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from threading import Timer
from time import monotonic
from typing import Any

import pytest
from broken_machine import Disk, disk
from dyna_client import Client
from serving import DYNA, FLOW, Server, serve

__all__ = ["disk"]


def line_with(
    watch: subprocess.Popen[str], fits: Callable[[Any], bool], server: Server | None = None
) -> Any:
    """Reads until a line fits; a watch that says nothing more is killed, and that ends it.

    A disk may take a minute for a commit, and the watch looks for two. What `server` has to say of
    its runs tells apart a watch that does not see and a server that does not go on.
    """
    assert watch.stdout is not None
    limit = Timer(150, watch.kill)
    limit.start()
    seen = []
    try:
        for line in watch.stdout:
            seen.append(json.loads(line))
            if fits(seen[-1]):
                return seen[-1]
        known = server.ok("GET", "/api/v1/runs?limit=3") if server is not None else "not asked"
        raise AssertionError(
            f"no line fits, and the watch ended: {watch.wait()}, {seen[-5:]}; the server: {known}"
        )
    finally:
        limit.cancel()


def end(watch: subprocess.Popen[str]) -> str:
    watch.send_signal(signal.SIGINT)
    _, errors = watch.communicate(timeout=60)
    assert watch.returncode == 0, errors
    return errors


def side(where: str, client: Client, served: Server) -> tuple[Client, tuple[str, ...]]:
    if where == "server":
        return client, ("--server", "here")
    return Client(client.home, served.folder, started=client.started), (
        "--state",
        str(served.state),
    )


@pytest.mark.parametrize("where", ["server", "state"])
def test_a_line_for_each_change_where_no_terminal_is(
    where: str, client: Client, served: Server
) -> None:
    caller, words = side(where, client, served)
    watch = caller.start("runs", "--watch", "--json", *words)
    run = served.start("acme/daily")
    ended = line_with(
        watch, lambda told: told["run"] == run and told["state"] == "completed", served
    )
    assert ended["flow"] == "daily"
    later = served.start("other/broken")
    line_with(watch, lambda told: told["run"] == later and told["state"] == "error", served)
    end(watch)


def test_what_a_slow_disk_takes_its_time_for_is_seen_too(
    client: Client, tmp_path: Path, disk: Disk
) -> None:
    """What is written can be read seconds later, when it is on the disk; no second change tells of it."""
    (tmp_path / "daily.yaml").write_text(FLOW)
    server = serve(tmp_path, **disk.env)
    try:
        watch = client.start("runs", "--watch", "--json", "--state", str(server.state))
        first = server.start()
        line_with(watch, lambda told: told["run"] == first and told["state"] == "completed")
        disk["delay_us"] = 2_000_000
        second = server.start()
        line_with(watch, lambda told: told["run"] == second and told["state"] == "completed")
        end(watch)
        # Written before the watch began, on the disk after that.
        third = server.start()
        late = client.start("runs", "--watch", "--json", "--state", str(server.state))
        line_with(late, lambda told: told["run"] == third and told["state"] == "completed")
        end(late)
    finally:
        disk["delay_us"] = 0
        server.stop()


@pytest.mark.parametrize("where", ["server", "state"])
def test_flows_pools_and_backfills_are_watched_too(
    where: str, client: Client, served: Server, tmp_path: Path
) -> None:
    caller, words = side(where, client, served)
    here = Client(client.home, served.folder)
    flows = caller.start("flows", "--watch", "--json", *words)
    pools = caller.start("pools", "--watch", "--json", *words)
    backfills = caller.start("backfill", "list", "--watch", "--json", *words)
    line_with(flows, lambda told: told["id"] == "daily")
    line_with(pools, lambda told: told["pools"][0]["used"] == 0)

    name = f"new-{where}"
    served.ok("POST", "/api/v1/flows", {"files": [{
        "name": "f.yaml",
        "text": f"id: {name}\ntasks: [{{id: a, type: shell, pool: db, script: 'sleep 0.4'}}]\n"}]})  # fmt: skip
    line_with(flows, lambda told: told["id"] == name and "last_run" not in told)
    run = served.start(f"_/{name}")
    line_with(pools, lambda told: told["pools"][0]["held_by"] == [{"run": run, "task": "a"}])
    line_with(pools, lambda told: told["pools"][0]["used"] == 0)
    line_with(flows, lambda told: told.get("last_run") == {"run": run, "state": "completed"})
    here.ok("backfill", "acme/daily", "--from", "2026-01-01", "--to", "2026-01-03",
            "--state", str(served.state))  # fmt: skip
    line_with(backfills, lambda told: told["state"] == "completed" and told["completed"] == 2)
    for watch in (flows, pools, backfills):
        end(watch)


def test_a_terminal_is_drawn_again_in_place(client: Client, served: Server) -> None:
    ours, theirs = pty.openpty()
    env = client.environment(TERM="xterm")
    watch = subprocess.Popen(
        [DYNA, "runs", "--watch", "-n", "3", "--server", "here"],
        cwd=client.folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
    )
    os.close(theirs)
    seen = ""

    def until(text: str) -> None:
        nonlocal seen
        limit = monotonic() + 60
        while text not in seen:
            assert select.select([ours], [], [], max(0, limit - monotonic()))[0], (text, seen)
            seen += os.read(ours, 65536).decode()

    try:
        until("RUN")
        run = served.start("acme/daily")
        served.ended(run)
        until(f"{run:>6}  daily")
        assert "\x1b[2K" in seen and "A\x1b[2K" in seen, "it lies over what was there"
        watch.send_signal(signal.SIGINT)
        assert watch.wait(timeout=60) == 0
    finally:
        watch.kill()
        watch.communicate()
        os.close(ours)


def test_a_watch_goes_on_over_a_restart_of_the_server(tmp_path: Path) -> None:
    (tmp_path / "served").mkdir()
    (tmp_path / "empty").mkdir()
    (tmp_path / "served" / "daily.yaml").write_text(FLOW)
    server = serve(tmp_path / "served")
    client = Client(tmp_path / "home", tmp_path / "empty")
    try:
        client.login(server)
        watch = client.start("runs", "--watch", "--json", "--server", "here")
        first = server.start()
        line_with(watch, lambda told: told["run"] == first and told["state"] == "completed")
        server.process.send_signal(signal.SIGKILL)
        server.process.communicate()
        server = serve(server.folder, "--listen", f"127.0.0.1:{server.port}")
        second = server.start()
        line_with(watch, lambda told: told["run"] == second and told["state"] == "completed")
        end(watch)
    finally:
        server.stop()
