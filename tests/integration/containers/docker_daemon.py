"""A real Docker daemon in namespaces of its own: whatever it leaves ends with it.

Its images are made here, of Debian's busybox: no registry is asked.
"""

from __future__ import annotations

import http.client
import io
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

IMAGE = "tiny:1"
SPACE = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child",
         "--mount-proc"]  # fmt: skip
# A daemon wants its control groups, which a bare root has no mounts of.
READY = """
if ! mountpoint -q /sys/fs/cgroup; then
  if grep -qw cgroup2 /proc/filesystems && [ "$(awk '!/^#/ && $2 > 0' /proc/cgroups | wc -l)" = 0 ]; then
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
  else
    mount -t tmpfs cgroup /sys/fs/cgroup
    for name in $(awk '!/^#/ && $4 == 1 { print $1 }' /proc/cgroups); do
      mkdir -p "/sys/fs/cgroup/$name"
      mount -t cgroup -o "$name" cgroup "/sys/fs/cgroup/$name" || rmdir "/sys/fs/cgroup/$name"
    done
  fi
fi
echo ready
exec sleep infinity
"""


class Connection(http.client.HTTPConnection):
    """To a socket in the file system."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(str(self.path))


class Daemon:
    """Ends with `stop`, which also removes its folder."""

    def __init__(self, within: str = "/tmp") -> None:
        # Not deeper: the path of a socket has at most 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="cordyna-docker-", dir=within))
        self.socket = self.folder / "docker.sock"
        self.log = self.folder / "dockerd.log"
        self.space = subprocess.Popen(
            [*SPACE, "sh", "-c", READY], stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
        )
        assert self.space.stdout is not None
        assert self.space.stdout.readline() == "ready\n"
        self.entered: subprocess.Popen[bytes] | None = None
        self.start()
        self.load_image()

    @property
    def host(self) -> str:
        return f"unix://{self.socket}"

    @staticmethod
    def children(pid: int) -> list[int]:
        try:
            text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        except FileNotFoundError:
            return []
        return [int(word) for word in text.split()]

    def start(self, *, live_restore: bool = True) -> None:
        (first,) = self.children(self.space.pid)
        for name in ("docker.pid", "exec/containerd/containerd.pid"):
            # The number of a killed one may be another process's by now.
            (self.folder / name).unlink(missing_ok=True)
        # Its root too: to enter mounts alone leads out of a chroot.
        command = ["nsenter", f"--target={first}", "--mount", "--root", "--pid", "dockerd",
                   f"--host={self.host}", f"--data-root={self.folder}/data",
                   f"--exec-root={self.folder}/exec", f"--pidfile={self.folder}/docker.pid",
                   "--bridge=none", "--iptables=false", "--ip6tables=false", "--storage-driver=vfs",
                   f"--live-restore={str(live_restore).lower()}", "--shutdown-timeout=2"]  # fmt: skip
        with self.log.open("ab") as log:
            self.entered = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        until = monotonic() + 60
        while not self.answers():
            assert self.entered.poll() is None and monotonic() < until, self.last_words()
            select.select([], [], [], 0.01)

    def answers(self) -> bool:
        try:
            return self.call("GET", "/_ping")[0] == 200
        except OSError:
            return False

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        connection = Connection(self.socket)
        try:
            data = json.dumps(body).encode() if isinstance(body, dict) else body
            if isinstance(body, dict):
                headers = {"Content-Type": "application/json", **headers}
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def ok(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        status, answer = self.call(method, path, body, **headers)
        assert status < 300, (method, path, status, answer)
        return json.loads(answer) if answer.strip().startswith((b"{", b"[")) else None

    def containers(self, *, of: str = "") -> list[dict[str, Any]]:
        """All that there are, running or not; of a state folder."""
        found: list[dict[str, Any]] = self.ok("GET", "/containers/json?all=1")
        return [one for one in found if of in one["Labels"].get("io.cordyna.state", "")]

    def kill(self) -> None:
        """As a crash: without a word."""
        self.end(signal.SIGKILL)

    def end(self, number: int) -> None:
        assert self.entered is not None
        (pid,) = self.children(self.entered.pid)
        os.kill(pid, number)
        self.entered.wait(timeout=60)

    def load_image(self) -> None:
        """busybox with its programs, a user besides root, and nothing else."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            for name, mode in (("bin", 0o755), ("etc", 0o755), ("tmp", 0o1777)):
                entry = tarfile.TarInfo(name)
                entry.type, entry.mode = tarfile.DIRTYPE, mode
                tar.addfile(entry)
            tar.add("/bin/busybox", "bin/busybox")
            listed = subprocess.run(
                ["/bin/busybox", "--list"], capture_output=True, text=True, check=True
            )
            for name in set(listed.stdout.split()) - {"busybox"}:
                entry = tarfile.TarInfo(f"bin/{name}")
                entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(entry)
            text = b"root:x:0:0::/:/bin/sh\nworker:x:1000:1000::/:/bin/sh\n"
            entry = tarfile.TarInfo("etc/passwd")
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text))
        name, tag = IMAGE.split(":")
        self.call("POST", f"/images/create?fromSrc=-&repo={name}&tag={tag}", packed.getvalue(),
                  **{"Content-Type": "application/x-tar"})  # fmt: skip
        self.ok("GET", f"/images/{IMAGE}/json")

    def stop(self) -> None:
        """The space takes everything in it along, and its mounts."""
        self.space.kill()
        self.space.wait()
        if self.entered is not None:
            self.entered.wait(timeout=60)
        shutil.rmtree(self.folder)


def need_daemon() -> None:
    """Whether a daemon can run here at all: it wants root, and namespaces."""
    if os.geteuid() != 0:
        pytest.skip("only root can start a Docker daemon")
    probe = subprocess.run([*SPACE, "true"], capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        pytest.skip(f"no namespaces here: {probe.stderr.strip()}")
