"""Signed device packets: what the signature shows, and what the order of the records shows."""

from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from examples.messages import ISO_MS, KEY, PUBLIC_HEX, packet, sender
from nacl.signing import SigningKey
from tests.intake.messages.conftest import Decode
from tests.intake.messages.recordings_kit import times, values

from doseway.intake.cose.record import FIRST_PREV, Record, Trip, encode_record, sequence_of
from doseway.intake.cose.sign1 import ES256, kid_of, packets, sign
from doseway.model.errors import FormatError
from doseway.model.readings import Quantity, SignatureStatus

PINNED = {PUBLIC_HEX: "device:dw-0001"}
OTHER = SigningKey(bytes(reversed(range(32))))


def test_a_genuine_packet(decode: Decode) -> None:
    (recording,) = decode("packet", packet(), issuers=PINNED)
    assert recording.signature.status is SignatureStatus.GENUINE
    assert recording.signature.is_body_valid is True
    assert (recording.signature.public_key_hex, recording.signature.issuer_key_source) == (PUBLIC_HEX, "device:dw-0001")
    assert (recording.device.serial, recording.device.firmware) == ("dw-0001", "00" * 32)
    assert values(recording, "probe") == [4_200, None]
    assert times(recording, "probe") == [ISO_MS - 600_000, ISO_MS]
    assert values(recording, "light", Quantity.LIGHT) == [2_500]
    assert values(recording, "shock", Quantity.SHOCK) == [1_200]
    assert values(recording, "cellular", Quantity.RADIO) == [-95_000]
    assert (recording.fixes[0].latitude_udeg, recording.fixes[0].accuracy_mm) == (50_033_000, 4_200)
    assert [signal.kind for signal in recording.signals] == ["tampering", "jamming"]


def test_every_single_bit_counts(decode: Decode) -> None:
    """A flipped bit is refused, altered, or signed by a key that nobody pinned; never genuine."""
    content = packet()
    outcomes = {outcome(decode, content, byte, 1 << bit) for byte in range(len(content)) for bit in range(8)}
    assert outcomes == {"refused", "altered", "unknown-issuer"}


def outcome(decode: Decode, content: bytes, byte: int, mask: int) -> str:
    broken = bytearray(content)
    broken[byte] ^= mask
    try:
        return "/".join(one.signature.status.value for one in decode("packet", bytes(broken), issuers=PINNED))
    except FormatError:
        return "refused"


def test_an_unknown_key(decode: Decode) -> None:
    for issuers in ({}, {bytes(OTHER.verify_key).hex(): "file"}, {"zz" * 32: "no hex"}, {"ab" * 64: "a file's issuer"}):
        (recording,) = decode("packet", packet(), issuers=issuers)
        assert recording.signature.status is SignatureStatus.UNKNOWN_ISSUER
        assert recording.signature.is_body_valid is None
        assert recording.readings == 5


def test_a_key_speaks_for_the_device_that_it_is_pinned_for(decode: Decode) -> None:
    body = sender("dw-0002").send(utc_ms=ISO_MS, mono_ms=0, readings=[])
    (recording,) = decode("packet", body, issuers=PINNED)
    assert recording.signature.status is SignatureStatus.UNKNOWN_ISSUER
    (recording,) = decode("packet", body, issuers={PUBLIC_HEX: "keys.txt"})
    assert recording.signature.status is SignatureStatus.GENUINE


def test_the_order_of_the_records_is_in_the_notes(decode: Decode) -> None:
    device = sender()
    sent = [device.send(utc_ms=ISO_MS + n, mono_ms=n, readings=[]) for n in range(60)]
    (recording,) = decode("packet", b"".join(sent), issuers=PINNED)
    order = [one for one in map(sequence_of, recording.notes) if one is not None]
    assert [one.seq for one in order] == list(range(60))
    assert order[0].prev == FIRST_PREV.hex()
    assert [one.prev for one in order[1:]] == [one.sha256 for one in order[:-1]]
    assert {(one.boot_n, one.boot_id, one.tsrc) for one in order} == {(1, "00" * 8, "rtc")}


def test_the_manifests_of_a_trip(decode: Decode) -> None:
    body = sender().send(utc_ms=ISO_MS, mono_ms=0, readings=[], trip=Trip(state="open", id="a b=c", count=1))
    (recording,) = decode("packet", body)
    order = sequence_of(recording.notes[-1])
    assert order is not None
    assert (order.trip, order.trip_state, order.trip_count) == ("a b=c", "open", 1)


def test_packets_of_one_device_that_differ_in_their_signature_are_apart(decode: Decode) -> None:
    forged = sender(key=OTHER).send(utc_ms=ISO_MS, mono_ms=0, readings=[])
    statuses = [one.signature.status.value for one in decode("packet", packet() + forged, issuers=PINNED)]
    assert statuses == ["genuine", "unknown-issuer"]


def test_an_altered_packet_is_shown_and_not_hidden(decode: Decode) -> None:
    (whole,) = packets(packet(), "")
    lie = whole.payload.replace(cbor2.dumps(4200), cbor2.dumps(4201))
    body = cbor2.dumps(cbor2.CBORTag(18, [whole.protected, {}, lie, whole.signature]))
    (recording,) = decode("packet", body, issuers=PINNED)
    assert recording.signature.status is SignatureStatus.ALTERED
    assert recording.signature.is_body_valid is False
    assert values(recording, "probe") == [4_201, None]


def test_es256(decode: Decode) -> None:
    key = ec.derive_private_key(7, ec.SECP256R1())
    point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
    payload = encode_record(Record(dev="dw-9", boot_id=bytes(8), boot_n=1, seq=0, mono_ms=0, utc=ISO_MS))
    protected = cbor2.dumps({1: ES256, 4: kid_of(point)}, canonical=True)
    signed = cbor2.dumps(["Signature1", protected, b"", payload])
    r, s = utils.decode_dss_signature(key.sign(signed, ec.ECDSA(SHA256())))
    for signature, status in ((r.to_bytes(32) + s.to_bytes(32), "genuine"), (bytes(64), "altered")):
        body = cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature]))
        (recording,) = decode("packet", body, issuers={point.hex(): "keys.txt"})
        assert recording.signature.status.value == status


def signed(plain: Any, *, canonical: bool = True) -> bytes:
    return sign(KEY, plain if isinstance(plain, bytes) else cbor2.dumps(plain, canonical=canonical))


LEAST = {"dev": "d", "boot_id": bytes(8), "boot_n": 1, "seq": 0, "mono_ms": 0, "utc": ISO_MS}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"\xd2", "no COSE_Sign1"),
        (b"{}", "no COSE_Sign1"),
        (cbor2.dumps([b"", {}, b"", b""]), "no COSE_Sign1"),
        (cbor2.dumps(cbor2.CBORTag(18, [b"\xa0", {}, b"", bytes(64)])), "no EdDSA or ES256"),
        (cbor2.dumps(cbor2.CBORTag(18, [b"\xa0", {}, None, bytes(64)])), "no COSE_Sign1"),
        (b"\x9b" + b"\xff" * 8, "no COSE_Sign1"),
        (b"\x81" * 100_000, "no COSE_Sign1"),
        (signed(b"\xa0"), "no device record"),
        (signed({**LEAST, "utc": -1}), "no time of a reading"),
        (signed({**LEAST, "dev": ""}), "no name of a device"),
        (signed({**LEAST, "tsrc": "sundial"}), "no device record"),
        (signed({**LEAST, "readings": [["p", "temperature", 0, 1.5]]}), "no device record"),
        (signed({**LEAST, "readings": [["p", "taste", 0, 1]]}), "no device record"),
        (signed({**LEAST, "gnss": {"fix": 3, "lat": 91_000_000, "lon": 0}}), "no place on the Earth"),
        (signed(dict(reversed(LEAST.items())), canonical=False), "no deterministic CBOR"),
        (signed(cbor2.dumps(LEAST, canonical=True) + b"\x00"), "no CBOR|deterministic"),
        (signed(b"\xa2" + cbor2.dumps("dev") + cbor2.dumps("a") + cbor2.dumps("dev") + cbor2.dumps("b")), "no CBOR"),
        (signed(cbor2.dumps({"dev": cbor2.CBORTag(35, "((a+)+)+$")})), "error decoding semantic tag"),
        (signed(b"\x81" * 1000), "no CBOR"),
        (signed(b"\xbf" + cbor2.dumps("dev") + cbor2.dumps("a") + b"\xff"), "no CBOR"),
        (packet().replace(b"\xa0", b"\x80", 1), "not encoded as it is signed"),
        (signed({**LEAST, "pad": "x" * 70_000}), "COSE_Sign1|more than"),
    ],
)
def test_what_is_no_packet_is_refused_with_its_byte(decode: Decode, body: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        decode("packet", body, issuers=PINNED)
    if body:
        good = packet()
        with pytest.raises(FormatError, match=f"^body, byte {len(good)}: "):
            decode("packet", good + body, issuers=PINNED)
