"""Counts single test cases, so that the last line of ./dev test speaks of cases, not of programs.

tally.py ctest JUNIT SHOW_ONLY_JSON GTEST_XML_FOLDER   prints "PASSED FAILED"
tally.py junit JUNIT                                   the same for one JUnit file
"""

import json
import pathlib
import sys
import xml.etree.ElementTree as ET


def count_cases(path):
    """(passed, failed) of one JUnit or GoogleTest file; skipped cases count as neither."""
    passed = failed = 0
    for case in ET.parse(path).getroot().iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            continue
        else:
            passed += 1
    return passed, failed


def count_ctest(junit, listing, folder):
    """Cases of every GoogleTest program; a program that wrote no cases, or failed, is one case."""
    programs = {}
    for test in json.loads(pathlib.Path(listing).read_text())["tests"]:
        if test.get("command"):
            programs[test["name"]] = pathlib.Path(test["command"][0]).name
    passed = failed = 0
    seen = set()
    for case in ET.parse(junit).getroot().iter("testcase"):
        bad = case.get("status") in ("fail", "notrun") or case.find("failure") is not None
        program = programs.get(case.get("name"), case.get("name"))
        inner = [0, 0]
        if program not in seen:
            seen.add(program)
            for path in sorted(pathlib.Path(folder).glob(f"{program}*.xml")):
                stem = path.stem.removeprefix(program)
                if stem == "" or stem.removeprefix("_").isdigit():
                    inner = [a + b for a, b in zip(inner, count_cases(path), strict=True)]
            passed += inner[0]
            failed += inner[1]
        if bad and inner[1] == 0:
            failed += 1
        elif not bad and inner == [0, 0]:
            passed += 1
    return passed, failed


def main(arguments):
    if arguments[:1] == ["ctest"] and len(arguments) == 4:
        counts = count_ctest(*arguments[1:])
    elif arguments[:1] == ["junit"] and len(arguments) == 2:
        counts = count_cases(arguments[1])
    else:
        sys.exit(__doc__)
    print(*counts)


if __name__ == "__main__":
    main(sys.argv[1:])
