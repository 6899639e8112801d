"""The judge once more, in plain Python: the oracle that the fast one has to equal. Sample by sample, no clever sums.

`judge(records, limits)` takes [(Unix ms, milli-°C or INVALID)] of one sensor and the plain snapshot of a profile.
Standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from math import exp, fsum, log
from typing import Any

INVALID, DAY_MS, MINUTE_MS, GAS, REFERENCE_K, ONE = -(2**31), 86_400_000, 60_000, 8.3144, 298.15, 1 << 19
EFFECTS = ["info", "within-label", "within-budget", "undecided", "qa-review", "reject"]
Plain = dict[str, Any]
Test = Callable[[int], bool]
Worst = Callable[[int], int]


def kelvin(value: int) -> float:
    return max((value + 273_150) / 1000, 30.0)


def rate(value: int, slope: float, reference: float = REFERENCE_K) -> float:
    return exp(slope * (1 / reference - 1 / kelvin(value)))


def add_up(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    total: dict[int, int] = {}
    for value, weight in pairs:
        total[value] = total.get(value, 0) + weight
    return {value: weight for value, weight in total.items() if weight}


def mkt_of(weights: dict[int, int], energy: int) -> int:
    slope = energy / GAS
    load = fsum(weight * rate(value, slope) for value, weight in weights.items()) / sum(weights.values())
    raw = max(weights) if load <= 0 else round(1000 / (1 / REFERENCE_K - log(load) / slope) - 273_150)
    return min(max(raw, min(weights)), max(weights))


def hot(value: int) -> int:
    return value


def cold(value: int) -> int:
    return -value


class Track:
    """Records in order, with what each stands for; `counted` are the positions of valid ones after conditioning."""

    def __init__(self, records: Iterable[tuple[int, int]], observation: Plain, interval: int | None) -> None:
        ordered = sorted(set(records))
        self.at, self.value = [at for at, _ in ordered], [value for _, value in ordered]
        self.pauses = [after - at for at, after in pairwise(self.at)]
        positive = sorted(pause for pause in self.pauses if pause)
        self.interval = interval or (positive[(len(positive) - 1) // 2] if positive else 0)
        gap = observation.get("max_gap_ms", 2 * self.interval)
        last = self.interval if observation["last_reading"] == "interval" else 0
        self.reach = [*self.pauses, last]
        self.hold = [min(self.interval, pause) if pause > gap else pause for pause in self.pauses] + [last]
        self.credit = [0 if v == INVALID else held for v, held in zip(self.value, self.hold, strict=True)]
        self.first, self.end = self.at[0], self.at[-1] + last
        self.ready = self.first + observation["start_delay_ms"]
        self.valid = [place for place, value in enumerate(self.value) if value != INVALID]
        self.counted = [place for place in self.valid if self.at[place] >= self.ready]

    def unknown(self, start: int, end: int) -> int:
        return sum(self.reach[start:end]) - sum(self.credit[start:end])

    def before(self, number: int) -> int:
        """Since when the product may have been as the counted record `number` says."""
        return self.at[self.counted[number - 1]] if number else min(self.ready, self.at[self.counted[0]])

    def after(self, number: int) -> int:
        return self.at[self.counted[number + 1]] if number + 1 < len(self.counted) else self.end

    def episode(self, outs: list[int], end: int | None, raised: int, worst: Worst, group: Worst = lambda _: 0) -> Plain:
        """An episode of counted records `outs` that ends with the counted record `end`."""
        out = least = most = 0
        for _, run in groupby(enumerate(outs), key=lambda pair: (pair[1] - pair[0], group(pair[1]))):
            numbers = [number for _, number in run]
            credit = [self.credit[self.counted[number]] for number in numbers]
            out, least = out + sum(credit), least + sum(credit[:-1])
            most += self.after(numbers[-1]) - self.before(numbers[0])
        places = [self.counted[number] for number in outs]
        peak = max(places, key=lambda place: (worst(self.value[place]), -place))
        until = len(self.at) if end is None else self.counted[end]
        return {
            "start_ms": self.at[places[0]],
            "raised_ms": self.at[self.counted[raised]],
            "end_ms": None if end is None else self.at[until],
            "out_ms": out,
            "least_ms": least,
            "most_ms": most,
            "unknown_ms": self.unknown(places[0], until),
            "peak_milli": self.value[peak],
            "peak_at_ms": self.at[peak],
            "details": {},
        }


def beyond(limit: Any, side: str, comparison: str = "strict") -> Test:
    def test(value: int) -> bool:
        return comparison == "inclusive" if value == limit else value > limit if side == "high" else value < limit

    return test


def machine(
    track: Track, out: Test, worst: Worst, raise_after: int = 0, clear_after: int = 0, back: Test | None = None
) -> Iterator[Plain]:
    """NORMAL until the continuous time out reaches `raise_after`; RAISED until the time back reaches `clear_after`."""
    outs: list[int] = []
    is_out, raised, first_back, time_out, time_back = False, -1, -1, 0, 0
    for number, place in enumerate(track.counted):
        value, credit = track.value[place], track.credit[place]
        is_out = out(value) or (is_out and back is not None and not back(value))
        if is_out:
            outs, time_out, first_back = [*outs, number], time_out + credit, -1
            if raised < 0 and time_out >= raise_after:
                raised = number
        elif raised < 0:
            outs, time_out = [], 0
        else:
            first_back, time_back = (number, credit) if first_back < 0 else (first_back, time_back + credit)
            if time_back >= clear_after:
                yield track.episode(outs, first_back, raised, worst)
                outs, raised, first_back, time_out = [], -1, -1, 0
    if raised >= 0:
        yield track.episode(outs, None, raised, worst)


def level(track: Track, rule: Plain) -> list[Plain]:
    side, limit = rule.get("side", "low"), rule["limit_milli"]
    clear = beyond(rule.get("clear_limit_milli", limit), side, rule["comparison"])
    out = beyond(limit, side, rule["comparison"])
    worst = hot if side == "high" else cold
    return list(
        machine(track, out, worst, rule["raise_after_ms"], rule["clear_after_ms"], lambda value: not clear(value))
    )


def tallies(
    track: Track, out: Test, worst: Worst, enough: int, used: int, day: Worst = lambda _: 0
) -> Iterator[tuple[int, Plain, bool]]:
    """Time out added up by day: the sum, its episode, and whether it reached `enough`."""
    numbers = [number for number, place in enumerate(track.counted) if out(track.value[place])]
    for _, group in groupby(numbers, key=day):
        outs, total, raised = list(group), used, None
        for number in outs:
            total += track.credit[track.counted[number]]
            raised = number if raised is None and total >= enough else raised
        end = outs[-1] + 1 if outs[-1] + 1 < len(track.counted) else None
        yield (
            total - used,
            track.episode(outs, end, outs[0] if raised is None else raised, worst, day),
            raised is not None,
        )


def budget(rule: Plain, out_ms: int) -> Plain:
    used = rule["used_ms"] + out_ms
    return {
        "used_ms": used,
        "budget_ms": rule["budget_ms"],
        "left_ms": max(rule["budget_ms"] - used, 0),
        "used_ppb": None,
    }


def cumulative(track: Track, rule: Plain, offset_ms: int) -> tuple[list[Plain], Plain | None]:
    def day(number: int) -> int:
        return (track.at[track.counted[number]] + offset_ms) // DAY_MS if rule["reset"] == "day" else 0

    out = beyond(rule["limit_milli"], rule["side"], rule["comparison"])
    worst = hot if rule["side"] == "high" else cold
    found = list(tallies(track, out, worst, rule["budget_ms"], rule["used_ms"], day))
    left = None if rule["reset"] == "day" else budget(rule, sum(total for total, _, _ in found))
    return [episode for _, episode, is_raised in found if is_raised], left


def shared_budget(track: Track, rule: Plain) -> tuple[list[Plain], Plain]:
    def out(value: int) -> bool:
        over = beyond(rule["high_milli"], "high", rule["comparison"])
        return over(value) or beyond(rule["low_milli"], "low", rule["comparison"])(value)

    def worst(value: int) -> int:
        return int(max(value - rule["high_milli"], rule["low_milli"] - value))

    found = list(tallies(track, out, worst, rule["budget_ms"], rule["used_ms"]))
    left = budget(rule, sum(total for total, _, _ in found))
    return [episode for _, episode, is_raised in found if is_raised], left


def tier(track: Track, rule: Plain) -> tuple[list[Plain], Plain | None]:
    above, below, is_hot = rule.get("above_milli"), rule.get("below_milli"), rule["side"] == "high"

    def out(value: int) -> bool:
        is_above = above is None or value > above or (value == above and not is_hot)
        return is_above and (below is None or value < below or (value == below and is_hot))

    worst = hot if is_hot else cold
    enough = rule["budget_ms"] + 1 if "budget_ms" in rule else 2**62
    sums = list(tallies(track, out, worst, enough, rule["used_ms"]))
    found = [
        {**one, "effect": rule["effect"] if is_raised else "within-budget", "details": {"allowance": "total"}}
        for _, one, is_raised in sums
    ]
    if "max_single_ms" in rule:
        longest = machine(track, out, worst, rule["max_single_ms"] + 1)
        found += [{**one, "details": {"allowance": "single"}} for one in longest]
    return found, budget(rule, sum(total for total, _, _ in sums)) if "budget_ms" in rule else None


def heat_spike(track: Track, rule: Plain) -> list[Plain]:
    over = machine(track, beyond(rule["ceiling_milli"], "high"), hot)
    long = machine(track, beyond(rule["above_milli"], "high"), hot, rule["max_ms"] + 1)
    named = (("ceiling", over), ("duration", long))
    return [{**one, "details": {"reached": name}} for name, episodes in named for one in episodes]


def consumption(track: Track, rule: Plain) -> tuple[list[Plain], Plain]:
    reference, life, earlier = kelvin(rule["reference_milli"]), rule["life_ms"], rule["used_fraction_ppb"]
    slope = rule.get("energy_j_mol", 0) / GAS
    if "second_life_ms" in rule:
        slope = log(rule["second_life_ms"] / life) / (1 / kelvin(rule["second_milli"]) - 1 / reference)

    def used(count: int) -> tuple[int, int]:
        weights = add_up((track.value[place], track.credit[place]) for place in track.counted[:count])
        spent = fsum(weight * rate(value, slope, reference) for value, weight in weights.items())
        return earlier + round(spent * 10**9 / life), round(spent + earlier * life / 10**9)

    (ppb, ms), limit = used(len(track.counted)), rule["fraction_limit_ppb"]
    whole = round(life * limit / 10**9)
    left = {"used_ms": ms, "budget_ms": whole, "left_ms": max(whole - ms, 0), "used_ppb": ppb}
    if ppb < limit or not track.counted:
        return [], left
    raised = next(count for count in range(1, len(track.counted) + 1) if used(count)[0] >= limit)
    peak = max(track.counted, key=lambda place: (track.value[place], -place))
    start, at = track.at[track.counted[0]], track.at[track.counted[raised - 1]]
    peaks = {"peak_milli": track.value[peak], "peak_at_ms": track.at[peak]}
    return [{**bare(start, at, None), **peaks, "details": {"used_ppb": ppb, "limit_ppb": limit}}], left


def bare(start: int, raised: int, end: int | None, unknown: int = 0) -> Plain:
    """An episode without time out of range; what is unknown may have been."""
    times = {"start_ms": start, "raised_ms": raised, "end_ms": end, "unknown_ms": unknown, "most_ms": unknown}
    return {**times, "out_ms": 0, "least_ms": 0, "peak_milli": None, "peak_at_ms": None, "details": {}}


def sensor(
    track: Track, runs: Sequence[tuple[list[int], int | None]], weight: list[int], after: int
) -> Iterator[Plain]:
    """Runs of records, each with the record that ends it, which last long enough."""
    for places, end in runs:
        total, raised = 0, None
        for place in places:
            total += weight[place]
            raised = place if raised is None and total >= after else raised
        if raised is not None:
            unknown = track.unknown(places[0], len(track.at) if end is None else end)
            until = None if end is None else track.at[end]
            one = bare(track.at[places[0]], track.at[raised], until, unknown)
            yield {**one, "details": {"lasted_ms": total}}


def disconnected(track: Track, rule: Plain) -> list[Plain]:
    groups = groupby(range(len(track.at)), key=lambda place: track.value[place] == INVALID)
    runs = [list(places) for is_invalid, places in groups if is_invalid]
    ended = [(places, places[-1] + 1 if places[-1] + 1 < len(track.at) else None) for places in runs]
    return list(sensor(track, ended, track.hold, rule["after_ms"]))


def stuck(track: Track, rule: Plain) -> list[Plain]:
    runs = [list(places) for _, places in groupby(track.valid, key=lambda place: track.value[place])]
    found = []
    for places, end in zip(runs, [*(after[0] for after in runs[1:]), None], strict=False):
        peaks = {"peak_milli": track.value[places[0]], "peak_at_ms": track.at[places[0]]}
        found += [{**one, **peaks} for one in sensor(track, [(places, end)], track.credit, rule["after_ms"])]
    return found


def gaps(track: Track, rule: Plain) -> list[Plain]:
    return [
        bare(at, at + rule["after_ms"], at + pause, pause - track.credit[place])
        for place, (at, pause) in enumerate(zip(track.at, track.pauses, strict=False))
        if pause > rule["after_ms"]
    ]


def conditioning(track: Track, rule: Plain) -> list[Plain]:
    def far(value: int) -> int:
        over = [value - rule["high_milli"]] if "high_milli" in rule else []
        return int(max(over + ([rule["low_milli"] - value] if "low_milli" in rule else [])))

    least = 0 if rule["comparison"] == "inclusive" else 1
    outs = [place for place in track.valid if track.at[place] < track.ready and far(track.value[place]) >= least]
    if not outs:
        return []
    total, peak = sum(track.credit[place] for place in outs), max(outs, key=lambda p: (far(track.value[p]), -p))
    end = track.at[outs[-1] + 1] if outs[-1] + 1 < len(track.at) else None
    found = bare(track.at[outs[0]], track.at[outs[0]], end, track.unknown(outs[0], outs[-1] + 1))
    most = max(total, track.ready - track.first)
    peaks = {"peak_milli": track.value[peak], "peak_at_ms": track.at[peak]}
    return [{**found, **peaks, "out_ms": total, "most_ms": most}]


class Windows:
    """All windows of one length over the counted readings of a track, by brute force."""

    def __init__(self, track: Track, rule: Plain) -> None:
        self.track, self.rule, self.slope = track, rule, rule["energy_j_mol"] / GAS
        self.cap = (2**63 - 1) // rule["window_ms"]
        places = track.counted
        self.held = [(track.at[p], track.at[p] + track.credit[p], track.value[p]) for p in places]
        self.hot = [value > rule["excursion_above_milli"] for _, _, value in self.held]
        self.runs = [[n for n, _ in run] for is_hot, run in groupby(enumerate(self.hot), key=lambda x: x[1]) if is_hot]
        self.loads = {value: self.load(value) for _, _, value in self.held}

    def load(self, value: int) -> int:
        exponent = self.slope * (1 / kelvin(self.rule["limit_milli"]) - 1 / kelvin(min(value, 100_000)))
        return int(min(round(ONE * exp(min(exponent, 60))), self.cap))

    def times(self, start: int, end: int) -> list[int]:
        return [max(min(until, end) - max(since, start), 0) for since, until, _ in self.held]

    def worst(self, windows: Iterable[tuple[int, int]]) -> tuple[int, int, int, int] | None:
        """The window with the highest mean load of those with hot time: start, end, load, time."""
        best: tuple[int, int, int, int] | None = None
        for start, end in sorted(set(windows)):
            times = self.times(start, end)
            if any(time and is_hot for time, is_hot in zip(times, self.hot, strict=True)):
                load = sum(time * self.loads[value] for time, (_, _, value) in zip(times, self.held, strict=True))
                if best is None or load * best[3] > best[2] * sum(times):
                    best = (start, end, load, sum(times))
        return best

    def mkt(self, window: tuple[int, int, int, int]) -> int:
        mean = window[2] / (window[3] * ONE)
        limit = kelvin(self.rule["limit_milli"])
        return round(1000 / (1 / limit - log(mean) / self.slope)) - 273_150 if mean > 0 else -243_150

    def find(self) -> list[Plain]:
        if not any(self.hot):
            return []
        length, first, last = self.rule["window_ms"], self.held[0][0], self.held[-1][1]
        edges = {edge - back for since, until, _ in self.held for edge in (since, until) for back in (0, length)}
        whole = {(edge, edge + length) for edge in edges if first <= edge <= last - length}
        best = self.worst(whole if last - first > length else {(first, last)})
        if best is None:
            return []
        timed = [(self.held[run[0]][0], self.held[run[-1]][1]) for run in self.runs if self.has_time(run)]
        ending = self.worst((max(end - length, first), end) for _, end in timed)
        beginning = self.worst((start, min(start + length, last)) for start, _ in timed)
        beside = {"mkt_ending_milli": ending, "mkt_beginning_milli": beginning}
        more = {name: self.mkt(window) for name, window in beside.items() if window is not None}
        one = self.episode(*best)
        return [{**one, "details": {**one["details"], **more}}]

    def has_time(self, run: list[int]) -> bool:
        return any(self.held[number][0] < self.held[number][1] for number in run)

    def episode(self, start: int, end: int, load: int, time: int) -> Plain:
        times, values = self.times(start, end), [value for _, _, value in self.held]
        inside = [number for number, one in enumerate(times) if one]
        peak = max(inside, key=lambda number: (values[number], -number))
        coverage = time * 1_000_000 // (end - start)
        passed = "undecided" if coverage < self.rule["min_coverage_ppm"] else "info"
        bounds = [(self.track.before(run[0]), self.track.after(run[-1])) for run in self.runs]
        return {
            "effect": self.rule["effect"] if load > time * ONE else passed,
            "start_ms": start,
            "end_ms": end,
            "raised_ms": max(next(self.held[number][0] for number in inside if self.hot[number]), start),
            "out_ms": sum(times[number] for run in self.runs for number in run),
            "least_ms": sum(times[number] for run in self.runs for number in run[:-1]),
            "most_ms": sum(max(min(until, end) - max(since, start), 0) for since, until in bounds),
            "unknown_ms": end - start - time,
            "peak_milli": values[peak],
            "peak_at_ms": self.held[peak][0],
            "details": {
                "limit_milli": self.rule["limit_milli"],
                "window_ms": end - start,
                "energy_j_mol": self.rule["energy_j_mol"],
                "n": len(inside),
                "coverage_ppm": coverage,
                "left_at_peak_ms": self.left(times, values, time * ONE - load, values[peak]),
                **self.temperatures(add_up(zip(values, times, strict=True))),
            },
        }

    def left(self, times: list[int], values: list[int], room: int, peak: int) -> int:
        """How much longer at the peak, instead of as in the rest of the window, until the limit is reached."""
        rest = [(time, value) for time, value, is_hot in zip(times, values, self.hot, strict=True) if not is_hot]
        rest_ms, rest_load = sum(time for time, _ in rest), sum(time * self.loads[value] for time, value in rest)
        if room <= 0 or not rest_ms:
            return 0
        worse = self.load(peak) * rest_ms - rest_load
        return min(room * rest_ms // worse, rest_ms) if worse > 0 else rest_ms

    def temperatures(self, weights: dict[int, int]) -> Plain:
        energies = {"mkt_42_milli": 42_000, "mkt_83_milli": 83_144, "mkt_125_milli": 125_000}
        own = mkt_of(weights, self.rule["energy_j_mol"])
        tenth = abs(own) // 100 * 100
        shown = {"mkt_milli": own, "mkt_truncated_milli": tenth if own >= 0 else -tenth}
        return {**shown, **{name: mkt_of(weights, energy) for name, energy in energies.items()}}


def apply(track: Track, rule: Plain, offset_ms: int) -> tuple[list[Plain], Plain | None]:
    """One rule: its episodes, and the use of its budget."""
    with_budget: dict[str, Callable[[], tuple[list[Plain], Plain | None]]] = {
        "cumulative": lambda: cumulative(track, rule, offset_ms),
        "shared_budget": lambda: shared_budget(track, rule),
        "tier": lambda: tier(track, rule),
        "consumption": lambda: consumption(track, rule),
    }
    without: dict[str, Callable[[Track, Plain], list[Plain]]] = {
        "excursion": level,
        "freeze": level,
        "heat_spike": heat_spike,
        "mkt": lambda one, limits: Windows(one, limits).find(),
        "gap": gaps,
        "sensor_disconnected": disconnected,
        "stuck_sensor": stuck,
        "start_delay": conditioning,
    }
    name = rule["rule"]
    return with_budget[name]() if name in with_budget else (without[name](track, rule), None)


def statistics(track: Track, energy: int) -> Plain:
    pairs = [(track.value[place], track.credit[place]) for place in track.valid]
    weights = add_up(pairs) or add_up((value, 1) for value, _ in pairs)
    span, seen, total = track.end - track.first, sum(track.credit), sum(weights.values())
    times, values = [track.at[place] for place in track.valid], [value for value, _ in pairs]
    energies = {"mkt_milli": energy, "mkt_42_milli": 42_000, "mkt_125_milli": 125_000}
    twice = 2 * sum(value * weight for value, weight in weights.items())
    return {
        "readings": len(pairs),
        "invalid": len(track.at) - len(pairs),
        "contradictory": sum(times.count(at) > 1 for at in times),
        "first_at_ms": track.first,
        "last_at_ms": track.at[-1],
        "interval_ms": track.interval,
        "span_ms": span,
        "observed_ms": seen,
        "unknown_ms": span - seen,
        "coverage_ppm": seen * 1_000_000 // span if span else 0,
        "min_milli": min(values, default=None),
        "max_milli": max(values, default=None),
        "mean_milli": (twice + total) // (2 * total) if total else None,
        "energy_j_mol": energy,
        **{name: mkt_of(weights, one) if total else None for name, one in energies.items()},
    }


def judge(
    records: Sequence[tuple[int, int]], limits: Plain, interval_ms: int | None = None, offset_minutes: int = 0
) -> Plain:
    """Return what the JSON of the judgement of sensor `s` holds, without reasons and failures."""
    observation, episodes, consumptions = limits["observation"], [], []
    track = Track(records, observation, interval_ms)
    stats = {"sensor": "s", **statistics(track, limits["energy_j_mol"])}
    for rule in limits["rules"]:
        name = {"rule": rule["rule"], "rule_id": rule["id"], "sensor": "s"}
        found, left = apply(track, rule, offset_minutes * MINUTE_MS)
        episodes += [{**name, "rule_version": rule["rule_version"], "effect": rule["effect"], **one} for one in found]
        consumptions += [] if left is None else [{**name, **left}]
    episodes.sort(key=lambda one: (one["start_ms"], one["rule_id"], -EFFECTS.index(one["effect"]), one["raised_ms"]))
    is_unknown = not stats["readings"] or stats["coverage_ppm"] < observation["min_coverage_ppm"]
    effects = [
        *(one["effect"] for one in episodes),
        "undecided" if is_unknown or not limits["rules"] else "within-label",
    ]
    return {
        "profile_id": limits["id"],
        "verdict": max(effects, key=EFFECTS.index),
        "statistics": [stats],
        "episodes": episodes,
        "consumptions": consumptions,
    }
