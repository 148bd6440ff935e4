"""The npm package as users get it: packed, installed into a clean folder, and the lines of its README."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

from serving import Server, eventually
from talking import Talker
from typescript_server import PACKAGE, node

AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
CONFIG = {
    "compilerOptions": {
        "strict": True, "exactOptionalPropertyTypes": True, "module": "NodeNext", "target": "ES2023",
        "noEmit": True, "types": ["node"],
    },
    "files": ["shop.ts", "more.ts"],
}  # fmt: skip


def environment(**more: str) -> dict[str, str]:
    # A script of npm calls the Node.js that stands beside it.
    path = f"{Path(node()).parent}{os.pathsep}{os.environ['PATH']}"
    # It trusts the authorities that it brings; the machine may know more.
    trust = {"NODE_EXTRA_CA_CERTS": str(AUTHORITIES)} if AUTHORITIES.exists() else {}
    return {**trust, **os.environ, "PATH": path, **more}


def call(*words: str | Path, cwd: Path, **more: Any) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False,
                          timeout=300, cwd=cwd, env=environment(), **more)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def packed(folder: Path) -> Path:
    """Of a copy: nothing appears among the sources."""
    copy = folder / "copy"
    left_out = shutil.ignore_patterns("node_modules", "dist", "*.tgz")
    shutil.copytree(PACKAGE, copy, ignore=left_out)
    (copy / "node_modules").symlink_to(PACKAGE / "node_modules")
    output = call(node("npm"), "pack", "--json", "--pack-destination", folder, cwd=copy)
    told = json.loads(output[output.index("[\n") :])  # what the build has said comes before
    names = {file["path"] for file in told[0]["files"]}
    assert {"package.json", "README.md", "LICENSE", "dist/index.js", "dist/index.d.ts"} <= names
    assert not [name for name in names if name.startswith(("src", "tests", "node_modules"))], names
    return folder / told[0]["filename"]


def installed(folder: Path) -> Path:
    home = folder / "home"
    home.mkdir()
    (home / "package.json").write_text('{"name": "home", "private": true, "type": "module"}')
    call(node("npm"), "install", "--no-audit", "--no-fund", packed(folder), cwd=home)
    modules = {path.name for path in (home / "node_modules").iterdir() if path.name[0] != "."}
    assert modules == {"cordyna", "ws"}
    return home


def test_the_lines_of_the_readme_in_a_clean_folder(cerebro: Server, tmp_path: Path) -> None:
    home = installed(tmp_path)
    readme = (PACKAGE / "README.md").read_text()
    (home / "shop.mjs").write_text(re.findall(r"```js\n(.*?)```", readme, re.S)[0])
    (line,) = (text for text in readme.splitlines() if text.endswith("node shop.mjs"))
    line = line.replace("http://localhost:8080", f"http://127.0.0.1:{cerebro.port}")
    line = line.replace("dyna_…", Talker(cerebro, "sales", "shop-1").token)
    with (tmp_path / "serve.log").open("wb") as log:
        serving = subprocess.Popen(["sh", "-c", line.replace("node shop", "exec node shop")],
                                   cwd=home, env=environment(), stdout=log, stderr=log)  # fmt: skip
    try:

        def is_ready() -> bool:
            servers = cerebro.ok("GET", "/api/v1/task-servers")["servers"]
            return any(one["state"] == "ready" for one in servers)

        eventually(is_ready, (tmp_path / "serve.log").read_text())
        assert cerebro.ended(cerebro.start("sales/count"))["outputs"] == {"value": 6}
        assert (home / ".cordyna/task-servers/sales/shop-1/outbox.journal").exists()
    finally:
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(60) == 0


def test_its_types_are_there_for_who_is_strict(tmp_path: Path) -> None:
    home = installed(tmp_path)
    readme = (PACKAGE / "README.md").read_text()
    (home / "shop.ts").write_text(re.findall(r"```js\n(.*?)```", readme, re.S)[0])
    (home / "more.ts").write_text(
        "import { s, type Infer, TaskError, TaskServer } from 'cordyna';\n"
        "import { runTask } from 'cordyna/testing';\n"
        "const made = s.object({ a: s.string(), b: s.integer().optional() });\n"
        "export const one: Infer<typeof made> = { a: 'x' };\n"
        "// @ts-expect-error\n"
        "export const two: Infer<typeof made> = { a: 1 };\n"
        "const task = new TaskServer().task({ id: 'a', description: 'A.', inputs: made }, ({ signal }, { a }) => {\n"
        "  if (signal.aborted) throw new TaskError('GONE', a);\n"
        "  return { length: a.length };\n"
        "});\n"
        "export const length: number | undefined = (await runTask(task, one)).output?.length;\n"
    )
    (home / "tsconfig.json").write_text(json.dumps(CONFIG))
    (home / "node_modules" / "@types").symlink_to(PACKAGE / "node_modules" / "@types")
    (home / "node_modules" / "undici-types").symlink_to(PACKAGE / "node_modules" / "undici-types")
    call(node(), PACKAGE / "node_modules" / "typescript" / "bin" / "tsc", "-p", home, cwd=home)
