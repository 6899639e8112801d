"""Rule books as flat texts: the head by field, each rule's parameters as `rules-NUMBER-key`, or as a row of a table.

A form holds one book. A table holds a row for each rule: rows with one `id` are one book, whose head stands in the
first of them; what a rule is called as its book is (`id`, `title`, `source`, …) begins with `rule_`: `rule_id`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from doseway.app.books import SORTS, book_of, document_of, value_of
from doseway.app.form_fields import Field, FieldErrors, line
from doseway.app.rule_words import default_text
from doseway.coldchain.profile import Observation, Profile, outside_head
from doseway.model.documents import ProfileBook, RuleBook, WatchBook
from doseway.model.errors import DosewayError, ProfileError
from doseway.model.rulebook import Entry, entry_table, read_entries
from doseway.model.terms import toml_key, words_of

RULES: Final = "rules"
_OBSERVATION: Final = tuple(toml_key(name) for name in Observation.__struct_fields__)
HEADS: Final[Mapping[str, tuple[Field, ...]]] = {
    ProfileBook.KIND: (
        line("id"),
        line("title"),
        line("source"),
        line("notes", "lines"),
        line("confidence"),
        line("energy_kj_mol"),
        *map(line, _OBSERVATION),
    ),
    WatchBook.KIND: (line("id"), line("title"), line("source"), line("notes", "lines")),
}
_OWN: Final = ("id", "title", "source", "notes")
_TAKEN: Final = frozenset(field.name for fields in HEADS.values() for field in fields)
"""What a rule has as a book has it: in a table these columns of the rule begin with `rule_`."""


class Parameter(NamedTuple):
    """One field of a rule in a form.

    Attributes:
        name: of the input. key: as in TOML. words: what it may hold, empty: any text. hint: the default, as text.
    """

    name: str
    key: str
    text: str
    words: tuple[str, ...]
    is_tick: bool
    is_needed: bool
    hint: str


class RuleForm(NamedTuple):
    """One rule in a form."""

    number: int
    rule: str
    title: str
    parameters: tuple[Parameter, ...]


def to_texts(document: RuleBook) -> dict[str, str]:
    """Write a book as the texts of its form."""
    book = book_of(document)
    head = {name: getattr(document, name) for name in _OWN}
    if isinstance(book, Profile):
        outer = outside_head(book)
        head |= {name: outer.get(name, "") for name in ("confidence", "energy_kj_mol")} | dict.fromkeys(
            _OBSERVATION, ""
        )
        head |= outer["observation"]
    texts = {name: _text(value) for name, value in head.items()}
    for number, rule in enumerate(book.rules):
        texts |= {_name(number, key): _text(value) for key, value in entry_table(rule).items()}
    return texts


def from_texts(kind: str, texts: Mapping[str, str]) -> RuleBook:
    """Read a book from the texts of its form.

    Raises:
        FieldErrors: texts that will not do; what is wrong with rule n stands under `rules-n`.
    """
    sort, wrong, tables = SORTS[kind], {}, []
    for number in numbers_of(texts):
        try:
            tables.append(_table(kind, {key: texts[name] for name, key in _inputs(texts, number)}))
        except DosewayError as error:
            wrong[f"{RULES}-{number}"] = _sentence(error)
    if not tables and not wrong:
        wrong[RULES] = "a book needs at least one rule. Add one below."
    if wrong:
        raise FieldErrors(wrong)
    try:
        book = sort.load({**_head(kind, texts), RULES: tables}, "")
    except ProfileError as error:
        raise FieldErrors({_field_of(error, kind): _sentence(error)}) from error
    return document_of(book)


def numbers_of(texts: Mapping[str, str]) -> list[int]:
    """Return the numbers of the rules in a form, sorted."""
    parts = (name.split("-", 2) for name in texts if name.startswith(f"{RULES}-"))
    return sorted({int(one[1]) for one in parts if len(one) > 2 and one[1].isdecimal()})  # noqa: PLR2004  # its parts


def rules_of(kind: str, texts: Mapping[str, str]) -> list[RuleForm]:
    """Return the rules of a form, each with all its parameters; one whose rule is unknown is left out."""
    names = set(SORTS[kind].rule_names())
    found = ((number, texts.get(_name(number, "rule"), "")) for number in numbers_of(texts))
    return [_form(kind, number, rule, texts) for number, rule in found if rule in names]


def added(kind: str, texts: Mapping[str, str], rule: str) -> dict[str, str]:
    """Return the texts with one more rule, its parameters empty."""
    if rule not in SORTS[kind].rule_names():
        return dict(texts)
    number = max(numbers_of(texts), default=-1) + 1
    return {**texts, _name(number, "rule"): rule}


def removed(texts: Mapping[str, str], number: int) -> dict[str, str]:
    """Return the texts without a rule."""
    return {name: text for name, text in texts.items() if not name.startswith(f"{RULES}-{number}-")}


def columns(kind: str) -> tuple[str, ...]:
    """Return the columns of a table of books."""
    keys = dict.fromkeys(key for name in SORTS[kind].rule_names() for key in _keys(kind, name))
    own = [_column(key) for key in keys]
    return (*(field.name for field in HEADS[kind]), "rule", *own)


def gathered(
    kind: str, rows: Iterable[tuple[int, Mapping[str, str]]]
) -> Iterator[tuple[tuple[int, ...], dict[str, str]]]:
    """Join the rows of a table to books: yields the rows of each, and the texts of its form."""
    books: dict[str, list[tuple[int, Mapping[str, str]]]] = {}
    for row, texts in rows:
        books.setdefault(texts.get("id", "").strip(), []).append((row, texts))
    heads = {field.name for field in HEADS[kind]}
    for members in books.values():
        joined: dict[str, str] = {}
        for row, texts in members:
            joined |= {name: text for name, text in texts.items() if name in heads and text.strip()}
            rule = {_key(name): text for name, text in texts.items() if name not in heads and text.strip()}
            joined |= {_name(row, key): text for key, text in rule.items()}
        yield tuple(row for row, _ in members), joined


def from_toml(kind: str, data: bytes, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Read a book's TOML as the rows of a table, one for each rule.

    Raises:
        ProfileError: it is none, or something in it is wrong.
    """
    texts = to_texts(document_of(SORTS[kind].load(data, name)))
    heads = {field.name: texts[field.name] for field in HEADS[kind]}
    for number in numbers_of(texts):
        rule = {_column(key): texts[one] for one, key in _inputs(texts, number)}
        yield number + 1, {**(heads if number == 0 else {"id": texts["id"]}), **rule}


def _form(kind: str, number: int, rule: str, texts: Mapping[str, str]) -> RuleForm:
    spec: type[Entry] = SORTS[kind].rule(rule, "").spec
    found = []
    for field in msgspec.structs.fields(spec):
        key = toml_key(field.name)
        if key in {"rule", "rule_version"}:
            continue
        name = _name(number, key)
        is_needed = field.required and key != "id"
        found.append(
            Parameter(
                name=name,
                key=key,
                text=texts.get(name, ""),
                words=() if str(field.type).startswith("tuple[") else words_of(field.type),
                is_tick=field.type is bool,
                is_needed=is_needed,
                hint=default_text(field) or ", ".join(words_of(field.type)),
            )
        )
    title: str = getattr(SORTS[kind].rule(rule, ""), "title", rule)
    return RuleForm(number, rule, title, tuple(found))


def _table(kind: str, texts: Mapping[str, str]) -> dict[str, Any]:
    """Return the TOML table of a rule.

    Raises:
        ProfileError: it will not do.
    """
    sort = SORTS[kind]
    rule = texts.get("rule", "").strip()
    spec = sort.rule(rule, "").spec
    types = {toml_key(field.name): field.type for field in msgspec.structs.fields(spec)}
    table = {key: value_of(types.get(key, str), text) for key, text in texts.items() if text.strip()}
    entries: list[Entry] = read_entries([table], "", kind, sort.rule)
    entries[0].check()
    return table


def _head(kind: str, texts: Mapping[str, str]) -> dict[str, Any]:
    given = {field.name: texts[field.name].strip() for field in HEADS[kind] if texts.get(field.name, "").strip()}
    observed = {name: value_of(int | None, given.pop(name)) for name in _OBSERVATION if name in given}
    return {**given, "observation": observed} if observed else given


def _inputs(texts: Mapping[str, str], number: int) -> Iterator[tuple[str, str]]:
    start = f"{RULES}-{number}-"
    yield from ((name, name.removeprefix(start)) for name in texts if name.startswith(start))


def _keys(kind: str, rule: str) -> Iterator[str]:
    spec = SORTS[kind].rule(rule, "").spec
    yield from (key for name in spec.__struct_fields__ if (key := toml_key(name)) not in {"rule", "rule_version"})


def _name(number: int, key: str) -> str:
    return f"{RULES}-{number}-{key}"


def _column(key: str) -> str:
    return f"rule_{key}" if key in _TAKEN else key


def _key(column: str) -> str:
    own = column.removeprefix("rule_")
    return own if own in _TAKEN else column


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(map(str, value))
        case _:
            return str(getattr(value, "value", value))


def _field_of(error: ProfileError, kind: str) -> str:
    """Return the field of the head that an error is about; `rules` where it is about none."""
    words = error.what.replace(":", " ").split()[:2]
    return next((field.name for field in HEADS[kind] if field.name in words), RULES)


def _sentence(error: DosewayError) -> str:
    return f"{error.what}. {error.hint}" if error.hint else error.what
