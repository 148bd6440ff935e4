"""Makes the virtual environment of a task's requirements, once, and goes on in it.

    $XDG_CACHE_HOME/cordyna/python/
      KEY/            the environment; whole when it holds cordyna.json, which is written last
      KEY.lock        shared by whoever uses it, held alone by whoever makes or removes it; when it
                      was used last

KEY is a hash of the requirements and of the interpreter. A lock goes with the last process that has
it open: also with the program that fills the environment, so that nobody makes one while something
of an attempt that was killed still writes there.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

RULES = 1  # other rules make other environments
UNUSED_S = 30 * 86400
LEFT_OVER_S = 86400
TAIL_LINES = 60
MARK = "cordyna.json"

# What would lead elsewhere than into the environment.
_ASTRAY = (
    *("PIP_PREFIX", "PIP_PYTHON", "PIP_REQUIREMENT", "PIP_REQUIRE_VIRTUALENV", "PIP_ROOT"),
    *("PIP_TARGET", "PIP_USER", "PYTHONHOME", "PYTHONPATH", "UV_PROJECT", "UV_PYTHON"),
    *("UV_PROJECT_ENVIRONMENT", "UV_SYSTEM_PYTHON", "UV_WORKING_DIR", "VIRTUAL_ENV"),
    *("DYNA_OUTPUTS", "DYNA_PYTHON_TOOLS", "DYNA_REPORT"),
)

_NETWORK = re.compile(
    r"failed to fetch|error sending request|could not connect|connection (refused|reset|aborted)"
    r"|dns error|failed to lookup address|temporary failure in name resolution|name or service not known"
    r"|network is unreachable|timed out|timeout error|read timeout|max retries exceeded"
    r"|newconnectionerror|could not fetch url"
    r"|\b(429|50[0234])\b.{0,40}(server|service|gateway|many)|bad gateway|service unavailable",
    re.IGNORECASE,
)
# A server that was reached, and says no: asking again helps nobody.
_REFUSED = re.compile(
    r"http status client error|\b40[1347] client error|hash mismatch", re.IGNORECASE
)
_NO_SPACE = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)


class Problem(Exception):
    """There is no environment. `code`: of the task's error."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


def say(text):
    print(text, flush=True)


def enter(lines, arguments):
    """Becomes the environment's Python with `arguments`. Problem: there is no environment."""
    if sys.version_info < (3, 10):
        here = ".".join(map(str, sys.version_info[:3]))
        text = (
            f"want Python 3.10 or newer, and {sys.executable} is {here}; name another with `python`"
        )
        raise Problem("TOOL_MISSING", text)
    tools = json.loads(os.environ.get("DYNA_PYTHON_TOOLS", "{}"))
    # What the task says of itself counts.
    environment = {**tools.get("env", {}), **os.environ, **quiet()}
    for name in _ASTRAY:
        environment.pop(name, None)
    try:
        folder, lock = ready(root_folder(environment), lines, tools, environment)
    except OSError as error:
        code = "NO_SPACE" if error.errno in (28, 122) else "INPUT_INVALID"
        raise Problem(code, f"the environment's folder: {error}") from None
    # Held as long as the task runs: nobody removes what it runs in.
    os.set_inheritable(lock, True)
    os.environ["VIRTUAL_ENV"] = str(folder)
    os.environ["PATH"] = f"{folder / 'bin'}:{os.environ.get('PATH', os.defpath)}"
    program = str(folder / "bin/python")
    os.execv(program, [program, *arguments])


def root_folder(environment):
    base = environment.get("XDG_CACHE_HOME", "")
    if not base.startswith("/"):
        home = environment.get("HOME", "")
        if not home.startswith("/"):
            text = "there is no place for environments: dyna wants $HOME or $XDG_CACHE_HOME to be an absolute path"
            raise Problem("TOOL_MISSING", text)
        base = os.path.join(home, ".cache")
    root = Path(base) / "cordyna/python"
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    return root


def key_of(lines):
    """Of what an environment is made: the order of requirements means nothing, that of options does."""
    options = [line for line in lines if line.startswith("-")]
    wanted = sorted({line for line in lines if not line.startswith("-")})
    made_of = [
        RULES,
        options,
        wanted,
        sys.version,
        sysconfig.get_config_var("SOABI"),
        platform.machine(),
        sys.base_prefix,
        os.path.realpath(sys.executable),
    ]
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:32]


def is_whole(folder):
    return (folder / MARK).exists() and (folder / "bin/python").exists()


def open_lock(path, how):
    """Its descriptor, with the lock. BlockingIOError: `how` has LOCK_NB, and another has it."""
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, how)
            if os.path.samestat(os.fstat(lock), path.stat()):
                return lock
        except FileNotFoundError:  # removed before it was ours: as good as another file
            pass
        except BaseException:
            os.close(lock)
            raise
        os.close(lock)


def wait_for_lock(path, how):
    try:
        return open_lock(path, how | fcntl.LOCK_NB)
    except BlockingIOError:
        say(f"another task makes the environment {path.stem}: waiting for it")
        return open_lock(path, how)


def ready(root, lines, tools, environment):
    """The environment's folder, and its lock, shared."""
    key = key_of(lines)
    folder, path = root / key, root / f"{key}.lock"
    while True:
        lock = wait_for_lock(path, fcntl.LOCK_SH)
        if is_whole(folder):
            os.utime(lock)
            return folder, lock
        os.close(lock)
        lock = wait_for_lock(path, fcntl.LOCK_EX)
        try:
            if not is_whole(folder):
                make(folder, lines, tools, environment, lock)
            os.utime(lock)
        finally:
            os.close(lock)
        remove_unused(root, time.time())


def make(folder, lines, tools, environment, lock):
    if folder.exists():
        say("a making of the environment was cut short: it is made anew")
        shutil.rmtree(folder)
    began = time.monotonic()
    file = Path(__file__).with_name("requirements.txt")
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    has_hashes = any(" --hash=" in line for line in lines)
    name, commands = commands_for(folder, file, tools, has_hashes, environment)
    say(f"making an environment for {shown(lines)} with {name}: {folder}")
    try:
        for command in commands:
            run(command, lines, environment, folder.parent, lock)
    except Problem:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    os.sync()  # what the mark vouches for must be on the disk before it is
    mark = folder / f".{MARK}"
    made = {"requirements": lines, "python": sys.version, "with": name, "at": int(time.time())}
    mark.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    mark.replace(folder / MARK)
    say(f"made in {time.monotonic() - began:.1f} s")


def quiet():
    return {
        "NO_COLOR": "1",
        "UV_NO_PROGRESS": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "PIP_NO_INPUT": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_PROGRESS_BAR": "off",
    }


def shown(lines):
    names = [line.partition(" --hash=")[0] for line in lines if not line.startswith("-")]
    rest = len(names) - 3
    return ", ".join(names[:3]) + (f" and {rest} more" if rest > 0 else "")


def find_uv(tools, environment):
    """As the front of a command; None: there is none."""
    named = tools.get("uv", "")
    if named:
        if shutil.which(named) is None:
            raise Problem("TOOL_MISSING", f"$DYNA_UV names {named}, which cannot be run")
        return [named]
    beside = tools.get("beside", "")
    if beside and os.access(beside, os.X_OK):
        return [beside]
    found = shutil.which("uv", path=environment.get("PATH"))
    if found:
        return [found]
    return [sys.executable, "-m", "uv"] if importlib.util.find_spec("uv") else None


def commands_for(folder, file, tools, has_hashes, environment):
    python, hashes = str(folder / "bin/python"), ["--require-hashes"] if has_hashes else []
    uv = find_uv(tools, environment)
    if uv is not None:
        return "uv", [
            [*uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(folder)],
            [*uv, "pip", "install", "--python", python, *hashes, "--requirements", str(file)],
        ]
    install = ["install", *hashes, "--requirement", str(file)]
    if can_lead_others():
        return "pip", [
            [sys.executable, "-m", "venv", "--without-pip", str(folder)],
            [sys.executable, "-m", "pip", "--python", python, *install],
        ]
    if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"):
        return "pip", [
            [sys.executable, "-m", "venv", str(folder)],
            [python, "-m", "pip", *install],
        ]
    text = (
        f"nothing here makes an environment: there is neither uv nor pip for {sys.executable}; "
        "install uv (pip install uv), or python3-venv and python3-pip of Debian"
    )
    raise Problem("TOOL_MISSING", text)


def can_lead_others():
    """Whether there is a pip that installs into another environment than its own: from 22.3."""
    if not (importlib.util.find_spec("pip") and importlib.util.find_spec("venv")):
        return False
    from importlib.metadata import PackageNotFoundError, version

    try:
        parts = version("pip").split(".")
        return (int(parts[0]), int(parts[1])) >= (22, 3)
    except (PackageNotFoundError, ValueError, IndexError):
        return False


def run(command, lines, environment, folder, lock):
    """Its output becomes the task's. In a folder of ours: the flow's may have settings of its own."""
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            pass_fds=[lock],
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise Problem("TOOL_MISSING", f"{command[0]} cannot be started: {error}") from None
    tail = []
    with child:
        for line in child.stdout:
            say(line.rstrip("\n"))
            tail = [*tail[1 - TAIL_LINES :], line]
    if child.returncode != 0:
        raise problem_of("".join(tail), lines, child.returncode)


def problem_of(output, lines, status):
    said = what_it_said(output) or f"the program ended with exit code {status}"
    if _NO_SPACE.search(output):
        return Problem("NO_SPACE", said)
    if _NETWORK.search(output) and not _REFUSED.search(output):
        return Problem("SOURCE_UNAVAILABLE", f"the packages cannot be fetched: {said}")
    return Problem("INPUT_INVALID", f"no environment can be made of {shown(lines)}: {said}")


def what_it_said(output):
    """From the first line that tells of an error; as one line."""
    lines = output.splitlines()
    first = next(
        (i for i, one in enumerate(lines) if re.match(r"\s*(×|error|ERROR)", one)),
        max(0, len(lines) - 3),
    )
    plain = (re.sub(r"^[\s×╰─▶│├╭╮╯]+|^(error|ERROR): ", "", one).strip() for one in lines[first:])
    return " ".join(one for one in plain if one).replace(" cause:", ":")


def remove_unused(root, now):
    """Environments that nobody has used for long, and what is left of makings that were cut short."""
    for path in root.glob("*.lock"):
        folder = path.with_suffix("")
        try:
            age = now - path.stat().st_mtime
            if age < (UNUSED_S if is_whole(folder) else LEFT_OVER_S):
                continue
            lock = open_lock(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # in use, or removed by another
            continue
        try:
            (folder / MARK).unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                path.unlink(missing_ok=True)
        finally:
            os.close(lock)
