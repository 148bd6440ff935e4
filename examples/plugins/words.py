#!/usr/bin/env python3
"""A task type in Python: counts the words of a text.

It needs nothing but the standard library: one JSON message a line comes on standard input, and one a line goes to
standard output. What is for people goes to standard error, which is the log of the task.
"""

import collections
import json
import sys
import uuid

TASK = {
    "id": "words",
    "version": "1",
    "description": "Counts the words of a text.",
    "owner": {"team": "examples", "contacts": ["examples@example.com"]},
    "input_schema": {
        "type": "object",
        "required": ["text"],
        "additionalProperties": False,
        "properties": {
            "text": {"type": "string", "description": "What is counted."},
            "most": {
                "type": "integer",
                "minimum": 1,
                "default": 10,
                "description": "So many words, the most frequent.",
            },
        },
    },
    "output_schema": {
        "type": "object",
        "required": ["total", "words"],
        "properties": {"total": {"type": "integer"}, "words": {"type": "array"}},
    },
}


def say(kind, data):
    message = {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": "urn:cordyna:ts:examples/words",
    }
    print(json.dumps({**message, "type": f"cordyna.{kind}.v1", "data": data}), flush=True)


def count(inputs):
    counts = collections.Counter(inputs["text"].lower().split())
    print(f"{counts.total()} words", file=sys.stderr)
    most = counts.most_common(inputs.get("most", 10))
    return {
        "total": counts.total(),
        "words": [{"word": word, "count": number} for word, number in most],
    }


say("server.ready", {"tasks": [TASK]})
# The end of standard input says that nothing more is wanted: so too for who only asks what there is.
for line in sys.stdin:
    invoke = json.loads(line)
    if invoke["type"] != "cordyna.task.invoke.v1":
        continue
    attempt = {"attempt": invoke["data"]["attempt"]}
    say("task.queued", attempt)
    say("task.started", attempt)
    try:
        say("task.completed", {**attempt, "output": count(invoke["data"]["inputs"])})
    except Exception as wrong:  # whatever it is, the flow is told
        say(
            "task.error",
            {**attempt, "error": {"code": type(wrong).__name__.upper(), "message": str(wrong)}},
        )
