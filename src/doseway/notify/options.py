"""What channels share in reading their tables of the settings."""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from doseway.model.errors import Place, Unavailable, UsageError

Options = TypeVar("Options", bound=msgspec.Struct)


def read_options(channel: str, options: Mapping[str, Any], kind: type[Options]) -> Options:
    """Read a channel's options.

    Raises:
        UsageError: a name is unknown (says which is near), or a value is missing or of the wrong kind.
    """
    for name in options:
        if name not in kind.__struct_fields__:
            near = difflib.get_close_matches(name, kind.__struct_fields__, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(kind.__struct_fields__)}."
            raise UsageError(f"the channel {channel} has no option {name!r}", hint=hint)
    try:
        return msgspec.convert(dict(options), kind, strict=False, dec_hook=_to_path)
    except msgspec.ValidationError as error:
        hint = f"See the table [notify.channels.{channel}] of doseway.toml."
        raise UsageError(f"the channel {channel}: {error}", hint=hint) from error


def read_secret(path: Path | None, environment_name: str) -> str:
    """Return a secret from its file, else from the environment, else nothing.

    Raises:
        Unavailable: the file cannot be read.
    """
    if path is None:
        return os.environ.get(environment_name, "")
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Unavailable(f"the secret cannot be read: {error.strerror}", where=Place(str(path))) from error


def _to_path(kind: type, value: Any) -> Path:
    if kind is not Path or not isinstance(value, str):
        raise TypeError(f"Expected `path`, got `{type(value).__name__}`")
    return Path(value)
