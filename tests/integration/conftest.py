"""What holds for all integration tests."""

from __future__ import annotations

import os

# They run side by side with whatever listens on this machine: only tests of the server serve an API,
# on a port that the system chooses.
os.environ.setdefault("DYNA_LISTEN", "off")
