"""Parses one script test; the format is described in README.md."""

import re
from dataclasses import dataclass, field

SECTION = re.compile(r"^\[(?:(file|needs) (\S+)|(run))\]$")
EXPECTATION = re.compile(r"^(out|err)?(!~|~|=) ?(.*)$")


class ScriptError(Exception):
    """The test file itself is wrong."""


@dataclass
class Expectation:
    """One line that must, or must not, be in an output."""

    line: int
    stream: str  # "out", "err" or "" for both
    kind: str  # "~", "!~", "=" or "empty"
    text: str

    def problem(self, out, err):
        """An empty text when it holds."""
        lines = []
        lines += out.splitlines() if self.stream in ("", "out") else []
        lines += err.splitlines() if self.stream in ("", "err") else []
        where = {"out": "standard output", "err": "standard error", "": "the output"}[self.stream]
        if self.kind == "empty":
            return f"{where} is not empty" if lines else ""
        if self.kind == "=":
            return "" if self.text in lines else f"no line of {where} is '{self.text}'"
        found = any(re.search(self.text, line) for line in lines)
        if self.kind == "~":
            return "" if found else f"no line of {where} matches /{self.text}/"
        return f"a line of {where} matches /{self.text}/" if found else ""


@dataclass
class Command:
    line: int
    text: str
    codes: tuple = (0,)
    expectations: list = field(default_factory=list)


@dataclass
class Script:
    files: dict = field(default_factory=dict)
    needs: list = field(default_factory=list)
    commands: list = field(default_factory=list)


def parse(text):
    """A Script; raises ScriptError with the line number."""
    script = Script()
    section = name = None
    for number, line in enumerate(text.splitlines(), 1):
        match = SECTION.match(line)
        if match and match[1] == "needs":
            script.needs.append(match[2])
        elif match:
            section, name = (match[1], match[2]) if match[1] else (match[3], None)
            if section == "file":
                script.files[name] = []
        elif section == "file":
            script.files[name].append(line)
        elif section == "run":
            parse_run_line(script, number, line)
        elif line.strip() and not line.startswith("#"):
            raise ScriptError(f"line {number}: text before the first section")
    script.files = {key: "\n".join(lines) + "\n" for key, lines in script.files.items()}
    if not script.commands:
        raise ScriptError("no command")
    return script


def parse_run_line(script, number, line):
    if not line.strip() or line.startswith("#"):
        return
    if line.startswith("$ "):
        script.commands.append(Command(number, line[2:]))
        return
    if not script.commands:
        raise ScriptError(f"line {number}: an expectation before the first command")
    command = script.commands[-1]
    match = EXPECTATION.match(line)
    if line.startswith("> "):
        command.text += "\n" + line[2:]
    elif line.startswith("? "):
        command.codes = tuple(int(code) for code in line[2:].split("|"))
    elif line in ("out empty", "err empty"):
        command.expectations.append(Expectation(number, line[:3], "empty", ""))
    elif match:
        expectation = Expectation(number, match[1] or "", match[2], match[3])
        if expectation.kind != "=":
            try:
                re.compile(expectation.text)
            except re.error as error:
                raise ScriptError(f"line {number}: {error}") from error
        command.expectations.append(expectation)
    else:
        raise ScriptError(f"line {number}: '{line}' is no command and no expectation")
