"""Cities of facility location under failure (Daskin 1995, Snyder and Daskin 2005): a .grt file."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.readers.words import Floats, lines_of, number_at, wrong

RADIUS_MILES = 3956.0
_CELLS = ("number", "longitude", "latitude", "population", "a fifth number", "home value")
_LINE = re.compile(r"(.*)<(.*)>\s*$")


@dataclass(frozen=True)
class Cities:
    """Names, populations, home values, and the distance of each pair in miles."""

    names: list[str]
    people: Floats
    values: Floats
    miles: Floats


def read_cities(path: Path) -> Cities:
    """Read number, longitude west, latitude, population, other, home value and the name in angle brackets.

    Distances are great circles of 3,956 miles' radius.

    Raises:
        FormatError: a line that is not so, a place that is not on earth, or a name that comes twice.
    """
    names, table = [], []
    for line, text in lines_of(path):
        if not text.strip():
            continue
        found = _LINE.match(text)
        words = found[1].split() if found else []
        if not found or len(words) != len(_CELLS):
            raise wrong(path, line, f"a city is {', '.join(_CELLS)} and <name>")
        numbers = [number_at(path, line, word, what) for word, what in zip(words, _CELLS, strict=True)]
        name = " ".join(found[2].split())
        if not (-180 <= numbers[1] <= 180 and -90 <= numbers[2] <= 90) or min(numbers[3], numbers[5]) < 0:
            raise wrong(path, line, f"{name} is nowhere on earth, or has less than nobody")
        if name in names:
            raise wrong(path, line, f"{name} comes twice")
        names.append(name)
        table.append(numbers)
    if not table:
        raise wrong(path, 1, "there is no city")
    cells = np.array(table)
    west, north = np.radians(cells[:, 1]), np.radians(cells[:, 2])
    cosine = np.sin(north)[:, None] * np.sin(north) + np.cos(north)[:, None] * np.cos(north) * np.cos(
        west[:, None] - west
    )
    miles = RADIUS_MILES * np.arccos(np.clip(cosine, -1, 1))
    np.fill_diagonal(miles, 0.0)
    return Cities(names, cells[:, 3], cells[:, 5], miles)
