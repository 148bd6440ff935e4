"""What the checks share: the files of the repository, findings, exceptions."""

import pathlib
import subprocess
from dataclasses import dataclass

CPP = (".cpp", ".hpp", ".c", ".h")


@dataclass(frozen=True)
class Finding:
    """One violation. `name` tells it apart from others of the same check and file (a function)."""

    check: str
    path: str
    line: int
    name: str
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message} [{self.check}]"


class Tree:
    """The files under `root` that are in git or would be, as relative POSIX paths."""

    def __init__(self, root, paths=None):
        self.root = pathlib.Path(root)
        self.paths = sorted(paths if paths is not None else git_files(self.root))
        self._texts = {}

    def text(self, path):
        if path not in self._texts:
            self._texts[path] = (self.root / path).read_text(encoding="utf-8", errors="replace")
        return self._texts[path]

    def with_suffix(self, *suffixes, under=""):
        return [p for p in self.paths if p.endswith(suffixes) and p.startswith(under)]


def git_files(root):
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
    ).stdout.decode()
    return [p for p in listed.split("\0") if p and (root / p).is_file()]


class Exceptions:
    """tools/lint/exceptions.txt: `CHECK PATH [NAME]: REASON` a line; "#" begins a comment."""

    def __init__(self, path, text):
        self.path = path
        self.rows = {}
        self.broken = []
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            head, colon, reason = line.partition(": ")
            words = head.split()
            if not colon or len(reason.split()) < 3 or len(words) not in (2, 3):
                message = "want 'CHECK PATH [NAME]: REASON' with a reason in words"
                self.broken.append(Finding("exceptions", path, number, "", message))
                continue
            self.rows[(words[0], words[1], words[2] if len(words) == 3 else "")] = number
        self.used = set()

    def covers(self, finding):
        for key in (
            (finding.check, finding.path, finding.name),
            (finding.check, finding.path, ""),
        ):
            if key in self.rows:
                self.used.add(key)
                return True
        return False

    def stale(self, checks_run):
        """Exceptions that excuse nothing any more, of the checks that were run."""
        return [
            Finding("exceptions", self.path, line, "", f"excuses nothing any more: {' '.join(key)}")
            for key, line in self.rows.items()
            if key not in self.used and key[0] in checks_run
        ]
