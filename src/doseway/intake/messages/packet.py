"""Our own signed device packets: COSE_Sign1 (`doseway.intake.cose.sign1`) around a record in deterministic CBOR.

    body   = 1*packet                                                       a CBOR sequence: what a device kept, at once
    packet = 18( [ protected { 1: -8 | -7, 4: kid }, {}, payload: bstr .cbor record, signature ] )
    record = { dev, boot_id: 8 bytes, boot_n, seq, mono_ms, utc: ms, tsrc, tunc_ms, prev: SHA-256,
               readings: [ [ sensor, quantity, offset_ms, value_milli | null ] ],
               ? light: mlx, ? shock: mg, ? tamper_sw, ? ext_power, ? fw: SHA-256,
               ? gnss: { fix, lat, lon: µ°, hacc: mm, nsv, cn0, agc, jam, spf, osnma },
               ? cell: { mcc, mnc, lac, cid, rsrp: dBm }, ? trip: { state: "open" | "close", id, count } }

The signature is checked before the record is read, under the pinned keys of `options.issuers` (hex of 32 bytes of
Ed25519, or of a compressed P-256 point). Where a key is pinned from `device:ID`, it speaks for that device only.
`genuine`: signed by a pinned key; `altered`: a pinned key is named and its signature does not verify; `unknown-issuer`:
the key is not pinned, or speaks for another device. Packets of one device that differ in this are separate recordings.
Number, hash and the hash of the packet before are in a note of code `device-record` for each packet
(`doseway.intake.cose.record.sequence_of` reads it): whoever keeps the device's last one finds gaps, forks and replays.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from doseway.intake.cose.record import Gnss, Record, decode_record, sequence_note
from doseway.intake.cose.sign1 import Packet, kid_of, packets, verifies
from doseway.intake.port import DecodeOptions, MessageFormat
from doseway.intake.wire.channels import Channel
from doseway.intake.wire.gather import Gathering, Source
from doseway.model.errors import FormatError, Place
from doseway.model.readings import Device, Note, Quantity, Recording, SignatureCheck, SignatureStatus

_LIGHT: Final = Channel("light", Quantity.LIGHT)
_SHOCK: Final = Channel("shock", Quantity.SHOCK)
_RADIO: Final = Channel("cellular", Quantity.RADIO)
_FIX: Final = 2
_RAISED: Final = 2  # of the receiver's states of jamming and spoofing: 1 none, 2 warning, 3 critical
_UNCERTAIN_MS: Final = 5_000
_KEY_HEX: Final = frozenset({64, 66})
_MODEL: Final = "Doseway signed packet"
_SAYS: Final = {
    SignatureStatus.GENUINE: "Signed by the device's pinned key, and unaltered since. It does not prove that the clock "
    "was right or that the probe was in the product.",
    SignatureStatus.ALTERED: "The signature does not verify under the pinned key that it names: altered, or forged.",
    SignatureStatus.UNKNOWN_ISSUER: "Signed by a key that is not pinned for this device: nothing shows whose it is.",
}
Keys = Mapping[bytes, tuple[bytes, str]]


class PacketFormat:
    """Signed device packets."""

    id = "packet"
    version = 1
    title = "Doseway signed device packet (COSE_Sign1)"

    def __init__(self) -> None:
        self._pinned: tuple[Mapping[str, str], Keys] = ({}, {})

    def decode(self, body: bytes, options: DecodeOptions) -> tuple[Recording, ...]:
        """Decode a body; see `MessageFormat.decode`."""
        options.check_bytes(len(body))
        keys = self._keys(options.issuers)
        gatherings: dict[str, _Signed] = {}
        byte = readings = 0
        for packet in packets(body, options.name):
            status, key, source = _status(packet, keys)
            try:
                record = decode_record(packet.payload)
                if status is SignatureStatus.GENUINE and not _speaks_for(source, record.dev):
                    status = SignatureStatus.UNKNOWN_ISSUER
                name = f"{status.value} {record.dev}"
                if name not in gatherings:
                    gatherings[name] = _Signed(Gathering(self.id, self.version, options), status, key, source)
                gatherings[name].take(record, packet)
            except FormatError as error:
                raise FormatError(error.what, hint=error.hint, where=Place(options.name, byte=byte)) from error
            byte += len(packet.raw)
            readings += len(record.readings)
            options.check_readings(readings, Place(options.name, byte=byte))
        return tuple(one.recording() for one in gatherings.values())

    def _keys(self, issuers: Mapping[str, str]) -> Keys:
        """Return the pinned keys by key id; the same mapping is read once, so it must not be changed in place."""
        if self._pinned[0] is not issuers:
            self._pinned = (issuers, dict(_pinned(text, source) for text, source in issuers.items() if _is_key(text)))
        return self._pinned[1]


class _Signed:
    """The packets of one device whose signatures have one status."""

    def __init__(self, gathering: Gathering, status: SignatureStatus, key: bytes, source: str) -> None:
        self._gathering = gathering
        self._check = SignatureCheck(
            status=status,
            is_body_valid=status is not SignatureStatus.ALTERED if key else None,
            is_expected=True,
            public_key_hex=key.hex(),
            issuer_key_source=source,
            note=_SAYS[status],
        )
        self._channels: dict[tuple[str, str], Channel] = {}
        self._order: list[Note] = []
        self._firmware = ""

    def take(self, record: Record, packet: Packet) -> None:
        """Take a record and its place in the device's order."""
        source = self._gathering.source(record.dev, _MODEL)
        at_ms = self._gathering.instants.checked(record.utc)
        self._order.append(sequence_note(record, packet.sha256))
        self._firmware = record.fw.hex()[:64]
        if record.tunc_ms > _UNCERTAIN_MS:
            source.tell("time-uncertain", "The device says that its time is uncertain by more than 5 s.")
        for one in record.readings:
            channel = self._channel(one.sensor, one.quantity)
            one_ms = self._gathering.instants.checked(at_ms + one.offset_ms)
            if one.value_milli is None:
                source.nothing(channel, one_ms, "the value is null")
            else:
                source.take(channel, one_ms, one.value_milli / 1000)
        _take_state(record, source, at_ms)

    def recording(self) -> Recording:
        """Return the recording with its signature and the order of its packets."""
        (plain,) = self._gathering.recordings()
        device = Device(model=plain.device.model, serial=plain.device.serial, firmware=self._firmware)
        notes = (*plain.notes, *self._order)
        return msgspec.structs.replace(plain, signature=self._check, device=device, notes=notes)

    def _channel(self, sensor: str, quantity: Quantity) -> Channel:
        key = (sensor, quantity.value)
        if key not in self._channels:
            self._channels[key] = Channel(sensor[:64], quantity)
        return self._channels[key]


def _take_state(record: Record, source: Source, at_ms: int) -> None:
    if record.light is not None:
        source.take(_LIGHT, at_ms, record.light / 1000)
    if record.shock is not None:
        source.take(_SHOCK, at_ms, record.shock / 1000)
    if record.cell is not None and record.cell.rsrp is not None:
        source.take(_RADIO, at_ms, record.cell.rsrp)
    if record.tamper_sw:
        source.signal(at_ms, "tampering", "The case is open.")
    if record.gnss is not None:
        _take_gnss(record.gnss, source, at_ms)


def _take_gnss(gnss: Gnss, source: Source, at_ms: int) -> None:
    if gnss.fix >= _FIX and gnss.lat is not None and gnss.lon is not None:
        accuracy_m = None if gnss.hacc is None else gnss.hacc / 1000
        source.locate(at_ms, gnss.lat / 1_000_000, gnss.lon / 1_000_000, accuracy_m=accuracy_m, method="gnss")
    for kind, state in (("jamming", gnss.jam), ("spoofing", gnss.spf)):
        if state is not None and state >= _RAISED:
            source.signal(at_ms, kind, f"The receiver's state is {state}.")


def _status(packet: Packet, keys: Keys) -> tuple[SignatureStatus, bytes, str]:
    """Return the status of a packet's signature, the key that it names, and where that was pinned from."""
    if packet.kid not in keys:
        return SignatureStatus.UNKNOWN_ISSUER, b"", ""
    key, source = keys[packet.kid]
    is_valid = verifies(packet, key)
    return SignatureStatus.GENUINE if is_valid else SignatureStatus.ALTERED, key, source


def _speaks_for(source: str, device: str) -> bool:
    """Say whether a key pinned from there may speak for a device: one pinned from `device:ID` for that one only."""
    return not source.startswith("device:") or source == f"device:{device}"


def _is_key(text: str) -> bool:
    return len(text) in _KEY_HEX and all(sign in "0123456789abcdefABCDEF" for sign in text)


def _pinned(text: str, source: str) -> tuple[bytes, tuple[bytes, str]]:
    key = bytes.fromhex(text)
    return kid_of(key), (key, source)


FORMAT: Final[MessageFormat] = PacketFormat()
