"""The server of the integration tests, to be attacked."""

import sys
from pathlib import Path

INTEGRATION = Path(__file__).resolve().parent.parent / "integration"
sys.path[:0] = [str(INTEGRATION / one) for one in ("server", "task_servers", "ui", "")]

from serving import server  # noqa: E402
from talking import cerebro, talker  # noqa: E402
from ui_world import browser  # noqa: E402

__all__ = ["browser", "cerebro", "server", "talker"]
