"""kill -9 around the commit of `dyna apply`: the state knows all of the flows afterwards, or none of the changes."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest
from conftest import FAILPOINTS, Place

FLOW = """\
id: first
namespace: crash
tasks:
  - {id: say, type: log, message: one}
"""
SECOND = FLOW.replace("first", "second")
KNOWN = "select flow_id, version, removed_at = 0 from applied_flow order by flow_id"


def apply(place: Place, *arguments: str, **env: str) -> int:
    return place.dyna("apply", *arguments, binary=FAILPOINTS, **env).returncode


def known(place: Place) -> list[tuple]:
    if not (place.folder / ".cordyna" / "state.db").exists():
        return []
    rows = place.rows(KNOWN)
    # Each current version is in the sequence, and its content is there.
    lost = place.rows(
        "select count(*) from applied_flow a where not exists (select 1 from applied_version v"
        " join flow_version f on f.hash = v.hash where v.ns = a.ns and v.flow_id = a.flow_id"
        " and v.version = a.version and v.hash = a.hash)"
    )
    assert lost == [(0,)]
    return rows


@pytest.mark.parametrize("side", ["before", "after"])
def test_an_apply_that_is_killed_changed_all_or_nothing(
    side: str, place: Callable[[str], Place]
) -> None:
    here = place(FLOW)
    (here.folder / "second.yaml").write_text(SECOND)
    code = apply(here, ".", DYNA_FAILPOINT=f"{side}_commit:1")
    assert code == -signal.SIGKILL
    both = [("first", 1, 1), ("second", 1, 1)]
    assert known(here) == ([] if side == "before" else both)
    assert apply(here, ".") == 0
    assert known(here) == both

    (here.folder / "flow.yaml").write_text(FLOW.replace("one", "two"))
    (here.folder / "second.yaml").unlink()
    code = apply(here, ".", "--prune", DYNA_FAILPOINT=f"{side}_commit:1")
    assert code == -signal.SIGKILL
    changed = [("first", 2, 1), ("second", 1, 0)]
    assert known(here) == (both if side == "before" else changed)
    assert apply(here, ".", "--prune") == 0
    assert known(here) == changed
