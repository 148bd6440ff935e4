"""Writes a copy of a source file with one bug planted, for the tests of the simulator.

usage: plant.py BUG SOURCE_ROOT OUTPUT

BUG is a file: the source's path, the text as it stands there, and the text with the bug, apart by lines of "---".
The text must stand in the source exactly once: where the code has moved on, the build fails instead of testing nothing.
"""

import pathlib
import sys

bug, root, output = map(pathlib.Path, sys.argv[1:])
name, old, new = (part.strip("\n") for part in bug.read_text().split("\n---\n"))
source = root / name
text = source.read_text()
if text.count(old) != 1:
    sys.exit(
        f"{bug}: the place of the planted bug stands in {source} {text.count(old)} times: {old!r}"
    )
pathlib.Path(output).write_text(text.replace(old, new))
