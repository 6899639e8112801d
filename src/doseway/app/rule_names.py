"""Which rules a person means: `light`, `usp-cct`, `usp-cct/above-8`, `watch:our-trucks`, with parameters changed.

A rule's own name stands for its entries in the standard watch; a rule of limits has none there, and takes its
parameters from what is changed.
"""

from collections.abc import Callable, Mapping

import msgspec

from doseway.app.books import SORTS, Book, amended, builtin, sort_of_rule, value_of
from doseway.model.documents import WatchBook
from doseway.model.errors import ProfileError, UsageError
from doseway.model.terms import toml_key, unknown
from doseway.model.watch import STANDARD_ID

Lookup = Callable[[str, str], Book]
"""Returns the book of a kind and a name; raises ProfileError where there is none."""


def meant(name: str, changes: Mapping[str, str], lookup: Lookup = builtin) -> tuple[Book, Book | None]:
    """Return the rules that are meant, and the same without the changes; None where there is nothing without them.

    Raises:
        UsageError: nothing has that name, or a change names no parameter. ProfileError: a value that cannot be.
    """
    book_name, _, entry = name.partition("/")
    book = _book(book_name, lookup)
    if book is None:
        return _of_rule(name, changes)
    entries = [entry] if entry else []
    return amended(book, changes, entries), amended(book, {}, entries) if changes else None


def _book(name: str, lookup: Lookup) -> Book | None:
    kind, colon, bare = name.partition(":")
    kinds = [kind] if colon and kind in SORTS else list(SORTS)
    for one in kinds:
        try:
            return lookup(one, bare if colon and kind in SORTS else name)
        except ProfileError:
            continue
    return None


def _of_rule(name: str, changes: Mapping[str, str]) -> tuple[Book, Book | None]:
    if "/" in name or not any(name in sort.rule_names() for sort in SORTS.values()):
        words = (*(word for sort in SORTS.values() for word in (*sort.rule_names(), *sort.shelf.ids())),)
        error = unknown("the rule or rule book", name, words, "")
        raise UsageError(error.what, hint=error.hint)
    kind = sort_of_rule(name)
    if kind == WatchBook.KIND:
        standard = builtin(kind, STANDARD_ID)
        entries = [rule.id for rule in standard.rules if rule.rule == name]
        if entries:
            return amended(standard, changes, entries), amended(standard, {}, entries) if changes else None
    sort = SORTS[kind]
    spec = sort.rule(name, "").spec
    types = {toml_key(field.name): field.type for field in msgspec.structs.fields(spec)}
    table = {key: value_of(types.get(key, str), text) for key, text in changes.items()}
    try:
        return sort.load({"id": name, "rules": [{"rule": name, **table}]}, name), None
    except ProfileError as error:
        raise UsageError(error.what, hint=error.hint or f"`doseway rule explain {name}` has its parameters.") from error
