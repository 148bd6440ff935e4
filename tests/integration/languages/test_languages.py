"""Scripts in seven languages, by the whole program: the example, and values that stay what they are."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from script_place import HELLO, ScriptPlace

ROOT = Path(__file__).resolve().parents[3]
LANGUAGES = ("python", "r", "javascript", "c", "rust", "java", "go")
COMPILED = ("c", "rust", "java", "go")

HOSTILE = [
    "",
    " ",
    'it\'s "quoted"',
    "$(touch canary)",
    "`touch canary`; touch canary\ntouch canary\n",
    "*/ touch canary //",
    '"); system("touch canary"); ("',
    "{{ 7 * 7 }} {% for x in y %} ${x} %s %n #{x} \\u0022",
    "\\\"\\'\n\t\r\u2028\U0001f600 äöü",
    "LD_PRELOAD=/tmp/x",
    "-rf --help * ~ ?",
    "x" * 5000,
]
#: Each writes the variables V0, V1, … one after the other, with a zero byte behind each, to the file OUT.
ECHOES = {
    "python": 'import os\nopen(os.environ["OUT"], "wb").write(b"".join(os.environb[b"V%d" % i] + b"\\0" for i in range(12)))',
    "r": 'out <- file(Sys.getenv("OUT"), "wb")\n'
    'for (i in 0:11) writeBin(c(charToRaw(Sys.getenv(paste0("V", i))), as.raw(0)), out)\nclose(out)',
    "javascript": "const fs = require('fs');\nlet all = '';\nfor (let i = 0; i < 12; ++i) all += process.env[`V${i}`] + '\\0';\n"
    "fs.writeFileSync(process.env.OUT, all);",
    "c": "#include <stdio.h>\n#include <stdlib.h>\nint main(void) {\n  FILE* out = fopen(getenv(\"OUT\"), \"wb\");\n"
    "  for (int i = 0; i < 12; ++i) {\n    char name[8];\n    snprintf(name, sizeof name, \"V%d\", i);\n"
    "    fputs(getenv(name), out);\n    fputc(0, out);\n  }\n  return fclose(out);\n}",
    "rust": "use std::{env, fs, os::unix::ffi::OsStrExt};\nfn main() {\n    let mut all = Vec::new();\n    for i in 0..12 {\n"
    "        all.extend_from_slice(env::var_os(format!(\"V{}\", i)).unwrap().as_bytes());\n        all.push(0);\n    }\n"
    "    fs::write(env::var(\"OUT\").unwrap(), all).unwrap();\n}",
    "java": "import java.nio.charset.StandardCharsets;\nimport java.nio.file.*;\nclass Echo {\n"
    "  public static void main(String[] a) throws Exception {\n    StringBuilder all = new StringBuilder();\n"
    "    for (int i = 0; i < 12; ++i) all.append(System.getenv(\"V\" + i)).append('\\0');\n"
    "    Files.write(Path.of(System.getenv(\"OUT\")), all.toString().getBytes(StandardCharsets.UTF_8));\n  }\n}",
    "go": "package main\n\nimport (\n\t\"encoding/json\"\n\t\"os\"\n)\n\nfunc main() {\n\ttext, _ := os.ReadFile(os.Getenv(\"DYNA_VALUES\"))\n"
    "\tvar given struct{ Inputs struct{ Values []string } }\n\tif err := json.Unmarshal(text, &given); err != nil {\n\t\tpanic(err)\n\t}\n"
    "\tvar all []byte\n\tfor _, value := range given.Inputs.Values {\n\t\tall = append(append(all, value...), 0)\n\t}\n"
    "\tos.WriteFile(os.Getenv(\"OUT\"), all, 0o600)\n}\n",
}  # fmt: skip
RUN_BY = {
    "python": {"interpreter": "python3"},
    "r": {"interpreter": "Rscript --vanilla"},
    "javascript": {"interpreter": "node"},
    **{name: {"language": name} for name in COMPILED},
}
#: What cannot be compiled, and what is said of it.
WRONG = {
    "c": ("int main(void) { return x; }", "script.c:1:25: error: ‘x’ undeclared"),
    "rust": ("fn main() { x() }", "error[E0425]: cannot find function `x` in this scope --> script.rs:1:13"),
    "java": ("class A {\n  int a = b;\n}", "A.java:2: error: cannot find symbol"),
    "go": ("package main\n\nfunc main() { x() }\n", "script.go:3:15: undefined: x"),
}  # fmt: skip


def test_the_example_runs_and_compiles_once(place: ScriptPlace) -> None:
    shutil.copytree(
        ROOT / "examples/languages",
        place.folder / "example",
        ignore=shutil.ignore_patterns(".cordyna"),
    )
    place.folder /= "example"
    done = place.dyna("run", "flow.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [place.outputs(name) for name in LANGUAGES] == [{"sum": 15}] * len(LANGUAGES)
    made = place.programs()
    assert len(made) == len(COMPILED)
    for name in COMPILED:
        assert "compiled in" in place.log(name)
    done = place.dyna("run", "flow.yaml", "-i", "values=[100, 1]")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "101 101 101 101 101 101 101" in done.stdout + done.stderr
    assert place.programs() == made
    for name in COMPILED:
        assert "compiling" not in place.log(name)


def test_hostile_values_arrive_as_they_are(place: ScriptPlace) -> None:
    """S13, S15: in variables, and in the file of values."""
    env = {f"V{i}": f"{{{{ inputs.values[{i}] }}}}" for i in range(len(HOSTILE))}
    place.env.pop("LANG", None)
    place.env.pop("LC_ALL", None)
    tasks = [
        {"id": name, "type": "shell", "script": ECHOES[name], "env": {**env, "OUT": f"{name}.out"}, **RUN_BY[name]}
        for name in LANGUAGES
    ]  # fmt: skip
    place.write(*tasks, inputs=[{"id": "values", "type": "json"}])
    # It is read as YAML, which knows no halves of characters.
    text = json.dumps({"values": HOSTILE}).replace("\\ud83d\\ude00", "\U0001f600")
    (place.folder / "inputs.json").write_text(text, encoding="utf-8")
    assert place.run("--inputs", "inputs.json") == 0, place.said + str(place.errors())
    wanted = b"".join(value.encode() + b"\0" for value in HOSTILE)
    for name in LANGUAGES:
        assert (place.folder / f"{name}.out").read_bytes() == wanted, name
    assert not list(place.folder.rglob("canary"))


@pytest.mark.parametrize("language", COMPILED)
def test_what_cannot_be_compiled_says_where(place: ScriptPlace, language: str) -> None:
    script, wanted = WRONG[language]
    place.call(language=language, script=script, retry={"attempts": 3, "delay": "1ms"})
    assert place.run() != 0
    code, message = place.error()
    assert code == "INPUT_INVALID"
    assert message.startswith("the script cannot be compiled: ")
    assert wanted in message
    assert "compiling the script with" in place.log()
    assert place.programs() == []


def test_a_compile_error_is_retried_where_retry_says_so(place: ScriptPlace) -> None:
    (place.folder / "bad.c").write_text("int main(void) { return }\n")
    place.call(
        language="c",
        file="bad.c",
        retry={"attempts": 2, "delay": "1ms", "on": ["INPUT_INVALID"]},
    )
    assert place.run() != 0
    assert [code for code, _ in place.errors()] == ["INPUT_INVALID"] * 2
    assert place.errors()[0][1].startswith("bad.c cannot be compiled: bad.c:1:25: error: ")


def test_a_missing_program_is_named_with_its_package(place: ScriptPlace) -> None:
    programs = place.folder / "bin"
    programs.mkdir()
    place.env["PATH"] = str(programs)
    place.write(
        place.task(language="go", script="package main") | {"id": "compiled"},
        place.task(interpreter="Rscript", script="1") | {"id": "interpreted"},
    )
    assert place.run() != 0
    found = dict(place.errors())
    assert found["TOOL_MISSING"] == (
        f"language: go: program 'go' was not found in PATH ({programs}); Debian has it in golang-go"
    )
    assert found["SPAWN_FAILED"] == (
        f"program 'Rscript' was not found in PATH ({programs}); Debian has it in r-base-core"
    )


def test_a_module_of_javascript_and_a_script(place: ScriptPlace) -> None:
    (place.folder / "package.json").write_text('{"type": "module"}')
    place.write(
        place.task(interpreter="node", script="import fs from 'node:fs'\nfs.appendFileSync(process.env.DYNA_OUTPUTS, 'a=1\\n')")
        | {"id": "module"},
        place.task(interpreter="node", script="require('fs').appendFileSync(process.env.DYNA_OUTPUTS, 'a=2\\n')")
        | {"id": "script"},
    )  # fmt: skip
    assert place.run() == 0, place.said
    assert (place.outputs("module"), place.outputs("script")) == ({"a": "1"}, {"a": "2"})


def test_cpp_is_c_with_another_compiler(place: ScriptPlace) -> None:
    place.call(language="c", compiler="g++ -std=c++20", script="#include <iostream>\nint main() { std::cout << \"a C++ program\" << std::endl; }\n")  # fmt: skip
    assert place.run() == 0, place.said
    assert "a C++ program" in place.log()


def test_the_outputs_of_what_it_needs_are_in_the_file_of_values(place: ScriptPlace) -> None:
    place.env["DYNA_SECRET_TOKEN"] = "t0p-s3cret-4711"
    script = "import json, os\nvalues = json.load(open(os.environ['DYNA_VALUES']))\n" \
        "json.dump({'n': values['outputs']['first']['said'], 'names': sorted(values)}, open(os.environ['DYNA_OUTPUTS'], 'w'))\n" \
        "assert os.environ['TOKEN'] not in json.dumps(values)\n"  # fmt: skip
    (place.folder / "job.py").write_text(script)
    place.write(
        place.task(language="c", script=HELLO) | {"id": "first"},
        place.task(interpreter="python3", file="job.py", needs=["first"], env={"TOKEN": "{{ secret('TOKEN') }}"}),
    )  # fmt: skip
    assert place.run() == 0, place.said
    assert place.outputs()["n"] == "hello"
    assert {"inputs", "outputs", "run", "flow", "task"} <= set(place.outputs()["names"])
    assert b"t0p-s3cret-4711" not in place.everything()
