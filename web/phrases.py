"""Finds the English texts that the rooms below the pages say: errors, notes, figures compared, answers of planning.

The rooms know no languages. They say f-strings, whose literal parts are a template: `{count:,} rows` is
`%(count)s rows`. A template that is found here is a text of the catalogues, and `ui.phrases` finds its values again
in what was said.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).parents[1] / "src" / "doseway"
_ROOMS: Final = (
    *("coldchain/*.py", "coldchain/rules/*.py", "transit/lint.py"),
    *("intake/*.py", "intake/berlinger/*.py", "intake/formats/*.py", "intake/tables/*.py"),
    *("model/errors.py", "model/linting.py", "model/rulebook.py", "model/terms.py", "model/units.py"),
    *("app/book_forms.py", "app/books.py", "app/form_fields.py", "app/forms.py", "app/inspecting.py"),
    *("app/file_trials.py", "app/shipment_packing.py", "app/tower/*.py", "app/plans/*.py"),
)
_SILENT: Final = (
    "app/tower/tables.py",
    "app/tower/timeline.py",  # told by `ui.telling` from their figures
    "app/tower/board.py",
    "coldchain/reasons.py",
    *("intake/door_settings.py", "intake/folder.py", "intake/keyring.py", "intake/message_registry.py"),
    *("intake/mqtt.py", "intake/mqtt_turns.py", "intake/poll.py", "intake/topics.py"),
    "intake/tables/layout.py",
    "intake/tables/times.py",
)
"""Files that say nothing to a reader of pages, or whose sentences are told from figures."""

_CODES: Final = frozenset(
    """Avrg T|Ext Sensor timeout
    |Int Sensor timeout|Logging Interval|MKT Energy|Max T|Min T|Measurement delay|Start Delay
    |T AL|TS A|TS Actv|TS E|TS M|TS S|TS Start Trig|Temp unit|User String|t AL|t Acc|t AccST|keine daten|xl/|rule_
    |application/octet-stream|above_c|below_c|UTC|late-data|new-reading|never-fires|not-arranged|strict|inclusive
    |true|false|date|clock|milliseconds|minutes|documents|products|both|SenML JSON (RFC 8428)""".replace(
        "\n    ", ""
    ).split("|")
)
"""Names of a device's fields, and codes."""
_MORE: Final = (
    *("Average", "Highest", "Lowest", "days", "agrees", "low", "high", "consecutive", "cumulative"),
    *("line %(number)s", "column %(number)s", "byte %(number)s", "rule %(id)s", "row %(number)s"),
    *("temperature", "humidity", "pressure", "light", "shock", "battery", "tilt", "door"),
    *("profile", "watch", "device", "site", "lane", "product", "party", "shipment"),
)
"""Words that stand alone in the source."""

_TWO_WORDS: Final = re.compile(r"[^\W\d_]{2,}[,:;.”»’)]* [^\W\d_“(`\[]|[^\W\d_] [^\W\d_]{2,}")
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_CODE: Final = re.compile(
    r"\n|\\|\(\?|%s|%d|<[a-z/!]|=\"|^ ?[cp]-[a-z]|/[a-z]+;|Content-|"
    r"^(SELECT|INSERT|CREATE|DROP|UPDATE|DELETE| AND | ORDER)\b|\bSELECT\b"
)
_PLACE: Final = re.compile(r"\{\w*\}")
_HEARS: Final = frozenset(
    {"get", "pop", "startswith", "endswith", "split", "partition", "rpartition", "removeprefix", "removesuffix"}
    | {"execute", "executemany", "debug", "info", "warning", "error", "exception", "compile", "replace", "index"}
    | {"text", "child", "block", "number", "find"}
)
"""Methods whose words are looked for, or are a log's, and are not said."""
_FORMATTERS: Final = frozenset(
    {"degrees", "duration", "str", "len", "sum", "min", "max", "abs", "repr", "int", "float"}
)

Part = str | ast.expr


def templates() -> list[str]:
    """Return every template, each once: `%(name)s` for a value, `%%` for a percent sign."""
    found: dict[tuple[str, ...], str] = {}
    for path in sorted(path for room in _ROOMS for path in SOURCE.glob(room)):
        if str(path.relative_to(SOURCE)).startswith(_SILENT):
            continue
        for parts in texts_of(ast.parse(path.read_text(encoding="utf-8"))):
            text = template_of(parts)
            found.setdefault(tuple(re.split(r"%\(\w+\)s", text)), text)
    return sorted({*found.values(), *_MORE})


def texts_of(tree: ast.AST) -> Iterator[list[Part]]:
    """Yield the parts of each text that somebody may read."""
    yield from _texts(tree, set(_unsaid(tree)), set(_named(tree)))
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="several"), args=[_, ast.Constant(value=str() as one)]):
                yield [f"{one}s"]


def _texts(node: ast.AST, unsaid: set[int], named: set[int]) -> Iterator[list[Part]]:
    if id(node) in unsaid:
        return
    parts = _parts(node)
    if parts is None:
        for child in ast.iter_child_nodes(node):
            yield from _texts(child, unsaid, named)
        return
    if _is_said(parts, _WORD if id(node) in named else _TWO_WORDS):
        yield parts
    for part in parts:
        if isinstance(part, ast.AST):
            yield from _texts(part, unsaid, named)


def _parts(node: ast.AST) -> list[Part] | None:
    """Return literals and values in turn; None for what is no text."""
    match node:
        case ast.Constant(value=str() as text):
            return [text]
        case ast.JoinedStr(values=values):
            return [str(one.value) if isinstance(one, ast.Constant) else _inside(one) for one in values]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            sides = (_parts(left), _parts(right))
            if sides == (None, None):
                return None
            return [*(sides[0] or [left]), *(sides[1] or [right])]
    return None


def _inside(one: ast.expr) -> ast.expr:
    return one.value if isinstance(one, ast.FormattedValue) else one


def _is_said(parts: list[Part], least: re.Pattern[str]) -> bool:
    literals = [part for part in parts if isinstance(part, str)]
    text = "\0".join(literals)
    is_enough = len(_WORD.findall(text)) > 1 if len(parts) > 1 else bool(least.search(text))
    return (is_enough or bool(least.search(text))) and not _CODE.search(text) and text.strip() not in _CODES


def _unsaid(tree: ast.AST) -> Iterator[int]:
    """Yield the nodes whose words are no sentences: docstrings, keys, and what methods look for."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant() as one):
                yield id(one)
            case ast.Subscript(slice=one) | ast.keyword(arg="title", value=one):
                yield id(one)
            case ast.Compare(left=left, comparators=others):
                yield from map(id, (left, *others))
            case ast.Dict(keys=keys):
                yield from (id(one) for one in keys if one is not None)
            case ast.Attribute(value=ast.Constant() as one, attr="split"):
                yield id(one)
            case ast.Call(func=ast.Attribute(attr=name), args=arguments) if name in _HEARS:
                yield from map(id, arguments)


def _named(tree: ast.AST) -> Iterator[int]:
    """Yield the single words that are said: one of two that are chosen from, nouns of counts, headings of tables."""
    for node in ast.walk(tree):
        match node:
            case ast.IfExp(body=body, orelse=other):
                yield from map(id, (body, other))
            case ast.Call(func=ast.Name(id="several"), args=[_, *nouns]):
                yield from map(id, nouns)
            case ast.Call(func=ast.Name(id="sheet"), args=[_, *columns_and_rows]):
                yield from (id(one) for part in columns_and_rows for one in ast.walk(part))


def template_of(parts: list[Part]) -> str:
    """Return a text as a template; values that touch are one."""
    taken: dict[str, int] = {}
    found, was_value = "", False
    for part in parts:
        if isinstance(part, str):
            for number, literal in enumerate(_PLACE.split(part)):
                found += _place("value", taken) if number else ""
                found += literal.replace("%", "%%")
            was_value = False if part else was_value
        elif not was_value:
            found += _place(_name(part), taken)
            was_value = True
    return found


def _place(name: str, taken: dict[str, int]) -> str:
    taken[name] = count = taken.get(name, 0) + 1
    return f"%({name})s" if count == 1 else f"%({name}_{count})s"


def _name(node: ast.AST) -> str:
    """Name a value for the translator."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_").lower()
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in _FORMATTERS:
            return _name(first)
        case ast.Call(func=ast.Attribute(value=ast.Constant(), attr="join")):
            return "list"
        case ast.Call(func=function) | ast.Subscript(value=function):
            return _name(function)
    return "value"
