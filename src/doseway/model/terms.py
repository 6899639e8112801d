"""How parameters are written in TOML, and how they are kept: decimals with units in, exact integers inside.

The TOML key of a field follows from the field's name: `limit_milli` is written `limit_c`, `limit_millilux` is
`limit_lux`, `budget_ms` is `budget_s`, `energy_j_mol` is `energy_kj_mol`, and `min_coverage_ppm` and
`fraction_limit_ppb` are the plain fractions `min_coverage` and `fraction_limit`. Numbers are read as decimals, so that
8.1 °C is 8100 and not 8099.999….
"""

import difflib
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

import msgspec

from doseway.model.errors import Place, ProfileError

StructT = TypeVar("StructT", bound=msgspec.Struct)

# field suffix -> (TOML suffix, factor from TOML to inside)
_UNITS: Final = (
    ("_j_mol", "_kj_mol", 1_000),
    ("_milli", "_c", 1_000),
    ("_millilux", "_lux", 1_000),
    ("_millig", "_g", 1_000),
    ("_millipercent", "_percent", 1_000),
    ("_millidegree", "_degree", 1_000),
    ("_ppm", "", 1_000_000),
    ("_ppb", "", 1_000_000_000),
    ("_ms", "_s", 1_000),
)
_LARGEST: Final = 2**53


def toml_key(field: str) -> str:
    """Return the TOML key of a struct's field."""
    for inside, outside, _ in _UNITS:
        if field.endswith(inside):
            return field.removesuffix(inside) + outside
    return field


def read(kind: type[StructT], entry: Mapping[str, Any], place: str, source: str) -> StructT:
    """Read one TOML table into a struct.

    Args:
        kind: the struct; its field names say the units.
        entry: the table, numbers as `Decimal`, `int` or text.
        place: where in the document, for messages, such as `rules[2]`.
        source: the document's name.

    Raises:
        ProfileError: an unknown key (names the nearest known one), a missing key, or a value that cannot be.
    """
    fields = {toml_key(field.name): field for field in msgspec.structs.fields(kind)}
    for key in entry:
        if key not in fields:
            raise unknown(f"{place}: the key", key, fields, source)
    missing = [key for key, field in fields.items() if field.required and key not in entry]
    if missing:
        raise ProfileError(f"{place}: {missing[0]} is missing", where=Place(source))
    for key, value in entry.items():
        words = _words(fields[key].type)
        if words and isinstance(value, str) and value not in words:
            raise unknown(f"{place}: {key} =", value, words, source)
    plain = {fields[key].name: _inside(fields[key].name, key, value, place, source) for key, value in entry.items()}
    try:
        return msgspec.convert(plain, kind)
    except msgspec.ValidationError as error:
        raise ProfileError(f"{place}: {_outside(str(error), fields)}", where=Place(source)) from error


def unknown(what: str, word: str, known: Iterable[str], source: str) -> ProfileError:
    """Make the error for a word that is not known, with the nearest one that is."""
    words = sorted(known)
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(words)}."
    return ProfileError(f"{what} {word!r} is unknown", hint=hint, where=Place(source))


def plain(struct: msgspec.Struct) -> dict[str, Any]:
    """Return a struct as a dict of integers, strings, booleans and lists; what is not set is left out."""
    fields: dict[str, Any] = msgspec.to_builtins(struct)
    return {name: value for name, value in fields.items() if value is not None}


def outside(struct: msgspec.Struct) -> dict[str, Any]:
    """Return a struct as its TOML table: decimals with units; what is not set, or has its default, is left out.

    The inverse of `read`.
    """
    defaults = {field.name: field.default for field in msgspec.structs.fields(struct)}
    return {
        toml_key(name): _with_unit(name, value)
        for name, value in plain(struct).items()
        if getattr(struct, name) != defaults[name]
    }


def words_of(kind: Any) -> tuple[str, ...]:
    """Return the words that a field of words, or of a list of words, may hold; none of another field."""
    if get_origin(kind) is tuple:
        return _words(get_args(kind)[0])
    return _words(kind)


def _with_unit(field: str, value: Any) -> Any:
    factor = next((factor for suffix, _, factor in _UNITS if field.endswith(suffix)), 1)
    if factor == 1 or not isinstance(value, int):
        return value
    number = Decimal(value) / factor
    return int(number) if number == number.to_integral_value() else number


def _words(kind: Any) -> tuple[str, ...]:
    """Return the words that a field of words may hold; none of another field."""
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return tuple(word.value for word in kind)
    return get_args(kind) if get_origin(kind) is Literal else ()


def _inside(field: str, key: str, value: Any, place: str, source: str) -> Any:
    for suffix, _, factor in _UNITS:
        if field.endswith(suffix):
            return _scaled(value, factor, f"{place}: {key}", source)
    return value


def _scaled(value: Any, factor: int, what: str, source: str) -> int:
    try:
        number = Decimal(str(value)) if not isinstance(value, bool) else Decimal("nan")
        exact = number * factor
        if not number.is_finite() or exact != exact.to_integral_value() or abs(exact) > _LARGEST:
            raise InvalidOperation
    except InvalidOperation as error:
        raise ProfileError(
            f"{what} = {value!r} is not a number of at most {len(str(factor)) - 1} decimals", where=Place(source)
        ) from error
    return int(exact)


def _outside(message: str, fields: Mapping[str, Any]) -> str:
    """Put the TOML keys into a message that names fields."""
    for key, field in fields.items():
        message = message.replace(f"$.{field.name}", key)
    return message.replace(" - at ", ": ").replace("`", "")
