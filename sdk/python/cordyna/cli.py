"""The program `cordyna`."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import ssl
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from .declaration import ID
from .errors import CordynaError
from .loading import Source
from .log_handler import LogHandler
from .server import MEMORY, TaskServer
from .session import ExitCode
from .version import __version__

RELOAD_S = 0.5
log = logging.getLogger("cordyna")

_SERVE = """\
Serves the tasks of a Python module to cerebro.

MODULE is imported from the folder that you are in, or from what is installed; FILE.py will do too. Its
tasks are the functions that are decorated with @cordyna.task, or those of OBJECT, a Tasks or a TaskServer.

SIGTERM and SIGINT drain it: it takes nothing new, ends what it has, and goes. A second signal ends it
at once. Results that cerebro has not confirmed stay in the state folder, and arrive after the next start.
"""
_EXITS = """\
exit codes:
  0  it was drained         3  a server of the same id has connected elsewhere
  1  something failed       4  cerebro refuses the token, the address or the version
  2  the arguments are wrong    130, 143  ended at once, by a second signal

environment: CORDYNA_TOKEN, CORDYNA_URL, CORDYNA_TEAM, CORDYNA_SERVER for what no option says
"""
_DECLARE = """\
Prints what a module's tasks declare about themselves, as a JSON list, and contacts nobody.
"""


def main(argv: Sequence[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(argv)
    try:
        if options.command == "serve":
            return _serve(options)
        if options.command == "declare":
            return _declare(options)
    except CordynaError as error:
        print(f"cordyna: {error}", file=sys.stderr)
        return int(ExitCode.FAILED)
    except KeyboardInterrupt:
        return 130
    parser.print_help(sys.stderr)
    return int(ExitCode.USAGE)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cordyna", description="Task servers for Cordyna.")
    parser.add_argument("--version", action="version", version=f"cordyna {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    raw = argparse.RawDescriptionHelpFormatter
    serve = commands.add_parser(
        "serve", help="serve the tasks of a module", description=_SERVE, epilog=_EXITS,
        formatter_class=raw,
    )  # fmt: skip
    serve.add_argument("module", metavar="MODULE[:OBJECT]")
    serve.add_argument(
        "--url", metavar="URL", help="where cerebro is: http://host:port, or redis://user@host:port"
    )
    serve.add_argument("--team", metavar="TEAM", help="whose tasks they are")
    serve.add_argument(
        "--server", metavar="ID", help="the server's id within the team, the same after each start"
    )
    serve.add_argument(
        "--token-file", metavar="FILE", type=Path,
        help="the credential is read from here, again for each connection; else CORDYNA_TOKEN",
    )  # fmt: skip
    serve.add_argument("--slots", metavar="N", type=_count, help="how many attempts at a time (4)")
    serve.add_argument(
        "--class", metavar="NAME=N", dest="classes", action="append", type=_class, default=[],
        help="the same of a slot class of its own; may be repeated",
    )  # fmt: skip
    serve.add_argument(
        "--state", metavar="DIR",
        help="folder of results without a receipt (.cordyna/task-servers/TEAM/SERVER); 'memory': none",
    )  # fmt: skip
    serve.add_argument(
        "--label", metavar="NAME=TEXT", dest="labels", action="append", type=_label, default=[],
        help="tells what the server is; may be repeated",
    )  # fmt: skip
    serve.add_argument("--ca-file", metavar="FILE", help="trust this authority too, for https")
    serve.add_argument(
        "--reload", action="store_true",
        help="declare anew when a file of the module changes; attempts that run keep the old code",
    )  # fmt: skip
    serve.add_argument(
        "--log-level", choices=["debug", "info", "warning", "error"], default="info",
        help="of what it prints (info)",
    )  # fmt: skip
    declare = commands.add_parser(
        "declare", help="print what tasks declare", description=_DECLARE, formatter_class=raw
    )
    declare.add_argument("module", metavar="MODULE[:OBJECT]")
    declare.add_argument("--team", metavar="TEAM", help="refuse tasks of other teams")
    return parser


def _count(text: str) -> int:
    if not text.isdigit() or int(text) > 100_000:
        raise argparse.ArgumentTypeError(f"'{text}' must be a count, as 4")
    return int(text)


def _class(text: str) -> tuple[str, int]:
    name, _, count = text.partition("=")
    if not ID.fullmatch(name) or not count.isdigit():
        raise argparse.ArgumentTypeError(f"'{text}' must be a class and a count, as gpu=1")
    return name, _count(count)


def _label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"'{text}' must be a name and a text, as zone=eu-1")
    return name, value


def _declare(options: argparse.Namespace) -> int:
    declarations = Source(options.module).load().declarations(options.team)
    print(json.dumps(declarations, indent=2, ensure_ascii=False))
    return 0


def _serve(options: argparse.Namespace) -> int:
    _set_up_logging(options.log_level)
    source = Source(options.module)
    tasks = source.load()
    server = source.server or TaskServer()
    server.tasks = tasks
    _apply(options, server)
    return asyncio.run(_run(server, source, options.reload))


async def _run(server: TaskServer, source: Source, reload: bool) -> int:
    watcher = asyncio.ensure_future(_watch(server, source)) if reload else None
    try:
        ended = await server.serve_with_signals()
    except CordynaError as error:
        log.error("%s", error)
        return int(ExitCode.FAILED)
    finally:
        if watcher is not None:
            watcher.cancel()
    if server.aborted_by is not None:
        log.warning("ended at once: %s", ended.reason)
        logging.shutdown()
        # What tasks have left to the loop's own threads would hold up the end of the process.
        os._exit(128 + server.aborted_by)
    log.log(logging.ERROR if ended.code else logging.INFO, "%s", ended.reason)
    return int(ended.code)


async def _watch(server: TaskServer, source: Source) -> None:
    while True:
        await asyncio.sleep(RELOAD_S)
        if not source.has_changed():
            continue
        try:
            server.declare(source.load())
        except CordynaError as error:
            log.error("not declared anew: %s", error)
        except Exception:
            log.exception("not declared anew")
        else:
            log.info("declared anew: %s has changed", source.module)


def _apply(options: argparse.Namespace, server: TaskServer) -> None:
    """Options and the environment go before what the module says."""

    def first(name: str, known: str) -> str:
        given = getattr(options, name) or os.environ.get(f"CORDYNA_{name.upper()}") or known
        if not given:
            raise CordynaError(f"--{name} is missing; CORDYNA_{name.upper()} would do too")
        return str(given)

    server.url = first("url", server.url)
    server.team = first("team", server.team)
    server.server = first("server", server.server)
    server.token = _token(options.token_file, server.token)
    if options.slots is not None:
        server.slots["default"] = options.slots
    server.slots.update(options.classes)
    server.labels.update(options.labels)
    state = options.state or server.state
    default = Path(".cordyna") / "task-servers" / server.team / server.server
    server.state = default if state is None else None if str(state) == MEMORY else state
    if options.ca_file:
        try:
            server.tls = ssl.create_default_context()
            server.tls.load_verify_locations(options.ca_file)
        except OSError as error:
            raise CordynaError(f"--ca-file {options.ca_file} cannot be read: {error}") from None


def _token(path: Path | None, known: str | Callable[[], str]) -> str | Callable[[], str]:
    if path is None:
        found = os.environ.get("CORDYNA_TOKEN") or known
        if not found:
            raise CordynaError("no token: give --token-file FILE, or set CORDYNA_TOKEN")
        return found

    def read() -> str:
        return path.read_text().strip()

    try:
        if not read():
            raise CordynaError(f"--token-file {path} is empty; it must hold the token")
    except (OSError, UnicodeDecodeError) as error:
        raise CordynaError(f"--token-file {path} cannot be read: {error}") from None
    return read


def _set_up_logging(level: str) -> None:
    printed = logging.StreamHandler()
    printed.setLevel(level.upper())
    printed.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.setLevel(min(logging.INFO, printed.level))
    root.addHandler(printed)
    root.addHandler(LogHandler())
    logging.getLogger("websockets").setLevel(logging.WARNING)
