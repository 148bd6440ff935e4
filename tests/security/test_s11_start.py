"""S11: a start that would be open to others is none."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from serving import DYNA, serve

FLOW = "id: a\ntasks: [{id: a, type: log, message: b}]\n"


def refused(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [DYNA, "up", str(folder), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done
    return done.stderr


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0"])
def test_s11_an_open_address_wants_tls(tmp_path: Path, address: str) -> None:
    (tmp_path / "a.yaml").write_text(FLOW)
    said = refused(tmp_path, "--listen", address)
    assert "--tls-cert" in said and "--insecure-plaintext" in said
    assert "certificate" in refused(tmp_path, "--listen", address, "--tls-cert", "/nowhere.pem")


@pytest.mark.parametrize(
    "address", ["nowhere", "127.0.0.1", "127.0.0.1:x", "::1:70", "127.0.0.1:70000"]
)
def test_s11_an_address_that_is_none_is_said(tmp_path: Path, address: str) -> None:
    (tmp_path / "a.yaml").write_text(FLOW)
    assert "--listen" in refused(tmp_path, "--listen", address)


def test_s11_the_first_token_is_private_and_made_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(FLOW)
    os.umask(0)
    first = serve(tmp_path)
    token = first.admin
    first.stop()
    file = tmp_path / ".cordyna" / "admin.token"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    second = serve(tmp_path)
    try:
        assert second.admin == token
        assert second.call("GET", "/api/v1/me").status == 200
    finally:
        second.stop()
