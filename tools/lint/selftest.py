"""The checks must be able to fail: planted violations in a tree of their own, and their absence."""

import contextlib
import os
import pathlib
import shutil
import tempfile

import arrows
import programs
import texts
from common import Exceptions, Finding, Tree
from cpp import functions

CLEAN = {
    "src/base/a.hpp": "/// A.\n#pragma once\n",
    "src/base/README.md": "a\n",
    "src/base/a.cpp": '#include "base/a.hpp"\n\n#include <fmt/core.h>\n\nint f() {\n  return 1;\n}\n',
    "src/engine/README.md": "e\n",
    "src/engine/e.hpp": '/// E.\n#pragma once\n#include "base/a.hpp"\nint end_time(int t);\n',
    "src/engine/e.cpp": '#include "engine/e.hpp"\n'
    '// time( in a comment\nint end_time(int t) {\n  return t;\n}\nconst char* k = "rand()";\n',
}

LONG = "\n".join(["  f();"] * 80)

# Name, check, path, text, and a part of the message that must come.
PLANTED = [
    ("arrow up", arrows.check_arrows, "src/base/b.cpp", '#include "engine/e.hpp"\n', "may not"),
    (
        "engine and a port",
        arrows.check_arrows,
        "src/engine/x.cpp",
        '#include "ports/store.hpp"\n',
        "not the path",
    ),
    (
        "public header inside",
        arrows.check_arrows,
        "src/engine/b.cpp",
        '#include "cordyna/event.hpp"\n',
        "users of the library",
    ),
    (
        "inside in a public header",
        arrows.check_arrows,
        "include/cordyna/b.hpp",
        '#include "base/b.hpp"\n',
        "not the path of a header from include/",
    ),
    ("unknown folder", arrows.check_arrows, "src/odd/x.cpp", "int x;\n", "no row"),
    (
        "asio",
        arrows.check_third_party,
        "src/base/b.cpp",
        "#include <boost/asio/ip/tcp.hpp>\n",
        "belongs into its adapter: src/http/",
    ),
    (
        "sqlite outside",
        arrows.check_third_party,
        "src/engine/x.cpp",
        "#include <sqlite3.h>\n",
        "adapter",
    ),
    ("yaml outside", arrows.check_third_party, "src/flow/x.cpp", "#include <yaml.h>\n", "adapter"),
    (
        "json in a header",
        arrows.check_third_party,
        "src/flow/x.hpp",
        "#include <boost/json.hpp>\n",
        ".cpp",
    ),
    (
        "unknown library",
        arrows.check_third_party,
        "src/flow/x.cpp",
        "#include <zmq.hpp>\n",
        "no table",
    ),
    (
        "gtest in code",
        arrows.check_third_party,
        "src/flow/x.cpp",
        "#include <gtest/gtest.h>\n",
        "tests",
    ),
    (
        "system in model",
        arrows.check_third_party,
        "src/model/x.cpp",
        "#include <unistd.h>\n",
        "operating",
    ),
    ("clock header", arrows.check_purity, "src/engine/x.cpp", "#include <chrono>\n", "chrono"),
    (
        "time call",
        arrows.check_purity,
        "src/engine/x.cpp",
        "long f() { return time(nullptr); }\n",
        "time",
    ),
    (
        "random device",
        arrows.check_purity,
        "src/engine/x.hpp",
        "std::random_device d;\n",
        "random_device",
    ),
    ("long header", texts.check_sizes, "src/base/b.hpp", "//\n" * 251, "250 at most"),
    ("long source", texts.check_sizes, "src/base/b.cpp", "//\n" * 601, "600 at most"),
    (
        "long function",
        texts.check_sizes,
        "src/base/b.cpp",
        f"void g(int a,\n int b) {{\n{LONG}\n}}\n",
        "function g has 83",
    ),
    (
        "long test",
        texts.check_sizes,
        "src/base/b_test.cpp",
        f"TEST(A, B) {{\n{LONG[:450]}\n}}\n",
        "test A.B",
    ),
    ("no readme", texts.check_readmes, "src/model/x.cpp", "int x;\n", "README"),
    ("no pragma", texts.check_headers, "src/base/b.hpp", "/// B.\n", "pragma"),
    ("no contract", texts.check_headers, "src/base/b.hpp", "#pragma once\n", "contract"),
    ("own header late", texts.check_headers, "src/base/a.cpp", '#include "base/z.hpp"\n', "first"),
    ("left over", texts.check_left_overs, "src/base/b.cpp", "// TO" + "DO: later\n", "left"),
    ("unformatted", programs.check_format, "src/base/b.cpp", "int   x ;\n", "formatted"),
    ("bad shell", programs.check_shell, "tools/x.sh", "#!/bin/sh\necho $1\n", "quote"),
    ("bad python", programs.check_ruff, "tools/x.py", "import os\n", "F401"),
]

# Source text, and the (name, number of lines) that must be found in it.
FUNCTION_CASES = [
    ("int f() { return 1; }\n", [("f", 1)]),
    ("struct A {\n  A() : a_{1}, b_(2) {\n    f();\n  }\n  int a_ = 1;\n};\n", [("A", 3)]),
    ("const std::map<int, int> k = {\n{1, 2},\n};\nvoid g() {}\n", [("g", 1)]),
    ("namespace a {\nnamespace {\nauto f(int b = {}) -> int\n{\n}\n}\n}\n", [("f", 3)]),
    ("TEST_F(A, B) {\n  auto x = [] { return 1; };\n}\n", [("A.B", 3)]),
    ("bool A::operator()(int a) const noexcept {\n}\n", [("operator()", 2)]),
    ("void f() { g(\"}\"); h('}'); }\nvoid i() {\n}\n", [("f", 1), ("i", 2)]),
    ('auto s = R"x(\n{{{ )x";\nvoid f() {\n}\n', [("f", 2)]),
    ("#define M(a) \\\n  do { \\\n  } while (0)\nint n = 1'000'000;\nvoid f() {\n}\n", [("f", 2)]),
    (
        "enum class E : int { kA, kB };\nclass B final : public A<int> {\n void f() {\n }\n};\n",
        [("f", 2)],
    ),
    ("template <class T>\n  requires std::integral<T>\nT f(T a) {\n  return a;\n}\n", [("f", 5)]),
]


def plant(root, files):
    for path, text in files.items():
        target = pathlib.Path(root) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return Tree(root, list(files))


@contextlib.contextmanager
def folder():
    root = tempfile.mkdtemp(prefix="cordyna-lint-")
    try:
        yield root
    finally:
        shutil.rmtree(root)


def check_planted(name, check, path, text, wanted):
    """An empty text when the check behaves, else what is wrong with it."""
    config = pathlib.Path(__file__).resolve().parents[2] / ".clang-format"
    with folder() as root:
        shutil.copy(config, os.path.join(root, ".clang-format"))
        clean = [str(f) for f in check(plant(root, CLEAN))]
        if clean:
            return f"{name}: finds something in clean files: {clean[0]}"
    with folder() as root:
        shutil.copy(config, os.path.join(root, ".clang-format"))
        found = [str(f) for f in check(plant(root, {**CLEAN, path: text}))]
    if not any(wanted in f or wanted in f.lower() for f in found):
        return f"{name}: not found: '{wanted}'; found: {found}"
    return ""


def check_functions(text, wanted):
    found = [(name, size) for name, _, size, _ in functions(text)]
    return "" if found == wanted else f"functions of {text!r}: wanted {wanted}, found {found}"


def check_exceptions():
    rows = "arrows src/a.cpp x.hpp: because of the reason given\nsizes src/b.cpp: short\n"
    exceptions = Exceptions("x", rows)
    wrong = []
    if not exceptions.covers(Finding("arrows", "src/a.cpp", 3, "x.hpp", "")):
        wrong.append("an exception does not cover its finding")
    if exceptions.covers(Finding("arrows", "src/a.cpp", 3, "y.hpp", "")):
        wrong.append("an exception covers another finding")
    if len(exceptions.broken) != 1:
        wrong.append("an exception without a reason is taken")
    stale = Exceptions("x", "arrows src/a.cpp: because of the reason given\n").stale({"arrows"})
    if len(stale) != 1:
        wrong.append("a stale exception is not found")
    return "; ".join(wrong)


def run():
    """(passed, failed); prints what failed."""
    problems = [check_planted(*row) for row in PLANTED]
    problems += [check_functions(*row) for row in FUNCTION_CASES]
    problems.append(check_exceptions())
    for problem in filter(None, problems):
        print(f"lint selftest: {problem}")
    failed = sum(1 for p in problems if p)
    return len(problems) - failed, failed
