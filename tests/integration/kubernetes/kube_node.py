"""A node for the tests: it takes each pod, runs its command as a process of this machine, and tells the
cluster how it went, as a kubelet does. There are no containers: what a pod's image would be is played."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import signal
import ssl
import subprocess
import tempfile
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from kube_cluster import Cluster, Refused

IMAGE = "tiny:1"
OOM = "oom:1"  # whatever ends in it was ended for its memory
# What the kubelet says of images that are not there.
WAITING = {
    "missing:1": ("ErrImagePull", 'failed to pull image "missing:1": not found'),
    "denied:1": ("ErrImagePull", "pull access denied: 401 Unauthorized"),
    "Bad:Name": ("InvalidImageName", "couldn't parse image name"),
}


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


def stamp() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def literal(text: str) -> str:
    """As a kubelet reads it: $$ is a dollar."""
    return re.sub(r"\$\$", "$", text)


class Pod:
    def __init__(self, node: Node, pod: dict[str, Any]) -> None:
        self.node = node
        self.ns, self.name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        self.spec = pod["spec"]
        self.path = f"/api/v1/namespaces/{self.ns}/pods/{self.name}"
        self.lines: list[tuple[str, str]] = []
        self.process: subprocess.Popen[str] | None = None
        self.deleting = False
        self.silent = False  # its node does not tell of it any more
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def tell(self, phase: str, state: dict[str, Any], **more: Any) -> None:
        if self.silent or self.node.lost:
            return
        status = {"name": "task", "image": "x", "imageID": "", "ready": "running" in state,
                  "restartCount": 0, "state": state}  # fmt: skip
        body = {
            "status": {"phase": phase, "startTime": stamp(), "containerStatuses": [status], **more}
        }
        try:
            self.node.cluster.patch(f"{self.path}/status", body)
        except (Refused, OSError):
            if self.node.patient:
                threading.Event().wait(0.2)
                self.tell(phase, state, **more)

    def environment(self) -> dict[str, str]:
        env = {"PATH": os.environ["PATH"]}
        for one in self.spec["containers"][0].get("env", []):
            if "value" in one:
                env[one["name"]] = literal(one["value"])
            elif "valueFrom" in one:
                ref = one["valueFrom"]["secretKeyRef"]
                secret = self.node.cluster.call(
                    "GET", f"/api/v1/namespaces/{self.ns}/secrets/{ref['name']}"
                )
                env[one["name"]] = base64.b64decode(secret["data"][ref["key"]]).decode()
        return env

    def run(self) -> None:
        container = self.spec["containers"][0]
        if (waits := WAITING.get(container["image"])) is not None:
            self.tell("Pending", {"waiting": {"reason": waits[0], "message": waits[1]}})
            return
        if self.node.plays is not None:
            self.node.plays(self)
            return
        with tempfile.TemporaryDirectory() as folder:
            message = Path(folder) / "message"
            env = {**self.environment(), "DYNA_OUTPUTS": str(message)}
            words = [
                literal(word) for word in container.get("command", []) + container.get("args", [])
            ]
            try:
                self.process = subprocess.Popen(words, env=env, cwd=folder, text=True, start_new_session=True,
                                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
            except OSError as error:
                self.ended({"exitCode": 128, "reason": "StartError", "message": str(error)})
                return
            self.tell("Running", {"running": {"startedAt": stamp()}})
            if self.deleting:
                self.delete()
            assert self.process.stdout is not None
            for line in self.process.stdout:
                self.lines.append((now(), line.rstrip("\n")))
            code = self.process.wait()
            text = message.read_bytes()[-4096:].decode() if message.exists() else ""
        end: dict[str, Any] = {"exitCode": code if code >= 0 else 128 - code, "message": text,
                               "reason": "Completed" if code == 0 else "Error"}  # fmt: skip
        if code != 0 and container["image"] == OOM:
            end["reason"] = "OOMKilled"
        self.ended(end)

    def ended(self, end: dict[str, Any]) -> None:
        end = {**end, "startedAt": stamp(), "finishedAt": stamp()}
        self.tell("Succeeded" if end["exitCode"] == 0 else "Failed", {"terminated": end})
        if self.deleting:
            self.forget()

    def forget(self) -> None:
        if self.node.lost or self.silent:
            return
        with contextlib.suppress(Refused, OSError):
            self.node.cluster.call("DELETE", self.path, {"gracePeriodSeconds": 0})

    def delete(self) -> None:
        """The cluster wants it to end."""
        self.deleting = True
        if self.process is None:
            if self.spec["containers"][0]["image"] in WAITING or self.node.plays is not None:
                self.tell("Failed", {"terminated": {"exitCode": 143, "reason": "Error"}})
                self.forget()
            return
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        else:
            self.forget()

    def evict(self) -> None:
        """As a kubelet does that has no memory left."""
        message = "The node was low on resource: memory."
        self.tell(
            "Failed",
            {"terminated": {"exitCode": 137, "reason": "Error"}},
            reason="Evicted",
            message=message,
        )
        self.silent = True
        self.kill()

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)


class Node:
    """Takes all pods that no node has."""

    def __init__(self, cluster: Cluster, name: str = "node-1", plays: Any = None) -> None:
        self.cluster, self.name, self.plays = cluster, name, plays
        self.lost = False
        self.patient = True
        self.ended = False
        self.pods: dict[str, Pod] = {}
        self.server = self.serve()
        self.register()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def serve(self) -> ThreadingHTTPServer:
        node = self

        class Kubelet(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                since = parse_qs(parts.query).get("sinceTime", [""])[0].rstrip("Z")
                name = parts.path.split("/")[3]
                found = [pod for pod in node.pods.values() if pod.name == name]
                lines = found[0].lines if found else []
                text = "".join(
                    f"{at} {line}\n" for at, line in list(lines) if at[: len(since)] >= since
                )
                self.send_response(200)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Kubelet)
        server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certs = self.cluster.folder / "certs"
        context.load_cert_chain(certs / "apiserver.crt", certs / "apiserver.key")
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def register(self) -> None:
        self.cluster.call("POST", "/api/v1/nodes", {"metadata": {"name": self.name}})
        self.cluster.patch(f"/api/v1/nodes/{self.name}/status", {"status": {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": self.server.server_address[1]}},
            "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": ""}],
            "capacity": {"cpu": "64", "memory": "64Gi", "pods": "2000"},
        }})  # fmt: skip

    def watch(self) -> None:
        while not self.ended:
            try:
                listed = self.cluster.call("GET", "/api/v1/pods")
                for pod in listed["items"]:
                    self.look(pod)
                version = listed["metadata"]["resourceVersion"]
                for event in self.cluster.watch(
                    f"/api/v1/pods?watch=1&resourceVersion={version}&timeoutSeconds=300"
                ):
                    if event["type"] in ("ADDED", "MODIFIED"):
                        self.look(event["object"])
            except (OSError, Refused, json.JSONDecodeError):
                threading.Event().wait(0.1)

    def look(self, pod: dict[str, Any]) -> None:
        meta, spec = pod["metadata"], pod["spec"]
        if self.lost or self.ended:
            return
        if not spec.get("nodeName"):
            target = {"apiVersion": "v1", "kind": "Node", "name": self.name}
            path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/binding"
            binding = {
                "apiVersion": "v1",
                "kind": "Binding",
                "metadata": {"name": meta["name"]},
                "target": target,
            }
            with contextlib.suppress(Refused):
                self.cluster.call("POST", path, binding)
            return
        if spec["nodeName"] != self.name:
            return
        known = self.pods.get(meta["uid"])
        if known is None and pod["status"].get("phase", "Pending") == "Pending":
            known = self.pods[meta["uid"]] = Pod(self, pod)
        if known is not None and meta.get("deletionTimestamp") and not known.deleting:
            known.delete()

    def lose(self) -> None:
        """It does not answer any more, and whoever looks after machines takes it away."""
        self.lost = True
        self.cluster.call("DELETE", f"/api/v1/nodes/{self.name}")

    def stop(self) -> None:
        self.ended = True
        self.patient = False
        for pod in self.pods.values():
            pod.kill()
        self.server.shutdown()
        self.server.server_close()
