"""S13, S14, S15: what is given is data, in shells, arguments, variables, addresses and templates."""

from __future__ import annotations

import json
import random
import string
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hooking import SECRET, send
from kept_files import paths_below
from serving import Server, eventually, serve

CANARY = "canary-of-the-values-7f21"
FLOW = """
id: values
namespace: acme
inputs:
  - {id: v, type: string, default: ""}
  - {id: any, type: json, default: null}
env: {FROM_FLOW: "{{ inputs.v }}"}
tasks:
  - id: shell
    type: shell
    env: {FROM_TASK: "{{ inputs.v }}"}
    script: |
      printf %s {{ inputs.v }} > "$DYNA_ARTIFACTS/bare"
      printf %s "{{ inputs.v }}" > "$DYNA_ARTIFACTS/double"
      printf %s '{{ inputs.v }}' > "$DYNA_ARTIFACTS/single"
      printf %s "$FROM_TASK" > "$DYNA_ARTIFACTS/task_env"
      printf %s "$FROM_FLOW" > "$DYNA_ARTIFACTS/flow_env"
      cat > "$DYNA_ARTIFACTS/heredoc" <<END
      {{ inputs.v }}
      END
      count() { echo $#; }
      count {{ inputs.v }} "{{ inputs.v }}" > "$DYNA_ARTIFACTS/arguments"
  - {id: say, type: log, message: "{{ inputs.v }}"}
outputs: {v: "{{ inputs.v }}", any: "{{ inputs.any | json }}"}
triggers:
  - {id: shop, type: webhook, signing_secret: SHOP_KEY, inputs: {v: "{{ event.data.v }}"}}
  - {id: nightly, type: schedule, cron: "0 2 * * *"}
"""
LISTED = """
id: listed
namespace: acme
inputs: [{id: values, type: json, default: []}]
tasks:
  - id: python
    type: python
    script: |
      import json, os
      from cordyna_task import inputs
      for number, value in enumerate(inputs["values"]):
          with open(f"{os.environ['DYNA_ARTIFACTS']}/{number}", "wb") as out:
              out.write(value.encode())
      with open(os.environ["DYNA_OUTPUTS"], "w") as out:
          json.dump({"values": inputs["values"]}, out)
  - id: each
    type: foreach
    items: "{{ outputs.python.values }}"
    tasks:
      - {id: write, type: shell, script: 'printf %s "{{ item }}" > "$DYNA_ARTIFACTS/value"'}
outputs: {values: "{{ outputs.python.values }}"}
"""
SHELL = ["; touch pwned #", "$(touch pwned)", "`touch pwned`", "| touch pwned", "& touch pwned &", "> pwned",
         "< /etc/passwd", "\ntouch pwned\n", "*", "?", "~", "~root", "-rf", "--", "-n", "--help", "-e touch pwned",
         "'; touch pwned; '", '"; touch pwned; "', "\\", "\\\n", "$HOME", "${IFS}", "$((1+1))", "!!", "a b  c", " ",
         "\t", "END\ntouch pwned", "%s%n%x", "\\x41\\0101", "é\u202e\U0001f600", "\x01\x1b[31m\x7f", "=1", "A=1",
         "{a,b}", "[a-z]", "#", "\r\n", "x" * 100_000]  # fmt: skip
TEMPLATES = ["{{ 7 * 7 }}", "{% raw %}{{ 1 }}{% endraw %}", "${7*7}", "%(x)s", "{{constructor.constructor('return 1')()}}",
             "{{ ''.__class__.__mro__ }}", "{{ secret('SHOP_KEY') }}", "{{ env.HOME }}", "{{ inputs.v }}", "{# gone #}",
             "{% for i in range(1000000000) %}x{% endfor %}", "{% include '/etc/passwd' %}", "#{7*7}", "<%= 7 %>",
             "{{ files('**') }}", "{{", "}}", "{%", "{{ run.id }}", "@{7*7}", "[[7*7]]"]  # fmt: skip


def drawn() -> list[str]:
    """Texts of all kinds of characters, the same in each run."""
    draw = random.Random(1315)
    signs = "".join(chr(code) for code in range(1, 128)) + "äß€\u2028\u200b\U0001f4a5"
    return ["".join(draw.choices(signs, k=draw.randrange(1, 60))) for _ in range(12)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("s13")
    (folder / "values.yaml").write_text(FLOW)
    (folder / "listed.yaml").write_text(LISTED)
    (folder / "env.yaml").write_text(ENVIRONMENT)
    server = serve(
        folder,
        BASH_ENV="/tmp/of-the-server",
        IFS="x",
        LD_BIND_NOW="1",
        PYTHONSTARTUP="/nowhere",
        DYNA_FENCE="7",
        AWS_SECRET_ACCESS_KEY=CANARY,
        DYNA_SECRET_SHOP_KEY=SECRET,
        DYNA_SECRET_OTHER=CANARY,
    )
    yield server
    server.stop()


def artifact(server: Server, run: int, task: str, name: str) -> bytes:
    answer = server.call("GET", f"/api/v1/runs/{run}/artifact?task={task}&name={name}")
    assert answer.status == 200, (run, task, name, answer.body)
    return answer.body


def check(server: Server, run: int, value: str) -> None:
    row = server.ended(run)
    assert row["state"] == "completed", (value, server.ok("GET", f"/api/v1/runs/{run}/tasks"))
    wanted = value.encode()
    for name in ("bare", "double", "single", "task_env", "flow_env"):
        assert artifact(server, run, "shell", name) == wanted, (name, value)
    assert artifact(server, run, "shell", "heredoc") == wanted + b"\n", value
    assert artifact(server, run, "shell", "arguments") == b"2\n", value
    assert row["inputs"]["v"] == row["outputs"]["v"] == value


@pytest.mark.parametrize("values", [SHELL, TEMPLATES, drawn()], ids=["shell", "templates", "drawn"])
def test_s13_s15_a_run_gets_the_very_bytes(served: Server, values: list[str]) -> None:
    started = [(served.start("acme/values", v=value), value) for value in values]
    for run, value in started:
        check(served, run, value)
    assert not [path for path in paths_below(served.folder) if path.name == "pwned"]
    assert not (Path.cwd() / "pwned").exists()


def test_s13_s15_outputs_and_items_are_data_too(served: Server) -> None:
    values = [value for value in (*SHELL, *TEMPLATES, *drawn()) if len(value) < 1000]
    run = served.start("acme/listed", values=values)
    row = served.ended(run)
    assert row["state"] == "completed", served.ok("GET", f"/api/v1/runs/{run}/tasks")
    assert row["outputs"]["values"] == values
    for number, value in enumerate(values):
        assert artifact(served, run, "python", str(number)) == value.encode()
        assert artifact(served, run, f"each[{number}]/write", "value") == value.encode()
    assert not [path for path in paths_below(served.folder) if path.name == "pwned"]


def test_s13_s15_an_event_gives_the_very_bytes(served: Server) -> None:
    sent = []
    for number, value in enumerate([*SHELL[:12], *TEMPLATES[:8]]):
        body = json.dumps({"v": value}).encode()
        answer = send(served, f"value-{number}", body, path="/hooks/acme/values/shop")
        assert answer.status == 202, (value, answer.body)
        sent.append((answer.json["event"], value))
    for event, value in sent:

        def settled(event: int = event) -> Any:
            row = served.ok("GET", f"/api/v1/events/{event}")
            return row if row["state"] != "pending" else None

        row = eventually(settled, f"what becomes of event {event}")
        assert row["state"] == "run", row
        check(served, row["run"], value)
    assert not [path for path in paths_below(served.folder) if path.name == "pwned"]


def test_s15_json_stays_what_it_was(served: Server) -> None:
    value = {"__class__": "{{ 7 * 7 }}", "constructor": {"prototype": ["${x}", {"": None}]}, "n": 1}
    row = served.ended(served.start("acme/values", v="x", any=value))
    assert row["outputs"]["any"] == value or json.loads(row["outputs"]["any"]) == value


def test_s13_what_no_program_can_be_given_is_said(served: Server) -> None:
    run = served.start("acme/values", v="a\u0000b")
    assert served.ended(run)["state"] == "error"
    tasks = served.ok("GET", f"/api/v1/runs/{run}/tasks")["tasks"]
    told = [task["error"]["message"] for task in tasks if task["task"] == "shell"]
    assert len(told) == 1 and "NUL" in told[0]


def test_s15_the_templates_of_a_backfill_reach_no_secret(served: Server) -> None:
    for value in ("{{ secret('SHOP_KEY') }}", "{{ env.HOME }}", "{{ inputs.v }}", "{{ files('**') }}",
                  "{{ event.id }}", "{% for i in range(1000000000) %}x{% endfor %}"):  # fmt: skip
        answer = served.call("POST", "/api/v1/flows/acme/values/backfills", {
            "from": "2026-01-01", "to": "2026-01-02", "trigger": "nightly",
            "inputs": [{"name": "v", "value": value}]})  # fmt: skip
        assert answer.status == 422, (value, answer.body)
        assert SECRET.encode() not in answer.body
    assert served.call("GET", "/livez", token=None).status == 200


ENVIRONMENT = """
id: env
namespace: acme
inputs:
  - {id: path, type: string, default: ""}
  - {id: bash_env, type: string, default: ""}
  - {id: ld_preload, type: string, default: ""}
tasks:
  - id: give
    type: python
    script: |
      import json, os
      names = ["PATH", "LD_PRELOAD", "BASH_ENV", "IFS", "DYNA_FENCE", "DYNA_RUN", "ENV"]
      json.dump({name: "/evil" for name in names}, open(os.environ["DYNA_OUTPUTS"], "w"))
  - id: show
    type: shell
    needs: [give]
    script: |
      env -0 > "$DYNA_ARTIFACTS/env"
      : {{ inputs.path }} {{ inputs.bash_env }} {{ inputs.ld_preload }} {{ outputs.give.PATH }}
"""


def test_s14_the_environment_of_a_task_is_an_allow_list(served: Server) -> None:
    run = served.start("acme/env", path="/evil", bash_env="/evil", ld_preload="/evil.so")
    assert served.ended(run)["state"] == "completed"
    raw = artifact(served, run, "show", "env")
    found = dict(entry.decode().split("=", 1) for entry in raw.split(b"\0") if entry)
    assert "evil" not in found["PATH"]
    usual = {
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "LANG",
        "TZ",
        "TMPDIR",
        "PWD",
        "SHLVL",
        "OLDPWD",
        "_",
    }
    ours = {name for name in found if name.startswith("DYNA_")}
    assert {
        name for name in found if name not in usual | ours and not name.startswith("LC_")
    } == set()
    assert {
        value for name, value in found.items() if "evil" in value and name[:6] != "DYNA_V"
    } == set()
    assert CANARY.encode() not in raw and SECRET.encode() not in raw
    assert found["DYNA_FENCE"] != "7" and not [name for name in found if "SECRET" in name]


# These change how the task itself is run; others are the author's, who could set them in the script.
REFUSED = ["LD_PRELOAD", "LD_AUDIT", "BASH_ENV", "ENV", "IFS", "DYNA_FENCE", "DYNA_RUN", "DYNA_V1", "DYNA_",
           "A=B", "", "1A", "A B", "A\n", "a-b", "{{ inputs.v }}", "Ä", "A\u200b"]  # fmt: skip


@pytest.mark.parametrize("name", [*REFUSED, "PYTHONPATH"])
def test_s14_no_flow_sets_what_runs_the_task(served: Server, name: str) -> None:
    quoted = json.dumps(name, ensure_ascii=False)
    for text in (f"id: sets\nenv: {{{quoted}: x}}\ntasks: [{{id: a, type: shell, script: x}}]\n",
                 f"id: sets\ntasks: [{{id: a, type: shell, script: x, env: {{{quoted}: x}}}}]\n"):  # fmt: skip
        files = {"files": [{"name": "f", "text": text}], "dry_run": True}
        answer = served.call("POST", "/api/v1/flows", files)
        assert answer.status == (422 if name in REFUSED else 200), (name, answer.body)


@dataclass
class Web:
    """Notes down what it is asked for, and answers with one row."""

    port: int = 0
    lines: list[str] = field(default_factory=list)
    headers: list[list[tuple[str, str]]] = field(default_factory=list)


@pytest.fixture
def web() -> Iterator[Web]:
    seen = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.lines.append(self.requestline)
            seen.headers.append(list(self.headers.items()))
            self.send_response(200)
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"a\n1\n")

        def log_message(self, *_: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    seen.port = listening.server_port
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield seen
    listening.shutdown()
    listening.server_close()


def test_s13_a_value_in_an_address_or_a_header_stays_there(tmp_path: Path, web: Web) -> None:
    here = f"http://127.0.0.1:{web.port}"
    (tmp_path / "fetch.yaml").write_text(f"""
id: fetch
inputs: [{{id: v, type: string, default: ""}}]
tasks:
  - id: get
    type: load
    from: "{here}/part?v={{{{ inputs.v }}}}"
    headers: {{X-Value: "{{{{ inputs.v }}}}"}}
    format: csv
    transfer: {{attempts: 1}}
""")
    server = serve(tmp_path)
    for value in ("plain", "a b", "é", "{{ 7 * 7 }}", "$(id)", "%0d%0aX-Evil: 1", "\\", "'\"<>"):
        before = len(web.lines)
        row = server.ended(server.start("_/fetch", v=value))
        assert row["state"] == "completed", (
            value,
            server.ok("GET", f"/api/v1/runs/{row['run']}/tasks"),
        )
        assert len(web.lines) == before + 1
        method, target, version = web.lines[-1].split(" ")
        assert (method, version) == ("GET", "HTTP/1.1") and target.startswith("/part?v=")
        assert target.removeprefix("/part?v=") == quote(value, safe=string.punctuation)
        names = [name for name, _ in web.headers[-1]]
        assert "X-Evil" not in names and names.count("X-Value") == 1
        got = dict(web.headers[-1])["X-Value"].encode("latin-1").decode()
        assert got == value.strip()
    for value in ("a\r\nX-Evil: 1", "a\nb", "a\rb", "x HTTP/1.1\r\nHost: evil\r\n\r\n"):
        before = len(web.lines)
        run = server.start("_/fetch", v=value)
        assert server.ended(run)["state"] == "error", value
        assert len(web.lines) == before, "nothing was sent"
    server.stop()
