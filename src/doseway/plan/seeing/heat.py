"""Heat maps: how much of each medicine hangs on each country, and how full the lines are."""

from collections.abc import Sequence
from typing import Final

from doseway.plan.questions.exposure import STAGES, Exposures
from doseway.plan.record import Planned
from doseway.plan.seeing.drawing import WIDTH, Figure, figure, rect, shortened, text
from doseway.plan.sheets import sheet
from doseway.plan.wording import percent

_NAMES: Final = 190.0
_CELL: Final = 38.0
_TOP: Final = 34.0
_DARK: Final = 0.55
_FULL: Final = 0.98


def exposure_map(answer: Exposures) -> Figure:
    """Draw the largest share that a country has in a medicine, at any stage, with the stage's letter."""
    countries, medicines = answer.countries(), answer.medicines()
    cells: list[list[tuple[float, str]]] = []
    for country in countries:
        row = []
        for medicine in medicines:
            one = answer.largest(country, medicine)
            row.append((one.share if one else 0.0, STAGES[one.stage][0].upper() if one else ""))
        cells.append(row)
    body = _grid("exposure", countries, medicines, cells)
    letters = ", ".join(f"{words[0].upper()} {words}" for words in STAGES.values())
    body.append(
        text(_NAMES, _TOP + _CELL * len(countries) + 24, f"The largest share at any stage: {letters}", "p-minor")
    )
    height = _TOP + _CELL * len(countries) + 36
    caption = " ".join(answer.words()[:2])
    return figure("exposure", "Exposure by country", caption, height, body, answer.sheets()[0])


def load_map(plan: Planned) -> Figure:
    """Draw how full each line is in each period."""
    lines = sorted({load.line for load in plan.loads})
    share = {(x.line, x.period): x.used / x.available if x.available else 0.0 for x in plan.loads}
    cells = [[(share.get((line, period), 0.0), "") for period in plan.periods] for line in lines]
    height = _TOP + _CELL * len(lines) + 8
    full = sum(value >= _FULL for row in cells for value, _ in row)
    rows = [(x.line, x.site, x.period, x.used, x.available, share[x.line, x.period]) for x in plan.loads]
    twin = sheet(
        "loads", "How full the lines are",
        ["line", "site", "period", ("used", "hour"), ("available", "hour"), "utilisation"], rows,
    )  # fmt: skip
    caption = f"{full} of {len(lines) * len(plan.periods)} line periods are full; full ones are hatched."
    return figure("loads", "How full the lines are", caption, height, _grid("loads", lines, plan.periods, cells), twin)


def _grid(name: str, rows: Sequence[str], columns: Sequence[str], cells: list[list[tuple[float, str]]]) -> list[str]:
    wide = (WIDTH - _NAMES - 10) / max(len(columns), 1)
    body = [
        text(_NAMES + wide * (j + 0.5), 22, shortened(column, wide - 4), "", "middle")
        for j, column in enumerate(columns)
    ]
    for i, row in enumerate(rows):
        y = _TOP + _CELL * i
        body.append(text(_NAMES - 10, y + _CELL / 2 + 4, shortened(row, _NAMES - 16), "", "end"))
        for j, (share, letter) in enumerate(cells[i]):
            x = _NAMES + wide * j
            tip = f"{row}, {columns[j]}: {percent(share)}"
            body.append(rect(x, y, wide, _CELL, "p-cell p-track", tip))
            if share > 0:
                strength = f'<g opacity="{max(round(share, 2), 0.08):g}">'
                body.append(strength + rect(x, y, wide, _CELL, "p-cell p-heat") + "</g>")
            if name == "loads" and share >= _FULL:
                body.append(rect(x, y, wide, _CELL, "p-cell", fill=f"url(#{name}-hatch)"))
            words = f"{100 * share:.0f} %" + (f" {letter}" if letter else "")
            css = "p-on p-strong" if share > _DARK else "" if share > 0 else "p-minor"
            body.append(text(x + wide / 2, y + _CELL / 2 + 4, words if share > 0 else "–", css, "middle"))
    return body
