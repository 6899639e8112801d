"""Example files of the formats without a signature: biovoice, CSV, XLSX, SenML."""

import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime

import xlsxwriter  # a development dependency

from examples.devices import held, mean_tenths, mkt_tenths
from examples.traces import MINUTE_MS, Reading

_MINUTE_S = 60
_ZONE_MS = 60 * MINUTE_MS  # the German table's clock runs at +01:00


def _nibbles(number: int, size: int) -> bytes:
    return bytes(number >> 4 * place & 15 for place in range(size))


def biovoice(readings: Sequence[Reading], humidity: Sequence[int], *, interval_min: int) -> bytes:
    """Return a `.bv` recording with humidity; its counters follow the limits 2 and 8 °C, B limits 0 and 10 °C."""
    rows = held(readings, interval_min)
    bands = {"high-b": 0, "high-a": 0, "2-8": 0, "low-a": 0, "low-b": 0}
    for row in rows:
        value = row.tenths
        band = "high-b" if value > 100 else "high-a" if value > 80 else "2-8" if value >= 20 else "low-a"
        bands["low-b" if value < 0 else band] += row.minutes * _MINUTE_S
    head = bytearray(409)

    def put(at: int, number: int, size: int) -> None:
        head[at : at + size] = _nibbles(number, size)

    start_s, stop_s = readings[0].at_ms // 1000, readings[-1].at_ms // 1000
    numbers = ((0, 4711), (8, 20260042), (20, start_s - 3600), (28, start_s), (36, stop_s))
    for at, number in (*numbers, (44, 600), (52, interval_min * _MINUTE_S), (401, len(readings))):
        put(at, number, 8)
    head[60] = 12
    for at, tenths in ((61, 80), (81, 100), (101, 20), (121, 0), (141, mean_tenths(rows)), (145, mkt_tenths(rows))):
        put(at, tenths, 4)
    for index, seconds in enumerate(bands.values()):
        put(149 + 8 * index, seconds, 8)
    for at, text in ((253, b"BV-TH example"), (275, b"GMT+01:00"), (285, b"doseway"), (305, b"generated")):
        head[at : at + len(text)] = text
    points = (_nibbles(one.tenths or 0, 4) + _nibbles(rh, 4) for one, rh in zip(readings, humidity, strict=True))
    return bytes(head) + b"".join(points) + b"dataend"


def german_csv(first: Sequence[Reading], second: Sequence[Reading]) -> bytes:
    """Return what a German program saves: semicolons, decimal commas, Windows-1252, a preamble and a footer."""
    lines = ["Protokoll Kühlschrank Station 3", "Seriennummer:;K-2026-0815", ""]
    lines.append("Datum;Uhrzeit (UTC+1);Fühler oben [°C];Fühler unten [°C]")
    for upper, lower in zip(first, second, strict=True):
        when = datetime.fromtimestamp((upper.at_ms + _ZONE_MS) // 1000, UTC)
        cells = ["---" if one.tenths is None else f"{one.tenths / 10:.1f}".replace(".", ",") for one in (upper, lower)]
        lines.append(f"{when:%d.%m.%Y;%H:%M};{';'.join(cells)}")
    return "\r\n".join([*lines, "Ende des Protokolls", ""]).encode("cp1252")


def workbook(readings: Sequence[Reading]) -> bytes:
    """Return a workbook with real dates and temperatures in °F."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties({"created": datetime(2026, 1, 1)})  # noqa: DTZ001  # the library wants it so
    sheet = book.add_worksheet("Readings")
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet.write_row(0, 0, ["Pallet 7", "Serial number: X-7"])
    sheet.write_row(2, 0, ["Time (UTC)", "Pallet core (°F)", "Battery (%)"])
    for row, one in enumerate(readings, start=3):
        when = datetime.fromtimestamp(one.at_ms // 1000, UTC).replace(tzinfo=None)
        sheet.write_datetime(row, 0, when, moment)
        if one.tenths is not None:
            sheet.write_number(row, 1, round(one.tenths * 0.18 + 32, 2))
        sheet.write_number(row, 2, 96)
    book.close()
    return out.getvalue()


def senml(readings: Sequence[Reading], humidity: Sequence[int]) -> bytes:
    """Return a SenML pack of one box: a base record, then temperature and humidity by turns."""
    base = readings[0].at_ms // 1000
    records: list[dict[str, object]] = []
    for one, rh in zip(readings, humidity, strict=True):
        if one.tenths is None:
            continue
        seconds = one.at_ms // 1000 - base
        records.append({"n": "core", "u": "Cel", "t": seconds, "v": one.tenths / 10})
        records.append({"n": "air", "u": "%RH", "t": seconds, "v": rh / 10})
    records[0] = {"bn": "urn:dev:mac:0024befffe804ff1:", "bt": base, **records[0]}
    lines = ",\n".join(json.dumps(record, separators=(",", ":")) for record in records)
    return f"[{lines}]\n".encode()
