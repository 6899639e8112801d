"""Bytes to recordings, for live messages and logger files alike: pure, so any thread may do it, and do it again."""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO, Final

import msgspec

from doseway.app.inspecting import How, decode, judge_recording, limits_for, present
from doseway.app.outcomes import JudgedFile, decoded_fact, judged_file, options_of, rejected_fact
from doseway.intake.port import EARLIEST_MS, LATEST_MS, DecodeOptions, MessageFormat
from doseway.model.errors import DataError, FormatError, UsageError
from doseway.model.facts import PacketDecoded, PacketRejected
from doseway.model.readings import Device, Recording, Series, SignatureCheck, SignatureStatus

ARRIVAL_NOTE: Final = "arrival-time"
"""The note of a format that took the arrival for a time that a message does not carry."""


class Decoded(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a packet's bytes.

    Attributes:
        recordings: one for each device. error: why there are none.
        options: what the decoder was told beside the bytes and the arrival; goes into the log.
        is_file: it is a logger's file, and no message.
    """

    recordings: tuple[Recording, ...] = ()
    error: DataError | None = None
    options: dict[str, Any] = {}
    is_file: bool = False

    @property
    def observations(self) -> int:
        """The number of readings, positions and signals."""
        return sum(one.readings + len(one.fixes) + len(one.signals) for one in self.recordings)

    @property
    def rests_on_arrival(self) -> bool:
        """Some time is that of the arrival, so that the same bytes at another time are another observation."""
        return any(note.code == ARRIVAL_NOTE for one in self.recordings for note in one.notes)


class Decoders:
    """All that can be decoded.

    Args:
        messages: the live formats, by id.
        options: what users declared for a live format, by its id: `zone`, `mapping`.
        how_to: what users declared for logger files.
        device_keys: the keys that devices sign their messages with, hex, to `device:ID`.
    """

    def __init__(
        self,
        messages: Mapping[str, MessageFormat],
        options: Mapping[str, Mapping[str, Any]] | None = None,
        how_to: How | None = None,
        device_keys: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._device_keys = device_keys
        self._messages = dict(messages)
        self._options = dict(options or {})
        self._how_to = how_to or How()

    def check(self, format_id: str) -> None:
        """Refuse a live format that is not there.

        Raises:
            UsageError: there is none of that name.
        """
        if format_id and format_id not in self._messages:
            known = ", ".join(sorted(self._messages))
            raise UsageError(f"there is no message format {format_id!r}", hint=f"Known: {known}.")

    def decode(
        self,
        format_id: str,
        body: bytes | BinaryIO,
        *,
        name: str = "",
        received_at_ms: int | None = None,
        told: Mapping[str, Any] | None = None,
    ) -> Decoded:
        """Decode bytes; a failure is an outcome, no exception.

        Args:
            format_id: of a live format; empty: a logger file, whose format is detected.
            body: the bytes; a logger's file may be a stream that can be read from its start.
            name: what the sender calls them.
            received_at_ms: when they arrived.
            told: the options of the log where it has them; None: what users declare now.
        """
        if not format_id:
            options = dict(told) if told is not None else options_of(self._how_to)
        else:
            options = dict(told if told is not None else self._options.get(format_id, {}))
        try:
            issuers = options.get("issuers", {}) if told is not None or not format_id else self._device_keys()
            recordings = self._recordings(format_id, body, name, received_at_ms, options, issuers)
            _check_times(recordings)
        except DataError as error:
            return Decoded(error=error, options=options)
        except Exception as error:  # noqa: BLE001 - a plug-in may fail in any way; the bytes are kept and it is said
            what = f"the decoder failed: {type(error).__name__}: {error}"
            return Decoded(error=FormatError(what, hint="The bytes are kept. Report it."), options=options)
        if format_id and told is None:
            options |= _issuers_used(recordings)
        return Decoded(recordings=recordings, options=options, is_file=not format_id)

    def judged(self, packet: int, recording: Recording) -> JudgedFile:
        """Judge a logger's file by itself, as `doseway import` does: by the limits in use, else the device's own."""
        profile = limits_for(recording, self._how_to)
        shown = present(recording, judge_recording(recording, profile), profile, "", 0, "")
        return judged_file(packet, shown)

    def _recordings(
        self,
        format_id: str,
        body: bytes | BinaryIO,
        name: str,
        received_at_ms: int | None,
        options: Mapping[str, Any],
        issuers: Mapping[str, str],
    ) -> tuple[Recording, ...]:
        zone, mapping = options.get("zone") or None, options.get("mapping")
        if format_id:
            assert isinstance(body, bytes)
            told = DecodeOptions(name=name, zone=zone, mapping=mapping, received_at_ms=received_at_ms, issuers=issuers)
            return self._messages[format_id].decode(body, told)
        how_to = How(format=options.get("format", ""), zone=zone or "", issuers=issuers, mapping=mapping)
        return (decode(io.BytesIO(body) if isinstance(body, bytes) else body, name, how_to),)


def _issuers_used(recordings: Sequence[Recording]) -> dict[str, Any]:
    """Return the option that names the keys that a body was checked with, so that decoding it again says the same."""
    checks = [one.signature for one in recordings if one.signature.issuer_key_source]
    used = {one.public_key_hex: one.issuer_key_source for one in checks}
    return {"issuers": used} if used else {}


def outcome(packet: int, decoded: Decoded) -> PacketDecoded | PacketRejected:
    """Return the fact of what became of a packet."""
    if decoded.error is not None:
        return rejected_fact(packet, decoded.error)
    return decoded_fact(packet, joined(decoded.recordings), decoded.options)


def joined(recordings: Sequence[Recording]) -> Recording:
    """Return the recordings of one packet as one: with several devices, sensors are named `device/sensor`."""
    if len(recordings) == 1:
        return recordings[0]
    if not recordings:
        nobody = SignatureCheck(status=SignatureStatus.UNSIGNED)
        return Recording(format="", format_version=0, device=Device(), series=(), signature=nobody)
    first = recordings[0]
    worst = min((one.signature for one in recordings), key=lambda one: _TRUST.index(one.status))
    return Recording(
        format=first.format,
        format_version=first.format_version,
        device=Device(),
        series=tuple(_renamed(one.device.serial, series) for one in recordings for series in one.series),
        signature=worst,
        zone=first.zone,
        offset_minutes=first.offset_minutes,
        notes=tuple(note for one in recordings for note in one.notes),
        fixes=tuple(fix for one in recordings for fix in one.fixes),
        signals=tuple(signal for one in recordings for signal in one.signals),
    )


_TRUST: Final = (
    SignatureStatus.ALTERED,
    SignatureStatus.UNKNOWN_ISSUER,
    SignatureStatus.UNSIGNED,
    SignatureStatus.GENUINE,
)


def _renamed(device: str, series: Series) -> Series:
    return Series(f"{device}/{series.sensor}", series.quantity, series.observed_at_ms, series.value_milli)


def _check_times(recordings: Sequence[Recording]) -> None:
    times: set[int] = set()
    for one in recordings:
        for series in one.series:
            if len(series.observed_at_ms) == 1:  # as live messages come
                times.add(series.observed_at_ms[0])
            elif series.observed_at_ms:
                times |= {min(series.observed_at_ms), max(series.observed_at_ms)}
        if one.fixes or one.signals:
            times.update(fix.observed_at_ms for fix in one.fixes)
            times.update(signal.observed_at_ms for signal in one.signals)
    if times and not EARLIEST_MS <= min(times) <= max(times) < LATEST_MS:
        raise FormatError("a time lies outside of the years 1970 to 2200", hint="The device's clock is wrong.")
