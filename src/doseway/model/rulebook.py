"""What all rule books share: TOML with `[[rules]]`, each entry the typed parameters of a registered rule.

Limit profiles (`doseway.coldchain.profile`) and watches (`doseway.model.watch`) are rule books. What is written wrong
is named, with where it stands and what is near.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Final, Protocol, TypeVar

import msgspec

from doseway.model.errors import Place, ProfileError
from doseway.model.terms import outside, read

BOOK_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_TOML_PLACE: Final = re.compile(r" \(at line (\d+), column (\d+)\)$")


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of `[[rules]]`; a room and then a rule add their parameters by subclassing.

    Field names end in their unit; `doseway.model.terms` has them, and how they are written in TOML.

    Attributes:
        rule, rule_version: which rule, in which version of its meaning.
        id: the entry's own name, unique within the book.
        title, source, notes: for people; `source` is the clause that the limit comes from.
    """

    rule: str
    id: str
    rule_version: int = 1
    title: str = ""
    source: str = ""
    notes: str = ""

    @classmethod
    def expand(cls, entry: dict[str, Any]) -> dict[str, Any]:
        """Write the short forms of a TOML table out; most rules have none."""
        return entry

    def check(self) -> None:
        """Check what no single type can say.

        Raises:
            ProfileError: the parameters contradict each other.
        """


EntryT = TypeVar("EntryT", bound=Entry)
KindT = TypeVar("KindT", bound=Entry, covariant=True)  # noqa: PLC0105  # named for what it is


class Kind(Protocol[KindT]):
    """What a rule book needs to know of a rule: its id, its version, its parameters."""

    @property
    def id(self) -> str:
        """The word for `rule = "…"`."""

    @property
    def version(self) -> int:
        """The version of its meaning."""

    @property
    def spec(self) -> type[KindT]:
        """Its parameters."""


class Shelf:
    """The rule books that come with Doseway: TOML files in a folder of a package.

    Attributes:
        noun: what they are called in messages, such as `profile`.
    """

    def __init__(self, package: str, folder: str, noun: str) -> None:
        self.noun = noun
        self._package = package
        self._folder = folder

    def ids(self) -> tuple[str, ...]:
        """Return their ids, sorted."""
        return _ids_in(self._package, self._folder)

    def text(self, name: str) -> str:
        """Return the TOML of one, comments included: the start of a user's own.

        Raises:
            ProfileError: there is none of that name.
        """
        if name not in self.ids():
            raise ProfileError(f"there is no {self.noun} {name!r}", hint=f"Built in: {', '.join(self.ids())}.")
        return (files(self._package) / self._folder / f"{name}.toml").read_text(encoding="utf-8")


@cache
def _ids_in(package: str, folder: str) -> tuple[str, ...]:
    names = (one.name for one in (files(package) / folder).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def refuse(entry: Entry, what: str, hint: str = "") -> ProfileError:
    """Make the error for an entry whose parameters contradict each other."""
    return ProfileError(f"rule {entry.id!r}: {what}", hint=hint)


def parse(data: bytes, source: str, noun: str) -> dict[str, Any]:
    """Read TOML with exact decimals.

    Args:
        data: UTF-8 text.
        source: the document's name, for messages.
        noun: what it should be, such as `profile`.

    Raises:
        ProfileError: it is no TOML.
    """
    try:
        return tomllib.loads(data.decode("utf-8"), parse_float=Decimal)
    except UnicodeDecodeError as error:
        raise ProfileError(f"a {noun} is UTF-8 text", where=Place(source, byte=error.start)) from error
    except tomllib.TOMLDecodeError as error:
        found = _TOML_PLACE.search(str(error))
        line, column = (int(found[1]), int(found[2])) if found else (None, None)
        what = _TOML_PLACE.sub("", str(error))
        raise ProfileError(f"this is no TOML: {what}", where=Place(source, line, column)) from error
    except RecursionError as error:
        raise ProfileError(f"this is nested too deeply for a {noun}", where=Place(source)) from error


def write(head: msgspec.Struct, tables: Mapping[str, msgspec.Struct], entries: Iterable[Entry]) -> str:
    """Write a rule book as TOML, as a person would: what has its default is left out. The inverse of reading it.

    Args:
        head: what the book says about itself. tables: more of that, each under a name.
        entries: its rules.
    """
    parts = ["".join(_lines(outside(head)))]
    parts += [f"[{name}]\n" + "".join(rows) for name, one in tables.items() if (rows := list(_lines(outside(one))))]
    parts += ["[[rules]]\n" + "".join(_lines(entry_table(one))) for one in entries]
    return "\n".join(parts)


def entry_table(entry: Entry) -> dict[str, Any]:
    """Return an entry as its TOML table, the rule and its id first; the version is that of the rule."""
    table = outside(entry)
    del table["rule"], table["id"]
    table.pop("rule_version", None)
    return {"rule": entry.rule, "id": entry.id, **table}


def _lines(table: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{key} = {_literal(value)}\n" for key, value in table.items())


def _literal(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list() | tuple():
            return f"[{', '.join(map(_literal, value))}]"
        case Decimal():
            return f"{value:f}"
        case _:
            return str(value)


def read_entries(tables: Any, source: str, noun: str, rule: Callable[[str, str], Kind[EntryT]]) -> list[EntryT]:
    """Read the `[[rules]]` of a book.

    Args:
        tables: what the book has under `rules`.
        source: the document's name, for messages.
        noun: what the book is, such as `profile`.
        rule: returns the rule of a name for a document; raises as a registry does.

    Raises:
        ProfileError: there is none, or an entry is wrong; names the key and the nearest known one.
    """
    if not isinstance(tables, list) or not tables or not all(isinstance(one, Mapping) for one in tables):
        raise ProfileError(f"rules: a {noun} needs at least one [[rules]] table", where=Place(source))
    entries: list[EntryT] = []
    for number, table in enumerate(tables, 1):
        place = f"rules[{number}]"
        name = table.get("rule")
        if not isinstance(name, str):
            raise ProfileError(f'{place}: rule = "…" is missing', where=Place(source))
        kind = rule(name, source)
        own_id = table.get("id") or _free_id(name, entries)
        full = kind.spec.expand({**table, "id": own_id, "rule_version": kind.version})
        entries.append(read(kind.spec, full, f"{place} ({own_id})", source))
    return entries


def check_entries(entries: Sequence[Entry], source: str) -> None:
    """Refuse what contradicts itself.

    Raises:
        ProfileError: an id is malformed or taken, a time is negative, or a rule refuses its parameters.
    """
    seen: set[str] = set()
    for entry in entries:
        if not BOOK_ID.fullmatch(entry.id):
            raise ProfileError(f"rule id {entry.id!r}: use a-z, 0-9, dot, dash, underscore", where=Place(source))
        if entry.id in seen:
            raise ProfileError(f"two rules have the id {entry.id!r}", hint="Ids are unique.", where=Place(source))
        seen.add(entry.id)
        _check_entry(entry, source)


def entry_from_plain(plain: Mapping[str, Any], rule: Callable[[str], Kind[EntryT]]) -> EntryT:
    """Read one entry of a snapshot back.

    Raises:
        ProfileError: it was made with a version of the rule that is not the one here.
        KeyError, TypeError, msgspec.ValidationError: it is no snapshot.
    """
    kind = rule(plain["rule"])
    if plain.get("rule_version") != kind.version:
        raise ProfileError(
            f"the limits were logged with version {plain.get('rule_version')} of the rule {kind.id!r}; "
            f"this Doseway has version {kind.version}",
            hint="Use the version of Doseway that made the judgement.",
        )
    return msgspec.convert(dict(plain), kind.spec)


def _free_id(name: str, entries: Iterable[Entry]) -> str:
    taken = {entry.id for entry in entries}
    number = 1
    while (found := name if number == 1 else f"{name}-{number}") in taken:
        number += 1
    return found


def _check_entry(entry: Entry, source: str) -> None:
    for field in entry.__struct_fields__:
        value = getattr(entry, field)
        if field.endswith("_ms") and value is not None and value < 0:
            raise ProfileError(f"rule {entry.id!r}: {field.removesuffix('_ms')}_s is negative", where=Place(source))
    try:
        entry.check()
    except ProfileError as error:
        raise ProfileError(error.what, hint=error.hint, where=Place(source)) from error
