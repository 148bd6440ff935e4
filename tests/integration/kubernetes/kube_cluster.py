"""A real control plane on loopback: etcd, kube-apiserver, kube-controller-manager.

tools/dev/kube.sh builds the two programs from their Go modules. Nothing of it leaves its folder.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = Path(os.environ.get("DYNA_KUBE", str(ROOT / "build" / "kube" / "bin")))
ETCD = "/usr/bin/etcd"
PATIENCE = 120
ADMIN, RUNNER, STRANGER = "admin-token", "runner-token", "stranger-token"
CONTROLLERS = ("job-controller,garbage-collector-controller,ttl-after-finished-controller,"
               "pod-garbage-collector-controller,namespace-controller")  # fmt: skip
# What a server of ours needs in a namespace, and no more: docs/kubernetes.md says the same.
RULES = [
    {"apiGroups": ["batch"], "resources": ["jobs"],
     "verbs": ["create", "get", "list", "watch", "patch", "delete"]},
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch", "delete"]},
    {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
    {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create", "get", "delete"]},
]  # fmt: skip


def is_built() -> bool:
    return (PROGRAMS / "control").exists() and shutil.which(ETCD) is not None


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Refused(AssertionError):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


class Cluster:
    """Ends with `stop`, which also removes its folder."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cordyna-kube-"))
        self.parts: dict[str, subprocess.Popen[bytes]] = {}
        self.etcd, self.peers, self.port = free_port(), free_port(), free_port()
        self.make_keys()
        self.start_etcd()
        self.start_apiserver()
        self.wait_ready()
        self.allow_runner("default")
        self.write_config(self.folder / "admin.yaml", ADMIN)
        self.start_controllers()

    # Parts.

    def spawn(self, name: str, *command: str | Path) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.parts[name] = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def make_keys(self) -> None:
        run = ["openssl", "genrsa", "-out", str(self.folder / "sa.key"), "2048"]
        subprocess.run(run, check=True, capture_output=True)
        users = [
            f'{ADMIN},admin,1,"system:masters"',
            f"{RUNNER},runner,2,",
            f"{STRANGER},stranger,3,",
        ]
        (self.folder / "tokens.csv").write_text("\n".join(users) + "\n")

    def start_etcd(self) -> None:
        client, peer = f"http://127.0.0.1:{self.etcd}", f"http://127.0.0.1:{self.peers}"
        self.spawn("etcd", ETCD, "--data-dir", self.folder / "etcd", "--listen-client-urls", client,
                   "--advertise-client-urls", client, "--listen-peer-urls", peer,
                   "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}",
                   )  # fmt: skip

    def start_apiserver(self) -> None:
        self.spawn("apiserver", PROGRAMS / "control", "apiserver",
                   f"--etcd-servers=http://127.0.0.1:{self.etcd}", "--bind-address=127.0.0.1",
                   f"--secure-port={self.port}", f"--cert-dir={self.folder}/certs",
                   f"--token-auth-file={self.folder}/tokens.csv", "--authorization-mode=RBAC",
                   "--service-account-issuer=https://kube.test", "--service-cluster-ip-range=10.0.0.0/24",
                   f"--service-account-key-file={self.folder}/sa.key",
                   f"--service-account-signing-key-file={self.folder}/sa.key",
                   "--disable-admission-plugins=ServiceAccount",
                   "--kubelet-preferred-address-types=InternalIP", "--profiling=false")  # fmt: skip

    def start_controllers(self) -> None:
        self.spawn("controllers", PROGRAMS / "control", "controller-manager",
                   f"--kubeconfig={self.folder}/admin.yaml", "--leader-elect=false",
                   "--bind-address=127.0.0.1", "--secure-port=0", f"--controllers={CONTROLLERS}",
                   "--kube-api-qps=1000", "--kube-api-burst=2000", "--concurrent-job-syncs=20",
                   f"--cert-dir={self.folder}/certs-controllers")  # fmt: skip

    def end(self, name: str, how: int = signal.SIGKILL) -> None:
        part = self.parts.pop(name)
        part.send_signal(how)
        part.wait()

    def restart_apiserver(self) -> None:
        self.end("apiserver")
        self.start_apiserver()
        self.wait_ready()

    def stop(self) -> None:
        for name in list(self.parts):
            self.end(name)
        shutil.rmtree(self.folder, ignore_errors=True)

    # Its API.

    def ca(self) -> str:
        return (self.folder / "certs" / "apiserver.crt").read_text()

    def connect(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cadata=self.ca())
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=PATIENCE, context=context
        )

    def call(self, method: str, path: str, body: Any = None, token: str = ADMIN,
             kind: str = "application/json") -> Any:  # fmt: skip
        connection = self.connect()
        try:
            text = None if body is None else json.dumps(body)
            headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
            connection.request(method, path, text, headers)
            answer = connection.getresponse()
            said = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= 400:
            raise Refused(answer.status, said)
        return json.loads(said) if said.startswith("{") else said

    def patch(self, path: str, body: Any) -> Any:
        return self.call("PATCH", path, body, kind="application/merge-patch+json")

    def watch(self, path: str) -> Iterator[dict[str, Any]]:
        """Ends when the connection does."""
        connection = self.connect()
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {ADMIN}"})
            answer = connection.getresponse()
            while line := answer.readline():
                yield json.loads(line)
        finally:
            connection.close()

    def wait_ready(self) -> None:
        until = monotonic() + PATIENCE
        while True:
            assert self.parts["apiserver"].poll() is None, self.log("apiserver")
            try:
                if self.call("GET", "/readyz") == "ok":
                    return
            except (OSError, Refused, ssl.SSLError):
                pass
            assert monotonic() < until, self.log("apiserver")
            sleep(0.1)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()[-4000:]

    def allow_runner(self, ns: str) -> None:
        base = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}"
        self.call("POST", f"{base}/roles", {"metadata": {"name": "runner"}, "rules": RULES})
        self.call("POST", f"{base}/rolebindings", {
            "metadata": {"name": "runner"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "runner"},
            "subjects": [{"kind": "User", "name": "runner", "apiGroup": "rbac.authorization.k8s.io"}],
        })  # fmt: skip

    def write_config(self, path: Path, token: str = RUNNER, user: dict[str, Any] | None = None,
                     port: int | None = None, ns: str = "default") -> Path:  # fmt: skip
        data = base64.b64encode(self.ca().encode()).decode()
        server = f"https://127.0.0.1:{port or self.port}"
        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "me", "namespace": ns}}],
            "clusters": [{"name": "test", "cluster": {"server": server, "certificate-authority-data": data}}],
            "users": [{"name": "me", "user": user or {"token": token}}],
        }))  # fmt: skip
        return path

    def jobs(self, ns: str = "default") -> list[dict[str, Any]]:
        return list(self.call("GET", f"/apis/batch/v1/namespaces/{ns}/jobs")["items"])

    def pods(self, ns: str = "default") -> list[dict[str, Any]]:
        return list(self.call("GET", f"/api/v1/namespaces/{ns}/pods")["items"])

    def secrets(self, ns: str = "default") -> list[dict[str, Any]]:
        return list(self.call("GET", f"/api/v1/namespaces/{ns}/secrets")["items"])
