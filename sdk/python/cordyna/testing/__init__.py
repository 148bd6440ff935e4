"""For tests of tasks: `run_task` runs one without any server, `FakeCerebro` invokes those of one."""

from .cerebro import FakeCerebro
from .model import Attempt
from .runs import TaskResult, run_task, run_task_async

__all__ = ["Attempt", "FakeCerebro", "TaskResult", "run_task", "run_task_async"]
