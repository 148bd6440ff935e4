"""S13, S14, S15: what comes from outside reaches a program byte for byte, and never becomes program text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Place
from kept_files import files_below

FLOW = """\
id: hostile
inputs:
  - {id: v, type: string}
tasks:
  - id: bare
    type: shell
    script: printf %s {{ inputs.v }} > bare
  - id: double
    type: shell
    script: printf %s "{{ inputs.v }}" > double
  - id: single
    type: shell
    script: printf %s '{{ inputs.v }}' > single
  - id: here
    type: shell
    script: |
      cat > here <<END
      {{ inputs.v }}
      END
  - id: snake
    type: python
    script: |
      from cordyna_task import inputs
      open("snake", "wb").write(inputs["v"].encode("utf-8", "surrogateescape"))
  - {id: handed, type: shell, needs: bare, script: 'printf %s "{{ outputs.made.v }}" > handed'}
  - id: made
    type: python
    script: |
      from cordyna_task import inputs, set_output
      set_output("v", inputs["v"])
"""

VALUES = [
    "$(touch owned)",
    "`touch owned`",
    "'; touch owned; '",
    '"; touch owned; "',
    "a\nb\n\nc",
    "-rf",
    "--help",
    "*",
    "~",
    "${HOME} $HOME $((1+1)) !!",
    "\\ \\\\ \\n %s %n",
    "a | b & c > d < e ? [x] {a,b} # no comment",
    "{{ 7 * 7 }} {% for x in y %} {# c #} ${x} %(x)s",
    "END\ntouch owned\nEND",
    "é ü 漢字 \u202e right to left",
    " leading and trailing ",
    "\ttab\r\nreturn",
    "x" * 100_000,
]


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_values_arrive_byte_for_byte(place: Callable[[str], Place], value: str) -> None:
    here = place(FLOW)
    done = here.dyna("run", "flow.yaml", "--input", f"v={value}")
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("bare", "double", "single", "snake", "handed"):
        assert Path(here.folder / name).read_bytes() == value.encode(), name
    assert Path(here.folder / "here").read_bytes() == value.encode() + b"\n"
    assert not Path(here.folder / "owned").exists()


def test_the_environment_of_a_task_is_an_allow_list(place: Callable[[str], Place]) -> None:
    here = place("id: e\ntasks:\n  - {id: a, type: shell, script: env > seen}\n")
    assert (
        here.dyna(
            "run", "flow.yaml", AWS_SECRET="canary", DYNA_SECRET_X="canary", LANG="C.UTF-8"
        ).returncode
        == 0
    )
    seen = Path(here.folder / "seen").read_text()
    assert "canary" not in seen
    assert "LANG=C.UTF-8" in seen and "DYNA_RUN_ID=" in seen


def test_a_secret_is_masked_wherever_it_is_printed(place: Callable[[str], Place]) -> None:
    secret = "hunter2-canary-value"
    here = place(
        "id: s\ntasks:\n"
        "  - id: a\n    type: shell\n    env: {TOKEN: \"{{ secret('X') }}\"}\n"
        "    script: |\n      echo \"it is $TOKEN.\"; printf hunter2-; printf 'canary-value\\n'; echo $TOKEN | base64; echo $TOKEN >&2; exit 1\n"
        "  - {id: b, type: log, message: \"said {{ secret('X') }}\"}\n"
    )
    done = here.dyna("run", "flow.yaml", DYNA_SECRET_X=secret)
    assert done.returncode == 1
    assert "it is ***." in done.stdout
    assert secret not in done.stdout + done.stderr
    here.settle()
    for file, content in files_below(here.folder / ".cordyna"):
        assert secret.encode() not in content, file
