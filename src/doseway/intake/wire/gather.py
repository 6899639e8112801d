"""Gathers what the messages of one body say into recordings, one for each device.

A message is all or nothing with its body: what is no message of the format is refused, with its number and line. What
a sensor cannot have measured is kept as `INVALID`. Everything else that a reader should know becomes a note, each code
once for a device, with how often it occurred.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, NoReturn

from doseway.intake.port import DecodeOptions
from doseway.intake.wire.bodies import Batch
from doseway.intake.wire.channels import SENTINELS, Channel
from doseway.intake.wire.instants import Instants
from doseway.model.errors import DataError, FormatError, Place
from doseway.model.places import Fix, Signal
from doseway.model.readings import Device, Note, Recording, Series, SignatureCheck, SignatureStatus
from doseway.model.units import INVALID

MAX_DEVICES: Final = 10_000
MAX_SENSORS: Final = 500
_MAX_NOTES: Final = 50
_LONGEST_NAME: Final = 128
UNSIGNED: Final = SignatureCheck(
    status=SignatureStatus.UNSIGNED,
    note="The format carries no signature: nothing shows whether the message was altered.",
)
_HALF_TURN: Final = 180
_QUARTER_TURN: Final = 90


class Source:
    """One device that speaks in a body: its series, positions, signals and notes so far."""

    __slots__ = ("_told", "fixes", "model", "serial", "series", "signals")

    def __init__(self, serial: str, model: str) -> None:
        self.serial = serial
        self.model = model
        self.series: dict[Channel, Series] = {}
        self.fixes: list[Fix] = []
        self.signals: list[Signal] = []
        self._told: dict[tuple[str, str], int] = {}

    def take(self, channel: Channel, at_ms: int, value: float) -> None:
        """Add a reading in the canonical unit; one that is no measurement becomes `INVALID` and a note."""
        series = self.series.get(channel)
        if series is None:
            series = self._open(channel)
        scaled = value * 1000
        if channel.low_milli <= scaled <= channel.high_milli:
            number = round(scaled)
            if number in channel.faults_milli:
                number = self._no_reading(channel, SENTINELS[number / 1000])
        else:
            number = self._no_reading(channel, f"{value:.6g} is outside of what {channel.quantity.value} can be")
        series.observed_at_ms.append(at_ms)
        series.value_milli.append(number)

    def nothing(self, channel: Channel, at_ms: int, why: str) -> None:
        """Add a record that the sensor gave no reading, and say why in a note."""
        series = self.series.get(channel) or self._open(channel)
        series.add(at_ms, self._no_reading(channel, why))

    def locate(
        self,
        at_ms: int,
        latitude: float,
        longitude: float,
        *,
        accuracy_m: float | None = None,
        method: str | None = None,
        speed_m_s: float | None = None,
        course_deg: float | None = None,
        is_mock: bool = False,
    ) -> None:
        """Add a position. An accuracy of 0, a negative speed and a negative course are unknown, not perfect.

        Raises:
            FormatError: latitude or longitude is no place on the Earth.
        """
        if not (-_QUARTER_TURN <= latitude <= _QUARTER_TURN and -_HALF_TURN <= longitude <= _HALF_TURN):
            raise FormatError(f"latitude {latitude}, longitude {longitude} is no place on the Earth")
        if latitude == 0 and longitude == 0:
            self.tell("no-fix", "Latitude 0, longitude 0 is what receivers give for no position: it is not taken.")
            return
        fix = Fix(
            observed_at_ms=at_ms,
            latitude_udeg=round(latitude * 1_000_000),
            longitude_udeg=round(longitude * 1_000_000),
            accuracy_mm=_positive(accuracy_m, 1000),
            method=_METHODS.get(method or "", "unknown"),  # type: ignore[arg-type]  # a dict of the literals
            speed_mm_s=None if speed_m_s is None or speed_m_s < 0 else _whole(speed_m_s * 1000),
            course_mdeg=None if course_deg is None or course_deg < 0 else _whole(course_deg * 1000),
            is_mock=is_mock,
        )
        if fix in self.fixes[-1:]:
            self.tell("repeated-position", "A position was sent again with the time it was found at: taken once.")
            return
        self.fixes.append(fix)

    def signal(self, at_ms: int, kind: str, text: str = "") -> None:
        """Add what the device itself raised."""
        self.signals.append(Signal(observed_at_ms=at_ms, kind=kind, text=text))

    def tell(self, code: str, text: str) -> None:
        """Add a note; the same again is counted."""
        key = (code, text)
        if key not in self._told and len(self._told) >= _MAX_NOTES:
            key = ("further", "There is more of this kind to say; the first notes are given.")
        self._told[key] = self._told.get(key, 0) + 1

    def notes(self) -> Iterator[Note]:
        """Give the notes in order of first occurrence."""
        for (code, text), count in self._told.items():
            yield Note(code, text if count == 1 else f"{text} ({count:,} times)")

    def _open(self, channel: Channel) -> Series:
        if len(self.series) >= MAX_SENSORS:
            raise FormatError(f"more than {MAX_SENSORS} sensors of one device")
        series = self.series[channel] = Series(channel.sensor, channel.quantity)
        return series

    def _no_reading(self, channel: Channel, why: str) -> int:
        self.tell("no-reading", f"{channel.sensor} gave no reading: {why}. The record is kept as unknown.")
        return INVALID


class Gathering:
    """The devices of one body.

    Attributes:
        instants: reads times; what it notes goes to the device of the message.
    """

    def __init__(self, format_id: str, version: int, options: DecodeOptions) -> None:
        self._format = (format_id, version)
        self._options = options
        self._sources: dict[str, Source] = {}
        self._current: Source | None = None
        self.instants = Instants(options, self._tell)

    def source(self, serial: str, model: str = "") -> Source:
        """Return the device of a name and make it the one that the message is about.

        Raises:
            FormatError: the name is empty, too long or not printable, or there are too many.
        """
        found = self._sources.get(serial)
        if found is None:
            if not serial or len(serial) > _LONGEST_NAME or not serial.isprintable():
                raise FormatError(f"{serial[:40]!r} is no name of a device", hint="Every message names its device.")
            if len(self._sources) >= MAX_DEVICES:
                raise FormatError(f"more than {MAX_DEVICES:,} devices in one body", hint="Split it.")
            found = self._sources[serial] = Source(serial, model)
        self._current = found
        return found

    def each(self, batch: Batch[Any], take: Callable[[Any, "Gathering"], None]) -> tuple[Recording, ...]:
        """Let a function take every message, and return the recordings.

        Raises:
            DataError: as the function does, with the place of the message.
        """
        for number, message in enumerate(batch.messages, start=1):
            self._current = None
            try:
                take(message, self)
            except DataError as error:
                _refuse(error, number, batch)
        self.check(batch.body)
        return self.recordings()

    def recordings(self) -> tuple[Recording, ...]:
        """Return one recording for each device, in order of first appearance."""
        name, version = self._format
        return tuple(
            Recording(
                format=name,
                format_version=version,
                device=Device(model=one.model, serial=one.serial),
                series=tuple(one.series.values()),
                signature=UNSIGNED,
                zone=self.instants.zone,
                offset_minutes=self.instants.offset_minutes,
                notes=tuple(one.notes()),
                fixes=tuple(one.fixes),
                signals=tuple(one.signals),
            )
            for one in self._sources.values()
        )

    def check(self, body: bytes) -> None:
        """Refuse more readings than allowed; a reading takes at least two bytes, so few bodies need counting.

        Raises:
            FormatError: there are more.
        """
        if len(body) > 2 * self._options.max_readings:
            readings = sum(len(series) for one in self._sources.values() for series in one.series.values())
            self._options.check_readings(readings, Place(self._options.name))

    def _tell(self, code: str, text: str) -> None:
        assert self._current is not None, "a format names the device before it reads a time"
        self._current.tell(code, text)


_METHODS: Final = {"gnss": "gnss", "gps": "gnss", "wifi": "wifi", "cell": "cell", "network": "cell"}
_LARGEST: Final = 2_000_000_000


def _positive(value: float | None, factor: int) -> int | None:
    """Return a length in thousandths; what is not above 0 is unknown."""
    return _whole(value * factor) if value is not None and value > 0 else None


def _whole(value: float) -> int | None:
    return round(value) if value <= _LARGEST else None


def _refuse(error: DataError, number: int, batch: Batch[Any]) -> NoReturn:
    what = f"message {number}: {error.what}" if len(batch.messages) > 1 else error.what
    raise type(error)(what, hint=error.hint, where=batch.place(number)) from error
