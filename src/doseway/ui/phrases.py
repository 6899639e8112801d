"""What the rooms below said in English, found again as a template and its values, to be told in another language.

The rooms know no languages, and what they said may stand in the log as it was said. Their templates are known:
`web/phrases.py` finds them in the source and keeps them in `phrases.txt`. A text that a template fits gives the values
at its places; the longest template wins. Filling these values into it gives the very same text again, so nothing that
is said is ever lost or guessed.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Final, NamedTuple

_FILE: Final = "phrases.txt"
_PLACE: Final = re.compile(r"%\((\w+)\)s")
LONGEST: Final = 4_000
"""Longer texts are not looked up: no room says as much in one sentence."""
_REMEMBERED: Final = 8_192
_UNIT: Final = re.compile(r"(?<=\d) (?=(?:°C|min|h|d|s|%)(?![^\W_]))")
_BOND: Final = "\0"
_SUFFIX: Final = (" ", ",", ";", "(")


class Phrase(NamedTuple):
    """A template: its text as gettext knows it, the literals between its places, and the names of the places."""

    text: str
    literals: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def weight(self) -> tuple[int, int]:
        """How much of a text it says itself; of two that say as much the one with fewer values."""
        return sum(map(len, self.literals)), -len(self.names)

    def values(self, said: str) -> dict[str, str] | None:
        """Return what stands at its places, or None where it does not fit; each value is as short as can be."""
        first, *middle = self.literals
        if not middle:
            return {} if said == first else None
        *middle, last = middle
        end = len(said) - len(last)
        if not said.startswith(first) or not said.endswith(last) or end < len(first):
            return None
        cuts = [(0, len(first))]
        for literal in middle:
            at = said.find(literal, cuts[-1][1], end)
            if at < 0:
                return None
            cuts.append((at, at + len(literal)))
        cuts.append((end, len(said)))
        found = [said[before[1] : after[0]] for before, after in pairwise(cuts)]
        return dict(zip(self.names, found, strict=True))


def phrase(text: str) -> Phrase:
    """Read a template."""
    literals = tuple(_glued(part.replace("%%", "%")) for part in _PLACE.split(text)[::2])
    return Phrase(text, literals, tuple(_PLACE.findall(text)))


@cache
def texts() -> tuple[str, ...]:
    """Return every template that the rooms say."""
    lines = (files("doseway.ui") / _FILE).read_text(encoding="utf-8").splitlines()
    return tuple(line[1:] for line in lines)


@cache
def _phrases() -> tuple[dict[str, list[Phrase]], list[Phrase], list[Phrase]]:
    """Return the phrases by the word they begin with, those that begin with a value, and those that end a text."""
    by_word: dict[str, list[Phrase]] = {}
    opened: list[Phrase] = []
    for one in sorted(map(phrase, texts()), key=lambda one: one.weight, reverse=True):
        word, blank, _ = one.literals[0].partition(" ")
        if word and (blank or not one.names):
            by_word.setdefault(word, []).append(one)
        else:
            opened.append(one)
    suffixes = [one for one in opened if one.literals[0].startswith(_SUFFIX) and one.names]
    suffixes += [one for word, known in by_word.items() if word.startswith(_SUFFIX) for one in known]
    return by_word, opened, sorted(suffixes, key=lambda one: one.weight, reverse=True)


def _glued(text: str) -> str:
    """Bind figures to their units, so that no value ends between them."""
    return _UNIT.sub(_BOND, text)


@lru_cache(maxsize=_REMEMBERED)
def find(said: str) -> tuple[Phrase, dict[str, str]] | None:
    """Return the template that says most of a text, with its values; None where none says it."""
    if len(said) > LONGEST or _BOND in said:
        return None
    found = _fitting(_glued(said)) or _fitting(said)
    return found and (found[0], {name: value.replace(_BOND, " ") for name, value in found[1].items()})


def _fitting(said: str) -> tuple[Phrase, dict[str, str]] | None:
    by_word, opened, _ = _phrases()
    best: tuple[Phrase, dict[str, str]] | None = None
    for one in (*by_word.get(said.partition(" ")[0], ()), *opened):
        if best and one.weight <= best[0].weight:
            continue
        values = one.values(said)
        if values is not None:
            best = (one, values)
    return best


def endings(said: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to cut a text into what it is about and an ending that a template says, such as `, for USD 3`."""
    if len(said) > LONGEST:
        return
    for one in _phrases()[2]:
        at = said.find(one.literals[0], 1)
        while at > 0:
            if one.values(said[at:]) is not None:
                yield said[:at], said[at:]
                break
            at = said.find(one.literals[0], at + 1)
