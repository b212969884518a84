"""`judge`: false rollbacks and the time to catch a bad release, compared with what people use today and the floor.

One hour, 10 % canary, alpha = 1 %, an evaluation every 10 s; the old version fails for 0.1 % of the requests.
`--rounds` is the number of releases in a cell.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from benchmarks.figures import Table
from benchmarks.judging import rivals, shipped
from benchmarks.judging.latency import Slowness, simulate_latency
from benchmarks.judging.traffic import OLD, Floats, Releases, Scene, simulate

ALPHA = 0.01
SEED = 20260101
TOLERANCE = 0.01


def _window(start: float, end: float, value: float, otherwise: float = 0) -> Callable[[Floats], Floats]:
    return lambda seconds: np.where((seconds >= start) & (seconds < end), value, otherwise)


def _waves(seconds: Floats) -> Floats:
    waves: Floats = 1 + 0.9 * np.sin(seconds / 600 * 2 * np.pi)
    return waves


def _drift(seconds: Floats) -> Floats:
    drift: Floats = 0.02 + 0.18 * seconds / seconds.max()
    return drift


def _loaded(seconds: Floats) -> Floats:
    return np.where(_waves(seconds) > 1, 0.005, 0.0)


BURST = _window(1200, 1380, 0.05)
GOOD = [
    Scene("no change"),
    Scene("burst on both sides", burst=BURST),
    Scene("traffic doubles", load=_window(0, 1800, 1, 2)),
    Scene("no traffic for 10 minutes", load=_window(1200, 1800, 0, 1)),
    Scene("waves, errors with the load", load=_waves, burst=_loaded),
    Scene("share 2 % to 20 %, burst", share=_drift, burst=BURST),
    Scene("two steps: 10 %, 50 %, burst", share=_window(0, 1260, 0.1, 0.5), burst=BURST, shift_at=1260),
    Scene("errors in clusters of 3", cluster=3),
    Scene("no change, 100 rps", per_second=100),
    Scene("burst on both sides, 100 rps", per_second=100, burst=BURST),
]
BAD = [
    Scene(f"{rate:.1%}".replace("%", " %") + f" errors, {per_second} rps", per_second=per_second, canary=rate)
    for per_second in (10, 100)
    for rate in (0.005, 0.01, 0.05)
]
SMALL = [
    Scene(f"{rate:.2%}".replace("%", " %") + " errors, 100 rps", per_second=100, canary=rate) for rate in (0.002, 0.003)
]
CALM = [
    Slowness("20 cold starts", cold=20),
    Slowness("20 cold starts, 5 of them late", cold=20, late=5),
]
SLOW = [
    Slowness("+10 %", 1.1, cold=20),
    Slowness("+50 %", 1.5, cold=20),
    Slowness("+10 %, wider (sigma 0.7)", 1.1, 0.7, cold=20),
]
LATER = [
    Scene("5 % errors from minute 30 on, 10 rps", canary=0.05, worse_from=1800),
    Scene("1 % errors from minute 30 on, 100 rps", per_second=100, canary=0.01, worse_from=1800),
]
MORE = 1.3
MORE_GOOD = 2
"""Rare rollbacks are counted in this many times as many releases."""
RARE = 10
"""Selfright's own false rollbacks, to be rarer than one in a hundred, are counted in this many times as many."""
RIVALS = ("SAM's alarm", "> 1 %, 3 of 5", "Kayenta", "z-test")
JUDGE, FLOOR = "Selfright", "floor (SPRT)"


def run(rounds: int) -> list[Table]:
    """The tables, with `rounds` releases in a cell."""
    return [_good(rounds), _bad(rounds), _latency(rounds), _promotion(rounds), _cost()]


def _good(rounds: int) -> Table:
    table = Table("Good releases that were rolled back", ["", JUDGE, *RIVALS, "goal"])
    releases = MORE_GOOD * rounds
    for number, scene in enumerate(GOOD, start=1):
        found = _all(scene, releases, SEED + number)
        seeds = (SEED + 100 * batch + number for batch in range(1, RARE // MORE_GOOD))
        more = [shipped.judged(simulate(scene, releases, seed), scene, ALPHA) for seed in seeds]
        ours = np.concatenate([found[JUDGE], *more])
        shares = [_share(ours, 2), *(_share(found[name], 2) for name in RIVALS)]
        table.rows.append([scene.title, *shares, f"≤ {ALPHA * 100:g} %"])
    chance = ALPHA + 1.645 * (ALPHA * (1 - ALPHA) / len(ours)) ** 0.5
    table.notes.append(f"{len(ours):,} releases a row, {releases:,} for the others; 10 requests a second by default.")
    table.notes.append(f"A judge of exactly {ALPHA:.0%} would show more than {chance:.2%} in one row of twenty.")
    return table


def _bad(rounds: int) -> Table:
    columns = ["", JUDGE, FLOOR, "ratio", "goal", *RIVALS]
    table = Table("Bad releases: share that was caught, median seconds", columns)
    for scene in [*BAD, *SMALL, *LATER]:
        found = _all(scene, rounds, SEED)
        slower = _median(found[JUDGE]) / _median(found[FLOOR])
        goal = f"≤ {MORE}×" if scene.canary in {0.005, 0.01} and not scene.worse_from else ""
        cells = [_caught(found[name]) for name in (JUDGE, FLOOR)]
        table.rows.append([scene.title, *cells, f"{slower:.2f}×", goal, *(_caught(found[name]) for name in RIVALS)])
    table.notes.append("From minute 30 on: the seconds are counted from there; an earlier rollback is no catch.")
    table.notes.append("The median is that of all releases: one that is not caught counts as later than all others.")
    return table


def _latency(rounds: int) -> Table:
    table = Table("Latency: 10 requests a second", ["", "caught", "goal"])
    goals = {
        CALM[0].title: f"≤ {ALPHA * 100:g} %",
        CALM[1].title: f"≤ {ALPHA * 100:g} %",
        SLOW[0].title: "≤ 1000 s",
        SLOW[1].title: "≤ 100 s",
    }
    for number, slowness in enumerate([*CALM, *SLOW]):
        times = shipped.judged_latency(simulate_latency(slowness, rounds, SEED + number), ALPHA)
        table.rows.append([slowness.title, _caught(times), goals.get(slowness.title, "")])
    table.notes.append("Log-normal durations, sigma 0.5; the rows with a slower canary have the cold starts as well.")
    return table


def _promotion(rounds: int) -> Table:
    title = f"Early promotion: shown to be at most {TOLERANCE * 100:g} percentage points worse"
    table = Table(title, ["", "promoted early", "goal"])
    scenes = {"as good": OLD, "exactly as much worse": OLD + TOLERANCE}
    for name, rate in scenes.items():
        wrong = rate > OLD
        batches = (simulate(Scene(name, canary=rate), rounds, SEED + batch) for batch in range(RARE if wrong else 1))
        times = np.concatenate([shipped.promoted(releases, TOLERANCE, ALPHA) for releases in batches])
        table.rows.append([name, _caught(times), f"≤ {ALPHA * 100:g} %" if wrong else ""])
    table.notes.append(f"{RARE * rounds:,} releases that should not be promoted.")
    return table


def _cost() -> Table:
    table = Table("An evaluation, one component, errors and four percentiles", ["", "measured", "goal"])
    milliseconds, most = shipped.cost(simulate_latency(SLOW[0], 1, SEED), 1e-9)
    table.rows += [["milliseconds", milliseconds, "≤ 5"], ["bytes of state after an hour", most, "< 4,000"]]
    return table


def _all(scene: Scene, releases_a_cell: int, seed: int) -> Mapping[str, Floats]:
    releases = simulate(scene, releases_a_cell, seed)
    return {name: _seconds_from(times, scene.worse_from) for name, times in _each(scene, releases)}


def _seconds_from(times: Floats, worse_from: float) -> Floats:
    """Seconds since the release became worse; a rollback before that counts as never."""
    return np.where(times > worse_from, times - worse_from, rivals.NEVER)


def _each(scene: Scene, releases: Releases) -> Iterator[tuple[str, Floats]]:
    yield JUDGE, shipped.judged(releases, scene, ALPHA)
    yield RIVALS[0], rivals.sam_alarm(releases)
    yield RIVALS[1], rivals.rate_alarm(releases)
    yield RIVALS[2], rivals.kayenta(releases)
    yield RIVALS[3], rivals.z_test(releases, ALPHA)
    if scene.canary != OLD:
        yield FLOOR, rivals.sprt(releases, scene, ALPHA)


def _share(times: Floats, digits: int = 1) -> str:
    return f"{np.isfinite(times).mean() * 100:.{digits}f} %"


def _caught(times: Floats) -> str:
    median = _median(times)
    return f"{_share(times)} / {median:.0f} s" if np.isfinite(median) else _share(times)


def _median(times: Floats) -> float:
    return float(np.sort(times)[len(times) // 2])
