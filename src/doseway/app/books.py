"""Rule books of both kinds: limit profiles (temperature) and watches (everything else), built in or a user's own."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec

from doseway.coldchain import profile as profiles
from doseway.coldchain import registry
from doseway.coldchain.profile import Profile
from doseway.model import watch as watches
from doseway.model.documents import ProfileBook, RuleBook, WatchBook
from doseway.model.errors import ProfileError, UsageError
from doseway.model.rulebook import Entry, Kind, Shelf, entry_table
from doseway.model.terms import toml_key, unknown
from doseway.model.watch import Watch

Book = Profile | Watch


class Sort(NamedTuple):
    """One kind of rule book: how it is read and written, what is built in, and which rules it may hold."""

    shelf: Shelf
    load: Callable[[bytes | Mapping[str, Any], str], Book]
    from_plain: Callable[[Mapping[str, Any]], Book]
    rule_names: Callable[[], tuple[str, ...]]
    rule: Callable[[str, str], Kind[Any]]


SORTS: Final[Mapping[str, Sort]] = {
    ProfileBook.KIND: Sort(profiles.SHELF, profiles.load_profile, profiles.from_plain, registry.names, registry.rule),
    WatchBook.KIND: Sort(watches.SHELF, watches.load_watch, watches.from_plain, watches.RULES.names, watches.RULES.get),
}


def kind_of(book: Book) -> str:
    """Return the kind of a book, `profile` or `watch`."""
    return ProfileBook.KIND if isinstance(book, Profile) else WatchBook.KIND


def builtin(kind: str, name: str) -> Book:
    """Return a book that comes with Doseway. Raises ProfileError where there is none of that name."""
    sort = SORTS[kind]
    return sort.load(sort.shelf.text(name).encode(), f"{name}.toml")


def book_of(document: RuleBook) -> Book:
    """Return the book that a document holds.

    Raises:
        ProfileError: a rule is unknown, or its parameters contradict each other.
    """
    return SORTS[document.KIND].from_plain({"rules": (), **msgspec.to_builtins(document)})


def check_book(document: RuleBook) -> None:
    """Refuse a book that nothing can be judged by. Raises as `book_of` does, and where there is no rule in it."""
    if not document.rules:
        raise ProfileError(f"the {document.KIND} {document.id!r} has no rule", hint="Add one.")
    book_of(document)


def document_of(book: Book) -> RuleBook:
    """Return a book as the document that is put."""
    plain = profiles.to_plain(book) if isinstance(book, Profile) else watches.to_plain(book)
    return msgspec.convert(plain, ProfileBook if isinstance(book, Profile) else WatchBook)


def to_toml(book: Book) -> str:
    """Return a book as TOML."""
    return profiles.to_toml(book) if isinstance(book, Profile) else watches.to_toml(book)


def text_of(kind: str, book: Book, *, is_own: bool) -> str:
    """Return a book as its author left it: a built-in one's own text, comments and all."""
    return to_toml(book) if is_own else SORTS[kind].shelf.text(book.id)


def from_toml(text: str, source: str) -> Book:
    """Read a book of either kind; the rules in it say which it is.

    Raises:
        ProfileError: as `load_profile` and `load_watch` do; names the nearest rule where one is unknown.
    """
    try:
        return profiles.load_profile(text.encode(), source)
    except ProfileError as error:
        try:
            return watches.load_watch(text.encode(), source)
        except ProfileError as other:
            raise (other if _is_about_a_rule(error) else error) from None


def sort_of_rule(rule: str) -> str:
    """Return which kind of book holds a rule.

    Raises:
        UsageError: there is no such rule; names the nearest.
    """
    for kind, sort in SORTS.items():
        if rule in sort.rule_names():
            return kind
    error = unknown("the rule", rule, (name for sort in SORTS.values() for name in sort.rule_names()), "")
    raise UsageError(error.what, hint=error.hint)


def amended(book: Book, changes: Mapping[str, str], entries: Iterable[str] = ()) -> Book:
    """Return a book with only some of its entries, and with parameters changed.

    Args:
        book: of either kind.
        changes: by `key`, for every entry that has it, or by `entry.key`; values are written as in TOML, without
            quotes. An empty value takes the parameter away.
        entries: the ids of those that are kept; empty: all.

    Raises:
        UsageError: no entry has the name or the key. ProfileError: a value that cannot be.
    """
    kept = set(entries)
    missing = kept - {rule.id for rule in book.rules}
    if missing:
        known = ", ".join(rule.id for rule in book.rules)
        raise UsageError(f"{book.id} has no entry {min(missing)!r}", hint=f"It has {known}.")
    tables = {rule.id: entry_table(rule) for rule in book.rules if not kept or rule.id in kept}
    specs = {rule.id: rule for rule in book.rules}
    for key, text in changes.items():
        _change(tables, specs, key, text)
    document = profiles.outside_head(book) if isinstance(book, Profile) else watches.outside_head(book)
    return SORTS[kind_of(book)].load({**document, "rules": list(tables.values())}, book.id)


def _change(tables: Mapping[str, dict[str, Any]], specs: Mapping[str, Entry], key: str, text: str) -> None:
    entry, _, name = key.rpartition(".")
    known = {one: {toml_key(field.name): field for field in msgspec.structs.fields(specs[one])} for one in tables}
    meant = [one for one in tables if (not entry or one == entry) and name in known[one]]
    if not meant:
        words = sorted({word for one in tables if not entry or one == entry for word in known[one]})
        error = unknown("the parameter", key, words or [f"{one}.{name}" for one in tables], "")
        raise UsageError(error.what, hint=error.hint)
    for one in meant:
        if text.strip():
            tables[one][name] = value_of(known[one][name].type, text)
        else:
            tables[one].pop(name, None)


def value_of(kind: Any, text: str) -> Any:
    """Read a parameter's text as its type asks for; a text that will not do is left for the reader of books to name."""
    bare = text.strip()
    name = str(kind)
    if kind is bool:
        return bare.lower() in {"true", "yes", "1", "on", "sí", "si", "x"}
    if name.startswith("tuple["):
        return [word.strip() for word in bare.split(",") if word.strip()]
    if kind is int or name.startswith("int |"):
        try:
            number = Decimal(bare)
        except ArithmeticError:
            return bare
        return int(number) if number.is_finite() and number == number.to_integral_value() else number
    return bare


def _is_about_a_rule(error: ProfileError) -> bool:
    return error.what.startswith("the rule ")
