"""Runs one attempt of a task of type `python`: its script, or a function of a module.

What it is to do stands beside it in cordyna_call.json. It runs in the user's Python, before anything
of the user's is imported, and with any Python from 3.8; functions and requirements want 3.10.

An error's message goes out as the last line of standard error, where secrets are masked; the report
has only its code.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import sys
import sysconfig
import traceback
import types

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPT = os.path.join(HERE, "script.py")
VALUES = "<cordyna>"  # what the modules of conversions are called in tracebacks
LINE_BYTES_MAX = 280  # what is shown of a line as the message of an error, with some room
READY = "--in-environment"


class Failure(Exception):
    """What ends the attempt, and is no exception of the user's own code."""

    def __init__(self, code, phase, text):
        super().__init__(text)
        self.code, self.phase, self.text = code, phase, text


_report = ""
_last_line = []


def _read_json(name):
    with open(os.path.join(HERE, name), "rb") as file:  # noqa: PTH123
        return json.loads(file.read().decode("utf-8", "surrogateescape"))


def _say_last_line():
    if not _last_line:
        return
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # the script has closed it, or put something else in its place
            continue
    # One write, and past whatever stands for standard error: it must be the last line.
    os.write(2, _last_line[0].encode("utf-8", "backslashreplace") + b"\n")


def _failed(code, phase, text):
    _last_line[:] = [re.sub(r"[\r\n]+", " ", text).strip() or code]
    if _report:
        with open(_report, "w", encoding="ascii") as file:  # noqa: PTH123
            json.dump({"error": {"code": code, "phase": phase}}, file)


def _is_ours(path):
    if path.startswith(VALUES):
        return True
    path = os.path.abspath(path)  # it may have been written otherwise
    return path != SCRIPT and os.path.dirname(path) == HERE


_LIBRARY = tuple(
    os.path.join(folder, "")
    for folder in {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    if folder
)


def _is_own(path):
    """Whether a file is the user's own: not ours, nor what is installed."""
    if _is_ours(path) or path.startswith("<"):
        return False
    parts = path.split(os.sep)
    return not (path.startswith(_LIBRARY) or "site-packages" in parts or "dist-packages" in parts)


def _shown(path):
    """As the user would find it from the flow's folder."""
    if path == SCRIPT:
        return "script.py"
    here, real = os.path.join(os.getcwd(), ""), os.path.realpath(path)
    return real[len(here) :] if real.startswith(here) else path


def _place(error):
    """The last line of the user's own code that it came through; "" where there is none."""
    if isinstance(error, SyntaxError) and error.filename and _is_own(error.filename):
        return f"{_shown(error.filename)}:{error.lineno}"
    place = ""
    for frame in traceback.extract_tb(error.__traceback__):
        if _is_own(frame.filename):
            place = f"{_shown(frame.filename)}:{frame.lineno}"
            if frame.name != "<module>":
                place += " in " + frame.name
    return place


def _line_of(error):
    name = type(error).__name__
    try:
        text = error.msg if isinstance(error, SyntaxError) and error.msg else str(error)
    except Exception:  # a __str__ that fails itself
        text = ""
    said = f"{name}: {text}" if text else name
    place = _place(error)
    if not place:
        return said
    # What does not fit is cut where secrets are masked already, never here: half of a secret is
    # none that anybody knows. So what must not be cut stands in front.
    if len((said + place).encode("utf-8", "replace")) <= LINE_BYTES_MAX:
        return f"{said} ({place})"
    return f"{name} ({place}): {text}"


def _without_ours(trace):
    """Begins where the user's own code does."""
    at = trace
    while at is not None and not _is_own(at.tb_frame.f_code.co_filename):
        at = at.tb_next
    if at is not None:
        return at
    while trace is not None and _is_ours(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def _show(error):
    error.__traceback__ = _without_ours(error.__traceback__)
    if sys.excepthook is not sys.__excepthook__:  # the user wants to see them otherwise
        sys.excepthook(type(error), error, error.__traceback__)
    else:
        traceback.print_exception(type(error), error, error.__traceback__)


def _run_script():
    with open(SCRIPT, "rb") as file:  # noqa: PTH123
        source = file.read()
    sys.argv[:] = [SCRIPT]
    module = types.ModuleType("__main__")
    module.__dict__.update(__file__=SCRIPT, __builtins__=__builtins__)
    sys.modules["__main__"] = module
    exec(compile(source, SCRIPT, "exec", dont_inherit=True), module.__dict__)


def _load_values():
    """The modules that know annotations and values: those of the package `cordyna`."""
    texts = _read_json("cordyna_values.json")
    package = types.ModuleType("_cordyna")
    package.__path__ = []
    sys.modules["_cordyna"] = package
    for name, text in texts:
        full = "_cordyna." + name
        module = types.ModuleType(full)
        module.__package__, module.__file__ = "_cordyna", f"{VALUES}/{name}.py"
        sys.modules[full] = module
        setattr(package, name, module)
        exec(compile(text, module.__file__, "exec", dont_inherit=True), module.__dict__)
    return package


def _nearest(name, known):
    import difflib

    found = difflib.get_close_matches(name, known, 1)
    return f"; did you mean '{found[0]}'?" if found else ""


def _find_function(text):
    import importlib

    name, _, path = text.partition(":")
    try:
        found = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        missing = f"function: there is no module '{error.name}' in {os.getcwd()} or among what is installed"
        raise Failure("INPUT_INVALID", "prepare", missing) from None
    at = name
    for part in path.split("."):
        if not hasattr(found, part):
            near = _nearest(part, [one for one in dir(found) if not one.startswith("_")])
            raise Failure("INPUT_INVALID", "prepare", f"function: {at} has no '{part}'{near}")
        found = getattr(found, part)
        at = f"{at}{':' if at == name else '.'}{part}"
    if not callable(found):
        kind = type(found).__name__
        raise Failure("INPUT_INVALID", "prepare", f"function: {text} is a {kind}, no function")
    return found


def _texts(flaws):
    return "; ".join(f"{at[2:] or 'it'}: {text}" for at, text in flaws.found)


def _arguments(function, call, values):
    """Those of `arguments`; without it the inputs of the flow that the function has parameters for."""
    try:
        parameters = values.parameters.Parameters.of(function, call["function"])
    except values.errors.DeclarationError as error:
        raise Failure("INPUT_INVALID", "prepare", f"function: {error}") from None
    given, where = call["arguments"], "arguments"
    if given is None:
        known = parameters.names()
        given = {name: one for name, one in call["inputs"].items() if name in known}
        where = "inputs"
    flaws = values.shapes.Flaws()
    made = parameters.read(given, values.shapes.within(values.shapes.ROOT, where), flaws)
    if flaws:
        text = _texts(flaws)
        if where == "inputs":
            text += "; without `arguments` a function gets the inputs of the flow by their names"
        raise Failure("INPUT_INVALID", "prepare", text)
    return made


def _hand_on(result, values):
    if result is None:
        return
    flaws = values.shapes.Flaws()
    written = values.shapes.ANY.write(result, values.shapes.ROOT, flaws)
    if not isinstance(written, dict):
        written = {"result": written}
    if "" in written:
        flaws.add(values.shapes.ROOT, "has an output without a name")
    if flaws:
        text = "what the function returned cannot be outputs: " + _texts(flaws)
        raise Failure("OUTPUT_INVALID", "result", text)
    with open(os.environ["DYNA_OUTPUTS"], "a", encoding="ascii") as file:  # noqa: PTH123
        file.write(json.dumps(written, allow_nan=False) + "\n")


async def _awaited(result):
    return await result


def _run_function(call):
    if sys.version_info < (3, 10):
        here = ".".join(map(str, sys.version_info[:3]))
        text = f"function: wants Python 3.10 or newer, and {sys.executable} is {here}; name another with `python`"
        raise Failure("TOOL_MISSING", "prepare", text)
    import inspect

    values = _load_values()
    function = _find_function(call["function"])
    arguments = _arguments(function, call, values)
    result = function(**arguments)
    if inspect.isawaitable(result):
        import asyncio

        result = asyncio.run(_awaited(result))
    _hand_on(result, values)


def _find_modules_in(folders):
    """Also for what the task starts."""
    sys.path[1:1] = folders
    front = [HERE, *folders]
    rest = [one for one in os.environ.get("PYTHONPATH", "").split(":") if one and one != HERE]
    os.environ["PYTHONPATH"] = ":".join(front + rest)


def main():
    global _report
    call = _read_json("cordyna_call.json")
    _report = os.environ.get("DYNA_REPORT", "")
    # What is registered first is called last: threads and handlers of the user's may still speak.
    atexit.register(_say_last_line)
    try:
        if call["requirements"] and sys.argv[1:] != [READY]:
            import cordyna_environment

            try:
                cordyna_environment.enter(call["requirements"], [os.path.abspath(__file__), READY])
            except cordyna_environment.Problem as problem:
                raise Failure(problem.code, "prepare", f"requirements: {problem}") from None
        os.environ.pop("DYNA_REPORT", None)
        os.environ.pop("DYNA_PYTHON_TOOLS", None)
        _find_modules_in(call["path"])
        if call["function"]:
            _run_function(call)
        else:
            _run_script()
    except Failure as failure:
        _failed(failure.code, failure.phase, failure.text)
        sys.exit(1)
    except Exception as error:
        _show(error)
        _failed("EXIT_NONZERO", "run", _line_of(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
