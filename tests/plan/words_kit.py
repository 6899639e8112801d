"""Reads the numbers out of an answer's words, and looks for each of them in its tables."""

import re
from collections.abc import Iterable

from doseway.plan.questions.answering import Answer

NUMBER = re.compile(r"(?<![\w.])(\d[\d,]*(?:\.\d+)?)(?:\s(million|billion|%))?(?![\w-])")
HALF_A_CENT = 0.005
TIMES = {"million": 1e6, "billion": 1e9, "%": 0.01, "": 1.0}


def numbers(line: str, names: Iterable[str]) -> list[tuple[float, ...]]:
    """Return what each number may mean: "3 million" is 3e6, and also 3 where the unit itself is "million doses"."""
    for name in sorted(names, key=len, reverse=True):
        line = line.replace(name, " ")
    found: list[tuple[float, ...]] = []
    for digits, word in NUMBER.findall(line):
        value = float(digits.replace(",", ""))
        found.append((value * TIMES[word], value))
    return found


def _same(told: float, value: float) -> bool:
    """Words have four digits, and no fractions of a cent."""
    return abs(told - value) <= 5.001e-4 * abs(value) or (told == 0 and abs(value) < HALF_A_CENT)


def untrue(answer: Answer) -> list[str]:
    """Return the sentences with a number that no table has, to the four digits that words have."""
    cells = [cell for one in answer.sheets() for row in one.rows for cell in row]
    known = [abs(float(cell)) for cell in cells if isinstance(cell, int | float) and not isinstance(cell, bool)]
    known += [float(len(one.rows)) for one in answer.sheets()]
    known += [float(cell) for cell in cells if isinstance(cell, str) and cell.replace(".", "").isdigit()]
    names = {cell for cell in cells if isinstance(cell, str) and re.search("[A-Za-z]", cell) and len(cell) > 1}
    names |= {column.unit for one in answer.sheets() for column in one.columns if re.search(r"\d", column.unit)}
    return [
        line
        for line in answer.words()
        for meanings in numbers(line, names)
        if not any(
            abs(m - k) <= 5.001e-4 * abs(k) or (m == 0 and abs(k) < HALF_A_CENT) for m in meanings for k in known
        )
    ]
