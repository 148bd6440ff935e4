"""A repository over ssh, for who has the key."""

from __future__ import annotations

import asyncio
import shlex
import threading
from typing import Any

import asyncssh
from branches import Branch


class SshHost:
    def __init__(self, branch: Branch, passphrase: str | None = None) -> None:
        user = asyncssh.generate_private_key("ssh-ed25519")
        self.key = user.export_private_key(passphrase=passphrase).decode()
        self._authorized = asyncssh.import_authorized_keys(user.export_public_key().decode())
        self._own = asyncssh.generate_private_key("ssh-ed25519")
        self.users: set[str] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(30)
        self.url = f"ssh://git@127.0.0.1:{self.port}{branch.bare}"
        public = self._own.export_public_key().decode().split()
        self.known_as = f"[127.0.0.1]:{self.port} {public[0]} {public[1]}"

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        self._ready.set()
        self._loop.run_forever()

    async def _listen(self) -> None:
        server = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[self._own],
            authorized_client_keys=self._authorized,
            process_factory=self._serve,
            encoding=None,
        )
        self.port = server.get_port()

    async def _serve(self, process: Any) -> None:
        self.users.add(process.get_extra_info("username"))
        words = shlex.split(process.command or "")
        if not words or words[0] not in ("git-upload-pack", "git-receive-pack"):
            process.exit(1)
            return
        child = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        await process.redirect(stdin=child.stdin, stdout=child.stdout)
        process.exit(await child.wait())
