"""The package as users get it: a wheel in a fresh environment, and the lines of its README."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

from serving import ROOT, Server, eventually
from talking import Talker

PACKAGE = ROOT / "sdk" / "python"


def call(*words: str | Path, **more: object) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False,
                          timeout=300, **more)  # type: ignore[call-overload]  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout)


def test_the_lines_of_the_readme_in_a_fresh_environment(cerebro: Server, tmp_path: Path) -> None:
    call(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, PACKAGE)
    (wheel,) = tmp_path.glob("cordyna-*.whl")
    home = tmp_path / "venv"
    venv.create(home, with_pip=True)
    call(home / "bin" / "pip", "install", "-q", wheel)
    told = call(home / "bin" / "pip", "show", "-v", "cordyna")
    for part in ("Name: cordyna", "License", "Requires: websockets", "Typing :: Typed"):
        assert part in told, told
    readme = (PACKAGE / "README.md").read_text()
    code = re.findall(r"```python\n(.*?)```", readme, re.S)[0]
    (tmp_path / "shop.py").write_text(code)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    declared = json.loads(
        call(home / "bin" / "cordyna", "declare", "shop", cwd=tmp_path, env=environment)
    )
    tasks = declared if isinstance(declared, list) else declared["tasks"]
    assert {task["id"] for task in tasks} == {"load_orders", "count"}
    environment["CORDYNA_TOKEN"] = Talker(cerebro, "sales", "shop-1").token
    url = f"http://127.0.0.1:{cerebro.port}"
    words = ["serve", "shop", "--url", url, "--team", "sales", "--server", "shop-1", "--slots", "4"]
    with (tmp_path / "serve.log").open("wb") as log:
        serving = subprocess.Popen([str(home / "bin" / "cordyna"), *words], cwd=tmp_path,
                                   env=environment, stdout=log, stderr=log)  # fmt: skip
    try:

        def is_ready() -> bool:
            servers = cerebro.ok("GET", "/api/v1/task-servers")["servers"]
            return any(one["state"] == "ready" for one in servers)

        eventually(is_ready, (tmp_path / "serve.log").read_text())
        assert cerebro.ended(cerebro.start("sales/count"))["outputs"] == {"value": 6}
    finally:
        serving.terminate()
        assert serving.wait(60) == 0
