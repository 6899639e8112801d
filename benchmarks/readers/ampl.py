"""The `param` and `set` lines of an AMPL data file: enough for the airlift instances."""

import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks.readers.words import lines_of, number_at, wrong

Keys = tuple[str, ...]
Data = dict[str, dict[Keys, float]]
"""Name of a parameter → its value by subscripts; a scalar has the subscript ()."""
_STATEMENT = re.compile(r"\s*(param|set)\b(.*)", re.DOTALL)


def read_data(paths: Sequence[Path]) -> Data:
    """Return the parameters that files give numbers; declarations and the model are passed over.

    Reads `param p := 5`, and with one record a line `param p := key value`, `param: p q := key key value value` and the
    transposed table `param p (tr): columns := row value value`.

    Raises:
        FormatError: a table whose numbers do not fit its head.
    """
    data: Data = {}
    for path in paths:
        text, begin = "", 1
        for number, line in lines_of(path):
            if not text.strip():
                text, begin = "", number
            text += line.split("#")[0] + "\n"
            while ";" in text:
                statement, _, text = text.partition(";")
                _take(path, begin, statement, data)
                begin = number
    return data


def _take(path: Path, line: int, statement: str, data: Data) -> None:
    """Take one statement, if it gives numbers."""
    found = _STATEMENT.match(statement)
    if not found or found[1] == "set" or ":=" not in found[2]:
        return
    before, _, body = statement.partition(":=")
    head, line = found[2].partition(":=")[0].strip(), line + before.count("\n")
    records = [(line + i, text.split()) for i, text in enumerate(body.split("\n")) if text.split()]
    if not records:
        raise wrong(path, line, f"{head!r} is given nothing")
    if "(tr)" in head:
        _table(path, head, records, data)
    elif re.fullmatch(r"\w+|[\w\s]*:[\w\s:]*", head):
        names = head.rpartition(":")[2].split()  # `param: set: p q` names the set of the subscripts first
        _records(path, names, records, data)


def _records(path: Path, names: list[str], records: Sequence[tuple[int, list[str]]], data: Data) -> None:
    """Take records, one a line: subscripts, and one value for each name."""
    subscripts = len(records[0][1]) - len(names)
    for line, words in records:
        if subscripts < 0 or len(words) != subscripts + len(names):
            raise wrong(path, line, f"{len(words)} words are no record of {', '.join(names)}")
        for name, word in zip(names, words[subscripts:], strict=True):
            data.setdefault(name, {})[tuple(words[:subscripts])] = number_at(path, line, word, name)


def _table(path: Path, head: str, records: Sequence[tuple[int, list[str]]], data: Data) -> None:
    """Take a transposed table: `p (tr): columns := row value value …` gives p[column, row]."""
    name, _, columns = head.replace("(tr)", "").partition(":")
    for line, (row, *words) in records:
        if len(words) != len(columns.split()):
            raise wrong(path, line, f"{len(words)} numbers do not fill the columns {columns.strip()} of {name.strip()}")
        for column, word in zip(columns.split(), words, strict=True):
            data.setdefault(name.strip(), {})[column, row] = number_at(path, line, word, name.strip())
