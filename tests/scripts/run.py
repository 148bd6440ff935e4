"""Runs the script tests: run.py [--jobs N] [--count FILE] [NAME...]; DYNA_BIN names the program.

Prints a line for each test and "N passed, N failed"; ends with 1 when one failed.
"""

import argparse
import concurrent.futures
import fcntl
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import script_file

HERE = pathlib.Path(__file__).resolve().parent
COMMAND_SECONDS = 120
# The fork server ends by itself once no task is left; until then it is no left-over.
LEFT_OVER_SECONDS = 20


def environment(folder, program):
    """A small one of our own, so that a test is the same on every machine."""
    unshare = "unshare -m" if os.geteuid() == 0 else "unshare -rm"
    path = f"{pathlib.Path(program).parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
    result = {
        "PATH": path,
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "UNSHARE": unshare,
        # Tests run side by side: none takes the port that users know.
        "DYNA_LISTEN": "off",
    }
    if "DYNA_DUCKDB" in os.environ:
        result["DYNA_DUCKDB"] = os.environ["DYNA_DUCKDB"]
    return result


def run_command(command, folder, env):
    """Problems of one command, each a text."""
    process = subprocess.Popen(
        ["bash", "-c", command.text],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=COMMAND_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return [f"line {command.line}: not done after {COMMAND_SECONDS} s: {command.text}"]
    out, err = out.decode(errors="replace"), err.decode(errors="replace")
    problems = []
    if process.returncode not in command.codes:
        wanted = " or ".join(map(str, command.codes))
        problems.append(f"line {command.line}: exit code {process.returncode}, not {wanted}")
    for expectation in command.expectations:
        problem = expectation.problem(out, err)
        if problem:
            problems.append(f"line {expectation.line}: {problem}")
    if problems:
        problems.append(f"$ {command.text}\n--- standard output\n{out}--- standard error\n{err}---")
    return problems


def processes_of(folder):
    """{pid: command line} of living processes whose environment or folder is the test's."""
    found = {}
    needle = str(folder).encode()
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            mine = needle in (entry / "environ").read_bytes()
            mine = mine or os.readlink(entry / "cwd").startswith(str(folder))
            state = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
            if mine and state != "Z":
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
                found[int(entry.name)] = line.decode(errors="replace").strip()
        except (OSError, IndexError):
            continue  # it ended while we looked
    return found


def left_over_processes(folder):
    deadline = time.monotonic() + LEFT_OVER_SECONDS
    while (found := processes_of(folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    problems = [f"left a process behind: {pid} {line}" for pid, line in found.items()]
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return problems


def left_over_files(folder):
    """A state that is still locked, and staging files beside shares."""
    problems = []
    for path in folder.rglob("owner.lock"):
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                problems.append(f"left a lock behind: {path.relative_to(folder)}")
    for path in folder.glob("out/**/.*"):
        problems.append(f"left a staging file behind: {path.relative_to(folder)}")
    return problems


def run_script(path, program):
    """(name, problems, seconds)"""
    begun = time.monotonic()
    name = str(path.relative_to(HERE).with_suffix(""))
    try:
        script = script_file.parse(path.read_text(encoding="utf-8"))
    except script_file.ScriptError as error:
        return name, [f"{path.name}: {error}"], 0.0
    problems = [f"needs the program '{p}'" for p in script.needs if not shutil.which(p)]
    if not problems:
        problems = run_in_folder(script, program)
    return name, problems, time.monotonic() - begun


def run_in_folder(script, program):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="cordyna-script-"))
    folder.chmod(0o755)
    try:
        for name, content in script.files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")
        env = environment(folder, program)
        problems = []
        for command in script.commands:
            problems += run_command(command, folder, env)
            if problems:
                break  # what follows builds on it
        return problems + left_over_processes(folder) + left_over_files(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_scripts(names):
    scripts = sorted(HERE.rglob("*.test"))
    if not names:
        return scripts
    chosen = [s for s in scripts if any(n in str(s.relative_to(HERE)) for n in names)]
    if not chosen:
        sys.exit(f"run.py: no script test is named like {' '.join(names)}")
    return chosen


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--count", help="file that gets 'PASSED FAILED'")
    options = parser.parse_args()
    program = os.environ.get("DYNA_BIN", str(HERE.parents[1] / "build/release/bin/dyna"))
    if not os.access(program, os.X_OK):
        sys.exit(f"run.py: no program at {program}; run ./dev build, or set DYNA_BIN")
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        scripts = find_scripts(options.names)
        for name, problems, seconds in pool.map(lambda s: run_script(s, program), scripts):
            print(f"{'FAIL' if problems else 'ok  '} {name} ({seconds:.1f} s)", flush=True)
            for problem in problems:
                print("     " + problem.replace("\n", "\n     "))
            passed, failed = (passed, failed + 1) if problems else (passed + 1, failed)
    if options.count:
        pathlib.Path(options.count).write_text(f"{passed} {failed}\n", encoding="utf-8")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
