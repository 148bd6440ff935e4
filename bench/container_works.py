"""The works of ./dev bench about containers: tasks of them, beside `docker run` of the same daemon."""

import os
import pathlib
import sys

from measure import folder, run, run_seconds, wall

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "tests/integration/containers"))
from docker_daemon import IMAGE, Daemon

CONTAINERS = 100
AT_ONCE = 4

FLOW = f"""
id: bench
tasks:
  - id: each
    type: foreach
    items: {{from: 1, to: {CONTAINERS}}}
    parallel: {AT_ONCE}
    tasks:
      - {{id: one, type: container, image: "{IMAGE}", command: ["true"], network: none}}
"""


class Containers:
    """The daemon's files are in memory: on a disk each container costs it two to three times as much after a few
    hundred of them, whoever starts it, for ext4 makes files slowly after many were removed."""

    name = "containers"

    def sample(self, context):
        daemon = Daemon(within="/dev/shm")
        try:
            environment = {**os.environ, "DOCKER_HOST": daemon.host}
            with folder() as cwd:
                (cwd / "flow.yaml").write_text(FLOW, encoding="utf-8")
                run([context.dyna, "run", "flow.yaml", "--follow", "plain"], cwd, env=environment)
                context.add("containers", run_seconds(context.dyna, cwd))
                one = f"docker run --rm --network none {IMAGE} true"
                command = f"seq {CONTAINERS} | xargs -P{AT_ONCE} -n1 sh -c '{one}'"
                context.add("containers limit", wall(["sh", "-ec", command], cwd, env=environment))
        finally:
            daemon.stop()

    def rows(self, context):
        ratio = context.mid("containers") / context.mid("containers limit")
        yield context.row(
            f"{CONTAINERS} container tasks `true`, {AT_ONCE} at a time, the daemon on the same 2 cores",
            "at most 1.15 × `docker run --rm`", context.text("containers", "s"),
            f"docker run: {context.text('containers limit', 's')}",
            f"{ratio:.2f} ×", ratio <= 1.15)  # fmt: skip
