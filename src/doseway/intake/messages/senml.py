"""SenML JSON packs (RFC 8428) as live messages: one pack, or one on each line.

    pack   = "[" record *( "," record ) "]"               (`doseway.intake.senml.pack` has the record's members)

The device is the base name (`bn`) without its last separator, so a pack may speak for several; without one it is the
name up to its last `:` or `/`. The sensor is the record's own name. A time below 2^28 is relative to the arrival.
Values of the units `lat` and `lon` of one device and time are a position.
"""

import re
from io import BytesIO
from typing import Final

from doseway.intake.port import DecodeOptions, MessageFormat
from doseway.intake.senml.pack import Records, Resolved, Resolver
from doseway.intake.wire.channels import Channel
from doseway.intake.wire.gather import Gathering, Source
from doseway.model.errors import DataError, FormatError, Place
from doseway.model.readings import Recording

_NEXT_PACK: Final = re.compile(rb"\][ \t\r]*\n\s*\[")
_SEPARATORS: Final = ":/-_."
_LAST_SEPARATOR: Final = re.compile(r"(.*)[:/](.*)", re.DOTALL)


class SenmlMessageFormat:
    """SenML packs."""

    id = "senml"
    version = 1
    title = "SenML JSON (RFC 8428)"

    def decode(self, body: bytes, options: DecodeOptions) -> tuple[Recording, ...]:
        """Decode a body; see `MessageFormat.decode`."""
        options.check_bytes(len(body))
        live = _Live(Gathering(self.id, self.version, options), options)
        byte = 0
        for pack in _packs(body):
            live.take(pack, byte)
            byte += len(pack)
        live.gathering.check(body)
        return live.gathering.recordings()


class _Live:
    """Sorts the records of packs by device."""

    def __init__(self, gathering: Gathering, options: DecodeOptions) -> None:
        self.gathering = gathering
        self._options = options
        self._channels: dict[tuple[str, str], Channel] = {}
        self._half: dict[tuple[str, int], dict[str, float]] = {}

    def take(self, pack: bytes, byte: int) -> None:
        """Take a pack that begins at a byte of the body."""
        records = Records(BytesIO(pack), self._options)
        resolver = Resolver(self._options, positions=True)
        source: Source | None = None
        for raw in records:
            found = resolver.resolve(raw, records.number, byte + records.byte - len(raw))
            if found is not None:
                try:
                    source = self._take(found)
                except DataError as error:
                    where = Place(self._options.name, byte=byte + records.byte - len(raw))
                    raise FormatError(f"record {records.number}: {error.what}", hint=error.hint, where=where) from error
        if source is not None:
            for note in resolver.notes():
                source.tell(note.code, note.text)

    def _take(self, found: Resolved) -> Source:
        device, sensor = _names(found)
        source = self.gathering.source(device)
        at_ms = self.gathering.instants.checked(found.at_ms)
        if found.quantity is None:
            self._locate(source, at_ms, found)
            return source
        key = (sensor, found.quantity.value)
        if key not in self._channels:
            self._channels[key] = Channel(sensor[:128], found.quantity)
        source.take(self._channels[key], at_ms, found.value / 1000)
        return source

    def _locate(self, source: Source, at_ms: int, found: Resolved) -> None:
        """Keep half of a position until its other half comes."""
        half = self._half.setdefault((source.serial, at_ms), {})
        half[found.unit] = float(found.value)
        if len(half) == 2:  # noqa: PLR2004  # latitude and longitude
            source.locate(at_ms, half["lat"], half["lon"])
            del self._half[source.serial, at_ms]


def _names(found: Resolved) -> tuple[str, str]:
    """Return the device and the sensor."""
    base = found.base.rstrip(_SEPARATORS)
    if base:
        return base, found.name or "value"
    parts = _LAST_SEPARATOR.fullmatch(found.name)
    return (parts[1], parts[2] or "value") if parts and parts[1] else (found.name, "value")


def _packs(body: bytes) -> list[bytes]:
    """Return the packs of a body; those of NDJSON keep their line ends, so that bytes count on."""
    if b"\n" not in body or not _NEXT_PACK.search(body):
        return [body]
    return [line for line in body.splitlines(keepends=True) if line.strip()]


FORMAT: Final[MessageFormat] = SenmlMessageFormat()
