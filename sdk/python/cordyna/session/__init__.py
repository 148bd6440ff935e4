"""The protocol of a task server, without a clock, a socket or a disk."""

from .actions import Action, Connect, Disconnect, Entry, Exit, ExitCode, Kill, Start, Stop, Tell
from .machine import Config, Phase, Session
from .outgoing import Batch

__all__ = [
    "Action",
    "Batch",
    "Config",
    "Connect",
    "Disconnect",
    "Entry",
    "Exit",
    "ExitCode",
    "Kill",
    "Phase",
    "Session",
    "Start",
    "Stop",
    "Tell",
]
