"""./dev lint: every check of the house. Exceptions carry reasons. Standard library only."""

import argparse
import pathlib
import sys
import time

import arrows
import programs
import selftest
import texts
from common import Exceptions, Tree

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXCEPTIONS = "tools/lint/exceptions.txt"


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev lint", description=__doc__)
    parser.add_argument("--compile-commands", default=str(ROOT / "build/lint"))
    parser.add_argument("--cache", default=str(ROOT / "build/lint-cache"))
    parser.add_argument("--tidy-all", action="store_true", help="clang-tidy of every source")
    parser.add_argument("--no-tidy", action="store_true", help="without clang-tidy")
    parser.add_argument("--selftest", action="store_true", help="only the planted violations")
    parser.add_argument("--count", help="file that gets 'PASSED FAILED'")
    return parser.parse_args()


def plan(options):
    """(name, check of a tree) in the order in which they are run."""
    checks = [
        ("arrows", arrows.check_arrows),
        ("third-party", arrows.check_third_party),
        ("purity", arrows.check_purity),
        ("sizes", texts.check_sizes),
        ("readme", texts.check_readmes),
        ("header", texts.check_headers),
        ("left-over", texts.check_left_overs),
        ("format", programs.check_format),
        ("shellcheck", programs.check_shell),
        ("ruff", programs.check_ruff),
    ]
    if not options.no_tidy:
        checks.append(
            (
                "clang-tidy",
                lambda tree: programs.check_tidy(
                    tree, options.compile_commands, options.cache, options.tidy_all
                ),
            )
        )
    return checks


def run_checks(options):
    """(passed, failed) after printing each finding that no exception covers."""
    tree = Tree(ROOT)
    exceptions = Exceptions(EXCEPTIONS, (ROOT / EXCEPTIONS).read_text(encoding="utf-8"))
    passed = failed = 0
    names = set()
    for name, check in plan(options):
        begun = time.monotonic()
        names |= {"file-size", "function-size"} if name == "sizes" else {name}
        found = [f for f in check(tree) if not exceptions.covers(f)]
        for finding in sorted(found, key=str):
            print(finding)
        verdict = "ok" if not found else f"{len(found)} findings"
        print(f"lint: {name:<12} {verdict} ({time.monotonic() - begun:.1f} s)", flush=True)
        passed, failed = (passed + 1, failed) if not found else (passed, failed + 1)
    found = exceptions.broken + exceptions.stale(names)
    for finding in found:
        print(finding)
    return (passed + 1, failed) if not found else (passed, failed + 1)


def main():
    options = parse_arguments()
    passed, failed = selftest.run()
    if not options.selftest:
        more = run_checks(options)
        passed, failed = passed + more[0], failed + more[1]
    if options.count:
        pathlib.Path(options.count).write_text(f"{passed} {failed}\n", encoding="utf-8")
    print(f"lint: {passed} checks passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
