"""Five hundred Jobs in flight: what they cost here, and how soon a change of one is seen.

The nodes are played: they tell the cluster how pods fare, and run nothing (kube_node.py)."""

from __future__ import annotations

import os
import threading
from datetime import datetime
from pathlib import Path
from time import time

import pytest
from kube_cluster import Cluster
from kube_here import Here
from kube_node import Node, Pod, stamp
from serving import Server, eventually

JOBS = 500
JOBS_PATH = "/apis/batch/v1/namespaces/default/jobs"
MEMORY_MORE_KB = 60_000
SEEN_SECONDS = 0.5
LOOKED_AT = 20


class Played:
    """Each pod runs until it is let end."""

    def __init__(self) -> None:
        self.running: dict[str, Pod] = {}
        self.lock = threading.Lock()

    def __call__(self, pod: Pod) -> None:
        pod.tell("Running", {"running": {"startedAt": stamp()}})
        with self.lock:
            self.running[pod.name] = pod

    def end(self, name: str) -> None:
        self.running[name].ended({"exitCode": 0, "reason": "Completed", "message": "rows=1"})


class Changes:
    """When the cluster told that a Job completed: it looks at pods once in a second, which is not ours."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.at: list[float] = []
        self.jobs: set[str] = set()
        self.version = cluster.call("GET", JOBS_PATH)["metadata"]["resourceVersion"]
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self) -> None:
        for event in self.cluster.watch(f"{JOBS_PATH}?watch=1&resourceVersion={self.version}"):
            job = event["object"]
            conditions = job["status"].get("conditions", [])
            name = job["metadata"]["name"]
            if name not in self.jobs and any(one["type"] == "Complete" for one in conditions):
                self.jobs.add(name)
                self.at.append(time())


def memory_kb(pid: int) -> int:
    """Of a process and all that it began, each page once (PSS)."""
    total, left = 0, [pid]
    while left:
        one = left.pop()
        for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
        left += [
            int(word)
            for task in Path(f"/proc/{one}/task").iterdir()
            for word in (task / "children").read_text().split()
        ]
    return total


def ended_at(server: Server, run: int) -> list[float]:
    """Of the attempts that completed, in order: seconds since 1970."""
    rows = server.ok("GET", f"/api/v1/runs/{run}/attempts")["attempts"]
    jobs = [one for one in rows if one["task"].endswith("/job")]
    times = [one["ended_at"] for one in jobs if one["state"] == "completed"]
    return sorted(datetime.fromisoformat(at).timestamp() for at in times)


@pytest.mark.skipif(not os.environ.get("DYNA_TEST_LONG"), reason="takes minutes")
def test_five_hundred_jobs_are_cheap_and_each_change_is_seen_soon(
    cluster: Cluster, tmp_path: Path
) -> None:
    played = Played()
    node = Node(cluster, "node-many", plays=played)
    here = Here(tmp_path, cluster.write_config(tmp_path / "kubeconfig"))
    task = {"id": "job", "type": "kubernetes", "image": "tiny:1", "command": "x"}
    flow = {"id": "one", "tasks": [{"id": "each", "type": "foreach", "parallel": JOBS,
                                    "items": {"from": 1, "to": JOBS}, "tasks": [task]}]}  # fmt: skip
    server = here.begin_with(flow, "--slots", str(JOBS))
    before = memory_kb(server.process.pid)
    run = server.start("_/one")
    eventually(lambda: len(played.running) == JOBS, f"{JOBS} pods", 300)

    eventually(lambda: sum(1 for one in server.ok("GET", f"/api/v1/runs/{run}/attempts")["attempts"]
                           if one["state"] == "started") == JOBS, "all to have started", 120)  # fmt: skip
    more = memory_kb(server.process.pid) - before
    changes = Changes(cluster)
    for count, name in enumerate(sorted(played.running)[:LOOKED_AT], 1):
        played.end(name)
        eventually(lambda wanted=count: len(changes.at) >= wanted, "the change of the Job")
        eventually(lambda wanted=count: len(ended_at(server, run)) >= wanted, "its end here")
    seen = [ours - theirs for ours, theirs in zip(ended_at(server, run), changes.at, strict=True)]
    for name in sorted(played.running)[LOOKED_AT:]:
        played.end(name)
    assert server.ended(run)["state"] == "completed"
    server.stop()
    node.stop()
    print(f"{JOBS} Jobs: {more} kB more; a change seen after {sorted(seen)}")
    assert more < MEMORY_MORE_KB
    assert max(seen) < SEEN_SECONDS
