"""The charts of an inspection: one for each quantity, with its twin in words for those who do not see it."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import numpy as np

from doseway.coldchain.envelope import envelope
from doseway.evidence.chart_plan import Band, ChartPlan, Column, Limit, Shape, Trace
from doseway.evidence.chart_svg import draw
from doseway.evidence.inspection import Inspection
from doseway.evidence.limits_text import limit_lines, side_of
from doseway.evidence.wording import UNITS, degrees, duration, moment, offset_text
from doseway.model.readings import Quantity, Series
from doseway.model.units import INVALID, MINUTE_MS, SECOND_MS

_COLUMNS: Final = 440
_TABLE_ROWS: Final = 36
_SHAPES: Final[dict[str, Shape]] = {"gap": "gap", "sensor_disconnected": "gap", "freeze": "low", "heat_spike": "high"}


class ChartText(msgspec.Struct, frozen=True, kw_only=True):
    """A chart in its three forms.

    Attributes:
        caption: what it shows, in a sentence; it is the alternative text.
        svg: for a page with a style sheet; print_svg: stand-alone, with fixed colours.
        head, rows: the same readings as a table of stretches of time.
    """

    caption: str
    svg: str
    print_svg: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def chart_texts(one: Inspection, name: str) -> tuple[ChartText, ...]:
    """Draw every quantity that has a valid reading; temperature comes with its limits and episodes."""
    quantities = dict.fromkeys(series.quantity for series in one.recording.series)
    plans = ((quantity, _plan(one, quantity)) for quantity in quantities)
    return tuple(_text(one, plan, quantity, f"{name}-{quantity.value}") for quantity, plan in plans if plan is not None)


def gaps_of(series: Series, interval_ms: int, max_gap_ms: int) -> tuple[tuple[int, int], ...]:
    """Return the stretches without observation: longer pauses than `max_gap_ms`, and records without a value."""
    at, value = np.array(series.observed_at_ms, np.int64), np.array(series.value_milli, np.int32)
    order = np.lexsort((value, at))
    at, value = at[order], value[order]
    is_ended = (value[:-1] == INVALID) | (np.diff(at) > max_gap_ms)
    gaps: list[tuple[int, int]] = []
    for place in np.flatnonzero(is_ended).tolist():
        start, after = int(at[place]), int(at[place + 1])
        if value[place] != INVALID:
            start += interval_ms
        if gaps and gaps[-1][1] >= start:
            gaps[-1] = (gaps[-1][0], after)
        elif after > start:
            gaps.append((start, after))
    return tuple(gaps)


def _plan(one: Inspection, quantity: Quantity) -> ChartPlan | None:
    chosen = _chosen(one, quantity)
    times = [at for series in chosen for at in (min(series.observed_at_ms), max(series.observed_at_ms))]
    if not times or all(value == INVALID for series in chosen for value in series.value_milli):
        return None
    is_temperature = quantity is Quantity.TEMPERATURE
    start, end = min(times), max(*times, min(times) + MINUTE_MS)
    bands = tuple(_bands(one, end)) if is_temperature else ()
    limits = limit_lines(one.limits) if is_temperature else ()
    offset = one.recording.offset_minutes
    return ChartPlan(
        title=_title(one, quantity, chosen, start, end),
        unit=UNITS[quantity],
        start_ms=start,
        end_ms=end,
        offset_minutes=offset,
        traces=tuple(_trace(one, series, start, end) for series in chosen),
        bands=bands,
        limits=limits,
    )


def _chosen(one: Inspection, quantity: Quantity) -> list[Series]:
    return [series for series in one.recording.series if series.quantity is quantity and len(series)]


def _trace(one: Inspection, series: Series, start: int, end: int) -> Trace:
    stats = next((stats for stats in one.judgement.statistics if stats.sensor == series.sensor), None)
    interval = stats.interval_ms if stats else (one.recording.interval_s or 0) * 1000 or end - start
    gaps = gaps_of(series, interval, _max_gap(one, interval))
    columns = tuple(
        Column(one.start_ms, one.end_ms, one.low, one.high)
        for one in envelope(series, min(_COLUMNS, end + 1 - start), start, end + 1)
        if one.low is not None and one.high is not None
    )
    return Trace(sensor=series.sensor, columns=columns, gaps=gaps)


def _max_gap(one: Inspection, interval_ms: int) -> int:
    observation = one.limits.get("observation")
    stated = observation.get("max_gap_ms") if isinstance(observation, dict) else None
    return stated if isinstance(stated, int) and stated else 2 * interval_ms


def _bands(one: Inspection, end_ms: int) -> Iterator[Band]:
    for number, episode in enumerate(one.judgement.episodes, 1):
        yield Band(
            number=number,
            shape=_SHAPES.get(episode.rule) or side_of(one.limits, episode.rule_id) or "other",
            start_ms=episode.start_ms,
            end_ms=end_ms if episode.end_ms is None else episode.end_ms,
            peak_ms=episode.peak_at_ms,
            peak_milli=episode.peak_milli,
        )


def _title(one: Inspection, quantity: Quantity, chosen: Sequence[Series], start: int, end: int) -> str:
    offset = one.recording.offset_minutes
    values = [value for series in chosen for value in series.value_milli if value != INVALID]
    unit = UNITS[quantity]
    sensors = ", ".join(series.sensor for series in chosen)
    return (
        f"{quantity.value.capitalize()} ({sensors}) from {moment(start, offset)} to {moment(end, offset)}, "
        f"{offset_text(offset)}: lowest {degrees(min(values), unit)}, highest {degrees(max(values), unit)}."
    )


def _text(one: Inspection, plan: ChartPlan, quantity: Quantity, name: str) -> ChartText:
    hidden = [limit for limit in plan.limits if limit not in plan.drawn_limits]
    caption = plan.title + (f" Limits beyond the drawing: {_names(hidden)}." if hidden else "")
    return ChartText(
        caption=caption,
        svg=draw(plan, name=name),
        print_svg=draw(plan, is_for_print=True, name=name),
        head=("From", "To", "Sensor", "Lowest", "Highest", "Without observation"),
        rows=tuple(_rows(one, plan, quantity)),
    )


def _names(limits: Sequence[Limit]) -> str:
    return ", ".join(limit.label for limit in limits)


def _rows(one: Inspection, plan: ChartPlan, quantity: Quantity) -> Iterator[tuple[str, ...]]:
    """The table: each trace in at most `_TABLE_ROWS` equal stretches, empty ones included, for a gap is a fact too."""
    end = plan.end_ms + 1
    for series, trace in zip(_chosen(one, quantity), plan.traces, strict=True):
        for cell in envelope(series, min(_TABLE_ROWS, end - plan.start_ms), plan.start_ms, end):
            unseen = sum(max(min(cell.end_ms, last) - max(cell.start_ms, first), 0) for first, last in trace.gaps)
            yield (
                moment(cell.start_ms // SECOND_MS * SECOND_MS, plan.offset_minutes),
                moment(cell.end_ms // SECOND_MS * SECOND_MS, plan.offset_minutes),
                trace.sensor,
                degrees(cell.low, plan.unit),
                degrees(cell.high, plan.unit),
                duration(unseen) if unseen else "–",
            )
