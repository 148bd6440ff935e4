"""A place for flows of scripts in many languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from listener import Place

#: Writes one output.
HELLO = '#include <stdio.h>\n#include <stdlib.h>\nint main(void) { fprintf(fopen(getenv("DYNA_OUTPUTS"), "a"), "said=hello\\n"); }\n'


class ScriptPlace(Place):
    def task(self, **keys: Any) -> dict[str, Any]:
        return {"id": "call", "type": "shell", **keys}

    def call(self, **keys: Any) -> None:
        """A flow of one task."""
        more = {key: keys.pop(key) for key in ("inputs",) if key in keys}
        self.write(self.task(**keys), **more)

    def error(self) -> tuple[str, str]:
        """Of the one attempt that failed."""
        (found,) = self.errors()
        return found

    def programs(self) -> list[Path]:
        """The folders of what was compiled, whole and half."""
        folder = self.folder / ".cordyna/programs"
        return sorted(path for path in folder.glob("*") if path.suffix != ".lock")

    def fake_cc(self, script: str) -> str:
        """In the place of cc: a script of a shell, which is not run to ask for the version."""
        fake = self.folder / "fake-cc"
        fake.write_text(
            '#!/bin/sh\nif [ "$1" = --version ]; then echo fake 1; exit; fi\n' + script + "\n"
        )
        fake.chmod(0o755)
        return str(fake)
