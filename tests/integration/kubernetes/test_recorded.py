"""The client against what a real API server answered: the small part of test_jobs.py that needs none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kept_files import content_below
from kube_here import Here
from kube_recording import Player
from kube_scenes import SCENES


@pytest.mark.parametrize("name", SCENES)
def test_a_recorded_run_ends_as_it_did(name: str, tmp_path: Path) -> None:
    player = Player(name)
    here = Here(tmp_path, player.listener.config(tmp_path / "kubeconfig"))
    keys: dict[str, Any] = SCENES[name]["keys"]
    run = here.start(**keys)
    try:
        row = here.at().ended(run)
        assert not player.unknown
        assert row["state"] == SCENES[name]["state"], (here.attempts(run), here.lines(run))
        assert here.lines(run) == SCENES[name]["lines"]
        attempt = here.attempts(run)[0]
        assert (attempt.get("error") or {}).get("code", "") == SCENES[name]["code"]
        assert b"t0ps3cret" not in content_below(here.folder / ".cordyna")
    finally:
        here.at().stop()
        player.stop()
