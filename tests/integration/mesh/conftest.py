"""What the server's tests have is here, too."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [
    str(Path(__file__).resolve().parents[1] / one) for one in ("server", "task_servers")
]
