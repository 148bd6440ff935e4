"""A place for flows of python tasks, and wheels that it can install."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

from listener import Place

#: With Python 3.10 or newer, whatever is in PATH.
PYTHON = sys.executable


def make_wheel(folder: Path, name: str, version: str, body: str) -> Path:
    folder.mkdir(exist_ok=True)
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": body,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()
            record += f"{path},sha256={digest.rstrip('=')},{len(text.encode())}\n"
        archive.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")
    return wheel


class PythonPlace(Place):
    """`make`: an option of the requirements, so that nothing but the wheels here is looked at."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.wheels = folder / "wheels"
        self.cache = folder / "cache"
        self.env.update(XDG_CACHE_HOME=str(self.cache), UV_CACHE_DIR=str(folder / "uv"))
        make_wheel(self.wheels, "tinypack", "1.0", "value = 41\n")

    def lines(self, *lines: str) -> list[str]:
        return ["--no-index", f"--find-links {self.wheels}", *lines]

    def module(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def task(self, **keys: Any) -> dict[str, Any]:
        return {"id": "call", "type": "python", "python": PYTHON, **keys}

    def call(self, **keys: Any) -> None:
        """A flow of one task."""
        more = {key: keys.pop(key) for key in ("inputs", "errors") if key in keys}
        self.write(self.task(**keys), **more)

    def error(self) -> tuple[str, str]:
        """Of the one attempt that failed."""
        (found,) = self.errors()
        return found

    @property
    def environments(self) -> Path:
        return self.cache / "cordyna/python"

    def whole(self) -> list[Path]:
        """The environments that are complete."""
        return sorted(path.parent for path in self.environments.glob("*/cordyna.json"))

    def without_uv(self) -> None:
        """A PATH with what a task needs, and no uv; as Python that of the system, which has pip."""
        programs = self.folder / "bin"
        programs.mkdir()
        for name in ("sh", "python3"):
            (programs / name).symlink_to(Path("/usr/bin") / name)
        self.env["PATH"] = str(programs)

    def fake_uv(self, script: str) -> Path:
        """In the place of uv: a script of a shell, with the real one as $UV."""
        fake = self.folder / "fake-uv"
        real = shutil.which("uv", path=self.env["PATH"])
        fake.write_text(f"#!/bin/sh\nUV={real}\n{script}\n")
        fake.chmod(0o755)
        self.env["DYNA_UV"] = str(fake)
        return fake


def outputs_json(place: Place) -> str:
    return json.dumps(place.outputs(), sort_keys=True)
