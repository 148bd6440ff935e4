"""A real PostgreSQL in a folder of its own, for tests: as a user who is not root, on a socket there."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from time import monotonic

PASSWORD = "s3cret-Pa55word-4711"


def programs() -> Path:
    """The folder of the newest server that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[4]))
    assert found, "no PostgreSQL: apt-get install postgresql"
    return found[-1].parent


class Server:
    """Ends with `stop`, which also removes its folder."""

    def __init__(self, max_connections: int = 20, *, fsync: bool = False, more: str = "") -> None:
        self.bin = programs()
        self.folder = Path(tempfile.mkdtemp(prefix="cordyna-pg-"))
        self.data = self.folder / "data"
        self.user = "postgres" if os.geteuid() == 0 else None  # the server refuses to be root
        if self.user is not None:
            account = pwd.getpwnam(self.user)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        self.folder.chmod(0o755)
        pwfile = self.folder / "password"
        pwfile.write_text(PASSWORD, encoding="ascii")
        pwfile.chmod(0o644)
        self.call("initdb", "-D", self.data, "-U", "dyna", "-A", "scram-sha-256", "-E", "UTF8",
                  "--locale=C.UTF-8", "--no-sync", f"--pwfile={pwfile}")  # fmt: skip
        settings = (
            "listen_addresses = ''\n"
            f"unix_socket_directories = '{self.folder}'\nfsync = {'on' if fsync else 'off'}\nmax_connections = {max_connections}\n"
            "superuser_reserved_connections = 0\nshared_buffers = 32MB\nlog_min_messages = fatal\n"
            "deadlock_timeout = 100ms\n" + more
        )
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write(settings)
        self.control("start", "-l", str(self.folder / "log"))

    def start_program(
        self, program: str, *arguments: object, **streams: object
    ) -> subprocess.CompletedProcess[str]:
        """One of the server's programs, as the user who may run it."""
        return subprocess.run(
            [str(self.bin / program), *map(str, arguments)],
            user=self.user,
            group=self.user,
            extra_groups=[] if self.user else None,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
            **streams,
        )

    def call(self, program: str, *arguments: object) -> None:
        done = self.start_program(program, *arguments, capture_output=True)
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"

    def control(self, *arguments: str) -> None:
        # Its output goes to files: the server would hold a pipe open.
        out = self.folder / "pg_ctl.out"
        with out.open("w") as sink:
            done = self.start_program(
                *("pg_ctl", "-D", self.data, "-w", "-t", "60", *arguments),
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
        assert done.returncode == 0, out.read_text()

    def restart(self) -> None:
        """As after a crash: nobody is told, what was not committed is gone."""
        self.control("restart", "-m", "immediate", "-l", str(self.folder / "log"))

    def stop(self) -> None:
        try:
            self.control("stop", "-m", "immediate")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def sql(self, text: str, user: str = "dyna", database: str = "postgres") -> str:
        """What psql prints: rows in lines, columns parted by '|'."""
        done = self.psql(text, user, database)
        assert done.returncode == 0, f"{text}\n{done.stderr}"
        return done.stdout.rstrip("\n")

    def psql(
        self, text: str, user: str = "dyna", database: str = "postgres"
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.psql_command(user, database),
            input=text,
            env=self.psql_env(),
            capture_output=True,
            text=True,
            check=False,
        )

    def end_writers(self, writers: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
        """Kills pgbench, in the middle of its transactions; returns when its sessions are gone."""
        writers.kill()
        writers.wait()
        theirs = "FROM pg_stat_activity WHERE application_name = 'pgbench'"
        until = monotonic() + 60
        while self.sql(f"SELECT count(pg_terminate_backend(pid)) {theirs}") != "0":
            assert monotonic() < until, "sessions of pgbench do not end"

    def psql_command(self, user: str = "dyna", database: str = "postgres") -> list[str]:
        return [str(self.bin / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
                "-h", str(self.folder), "-U", user, "-d", database]  # fmt: skip

    def psql_env(self) -> dict[str, str]:
        return {"PGPASSWORD": PASSWORD, "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}

    def connection(self, **more: object) -> str:
        """The text of a connections/NAME.yaml."""
        keys = {
            "type": "postgres",
            "host": self.folder,
            "database": "postgres",
            "user": "dyna",
            "password": "{secret: PG_PASSWORD}",
            **more,
        }
        return "".join(f"{key}: {value}\n" for key, value in keys.items())
