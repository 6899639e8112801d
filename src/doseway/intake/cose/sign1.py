"""COSE_Sign1 (RFC 9052 section 4.2) with EdDSA (Ed25519) or ES256 (P-256).

    packet    = 18( [ protected: bstr .cbor { 1: -8 | -7, 4: kid }, unprotected: {}, payload: bstr, signature: bstr ] )
    kid       = SHA-256( public key: 32 bytes of Ed25519 | 33 bytes of a compressed P-256 point )
    signed    = [ "Signature1", protected, h'', payload ]

Several packets may follow one another (a CBOR sequence, RFC 8742), as a device sends what it kept.
"""

import hashlib
from collections.abc import Iterator
from io import BytesIO
from typing import Final

import cbor2
import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from doseway.intake.cose.record import MAX_RECORD_BYTES
from doseway.model.errors import FormatError, Place

EDDSA: Final = -8
ES256: Final = -7
ED25519_BYTES: Final = 32
P256_BYTES: Final = 33
_TAG: Final = 18
_ALG, _KID = 1, 4
_PARTS: Final = 4
_SIGNATURE_BYTES: Final = 64
_MAX_DEPTH: Final = 4


class Packet(msgspec.Struct, frozen=True, kw_only=True):
    """One COSE_Sign1 as it was sent; `raw` are its bytes, which the next record's `prev` is the hash of."""

    raw: bytes
    algorithm: int
    kid: bytes
    protected: bytes
    payload: bytes
    signature: bytes

    @property
    def sha256(self) -> bytes:
        """The hash that the next record of the device names."""
        return hashlib.sha256(self.raw).digest()


def kid_of(public_key: bytes) -> bytes:
    """Return the key id of a public key."""
    return hashlib.sha256(public_key).digest()


def sign(key: SigningKey, payload: bytes) -> bytes:
    """Return the packet that carries a payload, signed with Ed25519."""
    protected = cbor2.dumps({_ALG: EDDSA, _KID: kid_of(bytes(key.verify_key))}, canonical=True)
    signature = key.sign(_signed(protected, payload)).signature
    return cbor2.dumps(cbor2.CBORTag(_TAG, [protected, {}, payload, signature]))


def verifies(packet: Packet, public_key: bytes) -> bool:
    """Say whether a packet's signature is that of a key; a key of the wrong kind or length never verifies."""
    signed = _signed(packet.protected, packet.payload)
    try:
        if packet.algorithm == EDDSA and len(public_key) == ED25519_BYTES:
            VerifyKey(public_key).verify(signed, packet.signature)
            return True
        if packet.algorithm == ES256 and len(public_key) == P256_BYTES:
            half = len(packet.signature) // 2
            r, s = (int.from_bytes(part) for part in (packet.signature[:half], packet.signature[half:]))
            point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
            point.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
            return True
    except (BadSignatureError, InvalidSignature, ValueError):
        return False
    return False


def packets(body: bytes, name: str) -> Iterator[Packet]:
    """Give the packets of a body.

    Raises:
        FormatError: it is no sequence of COSE_Sign1; names the byte at which the packet that is none begins.
    """
    if not body:
        raise FormatError("the body is empty", hint="Send COSE_Sign1 packets.", where=Place(name))
    start = 0
    while start < len(body):
        part = body[start : start + MAX_RECORD_BYTES + 1]
        try:
            packet = _packet(part)
        except FormatError as error:
            raise FormatError(error.what, hint=error.hint, where=Place(name, byte=start)) from error
        yield packet
        start += len(packet.raw)


def _packet(part: bytes) -> Packet:
    stream = BytesIO(part)
    try:
        found = cbor2.CBORDecoder(stream, read_size=1, max_depth=_MAX_DEPTH, allow_indefinite=False).decode()
        size = stream.tell()
        parts = found.value if isinstance(found, cbor2.CBORTag) and found.tag == _TAG else None
        protected, _, payload, signature = parts if isinstance(parts, tuple) and len(parts) == _PARTS else (None,) * 4
        header = cbor2.loads(protected, max_depth=1) if isinstance(protected, bytes) else None
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise FormatError(f"no COSE_Sign1: {error}", hint="Send the packet's bytes as they are.") from error
    if not isinstance(header, dict) or not isinstance(payload, bytes) or not isinstance(signature, bytes):
        raise FormatError("no COSE_Sign1", hint="Tag 18 with four parts; the payload is not detached.")
    if cbor2.dumps(cbor2.CBORTag(_TAG, [protected, {}, payload, signature])) != part[:size]:
        raise FormatError("a packet that is not encoded as it is signed", hint="An empty map, and shortest lengths.")
    if size > MAX_RECORD_BYTES:
        raise FormatError(f"a packet of more than {MAX_RECORD_BYTES:,} bytes")
    algorithm, kid = header.get(_ALG), header.get(_KID)
    if algorithm not in {EDDSA, ES256} or not isinstance(kid, bytes) or len(signature) != _SIGNATURE_BYTES:
        raise FormatError("no EdDSA or ES256 signature with a key id in its protected header")
    return Packet(
        raw=part[:size],
        algorithm=algorithm,
        kid=kid,
        protected=bytes(protected or b""),
        payload=payload,
        signature=signature,
    )


def _signed(protected: bytes, payload: bytes) -> bytes:
    return cbor2.dumps(["Signature1", protected, b"", payload])
