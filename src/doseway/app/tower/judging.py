"""The temperature judgement of many shipments at once.

Each touched shipment is judged anew over its whole history, all that share limits in one pass over columns. Measured,
that is faster than carrying a state for each (0.1 to 0.6 ms against 1.5 to 7 ms a shipment of up to 30 days), and a
late reading is no special case: the judgement is a function of the set of readings by construction. The interval is
what the readings show, the lower median of their pauses, so that whoever has the readings gets the same judgement.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec
import numpy as np

from doseway.app.episodes import finding_of
from doseway.app.tower.history import Column, parts_of
from doseway.app.tower.lost import lost_of
from doseway.app.tower.sensors import air_sensors
from doseway.app.tower.state import Context, Failure, Found, Holder, Judged
from doseway.coldchain.judge import Outcome, conclude, outcomes
from doseway.coldchain.judgement import Episode, Judgement, Verdict
from doseway.coldchain.profile import Profile, from_plain, without_limits
from doseway.coldchain.reasons import Writer
from doseway.coldchain.track import Tracks
from doseway.model.readings import Quantity
from doseway.model.terms import plain
from doseway.model.wording import degrees, moment

LOST: Final = "Bytes of its packets were erased: what was found in them stands as it was said, and cannot be checked."
"""Why a shipment is at least undecided whose packets cannot all be read any more."""

_PIECE_RECORDS: Final = 1 << 20


class _Part(NamedTuple):
    """One track on its way to the judge."""

    holder: str
    sensor: str
    column: Column
    limits: bytes
    is_product: bool


def judge_all(holders: Mapping[str, Holder]) -> dict[str, Judged]:
    """Judge shipments; subjects without a document have no limits and are not judged."""
    parts = [part for name, holder in holders.items() for part in _parts(name, holder)]
    by_limits: dict[bytes, list[_Part]] = {}
    for part in parts:
        by_limits.setdefault(part.limits, []).append(part)
    results: dict[str, list[tuple[_Part, Outcome]]] = {}
    for limits, group in by_limits.items():
        for some in _pieces(group):
            for part, outcome in zip(some, _outcomes(some, profile_of(limits)), strict=True):
                results.setdefault(part.holder, []).append((part, outcome))
    return {
        name: _conclude(holder.context, results.get(name, []), _doubts(holder.context, holder))
        for name, holder in holders.items()
        if holder.context is not None
    }


@lru_cache(maxsize=256)
def profile_of(limits: bytes) -> Profile:
    """Return the profile of a snapshot; many shipments share a few."""
    return from_plain(msgspec.json.decode(limits)) if limits else without_limits()


@lru_cache(maxsize=256)
def _writer(limits: bytes) -> Writer:
    return Writer(profile_of(limits), 0)


@lru_cache(maxsize=4096)
def _snapshot(limits: bytes, rule_id: str) -> dict[str, object]:
    return next(plain(spec) for spec in profile_of(limits).rules if spec.id == rule_id)


def _parts(name: str, holder: Holder) -> Iterable[_Part]:
    context = holder.context
    if context is None:
        return
    for device, carried in holder.devices.items():
        air = air_sensors(carried.history, context, device)
        for key, column in sorted(carried.history.columns.items()):
            quantity, sensor = parts_of(key)
            if quantity is Quantity.TEMPERATURE:
                limits = context.ambient_limits if sensor in air else context.limits
                yield _Part(name, f"{device}/{sensor}", column, limits, is_product=sensor not in air)


def _pieces(group: Sequence[_Part]) -> Iterator[list[_Part]]:
    """Cut a group into pieces of about so many records, so that no second copy of everything is made."""
    piece: list[_Part] = []
    size = 0
    for part in group:
        piece.append(part)
        size += len(part.column)
        if size >= _PIECE_RECORDS:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _outcomes(group: Sequence[_Part], profile: Profile) -> list[Outcome]:
    tracks = Tracks(
        np.concatenate([part.column.times for part in group]),
        np.concatenate([part.column.values for part in group]),
        np.cumsum([0, *(len(part.column) for part in group)]),
        sensors=[part.sensor for part in group],
    )
    return [one for block in outcomes(tracks, profile) for one in block]


def _doubts(context: Context, holder: Holder) -> tuple[str, ...]:
    """Say why a shipment cannot be judged as its document asks."""
    return (*((context.error,) if context.error else ()), *((LOST,) if any(lost_of(holder)) else ()))


def _conclude(context: Context, results: Sequence[tuple[_Part, Outcome]], doubts: tuple[str, ...]) -> Judged:
    """Join the tracks of one shipment: the product's judgement, and what was found by the ambient limits beside it."""
    limits = context.limits
    product = [one for part, one in results if part.is_product]
    judgement = conclude(product, profile_of(limits), _writer(limits))
    found = [_found(part.limits, episode) for part, one in results for episode in one.episodes]
    left = [one.left_ms for one in judgement.consumptions if one.budget_ms]
    return Judged(
        judgement=_undecided(judgement, doubts) if doubts else judgement,
        found=tuple(found),
        failures=tuple(
            Failure(failed.rule, failed.rule_id, failed.error) for _, one in results for failed in one.failures
        ),
        budget_left_ms=min(left, default=None),
    )


def _undecided(judgement: Judgement, doubts: tuple[str, ...]) -> Judgement:
    verdict = max(judgement.verdict, Verdict.UNDECIDED, key=lambda one: one.rank)
    return msgspec.structs.replace(judgement, verdict=verdict, reasons=(*judgement.reasons, *doubts))


def _found(limits: bytes, one: Episode) -> Found:
    """Make a finding of an episode.

    While it lasts, only what the next reading does not change anyway is told: sums that run on would make every
    reading a revision.
    """
    device, _, sensor = one.sensor.rpartition("/")
    snapshot, episode = _snapshot(limits, one.rule_id), msgspec.structs.replace(one, sensor=sensor)
    if one.end_ms is not None:
        return Found(finding_of(episode, device, _writer(limits).sentence(one)), snapshot)
    finding = finding_of(episode, device, _lasting(one, str(snapshot.get("title", ""))))
    return Found(msgspec.structs.replace(finding, details={"effect": one.effect.value}), snapshot)


def _lasting(one: Episode, title: str) -> str:
    peak = f", peak {degrees(one.peak_milli)}" if one.peak_milli is not None else ""
    return f"{title or one.rule_id}: since {moment(one.start_ms, 0)}{peak}."
