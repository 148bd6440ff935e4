"""Who may include whom, which library's headers may stand where, and the purity of the engine.

The table is the one of docs/architecture.md: a change of it is a decision, not a fix.
"""

import re
from pathlib import PurePosixPath

from common import Finding
from cpp import without_comments_and_strings

# Folder → what it may include besides itself. An entry with a file name means that file only.
ARROWS = {
    "base": (),
    "model": ("base",),
    "ports": ("model", "base"),
    "step": ("model", "base"),
    "rust": (),
    "shape": ("rust/schema_ffi.h", "rust/bytes_ffi.h", "base"),
    "guard": ("model", "base"),
    "schedule": ("model", "base"),
    "protocol": ("shape", "schedule", "model", "base"),
    "http": ("base",),
    "google": ("http", "base"),
    "docker": ("http", "base"),
    "pg": ("model", "base"),
    "kafka": ("base",),
    "redis": ("http", "base"),
    "template": ("rust/template_ffi.h", "rust/bytes_ffi.h", "ports", "model", "base"),
    "flow": ("template", "schedule", "shape/schema.hpp", "ports/plugin_types.hpp", "model", "base"),
    "kubernetes": ("flow/yaml_tree.hpp", "http", "base"),
    "mesh": ("schedule", "model", "base"),
    "network": ("protocol", "shape", "http/digest.hpp", "model", "base"),
    "engine": ("model", "base", "ports/evaluator.hpp"),
    "store": ("ports", "model", "base"),
    "secrets": ("ports", "model", "base"),
    "process": ("step", "ports", "template", "guard", "docker", "google", "kubernetes", "http", "pg", "model", "base"),
    "plugin": (
        "process/local/environment.hpp", "process/local/fd.hpp", "process/local/spawn.hpp",
        "step", "protocol", "shape", "template", "ports", "model", "base",
    ),
    "cerebro": ("engine", "schedule", "ports", "model", "base"),
    "alert": ("rust/mail_ffi.h", "step", "cerebro", "schedule", "http", "template", "ports", "model", "base"),
    "service": ("alert/status.hpp", "cerebro", "engine", "flow", "schedule", "ports", "model", "base"),
    "git": ("rust/git_ffi.h", "rust/bytes_ffi.h", "service", "cerebro", "flow", "ports", "model", "base"),
    "client": ("service", "cerebro", "engine", "http", "secrets/private_file.hpp", "ports", "model", "base"),
    "server": ("alert/status.hpp", "redis", "network", "protocol", "secrets/private_file.hpp", "shape", "service", "cerebro", "engine", "flow", "schedule", "http", "ports", "model", "base"),
    "conformance": (
        "protocol", "shape", "server/http/http_server.hpp", "server/http/websocket.hpp",
        "server/http/websocket_upgrade.hpp", "server/redis/stream_sockets.hpp", "redis", "http", "model", "base",
    ),
    "embed": (
        "cerebro", "engine", "ports", "model", "base",
        "store/memory/memory_store.hpp", "store/sqlite/sqlite_store.hpp",
    ),
    "input": (
        "pg", "kafka", "redis", "http", "server/http/http_server.hpp", "server/http/listen.hpp", "cerebro", "ports", "model", "base",
    ),
    "event_container": ("docker", "http/end_signal.hpp", "base"),
    "event_http": ("http", "base"),
    "flowtest": ("cerebro", "engine", "flow", "ports", "model", "base"),
    "cli": (
        "alert/host.hpp", "git/host.hpp", "server/server.hpp", "server/tasks/task_servers.hpp", "server/tasks/task_log.hpp", "server/tasks/redis_links.hpp", "server/redis/stream_acl.hpp", "server/auth/tokens.hpp", "network/names.hpp", "network/declared_flow.hpp", "protocol/declaration.hpp", "mesh", "redis/connection.hpp", "protocol/documents.hpp", "server/http/listen.hpp", "input/host/host.hpp", "input/host/flow_input.hpp", "client", "service", "conformance/kit.hpp", "conformance/finding.hpp", "flowtest", "cerebro", "engine", "flow", "template", "guard", "schedule", "process", "secrets", "ports", "model",
        "base",
        "store/sqlite/sqlite_store.hpp",
    ),
}  # fmt: skip

# The headers that users of the library see, under include/cordyna/, and who of the inside includes them. They
# themselves know the standard library and each other.
PUBLIC = "include/"
PUBLIC_FOR = {
    "base": ("cordyna/result.hpp",),
    "embed": ("cordyna/",),
    "input": ("cordyna/",),
    "event_container": ("cordyna/",),
    "event_http": ("cordyna/",),
}

# Folders whose subfolders are rooms of their own, which do not include each other.
ROOMS = ("store", "process", "input")

# What one room uses of another all the same.
BETWEEN_ROOMS = {
    "src/process/kubernetes/": (
        "process/local/exit_record.hpp", "process/local/fd.hpp", "process/local/files.hpp",
        "process/local/outcome.hpp", "process/local/output_log.hpp",
    ),
}  # fmt: skip

# Unit tests may in addition use these: fakes, and what makes real input for the folder.
TEST_ARROWS = {
    "mesh": ("flow",),
    "engine": ("ports",),
    "flow": ("ports",),
    "process": ("flow", "secrets"),
    "cerebro": ("flow", "template", "store", "process", "secrets"),
    "flowtest": ("store", "template"),
    "service": ("store",),
    "git": ("store", "template"),
    "cli": ("store",),
}

# Prefix of a header in <>: where it may stand (paths that begin so).
THIRD_PARTY = {
    "cordyna/": ("examples/", "tests/", "bench/"),
    "fmt/": ("src/", "tests/", "bench/"),
    "date/": ("src/schedule/zone.cpp",),
    "yaml.h": ("src/flow/yaml_tree.cpp",),
    "postgresql/": ("src/pg/connection.cpp",),
    "librdkafka/": ("src/kafka/",),
    "hiredis/": ("src/redis/connection.cpp",),
    "sqlite3.h": (
        "src/store/sqlite/",
        "src/process/data/sql/",
        "src/input/poll/",
        "bench/limits/",
        "tests/",
    ),
    "boost/json": ("src/", "tests/", "bench/task_server.cpp"),
    "boost/asio": ("src/http/", "src/server/http/", "bench/task_server.cpp"),
    "boost/beast": ("src/http/", "src/server/http/", "bench/task_server.cpp"),
    "openssl/": ("src/http/", "src/server/http/"),
    "zlib.h": (
        "src/process/data/whole_file.cpp",
        "src/process/data/remote_test.cpp",
        "src/server/http/",
    ),
    "zstd.h": ("src/process/data/whole_file.cpp",),
    "CLI/": (
        "src/cli/arguments.cpp",
        "src/cli/arguments_flows.cpp",
        "src/cli/arguments_mesh.cpp",
        "src/cli/arguments_server.cpp",
    ),
    "sodium.h": (
        "src/flow/",
        "src/template/",
        "src/secrets/",
        "src/process/data/",
        "src/process/cache/",
        "src/server/auth/",
        "src/server/hooks/",
    ),
    "gtest/": ("src/", "tests/"),
    "gmock/": ("src/", "tests/"),
}

# One file of a folder pays for these, the others do not.
ONE_FILE = ("yaml.h", "sodium.h")

POSIX = re.compile(
    r"^(sys/|linux/|arpa/|netinet/)|^(aio|dirent|dlfcn|fcntl|fnmatch|grp|langinfo|libgen|locale|malloc|poll"
    r"|netdb|pthread|pty|pwd|sched|signal|spawn|strings|syslog|termios|time|unistd|utime|wait)\.h$"
)
C_STANDARD = re.compile(
    r"^(assert|ctype|errno|float|inttypes|limits|locale|math|setjmp|signal|stdarg|stdbool|stddef"
    r"|stdint|stdio|stdlib|string|time)\.h$"
)
PURE_OF_SYSTEM = ("base", "model", "flow", "engine", "template", "guard", "schedule")
POSIX_ALLOWED = {"src/base/id.cpp", "src/flow/text_file.cpp"}

IMPURE_HEADERS = {
    "chrono", "thread", "mutex", "shared_mutex", "condition_variable", "future", "stop_token",
    "semaphore", "latch", "barrier", "fstream", "iostream", "filesystem", "ctime", "cstdio",
    "random", "syncstream",
}  # fmt: skip
IMPURE_WORDS = re.compile(
    r"\b(system_clock|steady_clock|high_resolution_clock|random_device|getenv|clock_gettime"
    r"|gettimeofday|printf|puts)\b|(?<![\w.>:])(?:std::)?(rand|srand|time|clock)\s*\("
)

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def includes(text):
    """(line number, '"' or '<', header) of each include."""
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1], match[2]


def is_test(path):
    """A unit test, or what only tests use: x_test.cpp, x_fixture.hpp, test_x.hpp."""
    name = PurePosixPath(path).name
    return name.startswith("test_") or PurePosixPath(path).stem.endswith(
        ("_test", "_test_support", "_fixture")
    )


def may_include(path, header):
    """Whether the file `path` (src/...) may include `header` ("model/flow.hpp")."""
    parts = PurePosixPath(path).parts
    if len(parts) == 2:  # src/main.cpp connects everything
        return True
    own = parts[1]
    target = PurePosixPath(header).parts
    if target[0] == own:
        same_room = own not in ROOMS or len(target) < 3 or len(parts) < 4 or target[1] == parts[2]
        shared = any(
            path.startswith(room) and header in headers for room, headers in BETWEEN_ROOMS.items()
        )
        return same_room or shared or (is_test(path) and own == "store")
    allowed = ARROWS.get(own, ()) + (TEST_ARROWS.get(own, ()) if is_test(path) else ())
    return target[0] in allowed or header in allowed


def public_problem(tree, path, header):
    """What is wrong with "cordyna/x.hpp" in `path`; an empty text: nothing."""
    allowed = PUBLIC_FOR.get(PurePosixPath(path).parts[1], ())
    if not path.startswith(PUBLIC) and not header.startswith(allowed):
        return f'may not include "{header}", which is for users of the library'
    if not (tree.root / PUBLIC / header).is_file():
        return f'"{header}" is not the path of a header from {PUBLIC}'
    return ""


def check_public(tree):
    for path in tree.with_suffix(".hpp", under=PUBLIC):
        for line, mark, header in includes(tree.text(path)):
            problem = public_problem(tree, path, header) if mark == '"' else ""
            if problem:
                yield Finding("arrows", path, line, header, problem)


def check_arrows(tree):
    yield from check_public(tree)
    for path in tree.with_suffix(".hpp", ".cpp", under="src/"):
        parts = PurePosixPath(path).parts
        if len(parts) > 2 and parts[1] not in ARROWS:
            yield Finding(
                "arrows", path, 1, "", f"src/{parts[1]} has no row in the table of arrows"
            )
            continue
        for line, mark, header in includes(tree.text(path)):
            if mark != '"':
                continue
            if header.startswith("cordyna/"):
                problem = public_problem(tree, path, header)
                if problem:
                    yield Finding("arrows", path, line, header, problem)
            elif "/" not in header or not (tree.root / "src" / header).is_file():
                message = f'"{header}" is not the path of a header from src/'
                yield Finding("arrows", path, line, header, message)
            elif not may_include(path, header):
                message = f'may not include "{header}" (docs/architecture.md, The house)'
                yield Finding("arrows", path, line, header, message)


def third_party_problem(path, header):
    """What is wrong with <header> in `path`; an empty text: nothing."""
    for prefix, places in THIRD_PARTY.items():
        if header.startswith(prefix):
            if not path.startswith(places):
                return f"belongs into its adapter: {', '.join(places)}"
            if prefix in ("gtest/", "gmock/") and path.startswith("src/"):
                return "" if is_test(path) else "belongs into tests"
            if path.endswith(".hpp") and prefix not in ("fmt/", "gtest/", "gmock/"):
                internal = prefix in ("sqlite3.h", "librdkafka/") or header == "boost/json/fwd.hpp"
                ok = internal or path.startswith("tests/") or is_test(path)
                return "" if ok else "belongs into a .cpp: users of a header do not pay for it"
            return ""
    parts = PurePosixPath(path).parts
    if POSIX.match(header) and not C_STANDARD.match(header):
        pure = parts[0] == "src" and parts[1] in PURE_OF_SYSTEM and not is_test(path)
        return "is the operating system: not here" if pure and path not in POSIX_ALLOWED else ""
    if C_STANDARD.match(header) or ("." not in header and "/" not in header):
        return ""
    return "" if header.startswith("sanitizer/") else "is of a library that no table names"


def check_third_party(tree):
    users = {}
    for path in tree.with_suffix(".hpp", ".cpp", ".h", ".c"):
        for line, mark, header in includes(tree.text(path)):
            if mark != "<":
                continue
            problem = third_party_problem(path, header)
            if problem:
                yield Finding("third-party", path, line, header, f"<{header}> {problem}")
            for prefix in ONE_FILE:
                if header.startswith(prefix) and not is_test(path):
                    folder = str(PurePosixPath(path).parent)
                    users.setdefault((folder, prefix), []).append((path, line, header))
    for (folder, prefix), places in users.items():
        for path, line, header in places if len({p for p, _, _ in places}) > 1 else ():
            message = f"<{header}>: more than one file of {folder} includes {prefix}"
            yield Finding("third-party", path, line, header, message)


def check_purity(tree):
    for path in tree.with_suffix(".hpp", ".cpp", under="src/engine/"):
        for line, mark, header in includes(tree.text(path)):
            seeded = header == "random" and is_test(path)
            if mark == "<" and header in IMPURE_HEADERS and not seeded:
                yield Finding("purity", path, line, header, f"the engine is pure: no <{header}>")
        code = without_comments_and_strings(tree.text(path))
        for number, line in enumerate(code.splitlines(), 1):
            match = IMPURE_WORDS.search(line)
            if match:
                message = f"the engine is pure: no '{match[0].strip()}'"
                yield Finding("purity", path, number, match[0].strip(), message)
