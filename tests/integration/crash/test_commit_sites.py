"""R5: kill -9 before and after every commit; what comes of the run is what comes of it without a crash."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import FAILPOINTS, Place

# A chain, a retry that helps, a failure that blocks, an allowed one, a log, outputs, errors and finally.
FLOW = """\
id: sites
owner: crash-team
tasks:
  - {id: first, type: shell, script: 'echo first >> effects; echo n=7 > "$DYNA_OUTPUTS"'}
  - {id: said, type: log, needs: first, message: "n is {{ outputs.first.n }}"}
  - id: again
    type: shell
    needs: first
    retry: {attempts: 3, delay: 1ms}
    script: |
      echo again >> effects
      test -e once || { touch once; exit 75; }
  - {id: bad, type: shell, script: 'echo bad >> effects; exit 3'}
  - {id: after_bad, type: shell, needs: bad, script: 'echo never >> effects'}
  - {id: forgiven, type: shell, allow_failure: true, script: 'echo forgiven >> effects; exit 4'}
  - {id: last, type: shell, needs: [again, forgiven], script: 'echo last {{ outputs.first.n }} >> effects'}
errors:
  - {id: tell, type: shell, script: 'echo tell {{ error.task }} >> effects'}
finally:
  - {id: clean, type: shell, script: 'echo clean >> effects'}
"""

EFFECTS = ["again", "again", "bad", "clean", "first", "forgiven", "last 7", "tell bad"]


def run(place: Place, *arguments: str, **env: str) -> int:
    return place.dyna(*arguments, binary=FAILPOINTS, **env).returncode


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, object], int]:
    """The outcome without a crash, and how many commits it takes with one slot."""
    folder = tmp_path_factory.mktemp("undisturbed")
    place = Place(folder, FLOW)
    assert (
        run(place, "run", "flow.yaml", "--slots", "1", DYNA_FAILPOINT_COUNT=str(folder / "count"))
        == 1
    )
    assert place.effects() == EFFECTS
    return place.outcome(), int((folder / "count").read_text())


def test_the_run_without_a_crash_ends_in_error_and_blocks_what_it_must(undisturbed: tuple) -> None:
    outcome, commits = undisturbed
    assert outcome["runs"] == [("error",)]
    states = {row[0]: row[1] for row in outcome["tasks"]}
    assert states["after_bad"] == "blocked" and states["last"] == "completed"
    assert commits >= 8


def test_every_commit_site(undisturbed: tuple, place: Callable[[str], Place]) -> None:
    expected, commits = undisturbed
    killed = 0
    for site in range(1, commits + 3):  # lazy commits differ by one or two between runs
        for side in ("before", "after"):
            here = place(FLOW)
            code = run(
                here, "run", "flow.yaml", "--slots", "1", DYNA_FAILPOINT=f"{side}_commit:{site}"
            )
            killed += code == -signal.SIGKILL
            saved = (
                Path(here.folder / ".cordyna").exists()
                and here.rows("select count(*) from run")[0][0]
            )
            if not saved:  # the crash came before anything was saved, so nothing had begun either
                assert here.effects() == [], f"{side} commit {site}: acted before it was saved"
                continue
            if code == -signal.SIGKILL and here.rows("select state from run") == [("running",)]:
                assert run(here, "resume", "--slots", "1") == 1, f"{side} commit {site}"
            assert here.outcome() == expected, f"{side} commit {site}"
            assert here.effects() == EFFECTS, (
                f"{side} commit {site}: a task ran twice, or not at all"
            )
            assert here.rows("pragma integrity_check") == [("ok",)]
    assert killed >= 2 * (commits - 2), "the failpoints were not met"
