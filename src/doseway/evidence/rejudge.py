"""Judge readings once more, in plain Python: what `verify.py` compares a logged judgement with.

Standard library only, Python 3.9 or newer, no I/O, and no code in common with the judge of Doseway: one loop over the
records instead of columns. `verify.py` runs this file out of a pack only if it has one of the hashes that it pins.

A record holds until the next one (hold-last). If more than the maximum gap passes, it holds for one interval and the
rest is unknown. A record without a value stands for no time. Times are Unix ms, temperatures milli-°C, all integers.
"""

# ruff: noqa: B905, RUF007  # zip(strict=) and itertools.pairwise came with Python 3.10
from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from itertools import accumulate, groupby
from typing import Any

INVALID, DAY_MS, WHOLE_PPB = -(2**31), 86_400_000, 1_000_000_000
LOAD_ONE, HOTTEST_MILLI, LARGEST_EXPONENT = 1 << 19, 100_000, 60
GAS_CONSTANT_J, REFERENCE_K, ZERO_MILLI_K, COLDEST_K = 8.3144, 298.15, 273_150, 30.0
VERDICTS = ("within-label", "within-budget", "undecided", "qa-review", "reject")
Rule = dict[str, Any]
Records = dict[str, "list[tuple[int, int]]"]
Texts = tuple["list[str]", "list[str]"]
Row = tuple[int, int, int, int, int]
Spell = tuple[list[int], int, "int | None"]
_NORMAL: tuple[int, int, int | None, int | None] = (0, 0, None, None)


def rejudge(tracks: Records, limits: Rule, logged: Rule, offset_ms: int, declared_ms: int = 0) -> Texts:
    """Compare a logged judgement with the readings; return what is other than logged, and what could not be told.

    Args:
        tracks: the records of each sensor, (Unix ms, milli-°C or `INVALID`), in any order.
        limits: the logged snapshot of the profile; logged: the logged judgement.
        offset_ms: of the device's clock from UTC, for rules that reset at midnight.
        declared_ms: the logging interval that the original declares; 0 where that is not known.
    """
    see, stats = limits["observation"], {one["sensor"]: one for one in logged["statistics"]}
    filled = {name for name, one in stats.items() if one["first_at_ms"] is not None}
    if set(tracks) != filled:
        return [f"the sensors are {sorted(tracks)}, not {sorted(filled)}"], []
    judged = [Track(name, tracks[name], stats[name]["interval_ms"], see, offset_ms) for name in sorted(tracks)]
    untold = [f"{one.unknown // 60_000} min without observation, sensor {one.sensor}" for one in judged if one.unknown]
    rules = [rule for rule in limits["rules"] if rule["rule"] in RULES and rule["rule_version"] == 1]
    left_out = {rule["id"] for rule in limits["rules"]} - {rule["id"] for rule in rules}
    untold += [f"rule {name} is not one that the verifier knows: taken as logged" for name in sorted(left_out)]
    left_out |= {one["rule_id"] for one in logged["failures"]}
    known = [(track, rule) for track in judged for rule in rules if rule["id"] not in left_out]
    episodes = [found for track, rule in known for found in RULES[rule["rule"]](track, rule)]
    budgets = [found for track, rule in known for found in track.budget(rule)]
    wrong = [text for track in judged for text in track.differences(stats[track.sensor], limits["energy_j_mol"])]
    odd = [one for one in judged if one.interval != (declared_ms or one.usual)]  # it decides on what is a gap
    told = wrong if declared_ms else untold
    told += [f"sensor {one.sensor} was judged by an interval of {one.interval // 1000} s, as logged" for one in odd]
    wrong += _compare("episode", episodes, logged["episodes"], left_out)
    wrong += _compare("budget", budgets, logged["consumptions"], left_out)
    return wrong + _verdict(logged, limits), untold


def _compare(what: str, mine: list[dict[str, Any]], logged: list[dict[str, Any]], left_out: set[str]) -> list[str]:
    """Find a logged partner for each recomputed finding, and the other way round."""
    rest: dict[int | None, list[dict[str, Any]]] = {}
    for one in logged:
        rest.setdefault(one.get("start_ms"), []).extend([] if one["rule_id"] in left_out else [one])
    wrong = []
    for one in mine:
        near = rest.get(one.get("start_ms"), [])
        if same := [other for other in near if all(other.get(key) == value for key, value in one.items())]:
            near.remove(same[0])
        else:
            wrong.append(f"{what} {one} is not in the logged judgement")
    return wrong + [f"the logged {what} {one} is not in the readings" for left in rest.values() for one in left]


def _verdict(logged: dict[str, Any], limits: dict[str, Any]) -> list[str]:
    """Compare the verdict with the effects of the findings, which were compared before."""
    least, stats = limits["observation"]["min_coverage_ppm"], logged["statistics"]
    is_unknown = any(not one["readings"] or one["coverage_ppm"] < least for one in stats) or not stats
    floor = "undecided" if is_unknown or logged["failures"] or not limits["rules"] else "within-label"
    effects = [one["effect"] for one in logged["episodes"] if one["effect"] != "info"]
    worst = max([floor, *effects], key=VERDICTS.index)
    return [] if logged["verdict"] == worst else [f"the verdict is {worst}, not {logged['verdict']}"]


def _kelvin(value: int) -> float:
    return max((value + ZERO_MILLI_K) / 1000, COLDEST_K)


def _is_out(rule: Rule, value: int, limit: Any) -> bool:
    """Tell whether a value is beyond a limit on the rule's side, the limit itself included if the rule says so."""
    is_inclusive = rule.get("comparison", "inclusive" if rule["rule"] == "freeze" else "strict") == "inclusive"
    beyond = limit - value if _is_low(rule) else value - limit
    return bool(beyond > 0 or (is_inclusive and beyond == 0))


def _is_outside(rule: Rule, value: int) -> bool:
    """Tell whether a value is outside of a rule's range, of which one end may be missing."""
    sides = [side for side in ("high", "low") if f"{side}_milli" in rule]
    return any(_is_out({**rule, "side": side}, value, rule[f"{side}_milli"]) for side in sides)


def _severity(rule: Rule, value: int) -> int:
    if rule["rule"] == "shared_budget":
        return int(max(value - rule["high_milli"], rule["low_milli"] - value))
    return -value if _is_low(rule) else value


def _is_low(rule: Rule) -> bool:
    return rule["rule"] == "freeze" or rule.get("side") == "low"


class Track:
    """The records of one sensor in order, each with the time that it stands for.

    Attributes:
        rows: all records as (Unix ms, value, credited ms, held ms, uncredited ms until the next).
        place: the numbers of the rows that excursions look at: valid, after conditioning. seen: those rows.
    """

    def __init__(self, sensor: str, records: list[tuple[int, int]], interval: int, see: Rule, offset_ms: int) -> None:
        self.sensor, self.offset_ms, self.interval, pairs = sensor, offset_ms, interval, sorted(set(records))
        last, gap = interval if see["last_reading"] == "interval" else 0, see.get("max_gap_ms", 2 * interval)
        pauses = [after[0] - before[0] for before, after in zip(pairs, pairs[1:])] + [last]
        steps = sorted(pause for pause in pauses[:-1] if pause) or [interval]
        self.usual = steps[(len(steps) - 1) // 2]
        held = [min(interval, pause) if pause > gap else pause for pause in pauses[:-1]] + [last]
        credit = [0 if value == INVALID else hold for (_, value), hold in zip(pairs, held)]
        self.rows: list[Row] = [
            (at, value, own, hold, pause - own) for (at, value), own, hold, pause in zip(pairs, credit, held, pauses)
        ]
        self.valid = [row for row in self.rows if row[1] != INVALID]
        self.ready, self.end = pairs[0][0] + see["start_delay_ms"], pairs[-1][0] + last
        self.place = [i for i, row in enumerate(self.rows) if row[0] >= self.ready and row[1] != INVALID]
        self.seen = [self.rows[i] for i in self.place]
        self.unknown = sum(row[4] for row in self.rows)

    def _finding(self, rule: Rule, start: int, raised: int, end: int | None, **more: Any) -> dict[str, Any]:
        what = {"rule_id": rule["id"], "sensor": self.sensor, "effect": rule["effect"], **more}
        return {**what, "start_ms": start, "raised_ms": raised, "end_ms": end}

    def _spell(self, rule: Rule, out: list[int], raised: int, back: int | None, **more: Any) -> dict[str, Any]:
        """Describe records that were out: with bounds, because nothing is known between two records."""
        seen, members = self.seen, set(out)
        firsts, lasts = [i for i in out if i - 1 not in members], [i for i in out if i + 1 not in members]
        lower = sum(seen[i - 1][0] if i else min(self.ready, seen[0][0]) for i in firsts)
        upper = sum(seen[i + 1][0] if i + 1 < len(seen) else self.end for i in lasts)
        until = len(self.rows) if back is None else self.place[back]
        total, peak = sum(seen[i][2] for i in out), max(out, key=lambda i: (_severity(rule, seen[i][1]), -i))
        one = self._finding(rule, seen[out[0]][0], seen[raised][0], None if back is None else seen[back][0], **more)
        one |= {"out_ms": total, "least_ms": total - sum(seen[i][2] for i in lasts), "most_ms": upper - lower}
        one |= {"unknown_ms": sum(row[4] for row in self.rows[self.place[out[0]] : until])}
        return {**one, "peak_milli": seen[peak][1], "peak_at_ms": seen[peak][0]}

    def _machine(self, states: list[bool], raise_after: int, clear_after: int = 0) -> list[Spell]:
        """Run NORMAL, RAISED, NORMAL over the seen rows; return (rows out, the raising one, the first one back)."""
        found: list[Spell] = []
        spell: list[int] = []
        held, calm, raised, since = _NORMAL
        for i, is_out in enumerate(states):
            if is_out:
                spell.append(i)
                held, calm, since = held + self.seen[i][2], 0, None
                raised = i if raised is None and held >= raise_after else raised
            elif spell:
                calm, since = calm + self.seen[i][2], i if since is None else since
                if raised is None or calm >= clear_after:
                    found += [] if raised is None else [(spell, raised, since)]
                    spell, (held, calm, raised, since) = [], _NORMAL
        return found if raised is None else [*found, (spell, raised, None)]

    def level(self, rule: Rule) -> list[dict[str, Any]]:
        """Excursion and freeze: out for long enough without a break; between limit and way back nothing changes."""
        limit, states = rule["limit_milli"], [False]
        for _, value, *_ in self.seen:
            is_kept = states[-1] and _is_out(rule, value, rule.get("clear_limit_milli", limit))
            states.append(is_kept or _is_out(rule, value, limit))
        spells = self._machine(states[1:], rule["raise_after_ms"], rule["clear_after_ms"])
        return [self._spell(rule, *one) for one in spells]

    def heat_spike(self, rule: Rule) -> list[dict[str, Any]]:
        """Any time above the ceiling; unbroken time above the limit that is too long."""
        over = self._machine([row[1] > rule["ceiling_milli"] for row in self.seen], 0)
        long = self._machine([row[1] > rule["above_milli"] for row in self.seen], rule["max_ms"] + 1)
        named = [(one, "ceiling") for one in over] + [(one, "duration") for one in long]
        return [self._spell(rule, *one, details={"reached": name}) for one, name in named]

    def _out(self, rule: Rule) -> list[int]:
        """Return the seen rows on whose time a rule with a budget counts."""
        if rule["rule"] == "shared_budget":
            return [i for i, row in enumerate(self.seen) if _is_outside(rule, row[1])]
        if rule["rule"] == "tier":  # the inner end of the band is within the label, the outer one within the band
            above, below = rule.get("above_milli", INVALID), rule.get("below_milli", -INVALID)
            shift = 1 if _is_low(rule) else 0
            return [i for i, row in enumerate(self.seen) if above < row[1] + shift <= below]
        return [i for i, row in enumerate(self.seen) if _is_out(rule, row[1], rule["limit_milli"])]

    def _add_up(self, rule: Rule, out: list[int], enough: int) -> tuple[list[int], int | None, int | None]:
        """Return the rows, the one at which their time and the time used before reach `enough`, and the one after."""
        sums = accumulate(self.seen[i][2] for i in out)
        raised = next((i for i, total in zip(out, sums) if total + rule["used_ms"] >= enough), None)
        return out, raised, out[-1] + 1 if out[-1] + 1 < len(self.seen) else None

    def total(self, rule: Rule) -> list[dict[str, Any]]:
        """Cumulative and shared budget: time out of range in total, or by day."""
        is_daily = rule.get("reset") == "day"
        days = groupby(self._out(rule), lambda i: (self.seen[i][0] + self.offset_ms) // DAY_MS if is_daily else 0)
        totals = [self._add_up(rule, list(out), rule["budget_ms"]) for _, out in days]
        return [self._spell(rule, out, raised, back) for out, raised, back in totals if raised is not None]

    def tier(self, rule: Rule) -> list[dict[str, Any]]:
        """Time in a band: in total, and without a break."""
        if not (out := self._out(rule)):
            return []
        _, raised, back = self._add_up(rule, out, rule.get("budget_ms", 2**62) + 1)
        effect, first = ("within-budget", out[0]) if raised is None else (rule["effect"], raised)
        found = [self._spell({**rule, "effect": effect}, out, first, back, details={"allowance": "total"})]
        if "max_single_ms" in rule:
            members = set(out)
            spells = self._machine([i in members for i in range(len(self.seen))], rule["max_single_ms"] + 1)
            found += [self._spell(rule, *one, details={"allowance": "single"}) for one in spells]
        return found

    def budget(self, rule: Rule) -> list[dict[str, Any]]:
        """Return how much of a rule's budget is used, if it has one."""
        what = {"rule_id": rule["id"], "sensor": self.sensor}
        if rule["rule"] == "consumption":
            (used_ppb, used), life = self._consumed(rule, len(self.seen)), rule["life_ms"]
            budget = round(life * rule["fraction_limit_ppb"] / WHOLE_PPB)
            return [{**what, "used_ms": used, "budget_ms": budget, "used_ppb": used_ppb}]
        if "budget_ms" not in rule or rule.get("reset") == "day":
            return []
        used, budget = rule["used_ms"] + sum(self.seen[i][2] for i in self._out(rule)), rule["budget_ms"]
        return [{**what, "used_ms": used, "budget_ms": budget, "left_ms": max(budget - used, 0)}]

    def gap(self, rule: Rule) -> list[dict[str, Any]]:
        """A pause between two records that is too long."""
        found, after = [], rule["after_ms"]
        for (at, _, _, _, unknown), (back, *_) in zip(self.rows, self.rows[1:]):
            if back - at > after:
                found.append(self._finding(rule, at, at + after, back, out_ms=0, unknown_ms=unknown))
        return found

    def disconnected(self, rule: Rule) -> list[dict[str, Any]]:
        """Records without a value."""
        runs = groupby(range(len(self.rows)), lambda i: self.rows[i][1] == INVALID)
        after = {i: i + 1 for i in range(len(self.rows))}
        return self._lasting(rule, [list(run) for is_lost, run in runs if is_lost], 3, after)

    def stuck(self, rule: Rule) -> list[dict[str, Any]]:
        """The same value for too long."""
        valid = [i for i, row in enumerate(self.rows) if row[1] != INVALID]
        runs = [list(run) for _, run in groupby(valid, lambda i: self.rows[i][1])]
        return self._lasting(rule, runs, 2, dict(zip(valid, valid[1:])))

    def _lasting(self, rule: Rule, runs: list[list[int]], column: int, after: dict[int, int]) -> list[dict[str, Any]]:
        found = []
        for run in runs:
            sums = accumulate(self.rows[i][column] for i in run)
            raised = next((self.rows[i][0] for i, total in zip(run, sums) if total >= rule["after_ms"]), None)
            if raised is not None:
                end = after.get(run[-1], len(self.rows))
                unknown = sum(row[4] for row in self.rows[run[0] : end])
                back = self.rows[end][0] if end < len(self.rows) else None
                found.append(self._finding(rule, self.rows[run[0]][0], raised, back, out_ms=0, unknown_ms=unknown))
        return found

    def conditioning(self, rule: Rule) -> list[dict[str, Any]]:
        """Out of range before the start delay was over."""
        early = [i for i, row in enumerate(self.rows) if row[0] < self.ready and row[1] != INVALID]
        if not (out := [i for i in early if _is_outside(rule, self.rows[i][1])]):
            return []
        start, end = self.rows[out[0]][0], out[-1] + 1
        back = self.rows[end][0] if end < len(self.rows) else None
        return [self._finding(rule, start, start, back, out_ms=sum(self.rows[i][2] for i in out))]

    def _consumed(self, rule: Rule, count: int) -> tuple[int, int]:
        """Return the part of the life that the first `count` seen rows used: in ppb, and as ms at the reference."""
        reference, life = _kelvin(rule["reference_milli"]), rule["life_ms"]
        slope = rule.get("energy_j_mol", 0) / GAS_CONSTANT_J
        if "second_life_ms" in rule:
            slope = math.log(rule["second_life_ms"] / life) / (1 / _kelvin(rule["second_milli"]) - 1 / reference)
        aged, earlier = _weighted(_histogram(self.seen[:count]), slope, reference), rule["used_fraction_ppb"]
        return earlier + round(aged * WHOLE_PPB / life), round(aged + earlier * life / WHOLE_PPB)

    def consumption(self, rule: Rule) -> list[dict[str, Any]]:
        """Shelf life used."""
        limit, low, high = rule["fraction_limit_ppb"], 1, len(self.seen)
        if not self.seen or self._consumed(rule, high)[0] < limit:
            return []
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self._consumed(rule, middle)[0] >= limit else (middle + 1, high)
        return [self._finding(rule, self.seen[0][0], self.seen[low - 1][0], None)]

    def mkt(self, rule: Rule) -> list[dict[str, Any]]:
        """Find the worst window that holds time above the excursion limit: exact, in integers."""
        hot = [1 if row[1] > rule["excursion_above_milli"] else 0 for row in self.seen]
        if not any(hot):
            return []
        window, slope = rule["window_ms"], rule["energy_j_mol"] / GAS_CONSTANT_J
        cap, limit = (2**63 - 1) // window, _kelvin(rule["limit_milli"])
        loads = [_load(row[1], slope, limit, cap) for row in self.seen]
        at, credit = [row[0] for row in self.seen], [row[2] for row in self.seen]
        start, end = at[0], at[-1] + credit[-1]
        each = (loads, [1] * len(at), hot)
        totals = [list(accumulate((one * held for one, held in zip(some, credit)), initial=0)) for some in each]

        def until(instant: int) -> list[int]:
            i = max(bisect_right(at, instant) - 1, 0)
            part = min(max(instant - at[i], 0), credit[i])
            return [sums[i] + some[i] * part for sums, some in zip(totals, each)]

        edges = {edge for one, held in zip(at, credit) for edge in (one, one + held)}
        starts = {one for edge in edges for one in (edge, edge - window) if start <= one <= end - window}
        spans = [(one, one + window) for one in sorted(starts)] if end - start > window else [(start, end)]
        worst: tuple[int, int, int, int] | None = None
        for first, last in spans:
            load, time, heat = (b - a for a, b in zip(until(first), until(last)))
            if heat and (worst is None or load * worst[3] > worst[2] * time):
                worst = (first, last, load, time)
        return [] if worst is None else [self._window(rule, *worst)]

    def _window(self, rule: Rule, start: int, end: int, load: int, time: int) -> dict[str, Any]:
        thin = time * 1_000_000 // (end - start) < rule["min_coverage_ppm"]
        effect = rule["effect"] if load > time * LOAD_ONE else "undecided" if thin else "info"
        inside = [row for row in self.seen if min(row[0] + row[2], end) > max(row[0], start)]
        hot = [row for row in inside if row[1] > rule["excursion_above_milli"]]
        peak = max(inside, key=lambda row: row[1])
        out = sum(min(row[0] + row[2], end) - max(row[0], start) for row in hot)
        more = {"out_ms": out, "unknown_ms": end - start - time, "peak_milli": peak[1], "peak_at_ms": peak[0]}
        return self._finding({**rule, "effect": effect}, start, max(hot[0][0], start), end, **more)

    def differences(self, logged: dict[str, Any], energy_j_mol: int) -> list[str]:
        """Compare the figures of the whole recording; MKT comes from floating point and may differ by 0.001 °C."""
        values, times = [row[1] for row in self.valid], Counter(row[0] for row in self.valid)
        span = self.end - self.rows[0][0]
        exact: dict[str, Any] = {"readings": len(values), "invalid": len(self.rows) - len(values), "span_ms": span}
        exact |= {"contradictory": sum(count for count in times.values() if count > 1)}
        exact |= {"first_at_ms": self.rows[0][0], "last_at_ms": self.rows[-1][0], "unknown_ms": self.unknown}
        observed = span - self.unknown
        exact |= {"observed_ms": observed, "coverage_ppm": observed * 1_000_000 // span if span else 0}
        exact |= {"min_milli": min(values, default=None), "max_milli": max(values, default=None)}
        time = _histogram(self.valid) or dict(sorted(Counter(values).items()))
        near = {"mean_milli": _mean(time), "mkt_milli": _mkt_of(time, energy_j_mol)}
        near |= {"mkt_42_milli": _mkt_of(time, 42_000), "mkt_125_milli": _mkt_of(time, 125_000)}
        wrong = [key for key, value in exact.items() if logged[key] != value]
        wrong += [key for key, value in near.items() if (value is None) != (logged[key] is None)]
        wrong += [key for key, value in near.items() if value is not None and abs(value - (logged[key] or 0)) > 1]
        return [f"{key} of sensor {self.sensor} is {(exact | near)[key]}, not {logged[key]}" for key in wrong]


def _histogram(rows: list[Row]) -> dict[int, int]:
    time: dict[int, int] = {}
    for _, value, credit, *_ in rows:
        time[value] = time.get(value, 0) + credit
    return {value: held for value, held in sorted(time.items()) if held}


def _weighted(histogram: dict[int, int], slope: float, reference_k: float) -> float:
    return math.fsum(time * math.exp(slope * (1 / reference_k - 1 / _kelvin(v))) for v, time in histogram.items())


def _mean(histogram: dict[int, int]) -> int | None:
    total = sum(histogram.values())
    return (2 * sum(value * time for value, time in histogram.items()) + total) // (2 * total) if total else None


def _mkt_of(histogram: dict[int, int], energy_j_mol: int) -> int | None:
    total = sum(histogram.values())
    if not total:
        return None
    slope = energy_j_mol / GAS_CONSTANT_J
    load = _weighted(histogram, slope, REFERENCE_K) / total
    if load <= 0:
        return max(histogram)
    found = round(1000 / (1 / REFERENCE_K - math.log(load) / slope) - ZERO_MILLI_K)
    return min(max(found, min(histogram)), max(histogram))


def _load(value: int, slope: float, limit_k: float, cap: int) -> int:
    exponent = slope * (1 / limit_k - 1 / _kelvin(min(value, HOTTEST_MILLI)))
    return cap if exponent > LARGEST_EXPONENT else min(round(LOAD_ONE * math.exp(exponent)), cap)


RULES: dict[str, Any] = {
    "excursion": Track.level,
    "freeze": Track.level,
    "heat_spike": Track.heat_spike,
    "cumulative": Track.total,
    "shared_budget": Track.total,
    "tier": Track.tier,
    "consumption": Track.consumption,
    "mkt": Track.mkt,
    "gap": Track.gap,
    "sensor_disconnected": Track.disconnected,
    "stuck_sensor": Track.stuck,
    "start_delay": Track.conditioning,
}
