"""Sizes of files and functions, READMEs, header rules, left-over marks."""

import re
from pathlib import PurePosixPath

from arrows import includes
from common import CPP, Finding
from cpp import functions

HEADER_MAX = 250
SOURCE_MAX = 600
FUNCTION_MAX = 70
TEST_MAX = 50
SOURCES = (".cpp", ".c", ".rs", ".py", ".sh", ".ts")

LEFT_OVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
TEXTS = (
    *CPP,
    ".rs",
    ".py",
    ".sh",
    ".ts",
    ".md",
    ".yaml",
    ".yml",
    ".cmake",
    ".txt",
    ".toml",
    ".json",
)


def check_sizes(tree):
    for path in tree.paths:
        if not path.endswith((".hpp", ".h", *SOURCES)):
            continue
        lines = tree.text(path).count("\n")
        most = HEADER_MAX if path.endswith((".hpp", ".h")) else SOURCE_MAX
        if lines > most:
            yield Finding("file-size", path, 1, "", f"{lines} lines; {most} at most")
        if not path.endswith(CPP):
            continue
        for name, first, size, test in functions(tree.text(path)):
            limit = TEST_MAX if test else FUNCTION_MAX
            if size > limit:
                what = "test" if test else "function"
                message = f"{what} {name} has {size} lines; {limit} at most"
                yield Finding("function-size", path, first, name, message)


def check_readmes(tree):
    folders = {str(PurePosixPath(p).parent) for p in tree.with_suffix(".cpp", ".hpp", under="src/")}
    for folder in sorted(folders - {"src"}):
        if f"{folder}/README.md" not in tree.paths:
            message = "has no README.md (purpose, main types, what it must not know)"
            yield Finding("readme", folder, 1, "", message)


def check_headers(tree):
    for path in tree.with_suffix(".hpp", under=("src/", "include/")):
        lines = tree.text(path).splitlines()
        if "#pragma once" not in lines:
            yield Finding("header", path, 1, "", "has no '#pragma once'")
        if not lines or not lines[0].startswith("///"):
            yield Finding("header", path, 1, "", "does not open with its contract in '///'")
    for path in tree.with_suffix(".cpp", under="src/"):
        own = path.removesuffix(".cpp") + ".hpp"
        first = next((h for _, mark, h in includes(tree.text(path)) if mark == '"'), None)
        if own in tree.paths and first != own.removeprefix("src/"):
            yield Finding("header", path, 1, "", f'does not include "{own[4:]}" first')


def check_left_overs(tree):
    for path in tree.paths:
        if not path.endswith(TEXTS) or path.startswith("tools/lint/"):
            continue
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            match = LEFT_OVER.search(line)
            if match:
                yield Finding("left-over", path, number, match[0], f"'{match[0]}' was left here")
