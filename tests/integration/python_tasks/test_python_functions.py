"""Scripts and functions of python tasks, by the whole program: what they get, what comes of it, how they fail."""

from __future__ import annotations

import json

import pytest
from packages import PythonPlace

SECRET = "t0p-s3cret/4711 'äöü\""
HOSTILE = [
    "",
    'it\'s "quoted"',
    "$(touch canary)",
    "`touch canary`; touch canary\ntouch canary\n",
    "{{ 7 * 7 }} {% for x in y %}",
    "__import__('os').system('touch canary')",
    "\\\"\\'\n\t\u2028\U0001f600",
    "LD_PRELOAD=/tmp/x",
]


def test_a_function_gets_typed_values_and_returns_outputs(place: PythonPlace) -> None:
    place.module(
        "prices.py",
        "import datetime as dt\nfrom dataclasses import dataclass\nfrom decimal import Decimal\n"
        "from cordyna_task import outputs\n"
        "@dataclass\nclass Sale:\n    day: dt.date\n    price: Decimal\n"
        "def load(sales: list[Sale], county: str, scale: float = 2):\n"
        "    assert outputs['first']['n'] == 7\n"
        "    total = sum(sale.price for sale in sales)\n"
        "    return {'county': county, 'total': total, 'days': [s.day for s in sales], 'scale': scale}\n",
    )
    place.write(
        {"id": "first", "type": "shell", "script": 'echo \'{"n": 7}\' >> "$DYNA_OUTPUTS"'},
        place.task(
            function="prices:load",
            arguments={
                "sales": [{"day": "2026-01-0{{ outputs.first.n }}", "price": "0.10"},
                          {"day": "2026-02-01", "price": 0.2}],
                "county": "{{ inputs.county }}",
            },
        ),
        {"id": "say", "type": "log", "message": "{{ outputs.call.days[0] }}"},
        inputs=[{"id": "county", "default": "story"}],
    )  # fmt: skip
    assert place.run() == 0, place.said
    assert place.outputs() == {"county": "story", "total": "0.30", "scale": 2,
                               "days": ["2026-01-07", "2026-02-01"]}  # fmt: skip
    assert "2026-01-07" in place.said


def test_a_script_is_given_the_outputs_of_what_it_needs(place: PythonPlace) -> None:
    place.write(
        {"id": "first", "type": "shell", "script": 'echo \'{"n": 7}\' >> "$DYNA_OUTPUTS"'},
        place.task(script="from cordyna_task import outputs, set_output\nset_output('n', outputs['first']['n'] + 1)",
                   needs=["first"]),
    )  # fmt: skip
    assert place.run() == 0, place.said
    assert place.outputs() == {"n": 8}


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("return None", {}),
        ("return {}", {}),
        ("return 'text'", {"result": "text"}),
        ("return [1, None, True]", {"result": [1, None, True]}),
        ("return {'a': {'b': 1.5}}", {"a": {"b": 1.5}}),
    ],
)
def test_what_it_returns(place: PythonPlace, body: str, wanted: dict) -> None:
    place.module("m.py", f"async def f():\n    {body}\n")
    place.call(function="m:f")
    assert place.run() == 0, place.said
    assert place.outputs() == wanted


def test_without_arguments_it_gets_the_inputs_it_has_parameters_for(place: PythonPlace) -> None:
    place.module(
        "m.py",
        "def f(n: int, day: 'dt.date', z: int = 9):\n    return [n, day, z]\nimport datetime as dt\n",
    )
    inputs = [{"id": "n", "type": "int", "default": 3}, {"id": "day", "type": "date", "default": "2026-01-02"},
              {"id": "other", "default": "x"}]  # fmt: skip
    place.call(function="m:f", inputs=inputs)
    assert place.run() == 0, place.said
    assert place.outputs() == {"result": [3, "2026-01-02", 9]}


def test_a_value_that_does_not_fit_never_reaches_the_function(place: PythonPlace) -> None:
    place.module("m.py", "def f(n: int):\n    open('reached', 'w').close()\n")
    place.call(function="m:f", arguments={"n": "three"}, retry={"attempts": 3, "delay": "1ms"})
    assert place.run() != 0
    assert place.error() == ("INPUT_INVALID", "arguments/n: must be an integer, but is a text")
    assert not (place.folder / "reached").exists()


def test_a_result_that_is_no_json_says_where(place: PythonPlace) -> None:
    place.module("m.py", "def f():\n    return {'rows': [1, {'x': object()}]}\n")
    place.call(function="m:f")
    assert place.run() != 0
    code, message = place.error()
    assert code == "OUTPUT_INVALID"
    assert message.startswith("what the function returned cannot be outputs: rows/1/x: is a object")


def test_the_last_own_frame_of_an_exception_is_its_description(place: PythonPlace) -> None:
    place.module(
        "prices.py",
        "import json\n\ndef read(text):\n    return json.loads(text)\n\ndef load():\n    read('{')\n",
    )
    place.call(
        function="prices:load",
        errors=[
            {"id": "tell", "type": "log", "message": "{{ error.task }}: {{ error.description }}"}
        ],
    )
    assert place.run() != 0
    wanted = ("JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1) "
              "(prices.py:4 in read)")  # fmt: skip
    assert place.error() == ("EXIT_NONZERO", wanted)
    log = place.log()
    assert "Traceback (most recent call last)" in log and "json/decoder.py" in log
    assert "cordyna_run" not in log


def test_a_script_says_the_same(place: PythonPlace) -> None:
    script = "def load():\n    raise ValueError('no such county')\n\nload()\n"
    place.call(script=script)
    assert place.run() != 0
    assert place.error() == ("EXIT_NONZERO", "ValueError: no such county (script.py:2 in load)")


def test_what_is_said_at_the_very_end_does_not_hide_it(place: PythonPlace) -> None:
    place.call(
        script="import atexit, sys, threading\n"
        "atexit.register(lambda: print('bye', file=sys.stderr))\n"
        "go = threading.Event()\n"
        "def late():\n    go.wait()\n    print('late', file=sys.stderr)\n"
        "threading.Thread(target=late).start()\n"
        "threading.Timer(0, go.set).start()\n1 / 0\n"
    )
    assert place.run() != 0
    assert place.error()[1] == "ZeroDivisionError: division by zero (script.py:9)"
    assert "late" in place.log() and "bye" in place.log()


def test_an_exit_code_stays_one_and_may_be_retried(place: PythonPlace) -> None:
    script = ("import sys\nfrom pathlib import Path\nseen = Path('seen')\nif not seen.exists():\n"
              "    seen.touch()\n    sys.exit(3)\n")  # fmt: skip
    place.call(script=script, retry={"attempts": 2, "delay": "1ms", "on": [3]})
    assert place.run() == 0, place.said
    assert place.errors() == [("EXIT_NONZERO", "exit code 3")]


def test_a_failed_code_is_retried_by_its_name_only(place: PythonPlace) -> None:
    place.call(script="raise SystemExit(4)", retry={"attempts": 3, "delay": "1ms", "on": [3]})
    assert place.run() != 0
    assert place.errors() == [("EXIT_NONZERO", "exit code 4")]


@pytest.mark.parametrize("by", ["inputs", "arguments"])
def test_hostile_values_arrive_as_they_are(place: PythonPlace, by: str) -> None:
    place.module(
        "m.py", "def f(values: list[str], **names: str):\n    return {'values': values, **names}\n"
    )
    more = {} if by == "inputs" else {"arguments": {"values": "{{ inputs.values }}", "LD_PRELOAD": "{{ inputs.values[1] }}",
                                                     "a b'": "{{ inputs.values[2] }}"}}  # fmt: skip
    place.call(function="m:f", inputs=[{"id": "values", "type": "json"}], **more)
    # It is read as YAML, which knows no halves of characters.
    text = json.dumps({"values": HOSTILE}).replace("\\ud83d\\ude00", "\U0001f600")
    (place.folder / "inputs.json").write_text(text, encoding="utf-8")
    assert place.run("--inputs", "inputs.json") == 0, place.said
    assert place.outputs()["values"] == HOSTILE
    if more:
        assert place.outputs()["LD_PRELOAD"] == HOSTILE[1]
        assert place.outputs()["a b'"] == HOSTILE[2]
    assert not list(place.folder.rglob("canary"))


def test_a_secret_in_a_traceback_is_masked_everywhere(place: PythonPlace) -> None:
    place.env["DYNA_SECRET_TOKEN"] = SECRET
    place.module(
        "m.py",
        "import os\ndef f(way: int):\n    token = os.environ['TOKEN']\n"
        "    texts = [token, 'x' * 250 + token, token + '\\n' + token]\n"
        "    raise RuntimeError('cannot log in with ' + texts[way])\n",
    )
    for way in range(3):
        place.call(function="m:f", arguments={"way": way}, env={"TOKEN": "{{ secret('TOKEN') }}"})
        assert place.run() != 0
        code, message = place.errors()[-1]
        assert code == "EXIT_NONZERO"
        assert message.startswith("RuntimeError") and "m.py:5 in f" in message
        found = place.everything()
        assert SECRET.encode() not in found
        assert SECRET[:9].encode() not in found, "half of it is none that anybody masks"


def test_a_user_cannot_say_what_only_we_know(place: PythonPlace) -> None:
    place.call(
        script="import json, os\n"
        "path = open('/proc/self/environ').read().split('DYNA_REPORT=')[1].split('\\0')[0]\n"
        "assert 'DYNA_REPORT' not in os.environ\n"
        "report = {'error': {'code': 'LOST'}, 'hold': 'x', 'outputs': {'a': 1}, 'warnings': 9}\n"
        "open(path, 'w').write(json.dumps(report))\n"
    )
    assert place.run() == 0, place.said
    assert place.outputs() == {}


def test_validate_says_what_can_be_known(place: PythonPlace) -> None:
    place.write(
        {"id": "both", "type": "python", "script": "1", "function": "m:f"},
        {"id": "bad", "type": "python", "function": "m.f", "requirements": "gone.txt"},
    )
    done = place.dyna("validate", "calls.yaml")
    assert done.returncode != 0
    said = done.stdout + done.stderr
    for text in ("leave one of them out", "MODULE:FUNCTION", "gone.txt: no such file"):
        assert text in said


def test_a_cached_result_is_of_the_module_as_it_is(place: PythonPlace) -> None:
    place.call(function="m:f", cache={"key": "always", "for": "1d"}, arguments={"n": 1})
    results = []
    for body in ("1", "1", "2"):
        place.module("m.py", f"def f(n):\n    return [{body}, open('ran', 'a').write('x')]\n")
        assert place.run() == 0, place.said
        results.append(place.outputs()["result"][0])
    assert results == [1, 1, 2]
    assert (place.folder / "ran").read_text() == "xx"
