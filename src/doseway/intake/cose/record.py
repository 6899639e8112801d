"""The signed device record: what a device says in one packet, and in which order it said it.

Numbers are integers: values in thousandths of the canonical unit, positions in microdegrees, lengths in millimetres,
times in milliseconds. So that nothing can be cut out or put in, each record has a number (`seq`) that grows by one, and
the SHA-256 of the record before it (`prev`); a trip begins and ends with a record that counts (`trip`).
"""

from typing import Any, Final, Literal

import cbor2
import msgspec

from doseway.model.canonical import encode
from doseway.model.errors import FormatError
from doseway.model.readings import Note, Quantity

FIRST_PREV: Final = bytes(32)
"""`prev` of the first record of a device."""
MAX_RECORD_BYTES: Final = 64 * 1024
_MAX_DEPTH: Final = 6
NOTE_CODE: Final = "device-record"
TimeSource = Literal["rtc", "gnss", "nitz", "nts"]


class SignedReading(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One reading; `offset_ms` counts from the record's `utc` (earlier is negative); no value: the sensor gave none."""

    sensor: str
    quantity: Quantity
    offset_ms: int
    value_milli: int | None


class Gnss(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The satellite receiver.

    Attributes:
        fix: 0 none, 2 or 3 dimensions. lat, lon: microdegrees. hacc: accuracy, mm. nsv: satellites used.
        cn0: carrier to noise of each, dB-Hz. agc: gain. jam: jamming state, 2 warning, 3 critical.
        spf: spoofing state, 2 indicated, 3 affirmed. osnma: the positions are authenticated.
    """

    fix: int = 0
    lat: int | None = None
    lon: int | None = None
    hacc: int | None = None
    nsv: int | None = None
    cn0: tuple[int, ...] = ()
    agc: int | None = None
    jam: int | None = None
    spf: int | None = None
    osnma: bool | None = None


class Cell(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The cell that the device is in; `rsrp` in dBm."""

    mcc: int = 0
    mnc: int = 0
    lac: int = 0
    cid: int = 0
    rsrp: int | None = None


class Trip(msgspec.Struct, frozen=True, kw_only=True):
    """The manifest that opens or closes a trip: `count` is the number of records signed so far, this one included."""

    state: Literal["open", "close"]
    id: str
    count: int


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One signed record.

    Attributes:
        dev: the device. boot_id: 8 random bytes of each boot; boot_n: how many boots there were.
        seq: the record's number, plus one each time, over boots. mono_ms: since the boot. utc: Unix ms.
        tsrc: where the time is from. tunc_ms: how uncertain it is. prev: SHA-256 of the packet before.
        light: mlx. shock: peak, thousandths of g. tamper_sw: the case is open. ext_power: powered from outside.
        fw: SHA-256 of the firmware.
    """

    dev: str
    boot_id: bytes
    boot_n: int
    seq: int
    mono_ms: int
    utc: int
    tsrc: TimeSource = "rtc"
    tunc_ms: int = 0
    prev: bytes = FIRST_PREV
    readings: tuple[SignedReading, ...] = ()
    light: int | None = None
    shock: int | None = None
    tamper_sw: bool | None = None
    ext_power: bool | None = None
    gnss: Gnss | None = None
    cell: Cell | None = None
    fw: bytes = b""
    trip: Trip | None = None


class Sequence(msgspec.Struct, frozen=True, kw_only=True):
    """What a record says of its order, as the note of code `device-record` holds it for the rules that look at gaps."""

    seq: int
    boot_n: int
    boot_id: str
    mono_ms: int
    utc: int
    tsrc: str
    tunc_ms: int
    prev: str
    sha256: str
    trip: str = ""
    trip_state: str = ""
    trip_count: int = 0


def encode_record(record: Record) -> bytes:
    """Write a record as deterministic CBOR."""
    return cbor2.dumps(msgspec.to_builtins(record, builtin_types=(bytes,)), canonical=True)


def decode_record(payload: bytes) -> Record:
    """Read a record.

    Raises:
        FormatError: it is no deterministic CBOR, or not of this shape; says where.
    """
    try:
        plain = cbor2.loads(
            payload,
            tag_hook=_no_tag,
            semantic_decoders=_NO_TAGS,
            max_depth=_MAX_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            strict_hashable_types=True,
        )
        again = cbor2.dumps(plain, canonical=True)
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise FormatError(f"the record is no CBOR: {error}") from error
    if again != payload:
        raise FormatError("the record is no deterministic CBOR (RFC 8949, 4.2)", hint="Encode it canonically.")
    try:
        return msgspec.convert(plain, Record)
    except msgspec.ValidationError as error:
        raise FormatError(f"no device record: {error}") from error


def sequence_note(record: Record, sha256: bytes) -> Note:
    """Return the note that carries a record's place in its order."""
    trip = record.trip
    sequence = Sequence(
        seq=record.seq,
        boot_n=record.boot_n,
        boot_id=record.boot_id.hex(),
        mono_ms=record.mono_ms,
        utc=record.utc,
        tsrc=record.tsrc,
        tunc_ms=record.tunc_ms,
        prev=record.prev.hex(),
        sha256=sha256.hex(),
        trip=trip.id if trip else "",
        trip_state=trip.state if trip else "",
        trip_count=trip.count if trip else 0,
    )
    return Note(NOTE_CODE, encode(sequence).decode())


def sequence_of(note: Note) -> Sequence | None:
    """Read a note of `sequence_note` back; None for any other note."""
    return msgspec.json.decode(note.text, type=Sequence) if note.code == NOTE_CODE else None


def _no_tag(*_: Any) -> Any:
    raise ValueError("a record has no CBOR tags")


_NO_TAGS: Final = dict.fromkeys((*range(1100), 43000), _no_tag)
