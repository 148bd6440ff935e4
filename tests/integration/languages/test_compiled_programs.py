"""Programs of scripts: compiled once, whole or not there, whatever ends the attempt that compiles."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from script_place import HELLO, ScriptPlace
from serving import eventually

#: Tells who compiles, waits for the file `go`, and compiles.
HELD = 'echo $$ >> pids; while ! test -e "{folder}/go"; do sleep 0.02; done; exec cc "$@"'


def held_cc(place: ScriptPlace) -> str:
    return place.fake_cc(HELD.replace("pids", f'"{place.folder}/pids"').format(folder=place.folder))


def begun(place: ScriptPlace) -> int:
    """The process of the compiler, once it is at work."""
    pids = place.folder / "pids"
    eventually(lambda: pids.exists() and pids.read_text().endswith("\n"), "a compiler")
    return int(pids.read_text().split()[-1])


def test_of_two_at_once_one_compiles_and_one_waits(place: ScriptPlace) -> None:
    # The one that compiles goes on when the other has said that it waits.
    cc = place.fake_cc(
        f'echo made >> "{place.folder}/makings"\n'
        f'while ! grep -qs "waiting for it" "{place.folder}"/.cordyna/runs/1/*/log; do sleep 0.02; done\nexec cc "$@"'
    )
    tasks = [place.task(language="c", compiler=cc, script=HELLO) | {"id": name} for name in "ab"]
    place.write(*tasks)
    assert place.run("--slots", "2") == 0, place.said
    assert (place.folder / "makings").read_text().split() == ["made"]
    assert len(place.programs()) == 1
    assert [place.outputs(name) for name in "ab"] == [{"said": "hello"}] * 2


def test_another_text_and_another_compiler_are_another_program(place: ScriptPlace) -> None:
    cc = place.fake_cc(f'echo made >> "{place.folder}/makings"; exec cc "$@"')
    for script, compiler, count in (
        (HELLO, cc, 1),
        (HELLO, cc, 1),
        (HELLO + "// more\n", cc, 2),
        (HELLO, f"{cc} -O1", 3),
        (HELLO, cc, 3),
    ):
        place.call(language="c", compiler=compiler, script=script)
        assert place.run() == 0, place.said
        assert len((place.folder / "makings").read_text().split()) == count
        assert len(place.programs()) == count
    with Path(cc).open("a") as file:
        file.write("# another version\n")
    assert place.run() == 0, place.said
    assert len(place.programs()) == 4


@pytest.mark.parametrize("by", ["cancel", "limit"])
def test_what_ends_the_attempt_ends_the_compiler(place: ScriptPlace, by: str) -> None:
    cc = held_cc(place)
    limits = {"timeouts": {"complete": "1s"}} if by == "limit" else {}
    place.call(language="c", compiler=cc, script=HELLO, **limits)
    running = place.spawn("run", "calls.yaml")
    pid = begun(place)
    assert [path.suffix for path in place.programs()] == [".new"]
    if by == "cancel":
        assert place.dyna("cancel", "last").returncode == 0
    assert running.wait(timeout=60) != 0
    assert not Path(f"/proc/{pid}").exists()
    states = place.rows("select state from attempt")
    assert states == [("cancelled",)] if by == "cancel" else [("failed",)]
    if by == "limit":
        assert place.error()[0] == "TIMEOUT_COMPLETE"
    # What it left half made is made anew.
    (place.folder / "go").touch()
    place.call(language="c", compiler=cc, script=HELLO)
    assert place.run() == 0, place.said
    assert [path.suffix for path in place.programs()] == [""]


def test_an_attempt_that_compiles_is_adopted(place: ScriptPlace) -> None:
    place.call(language="c", compiler=held_cc(place), script=HELLO)
    owner = place.spawn("run", "calls.yaml")
    begun(place)
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    (place.folder / "go").touch()
    assert place.dyna("resume").returncode == 0
    assert place.outputs() == {"said": "hello"}
    assert place.rows("select count(*) from attempt") == [(1,)]
    assert len((place.folder / "pids").read_text().split()) == 1


def test_a_compile_error_of_an_adopted_attempt_is_known(place: ScriptPlace) -> None:
    place.call(language="c", compiler=held_cc(place), script="int main(void) { return x; }")
    owner = place.spawn("run", "calls.yaml")
    begun(place)
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    (place.folder / "go").touch()
    assert place.dyna("resume").returncode != 0
    assert place.error()[0] == "INPUT_INVALID"
    assert "undeclared" in place.error()[1]


def test_a_compiler_that_was_killed_is_no_error_of_the_script(place: ScriptPlace) -> None:
    place.call(language="c", compiler=place.fake_cc("kill -9 $$"), script=HELLO)
    assert place.run() != 0
    assert place.error()[0] == "OUT_OF_MEMORY"
    assert place.programs() == []


def test_the_compiler_sees_no_secret(place: ScriptPlace) -> None:
    place.env["DYNA_SECRET_TOKEN"] = "t0p-s3cret-4711"
    cc = place.fake_cc(f'env > "{place.folder}/seen"; exec cc "$@"')
    place.call(language="c", compiler=cc, script=HELLO, env={"TOKEN": "{{ secret('TOKEN') }}"})
    assert place.run() == 0, place.said
    seen = (place.folder / "seen").read_text()
    assert "PATH=" in seen
    assert "TOKEN" not in seen and "DYNA_" not in seen and "t0p" not in seen


def test_the_program_cannot_say_what_only_we_know(place: ScriptPlace) -> None:
    script = (
        "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n"
        "int main(void) {\n"
        '  char path[4096];\n  const char* outputs = getenv("DYNA_OUTPUTS");\n'
        "  snprintf(path, sizeof path, \"%.*sreport\", (int)(strrchr(outputs, '/') + 1 - outputs), outputs);\n"
        '  FILE* report = fopen(path, "w");\n'
        '  fputs("{\\"error\\":{\\"code\\":\\"LOST\\"},\\"hold\\":\\"x\\",\\"outputs\\":{\\"a\\":1},\\"warnings\\":9}", report);\n'
        '  fclose(report);\n  return getenv("DYNA_REPORT") != NULL;\n}\n'
    )
    place.call(language="c", script=script)
    assert place.run() == 0, place.said
    assert place.outputs() == {}


def test_an_exit_code_stays_one(place: ScriptPlace) -> None:
    place.call(language="c", script="int main(void) { return 3; }", retry={"attempts": 2, "delay": "1ms", "on": [3]})  # fmt: skip
    assert place.run() != 0
    assert place.errors() == [("EXIT_NONZERO", "exit code 3")] * 2


def test_a_file_is_that_of_the_version_it_was_read_with(place: ScriptPlace) -> None:
    (place.folder / "hello.c").write_text(HELLO)
    place.write(
        {"id": "gate", "type": "pause"},
        place.task(language="c", file="hello.c", needs=["gate"]),
    )
    assert place.run() == 3, place.said
    (place.folder / "hello.c").write_text("int main(void) { return 9; }\n")
    done = place.dyna("approve", "last")
    assert done.returncode == 0, done.stdout + done.stderr
    assert place.outputs() == {"said": "hello"}


def test_what_runs_holds_its_program(place: ScriptPlace) -> None:
    script = (
        "#include <stdio.h>\n#include <unistd.h>\nint main(void) {\n"
        '  fclose(fopen("running", "w"));\n  while (access("go", F_OK) != 0) usleep(20000);\n}\n'
    )
    place.call(language="c", script=script)
    running = place.spawn("run", "calls.yaml")
    eventually(lambda: (place.folder / "running").exists(), "the program")
    (lock,) = (place.folder / ".cordyna/programs").glob("*.lock")
    taken = subprocess.run(["flock", "--nonblock", str(lock), "true"], check=False)
    assert taken.returncode != 0
    (place.folder / "go").touch()
    assert running.wait(timeout=60) == 0
