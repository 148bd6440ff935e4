"""Messages that need a receipt, kept on the disk until it is there.

What `commit` returned from survives a kill and a loss of power: SQLite with a write-ahead log that is
flushed at each commit. One transaction for each batch. Threads: one at a time.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from .errors import CordynaError
from .messages import Message

# Of a queued attempt whose process was killed nothing is to be told: it is lost because the next
# boot does not list it.
_SENT_AGAIN = ("task.completed", "task.error", "task.cancelled", "task.rejected")
_VERSION = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS message(
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, attempt TEXT NOT NULL,
  time TEXT NOT NULL, data TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS fact(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""


class Outbox(Protocol):
    def load(self) -> list[Message]:
        """What is to be sent again, in order."""
        ...

    def commit(self, save: Sequence[Message], forget: Sequence[str]) -> None:
        """Atomic. OSError: it could not be written, and nothing was."""
        ...

    def revision(self, digest: str, candidate: int) -> int:
        """Of these declarations: the one that they had, or one that is greater than all before
        and at least `candidate`."""
        ...

    def close(self) -> None: ...


class MemoryOutbox:
    """For those who want no disk: what has no receipt is lost with the process."""

    def __init__(self) -> None:
        self.messages: dict[str, Message] = {}
        self._digest = ""
        self._revision = 0

    def load(self) -> list[Message]:
        found = list(self.messages.values())
        again = [_copy(one) for one in found if one.type in _SENT_AGAIN]
        self.messages = {one.id: one for one in again}
        return again

    def commit(self, save: Sequence[Message], forget: Sequence[str]) -> None:
        for message in save:
            self.messages[message.id] = message
        for message_id in forget:
            self.messages.pop(message_id, None)

    def revision(self, digest: str, candidate: int) -> int:
        if digest != self._digest:
            self._revision = max(self._revision + 1, candidate)
        self._digest = digest
        return self._revision

    def close(self) -> None:
        pass


class DiskOutbox:
    """In a folder of its own, which one process at a time may have.

    CordynaError: the folder cannot be used, and why.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            text = f"the state folder {folder} cannot be made: {error.strerror}"
            raise CordynaError(text) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise CordynaError(
                f"the state folder {folder} is in use by another process: end that, or give this "
                "server a folder of its own"
            ) from None
        try:
            self._db = sqlite3.connect(
                folder / "outbox.sqlite", isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            os.close(self._lock)
            raise self._unreadable(error) from error
        try:
            self._prepare()
        except BaseException as error:
            self.close()
            if isinstance(error, sqlite3.Error):
                raise self._unreadable(error) from error
            raise

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > _VERSION:
            text = f"the state folder {self._folder} is of a newer version of this package"
            raise CordynaError(text)
        self._db.executescript(_TABLES)
        self._db.execute(f"PRAGMA user_version={_VERSION}")

    def _unreadable(self, error: sqlite3.Error) -> CordynaError:
        return CordynaError(f"the state folder {self._folder} cannot be read: {error}")

    def load(self) -> list[Message]:
        query = "SELECT id, type, attempt, data, time FROM message ORDER BY number"
        found = [
            Message(id, type_name, attempt, data, 0, True, time)
            for id, type_name, attempt, data, time in self._db.execute(query)
        ]
        again = [one for one in found if one.type in _SENT_AGAIN]
        names = {one.id for one in again}
        self.commit((), [one.id for one in found if one.id not in names])
        return again

    def commit(self, save: Sequence[Message], forget: Sequence[str]) -> None:
        rows = [(m.id, m.type, m.attempt, m.time, m.data) for m in save]
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                if rows:
                    insert = "INSERT OR REPLACE INTO message(id,type,attempt,time,data) VALUES"
                    self._db.executemany(f"{insert} (?,?,?,?,?)", rows)
                if forget:
                    delete = "DELETE FROM message WHERE id=?"
                    self._db.executemany(delete, [(one,) for one in forget])
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise OSError(f"the state folder {self._folder} cannot be written: {error}") from error

    def revision(self, digest: str, candidate: int) -> int:
        facts = dict(self._db.execute("SELECT name, value FROM fact").fetchall())
        last = int(facts.get("revision", "0"))
        if last and facts.get("declaration_hash") == digest:
            return last
        made = max(last + 1, candidate)
        rows = [("revision", str(made)), ("declaration_hash", digest)]
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("INSERT OR REPLACE INTO fact VALUES(?,?)", rows)
        self._db.execute("COMMIT")
        return made

    def close(self) -> None:
        self._db.close()
        os.close(self._lock)


def _copy(message: Message) -> Message:
    return Message(message.id, message.type, message.attempt, message.data, 0, True, message.time)
