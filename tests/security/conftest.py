"""The server of the integration tests, to be attacked."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "integration" / "server"))

from serving import server

__all__ = ["server"]
