"""Settings: defaults < `doseway.toml` < environment (`DOSEWAY_STORE=…`, `DOSEWAY_NOTIFY__URL=…`) < the command line.

The file is looked for in the working directory, or where `DOSEWAY_CONFIG` points. Paths in it are relative to it.
Secrets stand in files of their own, which settings that end in `_file` name, or in the environment.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from doseway.app.settings_tables import from_environment, merged, settle
from doseway.intake.door_settings import FolderSettings, MqttSettings, TiveSettings
from doseway.model.errors import Place, UsageError

FILE_NAME = "doseway.toml"
PREFIX = "DOSEWAY_"
_TABLES = frozenset({"doors", "notify", "plan"})


class HttpSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The door `POST /ingest/{format}`.

    Attributes:
        keys_file: senders beside those with keys of accounts: a TOML file, see `doseway.intake.keyring`.
        max_bytes: of one body. replay_s: how far the time of a signature may be from ours.
        max_file_bytes, max_file_readings: of a logger's file that is uploaded at its page or at `POST /v1/files`.
    """

    keys_file: Path | None = None
    max_bytes: int = 16 << 20
    replay_s: int = 300
    max_file_bytes: int = 2 << 30
    max_file_readings: int = 1_000_000


class DoorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where messages come from: `[doors.http]`, and any number of `[[doors.mqtt]]`, `tive` and `folder`."""

    http: HttpSettings = HttpSettings()
    mqtt: tuple[MqttSettings, ...] = ()
    tive: tuple[TiveSettings, ...] = ()
    folder: tuple[FolderSettings, ...] = ()


class NotifySettings(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told of alerts: `[notify]`.

    Attributes:
        policy: the file that says who; none: nobody is told.
        url: where people reach this tower, for links in messages.
        channels: options by channel, `[notify.channels.email]`.
    """

    policy: Path | None = None
    url: str = ""
    channels: dict[str, dict[str, Any]] = {}


class PlanSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Questions about supply networks: `[plan]`.

    Attributes:
        workers: how many are answered at a time, each in a process of its own.
        memory_mib: the most that each of them may take.
    """

    workers: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    memory_mib: Annotated[int, msgspec.Meta(ge=512)] = 4096


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
        workers: where scenarios of a plan are solved: a number of threads; `ray:N` or `dask:N`, N processes on this
            machine; or the address of a cluster, `ray://HOST:PORT?N` or `dask://HOST:PORT?N`.
        doors: where messages come from.
        notify: who is told of alerts.
        plan: how questions about supply networks are answered.
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
    workers: str = "2"
    doors: DoorSettings = DoorSettings()
    notify: NotifySettings = NotifySettings()
    plan: PlanSettings = PlanSettings()

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
    tables = from_environment(environment, PREFIX)
    values = merged(values, settle(tables, Settings, Path(), Place("the environment")) | _from_environment(environment))
    try:
        return msgspec.convert(values, Settings, strict=False, dec_hook=_to_path)
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
    return settle(values, Settings, path.parent, where)


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in Settings.__struct_fields__:
        if name in _TABLES:
            continue
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
