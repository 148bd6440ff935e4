"""Real repositories: bare ones of this machine, and the same over HTTP(S) with a token, by git http-backend."""

from __future__ import annotations

import base64
import http.server
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from certificates import tls_context
from serving import Server, eventually, serve


def flow(name: str, says: str = "hi", namespace: str = "acme") -> str:
    return f"id: {name}\nnamespace: {namespace}\nowner: team\ntasks:\n  - {{id: say, type: log, message: {says}}}\n"


def git(folder: Path, *words: str, date: str = "2026-01-02T03:04:05Z") -> str:
    env = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_COMMITTER_DATE": date,
    }
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *words],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout.strip()


class Branch:
    """A bare repository, and a clone in which somebody works on a branch of it."""

    def __init__(self, folder: Path, name: str = "main") -> None:
        self.name = name
        self.bare = folder / "repos" / "flows.git"
        self.work = folder / "work"
        self.bare.mkdir(parents=True)
        git(self.bare, "init", "-q", "--bare", f"--initial-branch={name}", ".")
        git(self.bare, "config", "http.receivepack", "true")
        self.work.mkdir()
        git(self.work, "init", "-q", f"--initial-branch={name}", ".")
        git(self.work, "remote", "add", "origin", str(self.bare))

    @property
    def url(self) -> str:
        return f"file://{self.bare}"

    def commit(self, message: str = "a change", /, force: bool = False, **files: str | None) -> str:
        """Files by their paths ("flows__a.yaml" is flows/a.yaml; None: it goes); the new commit."""
        for key, text in files.items():
            path = self.work / key.replace("__", "/").replace("_yaml", ".yaml")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            if text is not None:
                path.write_text(text)
        return self.push(message, force)

    def push(self, message: str = "a change", force: bool = False) -> str:
        git(self.work, "add", "-A")
        git(self.work, "commit", "-q", "--allow-empty", "-m", message)
        git(self.work, "push", "-q", *(["--force"] if force else []), "origin", f"HEAD:{self.name}")
        return git(self.work, "rev-parse", "HEAD")

    def pull(self) -> None:
        git(self.work, "pull", "-q", "--ff-only", "origin", self.name)

    def tip(self) -> str:
        return git(self.bare, "rev-parse", self.name)

    def show(self, path: str) -> str:
        return git(self.bare, "show", f"{self.name}:{path}")


def follows(folder: Path, branch: Branch, /, **more: Any) -> Path:
    """A project whose namespace acme follows the branch."""
    project = folder / "project"
    project.mkdir(exist_ok=True)
    (project / "cordyna.yaml").write_text(f"server: {{git_folders: [{folder}/repos]}}\n")
    write_follow(project, {"namespace": "acme", "url": branch.url, "every": "1h", **more})
    return project


def write_follow(project: Path, *found: dict[str, Any], **more: Any) -> None:
    import json

    (project / "git.yaml").write_text(json.dumps({"follows": list(found), **more}))  # which is YAML


def up(project: Path, *arguments: str, **env: str) -> Server:
    flows = project / "own"
    flows.mkdir(exist_ok=True)
    own = flows / "own.yaml"
    if not own.exists():
        own.write_text(flow("own", namespace="home"))
    server = serve(project, *arguments, **env)
    return server


def follow(server: Server, namespace: str = "acme") -> dict[str, Any]:
    for one in server.ok("GET", "/api/v1/git")["follows"]:
        if one["namespace"] == namespace:
            return dict(one)
    raise AssertionError(f"{namespace} follows nothing")


class Last:
    """What was seen last, for who waits in vain."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.one: dict[str, Any] = {}

    def look(self) -> dict[str, Any]:
        self.one = follow(self.server)
        return self.one

    def __str__(self) -> str:
        return f"another state than {self.one}"


def settled(server: Server, fits: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """The follow, once it has been looked at and is as it should be."""
    last = Last(server)
    return dict(
        eventually(
            lambda: (lambda one: one if not one["busy"] and fits(one) else None)(last.look()), last
        )
    )


def applied(server: Server, commit: str) -> dict[str, Any]:
    return settled(server, lambda one: one.get("applied", {}).get("commit") == commit)


def sync(server: Server, namespace: str = "acme", **body: Any) -> dict[str, Any]:
    return dict(server.ok("POST", f"/api/v1/git/{namespace}/sync", body))


def names(server: Server) -> list[str]:
    return [row["flow"] for row in server.ok("GET", "/api/v1/flows")["flows"]]


class Host:
    """A repository over HTTP(S), for who has the token."""

    def __init__(
        self, branch: Branch, folder: Path, tls: bool = True, token: str = "t0ken"
    ) -> None:
        self.token = token
        self.asked: list[str] = []
        self.leads_to: str | None = None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self, b"")

            def do_POST(self) -> None:
                if self.headers.get("Transfer-Encoding") == "chunked":
                    body = b""
                    while size := int(self.rfile.readline(), 16):
                        body += self.rfile.read(size)
                        self.rfile.readline()
                    self.rfile.readline()
                else:
                    body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                outer.answer(self, body)

            def log_message(self, *_: Any) -> None:
                pass

        self.root = branch.bare.parent
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.ca = folder / "host.pem"
        if tls:
            context = tls_context(self.ca)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.server.server_address[1]}/{branch.bare.name}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        path, _, query = request.path.partition("?")
        self.asked.append(path)
        if self.leads_to is not None:
            request.send_response(302)
            request.send_header("Location", self.leads_to + request.path)
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        given = request.headers.get("Authorization", "")
        user = base64.b64decode(given[6:]).decode() if given.startswith("Basic ") else ""
        if user.partition(":")[2] != self.token:
            request.send_response(401)
            request.send_header("WWW-Authenticate", 'Basic realm="git"')
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        env = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": request.command,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_USER": user.partition(":")[0],
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
        }
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=env, capture_output=True, check=True
        )
        head, _, rest = done.stdout.partition(b"\r\n\r\n")
        headers = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        status = next((int(value[:3]) for name, value in headers if name == "Status"), 200)
        request.send_response(status)
        for name, value in headers:
            if name != "Status":
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(rest)))
        request.end_headers()
        request.wfile.write(rest)
