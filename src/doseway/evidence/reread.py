"""Read an original Berlinger or Q-tag export once more, in plain Python: its readings, interval and signature.

Standard library only, Python 3.9 or newer, no I/O, and no code in common with the decoder of Doseway. `verify.py` runs
this file out of a pack only if it has one of the hashes that it pins. The layout and the signature's scheme (ECDSA on
P-256, numbers little-endian, digests reversed) are recovered from public exports; the vendor has not published them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

ISSUER = (  # inferred from public exports, not published by the vendor
    "6619afdc1b1198fcc7d8462aed7ef55293883a19ac0ac04f878b26041bbea20a"
    "68f60c18dac0aaab9f74afb65c503c00fd484b7cfc9a5b7e7b1aaeb94816bee3"
)
ROW = re.compile(rb"\t(\d{4}-\d\d-\d\d \d\d:\d\d)\t([+-]?\d{1,4}(?:\.\d{1,3})?|--\.-)(?:\tx?)?\r?\n?")
INVALID = -(2**31)
INTERVAL = re.compile(rb" (?:.*, )?Logging Interval: (\d+)(?:,.*)?\r?\n?")
MARKS = (b"Cert:", b"Sig Cert:", b"Sig:")
EPOCH, MS = dt.datetime(1970, 1, 1), dt.timedelta(milliseconds=1)  # noqa: DTZ001  # all is UTC
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
BASE = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)


def reread(lines: Iterable[bytes], zone: str, issuers: Iterable[str]) -> dict[str, Any]:
    """Read an export.

    Args:
        lines: of the original bytes, line ends kept.
        zone: of the device's clock, as logged.
        issuers: public keys that count beside the inferred one, hex as in files.

    Returns:
        `readings_sha256` of the canonical readings CSV; `interval_ms` as the device declares it, or None; `signature`:
        genuine, altered, unsigned or unknown-issuer.
    """
    state, sensor = hashlib.sha256(b"sensor,quantity,observed_at,value\n"), "internal"
    interval, seal, offset = None, Seal(), offset_ms(zone)
    for line in lines:
        if not seal.feed(line):
            continue  # nothing after the signature is the device's
        if line.startswith(b"Ext Sensor: ") and line[12:].strip() not in {b"", b"0"}:
            sensor = "external"
        elif found := ROW.fullmatch(line):
            at = (dt.datetime.fromisoformat(found[1].decode()) - EPOCH) // MS - offset
            value = "" if found[2] == b"--.-" else f"{float(found[2]) + 0.0:.3f}".rstrip("0").rstrip(".")
            when = (EPOCH + at * MS).isoformat(timespec="milliseconds")
            state.update(f"{sensor},temperature,{when}Z,{value}\n".encode())
        elif interval is None and (named := INTERVAL.fullmatch(line)):
            interval = int(named[1]) * 60_000
    return {"readings_sha256": state.hexdigest(), "interval_ms": interval or None, "signature": seal.status(issuers)}


def offset_ms(zone: str) -> int:
    """Return the offset from UTC that a zone's text ends with, as in `Europe/Zurich (+01:00)`; 0 where it has none."""
    found = re.search(r"([+-])(\d\d):(\d\d)\)?$", zone)
    return int(f"{found[1]}60000") * (60 * int(found[2]) + int(found[3])) if found else 0


def read_tracks(stream: Any) -> dict[str, list[tuple[int, int]]]:
    """Read the temperatures of a canonical readings CSV by sensor: (Unix ms, milli-°C)."""
    tracks: dict[str, list[tuple[int, int]]] = {}
    for line in itertools.islice(stream, 1, None):
        sensor, quantity, at, value = line.decode().rstrip("\n").rsplit(",", 3)
        if quantity == "temperature":
            name = sensor[1:-1].replace('""', '"') if sensor.startswith('"') else sensor
            record = (dt.datetime.fromisoformat(at[:23]) - EPOCH) // MS, round(float(value or INVALID / 1000) * 1000)
            tracks.setdefault(name, []).append(record)
    return tracks


class Seal:
    """The certificate and the signature at the end of an export, hashed as its lines go by."""

    def __init__(self) -> None:
        self.body, self.block, self.seen, self.is_odd = hashlib.sha256(), hashlib.sha256(), 0, False
        self.digests: dict[bytes, bytes] = {}
        self.signatures: dict[bytes, str] = {}
        self.keys: list[str] = []

    def feed(self, line: bytes) -> bool:
        """Take the next line; tell whether it stands before the end of the signature."""
        if self.seen == len(MARKS):
            self.is_odd = True
            return False
        mark = next((one for one in MARKS if line.startswith(one)), b"")
        text = line.decode("latin-1")
        if mark:
            place = MARKS.index(mark)
            self.is_odd |= place != self.seen
            self.seen = max(self.seen, place + 1)
            self.signatures.setdefault(mark, text.removeprefix(f"{mark.decode()} ").removesuffix("\r\n"))
            self.digests.setdefault(mark, (self.body if mark == b"Sig:" else self.block).digest())
        elif self.seen == 1 and text.startswith(" Public Key: "):
            self.keys.append(text.removeprefix(" Public Key: ").removesuffix("\r\n"))
        if self.seen == 1:
            self.block.update(line)
        self.body.update(line)
        return True

    def status(self, issuers: Iterable[str]) -> str:
        """Say what the signature proves."""
        if self.seen < len(MARKS):
            return "unsigned"
        key = self.keys[0] if len(self.keys) == 1 else ""
        if self.is_odd or not self._fits(b"Sig:", key):
            return "altered"
        is_known = any(self._fits(b"Sig Cert:", one.lower()) for one in (*issuers, ISSUER))
        return "genuine" if is_known else "unknown-issuer"

    def _fits(self, mark: bytes, key: str) -> bool:
        return p256(key, self.signatures.get(mark, ""), self.digests.get(mark, b""))


def _add(one: Any, two: Any) -> Any:
    if one is None or two is None:
        return one or two
    if one[0] == two[0]:
        if (one[1] + two[1]) % P == 0:
            return None
        slope = (3 * one[0] * one[0] - 3) * pow(2 * one[1], -1, P)
    else:
        slope = (two[1] - one[1]) * pow(two[0] - one[0], -1, P)
    x = (slope * slope - one[0] - two[0]) % P
    return x, (slope * (one[0] - x) - one[1]) % P


def _times(scalar: int, point: tuple[int, int]) -> Any:
    result = None
    for bit in f"{scalar:b}":
        result = _add(result, result)
        result = _add(result, point) if bit == "1" else result
    return result


def _pair(text: str) -> tuple[int, int]:
    """Read 128 lower-case hex digits as two little-endian numbers; (0, 0), which is never valid, of anything else."""
    if not re.fullmatch(r"[0-9a-f]{128}", text):
        return 0, 0
    raw = bytes.fromhex(text)
    return int.from_bytes(raw[:32], "little"), int.from_bytes(raw[32:], "little")


def p256(key: str, signature: str, digest: bytes) -> bool:
    """Verify an ECDSA signature over a digest whose bytes are reversed (FIPS 186-5, 6.4.2)."""
    (x, y), (r, s) = _pair(key), _pair(signature)
    on_curve = max(x, y) < P and (y * y - x * x * x + 3 * x - B) % P == 0
    if not on_curve or not 0 < r < ORDER or not 0 < s < ORDER:
        return False
    inverse = pow(s, -1, ORDER)
    number = int.from_bytes(digest, "little")
    found = _add(_times(number * inverse % ORDER, BASE), _times(r * inverse % ORDER, (x, y)))
    return found is not None and bool(found[0] % ORDER == r)
