"""Two teams, two task servers, one order of things: see README.md.

Starts `dyna up` and the servers of both teams, asks for the last task (or waits for its cron), shows who ran what,
when, in which order, what failed and whom that concerns, and ends what it started. With --redis all messages go over
streams of a Redis that it starts, too.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from time import monotonic, sleep
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DYNA = os.environ.get("DYNA_BIN", str(ROOT / "build/release/bin/dyna"))
FINAL = {"completed", "warning", "error", "cancelled"}
PATIENCE = 180


class Redis:
    """A redis-server of this example alone, in which only the accounts of cerebro and of both teams may do anything."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:  # Redis cannot say which port the system chose
            probe.bind(("127.0.0.1", 0))
            self.url = f"127.0.0.1:{probe.getsockname()[1]}"
        self.passwords = {user: secrets.token_hex(20) for user in ("cerebro", "orders", "billing")}
        users = [self._account(user) for user in self.passwords]
        lines = [f"port {self.url.split(':')[1]}", "bind 127.0.0.1", f"dir {folder}", "save ''"]
        lines += ["maxmemory 256mb", "maxmemory-policy noeviction", "user default off", *users]
        (folder / "redis.conf").write_text("\n".join(lines) + "\n")
        with (folder / "redis.log").open("wb") as log:
            self.process = subprocess.Popen(
                ["redis-server", str(folder / "redis.conf")], stdout=log, stderr=log
            )

    def _account(self, user: str) -> str:
        """`dyna redis acl` says what it may do; Redis reads the same from its configuration."""
        whose = "--cerebro" if user == "cerebro" else user
        file = self.folder / f"{user}.password"
        file.write_text(self.passwords[user])
        words = [
            DYNA,
            "redis",
            "acl",
            whose,
            "--user",
            user,
            "--password-file",
            str(file),
            "--json",
        ]
        done = subprocess.run(words, cwd=self.folder, capture_output=True, text=True, check=True)
        return "user " + " ".join(json.loads(done.stdout)["command"][2:])

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(30)


class Cerebro:
    def __init__(self, folder: Path, redis: Redis | None) -> None:
        self.folder = folder
        self.redis = redis
        settings = []
        environment = {**os.environ}
        if redis is not None:
            settings = [
                "--set",
                f"redis=redis://cerebro@{redis.url}",
                "--set",
                "redis_secret=REDIS",
            ]
            environment["DYNA_SECRET_REDIS"] = redis.passwords["cerebro"]
        self.process = subprocess.Popen(
            [DYNA, "up", "--listen", "127.0.0.1:0", "--json", *settings],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            told = json.loads(line) if line.startswith("{") else {}
            if "listening" in told:
                self.url = told["listening"]
                break
        else:
            raise RuntimeError("dyna up did not begin")
        self.admin = (folder / ".cordyna" / "admin.token").read_text().strip()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.url}/api/v1{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.admin}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def credential(self, team: str) -> str:
        """For the task servers of one team, and nothing else: `dyna token create NAME --team TEAM`."""
        grants = [{"namespace": team, "role": "viewer"}]
        wish = {"name": f"servers of {team}", "kind": "server", "grants": grants}
        return str(self.call("POST", "/tokens", wish)["token"])

    def dyna(self, *words: str) -> str:
        environment = {**os.environ, "DYNA_SERVER": self.url, "DYNA_TOKEN": self.admin}
        done = subprocess.run([DYNA, *words, "--server"], env=environment, text=True,
                              capture_output=True, check=False)  # fmt: skip
        return done.stdout or done.stderr

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=60)


def start_server(cerebro: Cerebro, team: str) -> subprocess.Popen[str]:
    redis = cerebro.redis
    url = cerebro.url if redis is None else f"redis://{team}@{redis.url}"
    environment = {
        **os.environ,
        "CORDYNA_TOKEN": redis.passwords[team] if redis is not None else cerebro.credential(team),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "sdk" / "python"), os.environ.get("PYTHONPATH", "")]),
    }  # fmt: skip
    words = ["serve", str(HERE / f"{team}.py"), "--url", url, "--team", team]
    words += ["--server", f"{team}-1", "--state", str(cerebro.folder / f"{team}-results")]
    with (cerebro.folder / f"{team}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "cordyna", *words], env=environment, stdout=log, stderr=log
        )


def wait(what: str, look: Any) -> Any:
    until = monotonic() + PATIENCE
    while not (found := look()):
        if monotonic() > until:
            raise TimeoutError(f"{what} did not come")
        sleep(0.05)
    return found


def close_run(cerebro: Cerebro, cron: bool) -> dict[str, Any]:
    """The run of the last task: one that is asked for, or the first of its cron."""
    if not cron:
        run = cerebro.call("POST", "/flows/billing/close/runs", {"inputs": {}})["run"]
    else:
        print("waiting for the full minute …", flush=True)
        path = "/runs?namespace=billing&flow=close"
        run = wait("the cron", lambda: cerebro.call("GET", path)["runs"])[-1]["run"]

    def ended() -> Any:
        row = cerebro.call("GET", f"/runs/{run}")
        return row if row["state"] in FINAL else None

    return dict(wait("its end", ended))


def show(cerebro: Cerebro, last: dict[str, Any]) -> None:
    runs = [
        run for run in cerebro.call("GET", "/runs?limit=100")["runs"] if run["run"] >= last["run"]
    ]
    rows = []
    for run in runs:
        attempts = cerebro.call("GET", f"/runs/{run['run']}/attempts")["attempts"]
        mine = [attempt for attempt in attempts if attempt["task"] == "task"]
        rows.append((run, mine[-1] if mine else None))
    print("\nwho ran what, in which order")
    begun = [(row[1]["started_at"], row[0]) for row in rows if row[1] and "started_at" in row[1]]
    begun.sort(key=lambda one: (one[0], -one[1]["run"]))
    for number, (at, run) in enumerate(begun, 1):
        print(f"  {number}. {at[11:23]}  {run['namespace']}/{run['flow']:<9} {run['state']}")
    print("\nwhat went wrong, and who was told")
    for notice in reversed(cerebro.call("GET", "/notices")["notices"]):
        namespace, _, flow = notice["flow"].partition("/")
        labels = cerebro.call("GET", f"/flows/{namespace}/{flow}")["canonical"]["labels"]
        whose = "" if notice["team"] == notice["cause"] else f", for the fault of {notice['cause']}"
        print(f"  {notice['flow']} {notice['kind']}{whose}: {notice['description']}")
        print(f"    told: team {notice['team']}, {labels['contacts']}")
    print(
        f"\n{last['namespace']}/{last['flow']} ended as {last['state']}: {last.get('outputs', {})}"
    )
    print("\nthe servers\n" + cerebro.dyna("servers"))
    print("what was said for the last task\n" + cerebro.dyna("trace", str(last["run"])))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cron", action="store_true", help="wait for the cron of the last task")
    parser.add_argument(
        "--redis", action="store_true", help="task servers and cerebro meet in a redis-server"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="two-teams-") as name, ExitStack() as ends:
        redis = Redis(Path(name)) if options.redis else None
        if redis is not None:
            ends.callback(redis.end)
        cerebro = Cerebro(Path(name), redis)
        ends.callback(cerebro.end)
        for team in ("orders", "billing"):
            server = start_server(cerebro, team)
            ends.callback(server.wait, 30)
            ends.callback(server.terminate)

        def are_ready() -> bool:
            servers = cerebro.call("GET", "/task-servers")["servers"]
            return sum(one["state"] == "ready" for one in servers) == 2

        wait("both servers", are_ready)
        over = f", over Redis at {redis.url}" if redis is not None else ""
        print(f"cerebro at {cerebro.url}{over}, task servers of orders and billing are ready")
        last = close_run(cerebro, options.cron)
        show(cerebro, last)
        return 0 if last["state"] in ("completed", "warning") else 1


if __name__ == "__main__":
    sys.exit(main())
