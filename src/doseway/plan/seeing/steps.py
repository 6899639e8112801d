"""Bars: doses more and their price, maxima by country, buffers, costs over scenarios, what is made elsewhere."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from doseway.plan.questions.buffer import Buffers
from doseway.plan.questions.capacity import Capacity
from doseway.plan.questions.compare import Compared
from doseway.plan.questions.differences import Change
from doseway.plan.questions.resource import Resourcing
from doseway.plan.questions.uncertain import Uncertain
from doseway.plan.seeing.drawing import WIDTH, Figure, figure, num, path, rect, shortened, text, ticks
from doseway.plan.sheets import Sheet, sheet
from doseway.plan.wording import amount, listing, money, number, percent

_NAMES: Final = 290.0
_RIGHT: Final = 190.0
_ROW: Final = 30.0
_TOP: Final = 40.0
_MILLION: Final = 1e6
_MOST: Final = 12
_COLUMNS: Final = 24


class Bar(NamedTuple):
    """A bar: its name, its length, what stands behind it, its look; negative bars go to the left."""

    name: str
    value: float
    words: str
    css: str = "p-bar"


def bars(name: str, title: str, caption: str, unit: str, rows: Sequence[Bar], twin: Sheet) -> Figure:
    """Draw horizontal bars from a common zero."""
    low, high = min([0.0, *(row.value for row in rows)]), max([0.0, *(row.value for row in rows)])
    marks = ticks(low, high if high > low else low + 1.0)
    first, last = min(marks[0], 0.0), max(marks[-1], 0.0)
    height = _TOP + _ROW * max(len(rows), 1) + 8

    def x(value: float) -> float:
        return _NAMES + (WIDTH - _NAMES - _RIGHT) * (value - first) / max(last - first, 1e-9)

    body = [text(_NAMES, 10, unit, "p-minor")]
    for mark in marks:
        body.append(path(f"M{num(x(mark))} 30V{num(height - 4)}", "p-grid"))
        body.append(text(x(mark), 25, number(mark), "p-minor", "middle"))
    for i, row in enumerate(rows):
        y = _TOP + _ROW * i
        left, right = min(x(0), x(row.value)), max(x(0), x(row.value))
        tip = f"{row.name}: {row.words}"
        body.append(text(_NAMES - 10, y + 13, shortened(row.name, _NAMES - 20), "", "end"))
        body.append(rect(left, y, max(right - left, 1.0), 17, row.css, tip))
        if row.css != "p-bar":  # never told by colour alone
            body.append(rect(left, y, max(right - left, 1.0), 17, "", fill=f"url(#{name}-hatch)"))
        body.append(text(right + 8, y + 13, shortened(row.words, WIDTH - right - 12), "p-halo"))
    body.append(path(f"M{num(x(0))} 30V{num(height - 4)}", "p-axis"))
    return figure(name, title, caption, height, body, twin)


def capacity_chart(answer: Capacity) -> Figure:
    """Draw what each part of the extra doses costs."""
    rows = [
        Bar("as it is", answer.as_it_is, amount(answer.as_it_is, answer.unit)),
        Bar("required", answer.needed, amount(answer.needed, answer.unit), "p-bar-2"),
        *(
            Bar(
                f"with {percent(step.share)} of the rest",
                answer.as_it_is + step.extra,
                f"{money(step.extra_cost, answer.currency)} more",
            )
            for step in answer.steps
        ),
    ]
    told: list[tuple[str, float, float | None]] = [
        ("as it is", answer.as_it_is, None), ("required", answer.needed, None),
        *((f"with {percent(s.share)} of the rest", answer.as_it_is + s.extra, s.extra_cost) for s in answer.steps),
    ]  # fmt: skip
    columns: list[str | tuple[str, str]] = ["what", ("amount", answer.unit), ("more cost", answer.currency)]
    twin = sheet("steps_drawn", "Doses and their price", columns, told)
    return bars("steps", "Doses and their price", answer.words()[0], answer.unit, rows, twin)


def resource_chart(answer: Resourcing) -> Figure:
    """Draw what each maximum by country costs more."""
    currency = answer.base.currency
    rows = [Bar("without a maximum", 0.0, "the cheapest plan")]
    rows += [
        Bar(f"at most {percent(one.share)}", one.more / _MILLION, f"{money(one.more, currency)} more", "p-bar-2")
        for one in answer.capped
    ]
    unit = f"more than without, {currency} million"
    caption = " ".join(answer.words()[:2])
    return bars("caps", "What a maximum by country costs", caption, unit, rows, answer.sheets()[0])


def buffer_chart(answer: Buffers) -> Figure:
    """Draw what one more unit in stock saves, as a part of its value."""
    rows = [
        Bar(f"{p.product} at {p.site}", 100 * p.ratio, f"{money(p.saving, answer.currency)} per {p.unit}")
        for p in answer.places[:_MOST]
    ]
    twin = next(one for one in answer.sheets() if one.name == "buffers")
    caption = " ".join(answer.words()[:2])
    return bars("buffers", "What stock saves", caption, "saved of its value, %", rows, twin)


def places_chart(answer: Compared) -> Figure:
    """Draw what one plan makes more or less at a site, in parts of the larger amount of the two."""
    rows = [
        Bar(
            f"{c.product} at {c.what}", 100 * c.more / max(c.before, c.after),
            f"{amount(abs(c.more), c.unit)} {'more' if c.more > 0 else 'less'}", "p-bar" if c.more > 0 else "p-bar-2",
        )
        for c in sorted(answer.made, key=_weight)[:_MOST]
    ]  # fmt: skip
    twin = next(one for one in answer.sheets() if one.name == "compared_made")
    changed = listing(sorted({c.what for c in answer.made}), 4)
    caption = f"Making changes at {changed}." if answer.made else "Both make the same at every site."
    return bars("made", f"What {answer.names[1]} makes elsewhere", caption, "more or less, %", rows, twin)


def _weight(change: Change) -> tuple[float, str, str]:
    return -abs(change.more) / max(change.before, change.after, 1e-9), change.what, change.product


def risk_chart(answer: Uncertain) -> Figure:
    """Draw how the cost is spread over the scenarios, with its mean and the mean of the worst cases."""
    top, bottom, left = 46.0, 250.0, 70.0
    costs = [(case.cost / _MILLION, case.probability) for case in answer.cases]
    low, high = min(cost for cost, _ in costs), max(cost for cost, _ in costs)
    marks = ticks(low, high if high > low else low + 1.0)
    first, last = marks[0], marks[-1]
    columns = [0.0] * _COLUMNS
    for cost, probability in costs:
        columns[min(int((cost - first) / max(last - first, 1e-9) * _COLUMNS), _COLUMNS - 1)] += probability
    tallest = max(columns)
    wide = (WIDTH - left - 40) / _COLUMNS

    def x(cost: float) -> float:
        return left + (WIDTH - left - 40) * (cost - first) / max(last - first, 1e-9)

    body = [text(left, 12, f"cost less revenue, {answer.currency} million, over the scenarios", "p-minor")]
    body += [path(f"M{num(left)} {num(bottom)}H{num(WIDTH - 40)}", "p-axis")]
    body += [text(x(mark), bottom + 18, number(mark), "p-minor", "middle") for mark in marks]
    for i, probability in enumerate(columns):
        if probability:
            tall = (bottom - top) * probability / tallest
            body.append(rect(left + wide * i + 1, bottom - tall, wide - 2, tall, "p-bar", percent(probability)))
    worst = f"worst {percent(1 - answer.level)}"
    body += _mark(x(answer.expected / _MILLION), top - 16, bottom, f"mean {number(answer.expected / _MILLION)}")
    body += _mark(x(answer.tail / _MILLION), top - 2, bottom, f"{worst}: {number(answer.tail / _MILLION)}")
    rows = [(" and ".join(case.events) or "nothing", case.probability, case.cost) for case in answer.cases]
    twin = sheet("risk", "Costs over the scenarios", ["what happens", "probability", ("cost", answer.currency)], rows)
    return figure("risk", "How the cost is spread", answer.words()[0], bottom + 34, body, twin)


def _mark(x: float, y: float, bottom: float, words: str) -> Iterator[str]:
    is_right = x > WIDTH / 2
    yield path(f"M{num(x)} {num(y)}V{num(bottom)}", "p-mark")
    yield text(x - 6 if is_right else x + 6, y + 10, words, "p-halo p-strong", "end" if is_right else "start")
