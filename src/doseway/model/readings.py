"""Readings and recordings: what a device measured, and what it says about itself.

A `Recording` is one decoded file or message. Its readings are kept in columns (`Series`), 12 bytes each, so that a
file of millions of readings fits in memory.
"""

from array import array
from enum import StrEnum
from typing import Literal

import msgspec

from doseway.model.errors import Place
from doseway.model.places import Fix, Signal
from doseway.model.units import DAY_MS, INVALID, Milli, UnixMs


class Quantity(StrEnum):
    """What a sensor measures; the canonical unit of its values is in brackets."""

    TEMPERATURE = "temperature"  # [°C]
    HUMIDITY = "humidity"  # [% relative humidity]
    PRESSURE = "pressure"  # [hPa]
    LIGHT = "light"  # [lx]
    SHOCK = "shock"  # [g]
    BATTERY = "battery"  # [%]
    TILT = "tilt"  # [°], from upright
    DOOR = "door"  # [1], 0 closed, 1 open
    RADIO = "radio"  # [dBm], received signal strength


class Series:
    """The readings of one sensor in the order in which the source gave them: columns of equal length.

    Attributes:
        sensor: the name of the sensor within its device, such as `internal` or `probe`.
        quantity: what it measures.
        observed_at_ms: device time of each record, Unix ms, int64.
        value_milli: value in thousandths of the canonical unit, int32; `INVALID` where the sensor gave none.
    """

    __slots__ = ("observed_at_ms", "quantity", "sensor", "value_milli")

    def __init__(
        self,
        sensor: str,
        quantity: Quantity,
        observed_at_ms: "array[int] | None" = None,
        value_milli: "array[int] | None" = None,
    ) -> None:
        self.sensor = sensor
        self.quantity = quantity
        self.observed_at_ms = array("q") if observed_at_ms is None else observed_at_ms
        self.value_milli = array("i") if value_milli is None else value_milli

    def add(self, observed_at_ms: UnixMs | int, value_milli: Milli | int = INVALID) -> None:
        """Add one record; without a value it says that the sensor gave no valid reading."""
        self.observed_at_ms.append(observed_at_ms)
        self.value_milli.append(value_milli)

    def __len__(self) -> int:
        return len(self.observed_at_ms)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Series):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]  # mutable while a format fills it

    def __repr__(self) -> str:
        return f"Series({self.sensor!r}, {self.quantity.value!r}, {len(self)} records)"


class SignatureStatus(StrEnum):
    """What a file's own signature says about it."""

    GENUINE = "genuine"
    ALTERED = "altered"
    UNSIGNED = "unsigned"
    UNKNOWN_ISSUER = "unknown-issuer"


class SignatureCheck(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The outcome of checking a file's own signature.

    Attributes:
        status: the one word.
        is_body_valid: the signature over the content verifies; None where there is none.
        is_certificate_valid: the signature over the certificate verifies under a trusted issuer; None likewise.
        is_expected: the device signs all its exports, so that one without a signature raises a doubt.
        issuer: the issuer that the certificate names, as printed.
        lot: the lot that the certificate's key belongs to (one key a lot, not a device).
        public_key_hex: the signing key as printed in the file.
        issuer_key_source: `built-in, inferred`, or the file that the user pinned it from.
        note: what the status proves and what it does not, in a sentence for a human.
    """

    status: SignatureStatus
    is_body_valid: bool | None = None
    is_certificate_valid: bool | None = None
    is_expected: bool = False
    issuer: str = ""
    lot: str = ""
    public_key_hex: str = ""
    issuer_key_source: str = ""
    note: str = ""


class Device(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The device that measured, as far as the source says."""

    model: str = ""
    serial: str = ""
    firmware: str = ""
    lot: str = ""


class AlarmSetting(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm as configured in the device: comparison is strict (`<`, `>`) on every device known so far.

    Attributes:
        slot: the device's own name of the alarm, such as `0` or `5`.
        side: which way out of range.
        counting: `consecutive` time, or `cumulative` over the recording.
        limit_milli: the limit in thousandths of the canonical unit.
        after_s: the time out of range after which the alarm is raised.
        is_inclusive: True where a value equal to the limit is already out of range.
    """

    slot: str
    side: Literal["high", "low"]
    counting: Literal["consecutive", "cumulative"]
    limit_milli: int
    after_s: int
    is_inclusive: bool = False


class AlarmClaim(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm that the device says it raised: the device's own times, Unix ms.

    Attributes:
        slot: the alarm's setting.
        accumulated_s: time out of range that the device accumulated.
        started_at_ms, raised_at_ms, ended_at_ms: None where the device gives none; an open alarm has no end.
        peak_milli: the worst value.
    """

    slot: str
    accumulated_s: int
    started_at_ms: int | None = None
    raised_at_ms: int | None = None
    ended_at_ms: int | None = None
    peak_milli: int | None = None
    peak_at_ms: int | None = None


class DayClaim(msgspec.Struct, frozen=True, kw_only=True):
    """The device's own statistics of one calendar day in device-local time."""

    date: str
    starts_at_ms: int
    min_milli: int | None = None
    max_milli: int | None = None
    mean_milli: int | None = None
    alarms: tuple[AlarmClaim, ...] = ()
    sensor_timeout_s: int = 0

    @property
    def ends_at_ms(self) -> int:
        """The instant at which the day ends; a device's day has 24 hours."""
        return self.starts_at_ms + DAY_MS


class DeviceClaims(msgspec.Struct, frozen=True, kw_only=True):
    """What the device itself computed: an oracle to compare with, never a substitute for the readings.

    Attributes:
        mean_milli, mkt_milli: None where the device gives none; `resolution_milli` is the digit it prints, and
            `rounding` how it gets there.
        activation_energy_kj_mol: what the device's MKT was computed with; None where it does not say.
        time_in_band_s: named counters of time, such as `2-8`; in seconds.
    """

    min_milli: int | None = None
    max_milli: int | None = None
    mean_milli: int | None = None
    mkt_milli: int | None = None
    activation_energy_kj_mol: float | None = None
    resolution_milli: int = 100
    rounding: Literal["truncated", "rounded"] = "truncated"
    alarms: tuple[AlarmClaim, ...] = ()
    days: tuple[DayClaim, ...] = ()
    time_in_band_s: dict[str, int] = {}


class Note(msgspec.Struct, frozen=True, gc=False):
    """Something about the input that is no error but that its reader should know: code, text, place."""

    code: str
    text: str
    where: Place | None = None


class Recording(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One decoded file or message.

    Attributes:
        format: the id of the format that decoded it, such as `berlinger`; `format_version` of its decoder.
        interval_s: the logging interval that the device declares; None where it does not.
        zone: how times without a zone were read: an offset such as `+01:00`, a zone's name with the offset that
            was taken from it, `UTC`, or `undeclared` (device-local, taken as UTC, and said so in a note).
        offset_minutes: the offset from UTC at which the device's clock ran; 0 when undeclared.
        series: one for each sensor and quantity, in order of first appearance.
        settings: the alarms configured in the device.
        claims: what the device itself computed; None where it gives nothing.
        fixes, signals: positions and what the device itself raised; loggers have none.
    """

    format: str
    format_version: int
    device: Device
    series: tuple[Series, ...]
    signature: SignatureCheck
    interval_s: int | None = None
    zone: str = "UTC"
    offset_minutes: int = 0
    settings: tuple[AlarmSetting, ...] = ()
    claims: DeviceClaims | None = None
    start_delay_s: int = 0
    notes: tuple[Note, ...] = ()
    fixes: tuple[Fix, ...] = ()
    signals: tuple[Signal, ...] = ()

    @property
    def readings(self) -> int:
        """The number of records in all series."""
        return sum(len(series) for series in self.series)
