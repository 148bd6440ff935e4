"""What is recorded of a real cluster: a task's keys, and how it ends there."""

from __future__ import annotations

from typing import Any

SCENES: dict[str, dict[str, Any]] = {
    "completes": {
        "keys": {"script": "echo one; echo it is $TOKEN; echo rows=3 > $DYNA_OUTPUTS",
                 "env": {"TOKEN": "x-{{ secret('TOKEN') }}"}},
        "state": "completed", "code": "", "lines": ["one", "it is x-***"],
    },
    "fails": {
        "keys": {"entrypoint": ["sh", "-c", "echo no such thing; exit 3"]},
        "state": "error", "code": "EXIT_NONZERO", "lines": ["no such thing"],
    },
    "has_no_image": {
        "keys": {"image": "missing:1", "command": "x"},
        "state": "error", "code": "REMOTE_NOT_FOUND", "lines": [],
    },
    "is_refused": {
        "keys": {"script": "true", "job_labels": {"bad label!": "x"}},
        "state": "error", "code": "INPUT_INVALID", "lines": [],
    },
}  # fmt: skip
