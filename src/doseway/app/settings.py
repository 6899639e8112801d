"""Settings: defaults < `doseway.toml` < environment (`DOSEWAY_STORE=…`) < the command line.

The file is looked for in the working directory, or where `DOSEWAY_CONFIG` points. Paths in it are relative to it.
"""

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from doseway.model.errors import Place, UsageError

FILE_NAME = "doseway.toml"
PREFIX = "DOSEWAY_"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be set, with its default.

    Attributes:
        store: the folder with the log, its key and its policy.
        anchor: where the last published head is kept a second time; best on other storage than the store, because
            it is what shows that the store was rolled back. Default: inside the store.
        origin: the log's name, as its checkpoints say it: a schema-less URL of yours.
        zone: the zone of device times that carry none: `+01:00`, `Europe/Zurich`, `UTC`; empty: undeclared.
        issuers: files with public keys of logger issuers that you trust beside the built-in one.
        host: where `doseway serve` listens; anything but loopback is reachable by others, and wants https in front.
        port: its port; 0: a free one.
        is_https: browsers reach it by https: cookies are for https only, and HSTS is sent.
        profile: the limit profile to judge with when a command names none; empty: the limits set in the device.
    """

    store: Path = Path("doseway-data")
    anchor: Path | None = None
    origin: str = "doseway.local/log"
    zone: str = ""
    issuers: tuple[Path, ...] = ()
    host: str = "127.0.0.1"
    port: int = 7370
    is_https: bool = False
    profile: str = ""

    @property
    def anchor_path(self) -> Path:
        """Where the anchor is kept."""
        return self.anchor or self.store / "anchor"


def load_settings(environment: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """Read the settings.

    Raises:
        UsageError: the file is no TOML, or a name or value in it is wrong; says where and what is near.
    """
    environment = os.environ if environment is None else environment
    default = (folder or Path()) / FILE_NAME
    path = Path(environment.get(PREFIX + "CONFIG", default))
    values = _from_file(path) if path.exists() or PREFIX + "CONFIG" in environment else {}
    values |= _from_environment(environment)
    try:
        return msgspec.convert(values, Settings, dec_hook=_to_path)
    except msgspec.ValidationError as error:
        raise UsageError(f"a setting has the wrong kind of value: {error}", where=Place(str(path))) from error


def _to_path(kind: type, value: Any) -> Path:
    if kind is not Path or not isinstance(value, str):
        raise TypeError(f"Expected `path`, got `{type(value).__name__}`")
    return Path(value)


def _from_file(path: Path) -> dict[str, Any]:
    where = Place(str(path))
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"the settings cannot be read: {error.strerror}", where=where) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the settings are no TOML: {error}", where=where) from error
    for name in values:
        _must_be_known(name, where)
    for name in ("store", "anchor"):
        if isinstance(values.get(name), str):
            values[name] = str(path.parent / values[name])
    if isinstance(values.get("issuers"), list):
        values["issuers"] = [str(path.parent / str(issuer)) for issuer in values["issuers"]]
    return values


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in Settings.__struct_fields__:
        text = environment.get(PREFIX + name.upper())
        if text is not None:
            values[name] = text.split(os.pathsep) if name == "issuers" else _typed(name, text)
    return values


def _typed(name: str, text: str) -> Any:
    """Read a number or a yes-or-no from the environment, where everything is text."""
    kind = Settings.__annotations__[name]
    if kind not in {int, bool}:
        return text
    try:
        return msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError as error:
        where = Place(PREFIX + name.upper())
        raise UsageError(f"a setting has the wrong kind of value: {error}", where=where) from error


def _must_be_known(name: str, where: Place) -> None:
    if name in Settings.__struct_fields__:
        return
    near = difflib.get_close_matches(name, Settings.__struct_fields__, n=1)
    known = ", ".join(Settings.__struct_fields__)
    hint = f"Did you mean {near[0]!r}?" if near else f"Known settings: {known}."
    raise UsageError(f"there is no setting {name!r}", hint=hint, where=where)
