"""Charts of single answers: frontier, time to survive against time to recover, roadmap, one plan against another."""

from collections.abc import Callable, Iterator
from typing import Final

from doseway.plan.cells import ordinal_of
from doseway.plan.questions.compare import Compared
from doseway.plan.questions.failures import Failure, Failures
from doseway.plan.questions.frontier import Frontier
from doseway.plan.questions.roadmap import Milestone, Roadmap
from doseway.plan.seeing.drawing import WIDTH, Figure, circle, figure, num, path, rect, shortened, text, ticks
from doseway.plan.wording import days, money, number, percent

_LEFT: Final = 96.0
_NAMES: Final = 250.0
_RIGHT: Final = 40.0
_ROW: Final = 26.0
_MILLION: Final = 1e6
_MOST: Final = 16


def frontier_chart(answer: Frontier) -> Figure:
    """Draw what a tighter maximum share of one country costs, with what is proved at least."""
    top, bottom, height = 30.0, 300.0, 352.0
    points = answer.points
    low_share, high_share = min(p.maximum for p in points), max(p.maximum for p in points)
    bounds = [(p.bound - points[0].cost) for p in points if p.bound is not None]
    marks = ticks(min([0.0, *bounds]), max([p.more for p in points] + [1.0]))

    def x(share: float) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * (high_share - share) / max(high_share - low_share, 1e-9)

    def y(more: float) -> float:
        return bottom - (bottom - top) * (more - marks[0]) / max(marks[-1] - marks[0], 1e-9)

    body = [_y_axis(mark, y(mark), answer.currency) for mark in marks]
    body += [text(8, 14, f"more than the loosest plan, {answer.currency} million", "p-minor")]
    body += [text(WIDTH - _RIGHT, bottom + 42, "most that one country may give of a medicine →", "p-minor", "end")]
    body += [path(_line([(x(p.maximum), y(p.more)) for p in points]), "p-line")]
    proved = [(x(p.maximum), y(p.bound - points[0].cost)) for p in points if p.bound is not None]
    body += [path(_line(proved), "p-bound")] if len(proved) > 1 else []
    for p in points:
        tip = f"at most {percent(p.maximum)}: {money(p.more, answer.currency)} more"
        body += [circle(x(p.maximum), y(p.more), 5.5, "p-dot", tip)]
        body += [text(x(p.maximum), bottom + 20, percent(p.maximum), "", "middle")]
        label = "p-halo" + (" p-strong" if p == answer.knee else "")
        body += [text(x(p.maximum), y(p.more) - 12, number(p.more / _MILLION), label, "middle")]
    body += [
        path(f"M{num(_LEFT)} {num(height - 6)}h30", "p-bound"),
        text(_LEFT + 38, height - 2, "proved: no plan costs less", "p-minor"),
    ]
    caption = " ".join(answer.words()[1:]) or answer.words()[0]
    return figure("frontier", "Cost against resilience", caption, height + 6, body, answer.sheets()[0])


def _y_axis(mark: float, y: float, currency: str) -> str:
    words = number(mark / _MILLION) if currency else number(mark)
    return path(f"M{num(_LEFT)} {num(y)}H{num(WIDTH - _RIGHT)}", "p-grid") + text(_LEFT - 10, y + 4, words, "", "end")


def _line(points: list[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{num(x)} {num(y)}" for x, y in points)


def survival_chart(answer: Failures, most: int = _MOST) -> Figure:
    """Draw time to survive against time to recover of the failures that hurt most."""
    shown = (answer.exposed or answer.failures)[:most]
    longest = max([f.recovery_days for f in shown] + [f.survive_days or 0.0 for f in shown] + [1.0])
    marks = ticks(0.0, longest)
    height = 46 + _ROW * max(len(shown), 1) + 30

    def x(value: float) -> float:
        return _NAMES + (WIDTH - _NAMES - 130) * min(value, marks[-1]) / marks[-1]

    body = [path(f"M{num(x(mark))} 34V{num(height - 30)}", "p-grid") for mark in marks]
    body += [text(x(mark), 24, number(mark), "p-minor", "middle") for mark in marks]
    body.append(text(_NAMES, 10, "days", "p-minor"))
    for i, failure in enumerate(shown):
        body += _survival_row(failure, 46 + _ROW * i, x, answer.currency)
    y = height - 8
    body += [rect(_NAMES, y - 10, 26, 10, "p-good"), text(_NAMES + 34, y, "everybody is served")]
    body += [
        rect(_NAMES + 170, y - 10, 26, 10, "p-bad"),
        rect(_NAMES + 170, y - 10, 26, 10, "", fill="url(#survival-hatch)"),
    ]
    body += [text(_NAMES + 204, y, "somebody is short until recovery")]
    caption = answer.words()[0]
    return figure("survival", "Time to survive against time to recover", caption, height + 4, body, answer.sheets()[1])


def _survival_row(failure: Failure, y: float, x: Callable[[float], float], currency: str) -> Iterator[str]:
    lasts = failure.recovery_days if failure.survive_days is None else min(failure.survive_days, failure.recovery_days)
    survives = "for ever" if failure.survive_days is None else days(failure.survive_days)
    tip = f"{failure.name}: survives {survives}, recovers in {days(failure.recovery_days)}"
    yield text(_NAMES - 10, y + 12, shortened(failure.name, _NAMES - 20), "", "end")
    yield rect(x(0), y, x(lasts) - x(0), 15, "p-good", tip)
    if failure.is_exposed:
        yield rect(x(lasts), y, x(failure.recovery_days) - x(lasts), 15, "p-bad", tip)
        yield rect(x(lasts), y, x(failure.recovery_days) - x(lasts), 15, "", fill="url(#survival-hatch)")
    yield text(
        x(max(failure.recovery_days, lasts)) + 8, y + 12, money(failure.impact, currency) if failure.impact else ""
    )


def roadmap_chart(answer: Roadmap) -> Figure:
    """Draw the decisions over time: waiting, then in effect, the ramp as it fills."""
    first, last = ordinal_of(answer.begins), ordinal_of(answer.ends)
    height = 44 + _ROW * max(len(answer.milestones), 1) + 26

    def x(day: str) -> float:
        share = (min(max(ordinal_of(day), first), last) - first) / max(last - first, 1)
        return _NAMES + (WIDTH - _NAMES - _RIGHT) * share

    quarters = list(_quarters(answer.begins, answer.ends))
    body = [path(f"M{num(x(day))} 30V{num(height - 28)}", "p-grid") for day in quarters]
    body += [text(x(day) + 3, 22, day[:7], "p-minor") for day in quarters]
    for i, milestone in enumerate(answer.milestones):
        body += _bar(milestone, 38 + _ROW * i, x(milestone.starts), x(milestone.works_from), x(answer.ends))
        body += [
            text(x(day) + 3, 38 + _ROW * i + 12, percent(share), "p-on")
            for day, share in milestone.ramp
            if share > 0 and milestone.works_from < day < answer.ends
        ]
    y = height - 6
    body += [rect(_NAMES, y - 10, 26, 10, "p-track"), rect(_NAMES, y - 10, 26, 10, "", fill="url(#roadmap-hatch)")]
    body += [text(_NAMES + 34, y, "decided, not yet in effect"), rect(_NAMES + 220, y - 10, 26, 10, "p-bar")]
    body += [text(_NAMES + 254, y, "in effect, with the share of a ramp")]
    caption = answer.words()[0]
    return figure("roadmap", "Roadmap of decisions", caption, height + 4, body, answer.sheets()[0])


def _bar(milestone: Milestone, y: float, start: float, works: float, end: float) -> Iterator[str]:
    tip = f"{milestone.what}: decided {milestone.starts}, in effect {milestone.works_from}"
    yield text(_NAMES - 10, y + 12, shortened(milestone.what, _NAMES - 20), "", "end")
    yield rect(start, y, works - start, 16, "p-track", tip)
    yield rect(start, y, works - start, 16, "", fill="url(#roadmap-hatch)")
    yield rect(works, y, end - works, 16, "p-bar", tip)


def _quarters(begins: str, ends: str) -> Iterator[str]:
    year, month = int(begins[:4]), int(begins[5:7])
    while (day := f"{year:04d}-{month:02d}-01") <= ends:
        yield day
        month += 3
        year, month = (year + 1, month - 12) if month > 12 else (year, month)  # noqa: PLR2004  # months of a year


def compare_chart(answer: Compared) -> Figure:
    """Draw the cost components of two plans side by side; revenue as what comes in."""
    rows = [d for d in answer.costs if abs(d.first) + abs(d.second) > 0]
    rows.sort(key=lambda d: (-max(abs(d.first), abs(d.second)), d.what))
    largest = max([max(abs(d.first), abs(d.second)) for d in rows] + [1.0])
    marks = ticks(0.0, largest / _MILLION)
    height = 44 + 40 * max(len(rows), 1) + 24

    def x(value: float) -> float:
        return _NAMES - 60 + (WIDTH - _NAMES - 90) * abs(value) / _MILLION / marks[-1]

    currency = answer.first.currency
    body = [text(x(0), 10, f"{currency} million", "p-minor")]
    for mark in marks:
        at = x(mark * _MILLION)
        body.append(
            path(f"M{num(at)} 30V{num(height - 26)}", "p-grid") + text(at, 24, number(mark), "p-minor", "middle")
        )
    for i, d in enumerate(rows):
        y = 36 + 40 * i
        body.append(text(x(0) - 10, y + 19, d.what, "", "end"))
        for name, value, offset, css in (
            (answer.names[0], d.first, 0, "p-bar"),
            (answer.names[1], d.second, 15, "p-bar-2"),
        ):
            tip = f"{d.what}, {name}: {money(value, currency)}"
            body.append(rect(x(0), y + offset, x(value) - x(0), 13, css, tip))
            if css == "p-bar-2":
                body.append(rect(x(0), y + offset, x(value) - x(0), 13, "", fill="url(#compare-hatch)"))
            body.append(text(x(value) + 6, y + offset + 11, money(value, currency), "p-halo"))
    y = height - 4
    body += [rect(x(0), y - 10, 26, 10, "p-bar"), text(x(0) + 34, y, answer.names[0])]
    body += [
        rect(x(0) + 220, y - 10, 26, 10, "p-bar-2"),
        rect(x(0) + 220, y - 10, 26, 10, "", fill="url(#compare-hatch)"),
    ]
    body += [text(x(0) + 254, y, answer.names[1])]
    return figure("compare", "Plan against plan", " ".join(answer.words()[:2]), height + 6, body, answer.sheets()[0])
