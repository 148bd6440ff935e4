"""Connections to a real API server that are cut, and values that would be words of somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kube_cluster import Cluster
from kube_here import SECRET, Here
from kube_node import Node
from kube_relay import Relay
from serving import eventually

EVIL = [
    "; touch {pwned}",
    "$(touch {pwned})",
    "`touch {pwned}`",
    "$(HOME) $$(HOME)",
    "-rf --",
    '"}}],"privileged":true,"x":[{{"',
    "a\nb: c\n- d",
    "{{{{ 7*7 }}}} {{% raw %}}",
    "\u2028\u202e\U0001f600 <script>",
]


@pytest.fixture(scope="module")
def node(cluster: Cluster) -> Iterator[Node]:
    running = Node(cluster)
    yield running
    running.stop()


@pytest.fixture
def relay(cluster: Cluster) -> Iterator[Relay]:
    made = Relay(cluster.port)
    yield made
    made.stop()


@pytest.fixture
def here(cluster: Cluster, node: Node, relay: Relay, tmp_path: Path) -> Iterator[Here]:
    place = Here(tmp_path, cluster.write_config(tmp_path / "kubeconfig", port=relay.port))
    yield place
    place.at().stop()
    eventually(lambda: not cluster.jobs() and not cluster.pods() and not cluster.secrets(),
               "a cluster in which nothing is left", 120)  # fmt: skip


def test_what_is_cut_again_and_again_loses_nothing(here: Here, relay: Relay) -> None:
    run = here.start(
        script="for i in $(seq 100); do echo line $i; sleep 0.05; done; echo rows=3 > $DYNA_OUTPUTS"
    )
    seen = 0

    def ended() -> bool:
        nonlocal seen
        if len(here.lines(run)) >= seen + 10:
            seen = len(here.lines(run))
            relay.cut()
        return str(here.at().ok("GET", f"/api/v1/runs/{run}")["state"]) == "completed"

    eventually(ended, "the end of the run", 120)
    assert relay.cuts >= 5
    assert [line for line in here.lines(run) if line.startswith("line")] == [
        f"line {n}" for n in range(1, 101)
    ]
    (attempt,) = here.attempts(run)
    assert attempt["state"] == "completed"


def test_an_end_behind_a_cut_watch_is_seen(here: Here, relay: Relay, cluster: Cluster) -> None:
    """What happens while nothing comes through is told by the next watch."""
    go = here.folder / "go"
    run = here.start(script=f"echo begun; while ! test -e {go}; do sleep 0.05; done; exit 4")
    here.said(run, "begun")
    relay.loud.clear()
    relay.cut()
    go.touch()
    eventually(lambda: cluster.jobs()[0]["status"].get("failed") == 1, "the end of the Job", 120)
    assert here.attempts(run)[0]["state"] == "started"
    relay.loud.set()
    error = here.error(run)
    assert (error["code"], error["exit_code"]) == ("EXIT_NONZERO", 4)


def test_s13_s15_values_arrive_as_they_are(here: Here) -> None:
    pwned = here.folder / "pwned"
    values = [one.format(pwned=pwned) for one in EVIL]
    server = here.begin_with({
        "id": "one",
        "inputs": [{"id": f"v{n}"} for n in range(len(values))],
        "tasks": [{
            "id": "work", "type": "kubernetes", "image": "tiny:1",
            "entrypoint": ["sh", "-c", 'for one; do printf "%s\\0" "$one"; done > "$OUT"; env -0 >> "$OUT"', "sh"],
            "command": [f"{{{{ inputs.v{n} }}}}" for n in range(len(values))],
            "env": {"OUT": str(here.folder / "out"), "TOKEN": "{{ secret('TOKEN') }}"}
            | {f"V{n}": f"{{{{ inputs.v{n} }}}}" for n in range(len(values))},
        }],
    })  # fmt: skip
    run = server.start("_/one", **{f"v{n}": value for n, value in enumerate(values)})
    here.completed(run)
    found = (here.folder / "out").read_bytes().decode().split("\0")
    assert found[: len(values)] == values
    env = dict(one.split("=", 1) for one in found[len(values) :] if one)
    assert [env[f"V{n}"] for n in range(len(values))] == values
    assert env["TOKEN"] == SECRET
    assert not pwned.exists()


def test_s14_s30_nothing_of_the_servers_environment_reaches_a_pod(here: Here) -> None:
    run = here.start(script="env")
    here.completed(run)
    names = {line.split("=", 1)[0] for line in here.lines(run) if "=" in line}
    assert {"DYNA_TASK", "DYNA_RUN_ID", "DYNA_OUTPUTS"} <= names
    assert {"KUBECONFIG", "DYNA_SECRET_TOKEN"} & names == set()
    assert SECRET not in "\n".join(here.lines(run))
