"""Checks by other programs: clang-format, clang-tidy on what changed, shellcheck, ruff."""

import concurrent.futures
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

from arrows import includes
from common import CPP, Finding

PLACE = re.compile(r"^(.+?):(\d+):(?:\d+:)? (?:error: |warning: |note: |style: |info: )?(.*)$")


def run(command, root):
    return subprocess.run(
        command, cwd=root, capture_output=True, text=True, errors="replace", check=False
    )


def missing(check, program):
    return Finding(check, program, 1, "", "the program is not installed; ./dev lint installs it")


def placed(check, output, root, fallback):
    """Findings of a program that prints "file:line:column: error: text"."""
    found = []
    for line in output.splitlines():
        match = PLACE.match(line)
        if match and ": note: " not in line:
            path = os.path.relpath(os.path.join(root, match[1]), root)
            found.append(Finding(check, path, int(match[2]), "", match[3]))
    return found or [Finding(check, fallback, 1, "", output.strip()[-2000:] or "failed")]


def check_format(tree):
    if not shutil.which("clang-format-19"):
        yield missing("format", "clang-format-19")
        return
    paths = tree.with_suffix(*CPP)
    for begin in range(0, len(paths), 50):
        chunk = paths[begin : begin + 50]
        done = run(["clang-format-19", "--dry-run", "-Werror", *chunk], tree.root)
        lines = {}
        for match in map(PLACE.match, done.stderr.splitlines()):
            if match:
                lines.setdefault(
                    os.path.relpath(match[1], tree.root.resolve())
                    if os.path.isabs(match[1])
                    else match[1],
                    int(match[2]),
                )
        if done.returncode and not lines:
            yield Finding("format", chunk[0], 1, "", done.stderr.strip()[-2000:] or "failed")
        for path, line in lines.items():
            yield Finding("format", path, line, "", "is not formatted; run ./dev format")


def check_shell(tree):
    if not shutil.which("shellcheck"):
        yield missing("shellcheck", "shellcheck")
        return
    for path in tree.paths:
        text = tree.text(path) if path.endswith(".sh") or "." not in path.split("/")[-1] else ""
        if not re.match(r"#!\s*/\S*(/|env )(ba|da)?sh\b", text):
            continue  # parts that ./dev sources are checked through it
        done = run(["shellcheck", "-x", "-a", "-f", "gcc", path], tree.root)
        if done.returncode:
            yield from placed("shellcheck", done.stdout + done.stderr, tree.root, path)


def check_ruff(tree):
    if not shutil.which("ruff"):
        yield missing("ruff", "ruff")
        return
    paths = tree.with_suffix(".py")
    done = run(["ruff", "check", "--quiet", "--output-format=concise", *paths], tree.root)
    if done.returncode:
        yield from placed("ruff", done.stdout + done.stderr, tree.root, "ruff.toml")
    for path in paths:
        if run(["ruff", "format", "--quiet", "--check", path], tree.root).returncode:
            yield Finding("ruff", path, 1, "", "is not formatted; run ./dev format")


def changed_files(root):
    """Files that differ from the merge base with the main branch, or from the commit before."""

    def git(*arguments):
        return run(["git", *arguments], root)

    base = git("merge-base", "HEAD", "@{upstream}").stdout.strip()
    if not base or base == git("rev-parse", "HEAD").stdout.strip():
        base = git("rev-parse", "--verify", "--quiet", "HEAD~1").stdout.strip()
    if not base:
        return None
    listed = git("diff", "--name-only", "--diff-filter=d", base).stdout.split("\n")
    listed += git("ls-files", "--others", "--exclude-standard").stdout.split("\n")
    return {path for path in listed if path}


def closure(tree, path, seen):
    """`path` and every header of ours that it includes, directly or not."""
    if path in seen or not (tree.root / path).is_file():
        return seen
    seen.add(path)
    for _, mark, header in includes(tree.text(path)):
        if mark == '"':
            closure(tree, f"src/{header}", seen)
    return seen


def together(root, path):
    """The sources that are compiled as `path`: those that a file of CMake's includes, or itself."""
    if not path.endswith(".cxx"):
        return [path]
    text = (root / path).read_text(encoding="utf-8")
    return [
        os.path.relpath(name, root.resolve()) for name in re.findall(r'#include "(/[^"]+)"', text)
    ]


class Tidy:
    """clang-tidy, remembering by content which files were clean.

    The analyzer follows every path through a function, which takes three times as long as all other
    checks together: it is for `deep` looks. Those are at files as they are compiled together
    (CMAKE_UNITY_BUILD), so that headers are read once for all of them: what is included into such a
    file counts as its own, also for the analyzer.
    """

    def __init__(self, tree, compile_commands, cache, deep):
        self.tree = tree
        own = r"--header-filter=.*/src/.*\.[ch]pp$"
        # That one file includes others is what they are compiled together by.
        together_is_fine = "--checks=-bugprone-suspicious-include"
        self.checks = [own, together_is_fine] if deep else ["--checks=-clang-analyzer-*"]
        self.commands = compile_commands
        self.cache = cache
        os.makedirs(cache, exist_ok=True)

    def key(self, path):
        digest = hashlib.sha256(self.tree.text(".clang-tidy").encode())
        digest.update(" ".join(self.checks).encode())
        seen = set()
        for part in together(self.tree.root, path):
            closure(self.tree, part, seen)
        for part in sorted(seen):
            digest.update(part.encode() + b"\0" + self.tree.text(part).encode())
        return os.path.join(self.cache, digest.hexdigest())

    def check(self, path):
        key = self.key(path)
        if os.path.exists(key):
            return []
        done = run(
            [
                "clang-tidy-19",
                "--quiet",
                "--warnings-as-errors=*",
                # The commands are those of g++, which has warnings of its own.
                "--extra-arg=-Wno-unknown-warning-option",
                # g++ looks at what is deprecated; here it is what libstdc++ uses itself.
                "--extra-arg=-Wno-deprecated-declarations",
                *self.checks,
                "-p",
                self.commands,
                path,
            ],
            self.tree.root,
        )
        if done.returncode == 0:
            pathlib.Path(key).touch()
            return []
        return placed("clang-tidy", done.stdout or done.stderr, self.tree.root, path)

    def check_all(self, paths):
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            for findings in pool.map(self.check, paths):
                yield from findings


def is_source(path):
    return path.startswith("src/") and path.endswith(".cpp")


def check_tidy(tree, compile_commands, cache, everything):
    if not shutil.which("clang-tidy-19"):
        yield missing("clang-tidy", "clang-tidy-19")
        return
    listing = pathlib.Path(compile_commands) / "compile_commands.json"
    compiled = set(re.findall(r'"file": "([^"]+)"', listing.read_text(encoding="utf-8")))
    root = tree.root.resolve()
    names = sorted(os.path.relpath(name, root) for name in compiled)
    if everything:
        paths = [path for path in names if all(map(is_source, together(root, path)))]
    else:
        changed = changed_files(tree.root)
        paths = [path for path in names if is_source(path) and path in changed]
    yield from set(Tidy(tree, compile_commands, cache, everything).check_all(paths))
