"""Tasks of type kubernetes in a real cluster: what they leave, how they end, whoever falls over.

The control plane is real; the node runs each pod's command as a process of this machine (kube_node.py)."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kept_files import content_below
from kube_cluster import RUNNER, STRANGER, Cluster
from kube_here import SECRET, Here
from kube_node import Node
from kube_recording import FOLDER, Recorder, plain
from kube_scenes import SCENES
from serving import eventually

JOBS = "/apis/batch/v1/namespaces/default/jobs"
PODS = "/api/v1/namespaces/default/pods"
# Waits without a word until it is let go, by a file that the test makes.
HOLD = (
    "echo begun; while ! test -e {}; do sleep 0.05; done; echo let go; echo rows=3 > $DYNA_OUTPUTS"
)


@pytest.fixture(scope="module")
def node(cluster: Cluster) -> Iterator[Node]:
    running = Node(cluster)
    yield running
    running.stop()


@pytest.fixture
def here(cluster: Cluster, node: Node, tmp_path: Path) -> Iterator[Here]:
    config = cluster.write_config(tmp_path / "kubeconfig")
    place = Here(tmp_path, config)
    yield place
    place.at().stop()
    eventually(lambda: not cluster.jobs() and not cluster.pods() and not cluster.secrets(),
               "a cluster in which nothing is left", 120)  # fmt: skip


def hold(here: Here) -> str:
    return HOLD.format(here.folder / "go")


def let_go(here: Here) -> None:
    (here.folder / "go").touch()


def only_job(cluster: Cluster) -> str:
    jobs = cluster.jobs()
    assert len(jobs) == 1
    return str(jobs[0]["metadata"]["name"])


def only_pod(cluster: Cluster) -> str:
    pods = cluster.pods()
    assert len(pods) == 1
    return str(pods[0]["metadata"]["name"])


def test_a_job_has_what_a_task_has(here: Here, cluster: Cluster) -> None:
    run = here.start_flow({
        "id": "one",
        "inputs": [{"id": "who", "default": "a; echo b $(HOME) $$"}],
        "tasks": [
            {"id": "work", "type": "kubernetes", "image": "tiny:1",
             "entrypoint": ["sh", "-c", 'echo out "$1" $TOKEN "$PLAIN"; echo err >&2; '
                            'echo \'{"rows": 3}\' > $DYNA_OUTPUTS; echo $DYNA_TASK $DYNA_RUN', "sh"],
             "command": ["{{ inputs.who }}"],
             "env": {"TOKEN": "x-{{ secret('TOKEN') }}", "PLAIN": "$(PATH) {{ inputs.who }}"}},
            {"id": "after", "type": "kubernetes", "image": "tiny:1", "needs": ["work"],
             "script": "echo got {{ outputs.work.rows }} '{{ inputs.who }}'"},
        ],
        "outputs": {"rows": "{{ outputs.work.rows }}"},
    })  # fmt: skip
    assert here.completed(run)["outputs"] == {"rows": 3}
    lines = here.lines(run)
    assert "out a; echo b $(HOME) $$ x-*** $(PATH) a; echo b $(HOME) $$" in lines
    assert "err" in lines and f"work {run}" in lines
    assert "got 3 a; echo b $(HOME) $$" in here.lines(run, "after")
    assert SECRET.encode() not in content_below(here.at().state)


def test_a_secret_stands_in_a_secret_that_goes_with_its_job(here: Here, cluster: Cluster) -> None:
    run = here.start(script=hold(here), env={"TOKEN": "{{ secret('TOKEN') }}"})
    here.said(run, "begun")
    assert SECRET not in json.dumps(cluster.jobs()) + json.dumps(cluster.pods())
    secret = cluster.secrets()[0]
    assert secret["metadata"]["ownerReferences"][0]["name"] == only_job(cluster)
    let_go(here)
    here.completed(run)


def test_each_failure_says_what_it_is(here: Here) -> None:
    error = here.error(here.start(script="echo no such thing >&2; exit 3"))
    assert (error["code"], error["exit_code"]) == ("EXIT_NONZERO", 3)
    assert error["message"] == "exit code 3: no such thing"
    for keys, code, words in [
        ({"image": "missing:1", "command": "x"}, "REMOTE_NOT_FOUND", "not found"),
        ({"image": "denied:1", "command": "x"}, "REMOTE_REFUSED", "Unauthorized"),
        ({"image": "Bad:Name", "command": "x"}, "REMOTE_NOT_FOUND", "InvalidImageName"),
        ({"image": "oom:1", "script": "kill -9 $$"}, "OUT_OF_MEMORY", "out of memory"),
        ({"script": "kill -9 $$"}, "SIGNALLED", "signal 9"),
        ({"entrypoint": ["/no/such/program"]}, "SPAWN_FAILED", "cannot be started"),
        ({"script": "true", "job_labels": {"bad label!": "x"}}, "INPUT_INVALID", "422"),
        (
            {"script": "true", "namespace": "kube-system"},
            "ACCESS_DENIED",
            "DYNA_KUBERNETES_NAMESPACES",
        ),
        ({"script": "true", "context": "other"}, "ACCESS_DENIED", "DYNA_KUBERNETES_CONTEXTS"),
        (
            {"script": "true", "service_account": "root"},
            "ACCESS_DENIED",
            "DYNA_KUBERNETES_SERVICE_ACCOUNTS",
        ),
        (
            {"script": "head -c 5000 /dev/zero | tr '\\0' x > $DYNA_OUTPUTS"},
            "OUTPUT_INVALID",
            "4096",
        ),
    ]:
        error = here.error(here.start(**keys))
        assert error["code"] == code and words in error["message"], (keys, error)


def test_all_output_comes_once_and_in_order_however_often_the_server_dies(here: Here) -> None:
    script = f"for i in $(seq 300); do echo line $i; sleep 0.02; done; {hold(here)}"
    run = here.start(script=script)
    for _ in range(3):
        here.said(run, "line ")
        here.kill()
        here.begin()
    let_go(here)
    here.completed(run)
    assert [line for line in here.lines(run) if line.startswith("line ")] == [
        f"line {i}" for i in range(1, 301)
    ]
    assert len(here.attempts(run)) == 1


def test_an_end_that_nobody_saw_is_taken_up(here: Here, cluster: Cluster) -> None:
    run = here.start(script=hold(here))
    here.said(run, "begun")
    here.kill()
    let_go(here)
    eventually(lambda: cluster.jobs()[0]["status"].get("succeeded") == 1, "the end of the Job")
    here.begin()
    here.completed(run)
    assert here.attempts(run)[0]["attempt"] == 1
    assert here.lines(run)[-1] == "let go"


def test_the_apiserver_may_be_killed(here: Here, cluster: Cluster) -> None:
    run = here.start(script=hold(here))
    here.said(run, "begun")
    cluster.restart_apiserver()
    let_go(here)
    here.completed(run)
    assert len(here.attempts(run)) == 1


def test_a_task_that_begins_while_the_apiserver_is_away_waits_for_it(
    here: Here, cluster: Cluster
) -> None:
    cluster.end("apiserver")
    run = here.start(script="echo hello")
    here.said(run, "waiting for it")
    cluster.start_apiserver()
    cluster.wait_ready()
    here.completed(run)


def test_a_job_that_is_deleted_by_hand_is_lost(here: Here, cluster: Cluster) -> None:
    run = here.start(script=hold(here))
    here.said(run, "begun")
    cluster.call("DELETE", f"{JOBS}/{only_job(cluster)}?propagationPolicy=Background")
    error = here.error(run)
    assert error["code"] == "LOST" and "was deleted by somebody else" in error["message"]


def test_a_job_that_was_deleted_while_nobody_looked_is_lost(here: Here, cluster: Cluster) -> None:
    run = here.start(script=hold(here))
    here.said(run, "begun")
    here.kill()
    cluster.call("DELETE", f"{JOBS}/{only_job(cluster)}?propagationPolicy=Foreground")
    eventually(lambda: not cluster.jobs(), "the Job to be gone")
    here.begin()
    assert here.error(run)["code"] == "LOST"


def test_a_pod_that_is_deleted_by_hand_is_lost(here: Here, cluster: Cluster) -> None:
    run = here.start(script=hold(here))
    here.said(run, "begun")
    cluster.call("DELETE", f"{PODS}/{only_pod(cluster)}")
    error = here.error(run)
    assert error["code"] == "LOST" and "deleted by somebody else" in error["message"]


def test_an_eviction_by_the_api_is_lost(here: Here, cluster: Cluster) -> None:
    run = here.start(script=hold(here))
    here.said(run, "begun")
    pod = only_pod(cluster)
    cluster.call("POST", f"{PODS}/{pod}/eviction",
                 {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}})  # fmt: skip
    error = here.error(run)
    assert error["code"] == "LOST" and "EvictionByEvictionAPI" in error["message"]


def test_an_eviction_by_its_node_is_lost(here: Here, node: Node) -> None:
    run = here.start(script=hold(here))
    here.said(run, "begun")
    next(pod for pod in node.pods.values() if pod.process and pod.process.poll() is None).evict()
    error = here.error(run)
    assert error["code"] == "LOST" and "low on resource: memory" in error["message"]


def test_a_retry_of_what_was_lost_completes(here: Here, cluster: Cluster) -> None:
    run = here.start(script=hold(here), retry={"attempts": 2, "delay": "100ms"})
    here.said(run, "begun")
    cluster.call("DELETE", f"{JOBS}/{only_job(cluster)}?propagationPolicy=Background")
    let_go(here)
    here.completed(run)
    assert [attempt["state"] for attempt in here.attempts(run)] == ["failed", "completed"]


def test_two_pods_of_one_job_are_one_result(here: Here, cluster: Cluster) -> None:
    run = here.start(script=hold(here))
    here.said(run, "begun")
    first = cluster.pods()[0]
    twin = {"metadata": {"name": "twin", "labels": first["metadata"]["labels"],
                         "ownerReferences": first["metadata"]["ownerReferences"]},
            "spec": {key: value for key, value in first["spec"].items() if key != "nodeName"}}  # fmt: skip
    cluster.call("POST", PODS, twin)
    let_go(here)
    here.completed(run)
    assert len(here.attempts(run)) == 1
    eventually(lambda: not cluster.jobs(), "the Job to be gone")


def test_cancelling_ends_the_pod(here: Here, cluster: Cluster) -> None:
    run = here.start(script=f"trap 'echo asked; exit 0' TERM; {hold(here)}")
    here.said(run, "begun")
    here.at().ok("POST", f"/api/v1/runs/{run}/cancel")
    assert here.at().ended(run)["state"] == "cancelled"
    assert not cluster.jobs()


def test_a_time_limit_ends_the_pod(here: Here, cluster: Cluster) -> None:
    run = here.start(script=hold(here), timeouts={"complete": "2s"})
    error = here.error(run)
    assert error["code"] == "TIMEOUT_COMPLETE"


def test_the_cluster_holds_the_limit_when_nobody_else_does(here: Here, cluster: Cluster) -> None:
    run = here.start(script=hold(here), timeouts={"complete": "5m"})
    here.said(run, "begun")
    assert cluster.jobs()[0]["spec"]["activeDeadlineSeconds"] == 360
    cluster.patch(f"{JOBS}/{only_job(cluster)}", {"spec": {"activeDeadlineSeconds": 1}})
    assert here.error(run)["code"] == "TIMEOUT_COMPLETE"


def test_a_job_stays_as_long_as_its_ttl_says(here: Here, cluster: Cluster) -> None:
    run = here.start(script="echo hello", ttl="3s")
    here.completed(run)
    assert cluster.jobs()[0]["spec"]["ttlSecondsAfterFinished"] == 3


def test_who_may_not_is_told_what_is_missing(cluster: Cluster, tmp_path: Path) -> None:
    config = cluster.write_config(tmp_path / "kubeconfig", STRANGER)
    place = Here(tmp_path, config)
    error = place.error(place.start(script="true"))
    assert error["code"] == "ACCESS_DENIED" and 'cannot create resource \\"jobs\\"' in error[
        "message"
    ].replace('"', '\\"')
    cluster.write_config(config, "nobody-knows-this")
    error = place.error(place.start(script="true"))
    assert error["code"] == "ACCESS_DENIED" and "401" in error["message"]
    place.at().stop()


def test_a_plugin_says_who_we_are(here: Here, cluster: Cluster, tmp_path: Path) -> None:
    plugin = tmp_path / "who"
    answer = {
        "kind": "ExecCredential",
        "apiVersion": "client.authentication.k8s.io/v1",
        "status": {"token": RUNNER},
    }
    plugin.write_text(f"#!/bin/sh\necho asked >> {tmp_path}/asked\necho '{json.dumps(answer)}'\n")
    plugin.chmod(0o755)
    user: dict[str, Any] = {"exec": {"apiVersion": answer["apiVersion"], "command": "./who"}}
    cluster.write_config(tmp_path / "kubeconfig", user=user)
    here.completed(here.start(script="echo hello"))
    assert (tmp_path / "asked").read_text() == "asked\n"


def test_a_token_file_is_read_anew(here: Here, cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("out of date\n")
    cluster.write_config(tmp_path / "kubeconfig", user={"tokenFile": "token"})
    assert here.error(here.start(script="true"))["code"] == "ACCESS_DENIED"
    (tmp_path / "token").write_text(RUNNER + "\n")
    here.completed(here.start(script="echo hello"))


def test_another_ca_is_not_trusted(cluster: Cluster, node: Node, tmp_path: Path) -> None:
    config = cluster.write_config(tmp_path / "kubeconfig")
    text = json.loads(config.read_text())
    del text["clusters"][0]["cluster"]["certificate-authority-data"]
    config.write_text(json.dumps(text))
    place = Here(tmp_path, config)
    assert place.error(place.start(script="true"))["code"] == "REMOTE_UNTRUSTED"
    place.at().stop()


@pytest.mark.parametrize("name", SCENES)
def test_what_is_recorded_is_what_the_cluster_answers(
    name: str, cluster: Cluster, node: Node, tmp_path: Path
) -> None:
    """DYNA_RECORD=1 writes the recordings that test_recorded.py plays."""
    recorder = Recorder(cluster)
    place = Here(tmp_path, recorder.listener.config(tmp_path / "kubeconfig"))
    run = place.start(**SCENES[name]["keys"])
    assert place.at().ended(run)["state"] == SCENES[name]["state"], place.attempts(run)
    assert place.lines(run) == SCENES[name]["lines"]
    place.at().stop()
    recorder.listener.stop()
    if os.environ.get("DYNA_RECORD"):
        recorder.save(name)
    known = {
        f"{one['method']} {plain(one['path'])}"
        for one in json.loads((FOLDER / f"{name}.json").read_text())
    }
    assert {asked for asked in recorder.asked() if "watch=1" not in asked} <= known


def test_a_lost_node_is_lost(cluster: Cluster, node: Node, tmp_path: Path) -> None:
    """Last: the cluster gives a node that is gone 40 seconds, and looks every 20."""
    node.stop()
    other = Node(cluster, "node-2")
    place = Here(tmp_path, cluster.write_config(tmp_path / "kubeconfig"))
    run = place.start(script=hold(place))
    place.said(run, "begun")
    other.lose()
    eventually(lambda: place.attempts(run)[0]["state"] == "failed", "the end of the attempt", 180)
    error = place.error(run)
    assert error["code"] == "LOST" and "node-2" in error["message"], error
    place.at().process.send_signal(signal.SIGTERM)
    place.at().stop()
    other.stop()
