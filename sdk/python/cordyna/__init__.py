"""Task servers for Cordyna: Python functions as tasks of a network of data pipelines."""

from .context import Cancellation, Context, Trigger, Upstream
from .declaration import Need, Owner, Retry, Timeouts
from .errors import BadInput, BadOutput, Cancelled, CordynaError, DeclarationError, TaskError
from .log_handler import LogHandler
from .server import TaskServer
from .session import ExitCode
from .tasks import Task, Tasks, default_tasks, task
from .version import __version__

__all__ = [
    "BadInput",
    "BadOutput",
    "Cancellation",
    "Cancelled",
    "Context",
    "CordynaError",
    "DeclarationError",
    "ExitCode",
    "LogHandler",
    "Need",
    "Owner",
    "Retry",
    "Task",
    "TaskError",
    "TaskServer",
    "Tasks",
    "Timeouts",
    "Trigger",
    "Upstream",
    "__version__",
    "default_tasks",
    "task",
]
