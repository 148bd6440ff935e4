"""Cron expressions on the days when clocks change, beside two packages that we did not write.

cronsim follows Debian's cron, as we do; croniter has rules of its own there. Where one of them differs,
the difference must be one of those that docs/decisions/014-cron.md explains; anything else fails.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from croniter import croniter
from cronsim import CronSim

ROOT = Path(__file__).resolve().parents[2]
DYNA = os.environ.get("DYNA_BIN", str(ROOT / "build" / "release" / "bin" / "dyna"))
LONG = os.environ.get("DYNA_TEST_LONG") == "1"
EXPRESSIONS = 10_000 if LONG else 80
# Of many expressions each zone has its share all the same: most of the time goes into starting `dyna`.
ZONES_OF_ONE = 4 if LONG else 20
HOUR = 3600
ZONES = [
    *("Europe/Berlin", "Europe/London", "Europe/Dublin", "Atlantic/Azores", "America/New_York"),
    *("America/Los_Angeles", "America/St_Johns", "America/Havana", "America/Santiago", "UTC"),
    *("America/Sao_Paulo", "Africa/Cairo", "Asia/Beirut", "Asia/Kolkata", "Asia/Kathmandu"),
    *(
        "Asia/Tokyo",
        "Australia/Sydney",
        "Australia/Lord_Howe",
        "Pacific/Auckland",
        "Pacific/Chatham",
    ),
]


def field(rng: random.Random, low: int, high: int) -> str:
    kind = rng.random()
    if kind < 0.3:
        return "*"
    if kind < 0.4:
        return f"*/{rng.choice([2, 3, 5, 10, 15, 20, 30] if high > 31 else [2, 3, 4, 6])}"
    if kind < 0.75:
        return str(rng.randint(low, high))
    if kind < 0.9:
        return ",".join(map(str, sorted(rng.sample(range(low, high + 1), 3))))
    begin = rng.randint(low, high - 1)
    step = f"/{rng.randint(1, 3)}" if rng.random() < 0.3 else ""
    return f"{begin}-{rng.randint(begin + 1, high)}{step}"


def expression(rng: random.Random) -> str:
    minute = field(rng, 0, 59)
    hour = field(rng, 0, 23)
    if rng.random() < 0.5:  # near the hours in which clocks change
        hour = rng.choice(["0", "1", "2", "3", "1,2", "2,3", "0-4", "1-3", "*", "23"])
    day = field(rng, 1, 28) if rng.random() < 0.2 else "*"
    month = field(rng, 1, 12) if rng.random() < 0.15 else "*"
    weekday = field(rng, 0, 6) if rng.random() < 0.2 else "*"
    return " ".join(["*/20" if minute == "*" else minute, hour, day, month, weekday])


def changes(name: str) -> list[tuple[int, int]]:
    """When the clocks of the zone change in 2024 to 2026, and by how many seconds."""
    zone = ZoneInfo(name)

    def offset(at: int) -> int:
        return int(datetime.fromtimestamp(at, zone).utcoffset().total_seconds())

    found = []
    first, last = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2024, 2027))
    for day in range(first, last, 24 * HOUR):
        if offset(day) == offset(day + 24 * HOUR):
            continue
        for at in range(day, day + 24 * HOUR, 900):
            if offset(at) != offset(at + 900):
                found.append((at + 900, offset(at + 900) - offset(at)))
    return found or [(int(datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp()), 0)]


def standard_offset(name: str) -> int:
    january = datetime(2026, 1, 15, tzinfo=UTC).astimezone(ZoneInfo(name)).utcoffset()
    assert january is not None
    return int(january.total_seconds())


def ours(cron: str, zone: str, begin: int, end: int, limit: int = 100) -> list[int]:
    start = datetime.fromtimestamp(begin, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    words = ["schedule", "next", cron, "-z", zone, "--from", start, "-n", str(limit), "--json"]
    done = subprocess.run(
        [DYNA, *words],
        capture_output=True,
        text=True,
        check=True,
    )
    [schedule] = json.loads(done.stdout)["schedules"]
    times = [int(datetime.fromisoformat(at).timestamp()) for at in schedule["next"]]
    if times and len(times) == limit and times[-1] <= end:
        return ours(cron, zone, begin, end, 20 * limit)
    return [at for at in times if at <= end]


def until(times: Iterator[float], end: int) -> list[int]:
    found = []
    for at in times:
        if at > end:
            break
        found.append(int(at))
    return found


def by_cronsim(cron: str, zone: str, begin: int, end: int) -> list[int]:
    start = datetime.fromtimestamp(begin, ZoneInfo(zone))
    return until((at.timestamp() for at in CronSim(cron, start)), end)


def by_croniter(cron: str, zone: str, begin: int, end: int) -> list[int]:
    start = datetime.fromtimestamp(begin, ZoneInfo(zone))
    return until(croniter(cron, start, ret_type=float, implement_cron_bug=True), end)


def is_odd(zone: str, change: int, jump: int) -> bool:
    """Clocks that change by half an hour, or at a quarter to: cronsim, which steps by whole hours, may
    never come to an end there, and is not asked."""
    return jump % HOUR != 0 or (change + OFFSETS[zone]) % HOUR != 0


def skips_midnight(zone: str, change: int, jump: int) -> bool:
    """The clocks go from midnight to a later time, so that this day has no midnight."""
    return jump > 0 and at_midnight(zone, change)


def at_midnight(zone: str, change: int) -> bool:
    """It is midnight by the clocks, as they went before."""
    before = datetime.fromtimestamp(change - 1, ZoneInfo(zone)).utcoffset()
    assert before is not None
    return (change + int(before.total_seconds())) % (24 * HOUR) == 0


def goes_by_time(cron: str) -> bool:
    """Whether it is due each so many minutes or hours, so that nothing happens for what is passed over."""
    minute, hour, *_ = cron.split()
    return minute.startswith("*") or hour.startswith("*")


def unexplained(
    cron: str, zone: str, change: int, jump: int, mine: list[int], theirs: list[int], package: str
) -> tuple[set[int], set[str]]:
    """What differs without a reason that we know of, and the reasons that were needed."""
    reasons = set()
    left = set(mine) ^ set(theirs)
    odd = is_odd(zone, change, jump)
    for at in sorted(left):
        twice = jump < 0 and 0 <= at - change < -jump
        after_gap = jump > 0 and 0 <= at - change < jump
        if odd:
            reason = "croniter: a change that is not by, or at, a full hour"
        elif package == "croniter" and at not in mine and twice:
            reason = "croniter: a time that comes twice is due twice"
        elif (
            package == "cronsim" and at in mine and after_gap and skips_midnight(zone, change, jump)
        ):
            reason = "cronsim: a day without its midnight begins an hour late"
        elif (
            package == "cronsim"
            and at == change
            and goes_by_time(cron)
            and skips_midnight(zone, change, jump)
        ):
            reason = "cronsim: a midnight that is not there is due"
        elif package == "croniter" and at in mine and twice and at_midnight(zone, change):
            reason = "croniter: the last hour of a day or month that comes again is over"
        elif package == "croniter" and after_gap:
            reason = "croniter: a time that is passed over is due later"
        else:
            continue
        reasons.add(reason)
        left.discard(at)
    return left, reasons


def compare(seed: int) -> tuple[list[str], Counter[str]]:
    """One expression in some zones, around a change of the clocks in each."""
    rng = random.Random(seed)
    cron = expression(rng)
    wrong, reasons = [], Counter[str]()
    for zone in rng.sample(ZONES, ZONES_OF_ONE):
        change, jump = rng.choice(CHANGES[zone])
        begin, end = change - 26 * HOUR, change + 4 * HOUR
        mine = ours(cron, zone, begin, end)
        packages = [("cronsim", by_cronsim), ("croniter", by_croniter)]
        for package, times in packages[1:] if is_odd(zone, change, jump) else packages:
            theirs = times(cron, zone, begin, end)
            left, needed = unexplained(cron, zone, change, jump, mine, theirs, package)
            reasons.update(needed)
            reasons["ticks"] += len(mine)
            shown = [datetime.fromtimestamp(at, ZoneInfo(zone)).isoformat() for at in sorted(left)]
            if left:
                wrong.append(f"{cron} in {zone}, {package}: {', '.join(shown[:5])}")
    return wrong, reasons


CHANGES = {zone: changes(zone) for zone in ZONES}
OFFSETS = {zone: standard_offset(zone) for zone in ZONES}


def test_times_around_changes_of_clocks_agree_with_two_packages() -> None:
    wrong: list[str] = []
    reasons = Counter[str]()
    # They have the moments that the tests beside this one leave.
    with ProcessPoolExecutor(os.cpu_count(), initializer=os.nice, initargs=(19,)) as pool:
        for found, needed in pool.map(compare, range(EXPRESSIONS), chunksize=10):
            wrong += found
            reasons += needed
    assert not wrong, f"{len(wrong)} differ: " + "; ".join(wrong[:10])
    assert reasons["ticks"] > 5 * ZONES_OF_ONE * EXPRESSIONS
    for reason in (
        "croniter: a change that is not by, or at, a full hour",
        "croniter: a time that comes twice is due twice",
    ):
        assert reasons[reason] > 0, f"not needed any more: {reason}"
