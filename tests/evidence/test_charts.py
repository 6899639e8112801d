"""Charts: no extreme is averaged away, nothing is drawn across a gap, and every number is a number."""

import re
import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from doseway.evidence.chart_plan import Band, ChartPlan, Column, Limit, Shape, Trace, time_ticks, value_ticks
from doseway.evidence.chart_svg import HEIGHT, WIDTH, draw
from doseway.evidence.charts import gaps_of
from doseway.model.readings import Quantity, Series
from doseway.model.units import INVALID

MINUTE = 60_000
SHAPES: tuple[Shape, ...] = ("high", "low", "gap", "other")


def plan(columns: list[Column], **more: object) -> ChartPlan:
    fields: dict[str, object] = {
        "title": "Temperature <of> a & b",
        "unit": "°C",
        "start_ms": 0,
        "end_ms": 100 * MINUTE,
        "offset_minutes": 60,
        "traces": (Trace(sensor="internal", columns=tuple(columns)),),
    }
    return ChartPlan(**{**fields, **more})  # type: ignore[arg-type]  # fields by name


COLUMNS = st.lists(st.tuples(st.integers(0, 99), st.integers(-90_000, 60_000), st.integers(0, 5_000)), max_size=40).map(
    lambda some: [Column(at * MINUTE, (at + 1) * MINUTE, low, low + room) for at, low, room in sorted(some)]
)


@given(COLUMNS, st.lists(st.integers(-200_000, 200_000), max_size=4), st.lists(st.integers(0, 99), max_size=20))
def test_every_mark_lies_on_the_drawing(columns: list[Column], limits: list[int], starts: list[int]) -> None:
    bands = tuple(
        Band(number=place, shape=shape, start_ms=at * MINUTE, end_ms=(at + 3) * MINUTE)
        for place, (at, shape) in enumerate(zip(starts, SHAPES * 5, strict=False))
    )
    lines = tuple(Limit(value, "high", f"{value}") for value in limits)
    svg = draw(plan(columns, bands=bands, limits=lines))
    root = ET.fromstring(svg)
    for element in root.iter():
        for name in ("x", "cx"):
            if name in element.attrib:
                assert -1 <= float(element.attrib[name]) <= WIDTH + 1
        for name in ("y", "cy"):
            if name in element.attrib:
                assert -60 <= float(element.attrib[name]) <= HEIGHT + 60
    assert "nan" not in svg
    assert "inf" not in svg.replace("internal", "")


def test_the_highest_value_is_drawn_whatever_the_width() -> None:
    columns = [Column(at * MINUTE, (at + 1) * MINUTE, 5_000, 5_000) for at in range(100)]
    columns[50] = Column(50 * MINUTE, 51 * MINUTE, 5_000, 25_000)
    low, high = plan(columns).value_range()
    assert high >= 25_000
    area = re.search(r'class="c-area" d="M([^Z]*)Z"', draw(plan(columns)))
    assert area is not None
    heights = [float(pair.split()[1]) for pair in area[1].split("L")]
    assert max(heights) - min(heights) > 0.8 * (HEIGHT - 86) * 20_000 / (high - low)


def test_nothing_is_drawn_across_a_gap() -> None:
    columns = [Column(at * MINUTE, (at + 1) * MINUTE, 5_000, 5_000) for at in (*range(10), *range(60, 70))]
    whole = draw(plan(columns))
    broken = draw(
        plan(columns, traces=(Trace(sensor="a", columns=tuple(columns), gaps=((10 * MINUTE, 60 * MINUTE),)),))
    )
    assert whole.count('class="c-area"') == 1
    assert broken.count('class="c-area"') == 2
    assert "no observation" in broken


def test_a_limit_far_away_does_not_flatten_the_readings() -> None:
    columns = [Column(at * MINUTE, (at + 1) * MINUTE, 4_000, 6_000) for at in range(100)]
    one = plan(columns, limits=(Limit(8_000, "high", "8 °C high"), Limit(-150_000, "low", "−150 °C low")))
    assert [limit.milli for limit in one.drawn_limits] == [8_000]


def test_titles_are_escaped() -> None:
    assert "Temperature &lt;of&gt; a &amp; b" in draw(plan([]))


@given(st.integers(-300_000, 300_000), st.integers(100, 500_000))
def test_value_ticks_are_round_and_few(low: int, room: int) -> None:
    ticks = value_ticks(low, low + room)
    assert 1 <= len(ticks) <= 10 or room < 200
    assert all(low <= tick <= low + room for tick in ticks)


@given(st.integers(0, 4_000_000_000_000), st.integers(MINUTE, 30_000_000_000), st.integers(-720, 840))
def test_time_ticks_are_few_and_inside(start: int, length: int, offset: int) -> None:
    ticks = time_ticks(start, start + length, offset)
    assert len(ticks) <= 10
    assert all(start <= at <= start + length for at, _, _ in ticks)


def test_gaps_are_pauses_and_lost_values_joined() -> None:
    series = Series("internal", Quantity.TEMPERATURE)
    for at, value in ((0, 5_000), (10, 5_000), (100, INVALID), (110, INVALID), (120, 5_000), (130, 5_000)):
        series.add(at * MINUTE, value)
    assert gaps_of(series, 10 * MINUTE, 20 * MINUTE) == ((20 * MINUTE, 120 * MINUTE),)
