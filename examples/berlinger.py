"""Text exports in the layout of Fridge-tag and Q-tag devices, signed with keys of our own, which anybody can derive."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256

from examples.devices import Alarm, Event, Held, held, mean_tenths, mkt_tenths, runs, total
from examples.traces import MINUTE_MS, Reading

_ISSUER = "Doseway examples (not a device vendor)"
_DAY_MS = 86_400_000


class Export(NamedTuple):
    """What a file says besides its readings; alarms in the order of their slots."""

    model: str
    serial: str
    lot: str
    interval_min: int
    alarms: tuple[Alarm, ...]
    delay_min: int = 0
    is_external: bool = False


def private_key(name: str) -> ec.EllipticCurvePrivateKey:
    """Derive an example key from its name: it protects nothing."""
    number = int.from_bytes(hashlib.sha256(f"doseway example key: {name}".encode()).digest(), "big")
    return ec.derive_private_key(number % (2**255), ec.SECP256R1())


def little_endian(first: int, second: int) -> str:
    """Write two numbers as the exports do: 32 bytes each, little-endian, in hex."""
    return (first.to_bytes(32, "little") + second.to_bytes(32, "little")).hex()


def public_hex(key: ec.EllipticCurvePrivateKey) -> str:
    """Write a public key as the exports do."""
    numbers = key.public_key().public_numbers()
    return little_endian(numbers.x, numbers.y)


def sign(key: ec.EllipticCurvePrivateKey, signed: bytes) -> str:
    """Sign as the exports do: the SHA-256 digest reversed; deterministic (RFC 6979)."""
    digest = hashlib.sha256(signed).digest()[::-1]
    signature = key.sign(digest, ec.ECDSA(utils.Prehashed(SHA256()), deterministic_signing=True))
    return little_endian(*utils.decode_dss_signature(signature))


def sealed(lines: Sequence[str], lot: str) -> bytes:
    """Add certificate and signature to the lines of an export."""
    issuer, signer = private_key("issuer"), private_key(f"lot {lot}")
    certificate = [
        "Cert:",
        " Vers: 1.0",
        f" Lot: {lot}",
        f" Issuer: {_ISSUER}",
        " Valid from: 2026-01-05 08:00",
        f" Owner: {_ISSUER}",
        f" Public Key: {public_hex(signer)}",
    ]
    block = _crlf(certificate)
    body = _crlf(lines) + block + _crlf([f"Sig Cert: {sign(issuer, block)}"])
    return body + _crlf([f"Sig: {sign(signer, body)}"])


def fridge_tag(export: Export, readings: Sequence[Reading], *, has_log: bool = True) -> bytes:
    """Return a Fridge-tag export: daily records, newest first, and the log."""
    rows = held(readings, export.interval_min)
    log = _log(export, readings, has_trailing_tab=False) if has_log else []
    return sealed([*_fridge_tag_head(export, has_log=has_log), *_history(export, readings, rows), *log], export.lot)


def q_tag(export: Export, readings: Sequence[Reading]) -> bytes:
    """Return a Q-tag export: results and log."""
    rows = held(readings, export.interval_min)
    log = _log(export, readings, has_trailing_tab=True)
    markers = ["Marker:", "\tNumber\tT\tyyyy-MM-dd hh:mm\t"]
    return sealed([*_q_tag_head(export), *_results(export, readings, rows), *markers, *log], export.lot)


def _crlf(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _fridge_tag_head(export: Export, *, has_log: bool) -> Iterator[str]:
    yield from (f"Device: {export.model}", "Vers: 0.5", "Fw Vers: 4.0p0o", "Sensor: 1")
    yield from ("Ext Sensor: 1",) if export.is_external else ()
    yield from ("Conf:", f" Serial: {export.serial}", " PCB: DW0000000001", " CID: 11", f" Lot: {export.lot}")
    yield from (" Zone: 0.00", f" Measurement delay: {export.delay_min}", " Moving Avrg: 1", " User Alarm Config: 0")
    yield from (" User Clock Config: 1", " Alarm Indication: 1", " Temp unit: C", " Alarm:")
    for alarm in export.alarms:
        yield from (f"  {alarm.slot}:", f"   T AL: {alarm.limit / 10:+.1f}, t AL: {alarm.minutes}")
    yield from (" Int Sensor:", "  Timeout: 1, Offset: +0.0", " Report history length: 60", " Det Report: 19")
    yield " Use ext devices: 0"
    yield from (f" Logging Interval: {export.interval_min}",) if has_log else ()
    yield " Test Res: 1, Test TS: 2026-01-12 07:00"


def _history(export: Export, readings: Sequence[Reading], rows: Sequence[Held]) -> Iterator[str]:
    yield "Hist:"
    yield f" TS Actv: {_minute(readings[0].at_ms)}"
    yield f" TS Report Creation: {_minute(readings[-1].at_ms + 3 * MINUTE_MS)}"
    days = sorted({one.at_ms // _DAY_MS for one in readings}, reverse=True)
    by_day = {day: list(group) for day, group in groupby(rows, key=lambda row: row.at_ms // _DAY_MS)}
    for number, day in enumerate(days, start=1):
        today = by_day.get(day, [])
        yield from (f" {number}:", f"  Date: {_minute(day * _DAY_MS)[:10]}")
        yield from _day_figures(today)
        yield "  Alarm:"
        for alarm in export.alarms:
            yield from (f"   {alarm.slot}:", f"    {_day_alarm(alarm, rows, today, day)}")
        unplugged = sum(one.tenths is None for one in readings if one.at_ms // _DAY_MS == day)
        yield "  Ext Sensor timeout:" if export.is_external else "  Int Sensor timeout:"
        yield f"   t AccST: {unplugged * export.interval_min}"
        yield "  Events: 0"


def _day_figures(today: Sequence[Held]) -> Iterator[str]:
    if not today:
        yield from ("  Min T: --.-, TS Min T:", "  Max T: --.-, TS Max T:", "  Avrg T: --.-")
        return
    low, high = min(today, key=lambda row: row.tenths), max(today, key=lambda row: row.tenths)
    yield f"  Min T: {low.tenths / 10:+.1f}, TS Min T: {_minute(low.at_ms)[11:]}"
    yield f"  Max T: {high.tenths / 10:+.1f}, TS Max T: {_minute(high.at_ms)[11:]}"
    yield f"  Avrg T: {mean_tenths(today) / 10:+.1f}"


def _day_alarm(alarm: Alarm, rows: Sequence[Held], today: Sequence[Held], day: int) -> str:
    """Write a day's minutes out of range and, where an alarm stood on that day, when it was raised."""
    minutes = sum(row.minutes for row in today if alarm.is_out(row.tenths))
    start, end = day * _DAY_MS, (day + 1) * _DAY_MS
    for event in runs(rows, alarm):
        if event.raised_ms is None or event.raised_ms >= end or (event.end_ms is not None and event.end_ms <= start):
            continue
        return f"t Acc: {minutes}, TS A: {_minute(max(event.raised_ms, start))[11:]}, C A: 0"
    return f"t Acc: {minutes}"


def _q_tag_head(export: Export) -> Iterator[str]:
    yield from (f"Device: {export.model}", "Vers: 1.9", "Fw Vers: 4.7.04o", "Device ID: 80", "Sensor: 1", "Conf:")
    yield from (f" Serial: {export.serial}", " PCB: 81622210000001", " CID: 351", f" Lot: {export.lot}", " Zone: 0.00")
    yield from (f" Start Delay: {export.delay_min}", " Max Transport: 0", " Moving Avrg: 1", " MKT Energy: 83.0")
    yield from (" Det Report: 11", " Display and Algorithm Options: 4", " User String 1: Doseway example")
    yield from (f" Logging Interval: {export.interval_min}", " Test Res: 1, Test TS: 2026-01-12 10:17", " Expired: 0")
    yield " Alarm:"
    for slot in "12345":
        alarm = next((one for one in export.alarms if one.slot == slot), None)
        yield f"  {slot}:"
        if alarm is None:
            yield "   Type: 0"
        else:
            kind = (3 if alarm.side == "low" else 4) if alarm.is_cumulative else (1 if alarm.side == "low" else 2)
            yield f"   Type: {kind}, T AL: {alarm.limit / 10:.1f}, t AL: {alarm.minutes}"


def _results(export: Export, readings: Sequence[Reading], rows: Sequence[Held]) -> Iterator[str]:
    start, last = readings[0].at_ms, readings[-1].at_ms
    trigger = start - export.delay_min * MINUTE_MS
    low, high = min(rows, key=lambda row: row.tenths), max(rows, key=lambda row: row.tenths)
    yield from ("Res:", f" TS Actv: {_minute(trigger - 90 * MINUTE_MS)}", f" TS Start Trig: {_minute(trigger)}")
    yield from (" Start Reason: 2", f" TS Start: {_minute(start)}")
    yield f" TS Stop: {_minute(last + (export.interval_min - 1) * MINUTE_MS)}"
    yield from (" Transport: 1", " TS Batt Temp:", " TS Batt Crit:")
    yield f" Min T: {low.tenths / 10:.1f}, TS Min T: {_minute(low.at_ms)}"
    yield f" Max T: {high.tenths / 10:.1f}, TS Max T: {_minute(high.at_ms)}"
    yield from (f" MKT: {mkt_tenths(rows) / 10:.1f}", f" Avrg T: {mean_tenths(rows) / 10:.1f}", " Run Number: 1")
    yield " Alarm:"
    for alarm in export.alarms:
        lines = [_result(event, alarm) for event in _raised(rows, alarm)]
        yield from (f"  {alarm.slot}:", *lines) if lines else ()


def _raised(rows: Sequence[Held], alarm: Alarm) -> list[Event]:
    events = [total(rows, alarm)] if alarm.is_cumulative else list(runs(rows, alarm))
    return [event for event in events if event is not None and event.raised_ms is not None]


def _result(event: Event, alarm: Alarm) -> str:
    text = f"   TS S: {_minute(event.start_ms)}, t A: {event.minutes}, TS A: {_minute(event.raised_ms or 0)}"
    if alarm.is_cumulative:
        return text
    end = f" {_minute(event.end_ms)}" if event.end_ms is not None else ""
    return f"{text}, TS E:{end}, T M: {event.peak / 10:.1f}, TS M: {_minute(event.peak_ms)}"


def _log(export: Export, readings: Sequence[Reading], *, has_trailing_tab: bool) -> Iterator[str]:
    yield from ("Data:", "\tyyyy-MM-dd hh:mm\tT\tOut of limits")
    for one in readings:
        text = "--.-" if one.tenths is None else f"{one.tenths / 10:.1f}"
        is_out = one.tenths is None or any(alarm.is_out(one.tenths) for alarm in export.alarms)
        yield f"\t{_minute(one.at_ms)}\t{text}" + ("\tx" if is_out else "\t" if has_trailing_tab else "")


def _minute(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%d %H:%M")
