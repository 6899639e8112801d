"""Spells: unbroken stretches of observations that are out of order, with delays, hysteresis, gaps and phases.

A spell begins at the first observation out of order and ends at the first in order again; an observation stands for the
time until the next one (hold-last). A longer pause than `max_gap_ms` is a gap: what happened in it is unknown, so a
spell ends at the last observation before it, and another one begins behind it. Nothing here depends on how late an
observation came: a spell that has an end keeps it, whatever is observed later than `until_ms`.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from doseway.model.geo import Bools, Int64

Windows = Sequence[tuple[int, int]]
ALWAYS: Final[Windows] = ((-(2**62), 2**62),)


class Spell(NamedTuple):
    """One spell: `first` and `last` are the numbers of its first and last observation out of order."""

    first: int
    last: int
    start_ms: int
    raised_ms: int
    end_ms: int | None


def spells(
    at_ms: Int64,
    is_out: Bools,
    *,
    until_ms: int,
    max_gap_ms: int,
    raise_after_ms: int = 0,
    clear_after_ms: int = 0,
    windows: Windows = ALWAYS,
) -> list[Spell]:
    """Find the spells that lasted long enough to be raised.

    Args:
        at_ms: device times, ascending.
        is_out: which observations are out of order.
        until_ms: event time up to which silence counts.
        max_gap_ms: a longer pause is a gap.
        raise_after_ms: how long it has to last, unbroken; reached exactly counts.
        clear_after_ms: how long it has to be in order again to be over.
        windows: the only times that count, ascending, ends not included; no spell reaches from one into the next.
    """
    if not is_out.any():
        return []
    kept, window = _inside(at_ms, windows)
    out = np.flatnonzero(is_out[kept])
    if not len(out):
        return []
    at = at_ms[kept]
    breaks = np.flatnonzero((np.diff(at) > max_gap_ms) | (np.diff(window) != 0)) + 1
    piece = np.searchsorted(breaks, np.arange(len(at)), side="right")
    ends = np.append(breaks, len(at))  # the first record behind each piece
    is_start = np.append(True, (np.diff(out) > 1) | (np.diff(piece[out]) != 0))
    first = out[is_start]
    last = out[np.append(is_start[1:], True)]
    result: list[Spell] = []
    group: list[tuple[int, int]] = []
    for one, other in zip(first.tolist(), last.tolist(), strict=True):
        if group and (piece[one] != piece[group[-1][1]] or at[one] - at[group[-1][1] + 1] >= clear_after_ms):
            _close(result, group, at, ends, piece, raise_after_ms)
            group = []
        group.append((one, other))
    _close(result, group, at, ends, piece, raise_after_ms)
    limits = _Limits(at, window, ends, piece, windows, until_ms, max_gap_ms, clear_after_ms)
    return [_ended(one, limits, kept) for one in result]


class _Limits(NamedTuple):
    """What decides how a spell ends."""

    at: Int64
    window: Int64
    ends: Int64
    piece: Int64
    windows: Windows
    until_ms: int
    max_gap_ms: int
    clear_after_ms: int


def _inside(at_ms: Int64, windows: Windows) -> tuple[Int64, Int64]:
    """Return the numbers of the observations in a window, and which window each is in."""
    starts = np.asarray([start for start, _ in windows], np.int64)
    stops = np.asarray([stop for _, stop in windows], np.int64)
    window = np.searchsorted(starts, at_ms, side="right") - 1
    inside = (window >= 0) & (at_ms < stops[np.maximum(window, 0)]) if len(windows) else np.zeros(len(at_ms), np.bool_)
    kept = np.flatnonzero(inside)
    return kept, window[kept]


def _close(
    result: list[Spell], group: list[tuple[int, int]], at: Int64, ends: Int64, piece: Int64, raise_after_ms: int
) -> None:
    """Add the spell of runs that belong together; it begins with the first run that is long enough."""
    for first, last in group:
        behind = min(last + 1, int(ends[piece[last]]) - 1)
        if at[behind] - at[first] >= raise_after_ms:
            raised = int(at[np.searchsorted(at, at[first] + raise_after_ms, side="left")])
            result.append(Spell(first, group[-1][1], int(at[first]), raised, None))
            return


def _ended(spell: Spell, limits: _Limits, kept: Int64) -> Spell:
    """Number a spell as the caller does, and say when it ended."""
    at, last = limits.at, spell.last
    end = int(limits.ends[limits.piece[last]])
    stop = limits.windows[int(limits.window[last])][1]
    is_silent = limits.until_ms - int(at[end - 1]) > limits.max_gap_ms
    is_over = end < len(at) or is_silent or stop <= limits.until_ms
    ended: int | None = None
    if last + 1 < end:
        if is_over or int(at[end - 1] - at[last + 1]) >= limits.clear_after_ms:
            ended = int(at[last + 1])
    elif is_over:
        ended = stop if stop <= min(int(at[last]) + limits.max_gap_ms, limits.until_ms) else int(at[last])
    return Spell(int(kept[spell.first]), int(kept[last]), spell.start_ms, spell.raised_ms, ended)
