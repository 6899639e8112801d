"""Tables within the settings: their names are checked and their paths are made relative to the file they stand in."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec.inspect import CollectionType, CustomType, DictType, Field, StructType, Type, UnionType, type_info

from doseway.model.errors import Place, UsageError

_SEPARATOR = "__"


def settle(values: Mapping[str, Any], kind: type[msgspec.Struct], folder: Path, where: Place) -> dict[str, Any]:
    """Return a table with its paths resolved.

    Raises:
        UsageError: a name in it, or in a table below, is unknown; says which is near.
    """
    settled = _settle(dict(values), type_info(kind), folder, where, "")
    assert isinstance(settled, dict)
    return settled


def from_environment(environment: Mapping[str, str], prefix: str) -> dict[str, Any]:
    """Return what variables such as `DOSEWAY_NOTIFY__URL` say about tables; two underscores go one table down."""
    tables: dict[str, Any] = {}
    for variable, text in environment.items():
        if variable.startswith(prefix) and _SEPARATOR in variable:
            *path, name = variable.removeprefix(prefix).lower().split(_SEPARATOR)
            table = tables
            for step in path:
                table = table.setdefault(step, {})
            table[name] = text
    return tables


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of both, `over` winning, tables merged name by name."""
    result = dict(under)
    for name, value in over.items():
        held = result.get(name)
        is_table = isinstance(held, Mapping) and isinstance(value, Mapping)
        result[name] = merged(held, value) if is_table and isinstance(held, Mapping) else value
    return result


def _settle(value: Any, info: Type | Field, folder: Path, where: Place, path: str) -> Any:
    kind = info.type if isinstance(info, Field) else info
    if isinstance(kind, UnionType):
        kind = next((one for one in kind.types if isinstance(one, StructType | CustomType)), kind)
    if isinstance(kind, StructType) and isinstance(value, dict):
        fields = {field.encode_name: field for field in kind.fields}
        for name in value:
            _must_be_known(name, fields, where, path)
        return {name: _settle(one, fields[name], folder, where, f"{path}{name}.") for name, one in value.items()}
    if isinstance(kind, CollectionType) and isinstance(value, list):
        return [_settle(one, kind.item_type, folder, where, path) for one in value]
    if isinstance(kind, DictType) and isinstance(value, dict):
        return {name: _option(name, one, kind.value_type, folder, where, path) for name, one in value.items()}
    if isinstance(kind, CustomType) and kind.cls is Path and isinstance(value, str):
        return str(folder / value)
    return value


def _option(name: str, value: Any, info: Type, folder: Path, where: Place, path: str) -> Any:
    """Settle a value of an open table, such as a channel's options: what ends in `_file` is a path."""
    if name.endswith("_file") and isinstance(value, str):
        return str(folder / value)
    return _settle(value, info, folder, where, f"{path}{name}.")


def _must_be_known(name: str, fields: Mapping[str, Field], where: Place, path: str) -> None:
    if name in fields:
        return
    near = difflib.get_close_matches(name, fields, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Known settings: {', '.join(fields)}."
    raise UsageError(f"there is no setting {path + name!r}", hint=hint, where=where)
