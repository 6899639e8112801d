"""The live path: a state that takes readings as they come and knows the judgement at any time.

New readings extend the state; what lies so far back that no rule can change its mind about it is let go, and only what
the rules remember of it stays. A late reading that falls among the records still held is sorted in. One that is older
than that cannot be: the state says so (`LateReadings`), and the caller folds the whole history into a new state. Either
way the judgement equals `judge` of all readings, bit for bit.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import numpy as np

from doseway.coldchain import registry
from doseway.coldchain.judge import Outcome, conclude, find_all, judge
from doseway.coldchain.judgement import Judgement
from doseway.coldchain.port import Settling
from doseway.coldchain.profile import Profile, from_plain, to_plain
from doseway.coldchain.reasons import Writer
from doseway.coldchain.statistics import Reckoner, Seen
from doseway.coldchain.timeline import Memory, Timeline
from doseway.coldchain.track import Tracks, in_order, tracks_of
from doseway.model.errors import ConflictError, UsageError
from doseway.model.readings import Quantity, Series
from doseway.model.units import HOUR_MS

_HELD_BEFORE_CUT: Final = 512
"""So many records are held before it is tried to let some go; trying costs about as much as judging."""
_GRACE_MS: Final = 6 * HOUR_MS
"""The newest time stays open for late readings."""


class LateReadings(ConflictError):
    """Readings older than what the state still holds: fold the whole history into a new state."""

    code = "late-readings"
    retry = "after-fix"


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What is carried of one sensor.

    Attributes:
        at, value: the records held, as little-endian int64 and int32, in order.
        first_ms: when the recording began.
        closed_ms: readings up to this instant are taken into account for good; None: none are.
        memory: what each rule remembers of the records before; seen: what the statistics remember.
        next_cut: with how many records it is next tried to let some go.
    """

    at: bytes = b""
    value: bytes = b""
    first_ms: int | None = None
    closed_ms: int | None = None
    memory: dict[str, Memory] = {}
    seen: Seen | None = None
    next_cut: int = _HELD_BEFORE_CUT


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The carried state of one shipment; it serialises with msgspec to JSON and MessagePack.

    Attributes:
        limits: the snapshot of the profile. interval_ms: the declared logging interval; None: unknown, and then all
            records are held, because the median interval depends on all of them.
        offset_minutes: the offset from UTC of local days and of the reasons' times.
        sensors: what is carried, by sensor.
    """

    limits: dict[str, object]
    interval_ms: int | None
    offset_minutes: int
    sensors: dict[str, Held] = {}


def start(profile: Profile, interval_ms: int | None, offset_minutes: int = 0) -> State:
    """Return the state of a shipment without readings."""
    if interval_ms is not None and interval_ms < 0:
        raise UsageError("a logging interval cannot be negative")
    return State(limits=to_plain(profile), interval_ms=interval_ms, offset_minutes=offset_minutes)


def feed(state: State, series: Sequence[Series]) -> State:
    """Take readings of any sensors, in any order and repeated as they may be.

    Raises:
        LateReadings: one is older than all that is held of its sensor; the state is unchanged.
        DataError: a time lies outside of the years 1 to 9999.
    """
    profile = from_plain(state.limits)
    tracks = tracks_of(series, interval_ms=state.interval_ms, offset_minutes=state.offset_minutes)
    sensors = dict(state.sensors)
    for number, sensor in enumerate(tracks.sensors):
        held = sensors.get(sensor, Held())
        sensors[sensor] = _fed(state, profile, sensor, held, tracks.part(number, number + 1))
    return msgspec.structs.replace(state, sensors=dict(sorted(sensors.items())))


def judgement(state: State) -> Judgement:
    """Return the judgement of all readings that were fed; it equals `judge` of them."""
    profile = from_plain(state.limits)
    results: list[Outcome] = []
    for sensor, held in state.sensors.items():
        if held.at:
            results.append(_outcome(state, profile, sensor, held))
        else:
            results += _without_records(state, profile, sensor)
    return conclude(results, profile, Writer(profile, state.offset_minutes))


def _outcome(state: State, profile: Profile, sensor: str, held: Held) -> Outcome:
    timeline = _timeline(state, profile, sensor, held)
    one = Outcome(Reckoner(profile.energy_j_mol).statistics(timeline, 0, held.seen))
    find_all(timeline, profile, [one])
    return one


def _without_records(state: State, profile: Profile, sensor: str) -> list[Outcome]:
    """Return the outcome of a sensor that was named without a record."""
    empty = judge([Series(sensor, Quantity.TEMPERATURE)], profile, state.interval_ms, state.offset_minutes)
    return [Outcome(one) for one in empty.statistics]


def _fed(state: State, profile: Profile, sensor: str, held: Held, new: Tracks) -> Held:
    if not len(new.at):
        return held
    old = _tracks(state, sensor, held)
    if held.closed_ms is not None and int(new.at.min()) <= held.closed_ms:
        new = _without_known(old, new, held.closed_ms, sensor)
    joined = in_order(
        Tracks(
            np.concatenate((old.at, new.at)),
            np.concatenate((old.value, new.value)),
            [0, len(old.at) + len(new.at)],
            sensors=[sensor],
        )
    )
    held = msgspec.structs.replace(
        held,
        at=joined.at.tobytes(),
        value=joined.value.tobytes(),
        first_ms=int(joined.at[0]) if held.closed_ms is None else held.first_ms,
    )
    if state.interval_ms and len(joined.at) >= held.next_cut:
        held = _cut(state, profile, sensor, held)
    return held


def _without_known(old: Tracks, new: Tracks, closed_ms: int, sensor: str) -> Tracks:
    """Leave out what repeats a record that is held; anything else from the closed time is too late."""
    known = set(zip(old.at.tolist(), old.value.tolist(), strict=True))
    is_known = [record in known for record in zip(new.at.tolist(), new.value.tolist(), strict=True)]
    rest = ~np.array(is_known, np.bool_)
    if (new.at[rest] <= closed_ms).any():
        raise LateReadings(
            f"readings of the sensor {sensor!r} are older than what is held open of it",
            hint="Fold all readings into a new state: start, then feed.",
        )
    return Tracks(new.at[rest], new.value[rest], [0, int(rest.sum())], sensors=[sensor])


def _cut(state: State, profile: Profile, sensor: str, held: Held) -> Held:
    """Let go of what lies before the last record at which every rule is at rest."""
    timeline = _timeline(state, profile, sensor, held)
    horizon = max((spec.horizon_ms for spec in profile.rules), default=0)
    try:
        cut = _last_rest(timeline, profile, int(timeline.at[-1]) - horizon - _GRACE_MS)
        memory = _settle(timeline, profile, cut) if cut else {}
    except Exception:  # noqa: BLE001  # a rule that crashes fails in the judgement, where it is told; history stays
        cut = 0
    if not cut:
        return msgspec.structs.replace(held, next_cut=2 * len(timeline.at))
    rest = len(timeline.at) - cut
    return Held(
        at=timeline.at[cut:].tobytes(),
        value=timeline.value[cut:].tobytes(),
        first_ms=held.first_ms,
        closed_ms=int(timeline.at[cut]) + horizon,
        memory=memory,
        seen=Reckoner(profile.energy_j_mol).seen(timeline, 0, cut, held.seen),
        next_cut=max(2 * rest, _HELD_BEFORE_CUT),
    )


def _last_rest(timeline: Timeline, profile: Profile, latest_ms: int) -> int:
    """Return the last record up to `latest_ms` at which history may be cut; 0 where there is none.

    It is a counted record, alone at its time, and every rule is at rest there.
    """
    quiet = timeline.at <= latest_ms
    if timeline.is_counted is not None:
        quiet &= timeline.is_counted
    quiet[-1] = False  # what it stands for is not final
    quiet[1:] &= timeline.at[1:] > timeline.at[:-1]
    quiet[:-1] &= timeline.at[1:] > timeline.at[:-1]
    for spec in profile.rules:
        rule = registry.rule(spec.rule)
        if not isinstance(rule, Settling):
            return 0
        quiet &= rule.quiet(timeline, spec)
    found = np.flatnonzero(quiet)
    return int(found[-1]) if len(found) else 0


def _settle(timeline: Timeline, profile: Profile, cut: int) -> dict[str, Memory]:
    """Return what each rule remembers of the records before the cut."""
    rules = [(spec, registry.rule(spec.rule)) for spec in profile.rules]
    return {spec.id: rule.settle(timeline, spec, cut) for spec, rule in rules if isinstance(rule, Settling)}


def _tracks(state: State, sensor: str, held: Held) -> Tracks:
    at = np.frombuffer(held.at, "<i8")
    return Tracks(
        at,
        np.frombuffer(held.value, "<i4"),
        [0, len(at)],
        sensors=[sensor],
        interval_ms=state.interval_ms,
        offset_minutes=state.offset_minutes,
    )


def _timeline(state: State, profile: Profile, sensor: str, held: Held) -> Timeline:
    observation = profile.observation
    memory: Mapping[str, Memory] = held.memory
    return Timeline(
        _tracks(state, sensor, held),
        max_gap_ms=observation.max_gap_ms,
        last_reading=observation.last_reading,
        start_delay_ms=observation.start_delay_ms,
        first_ms=held.first_ms,
        memory=memory,
    )
