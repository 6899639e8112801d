"""The signature of a Berlinger or Q-tag export: what it proves, checked as the file streams by.

The scheme is recovered from public exports; the vendor has not published it. ECDSA on NIST P-256 with SHA-256; keys
and signatures are 128 hex digits, X and Y (r and s) of 32 bytes each, **little-endian**; the digest's 32 bytes are
reversed. `Sig` signs everything before its own line; `Sig Cert` signs the lines from `Cert:` to before its own line,
under an issuer key that is not in the file. One key belongs to a *lot* of devices.

Strict: one line of each kind, in order, and nothing after `Sig` but its line end; lower-case digits as devices write
them; r and s within 1 ... n-1; the key a point of the curve.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Final

import msgspec

from doseway.model.readings import SignatureCheck, SignatureStatus

BUILT_IN_ISSUER: Final = (
    "6619afdc1b1198fcc7d8462aed7ef55293883a19ac0ac04f878b26041bbea20a"
    "68f60c18dac0aaab9f74afb65c503c00fd484b7cfc9a5b7e7b1aaeb94816bee3"
)
"""The issuer's public key, found by ECDSA key recovery over four certificates of public exports of 2012 and 2020."""
BUILT_IN_SOURCE: Final = "built-in, inferred"

_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_HEX: Final = re.compile(r"[0-9a-f]{128}")
_MARKS: Final = (b"Cert:", b"Sig Cert:", b"Sig:")
_LIMITS: Final = (
    "It proves that the file is unaltered since it was signed with the key of the device's lot; it proves neither "
    "that the clock was right nor where the probe was."
)
_INFERRED: Final = (
    "Integrity check; the issuer key is inferred from public exports, not published by the vendor. " + _LIMITS
)


class _Block(msgspec.Struct):
    """What the certificate block says, as printed."""

    lot: str = ""
    issuer: str = ""
    public_key: str = ""
    keys: int = 0


class SignatureReader:
    """Takes every line of a file in order, then gives the outcome."""

    def __init__(self) -> None:
        self._body = hashlib.sha256()
        self._block_hash = hashlib.sha256()
        self._block = _Block()
        self._state = 0  # how many of the three marks were seen, in order
        self._faults: list[str] = []
        self._body_digest = self._block_digest = b""
        self._signature = self._block_signature = ""

    @property
    def is_complete(self) -> bool:
        """Whether the `Sig` line has been seen: the signed file ends there."""
        return bool(self._body_digest)

    def feed(self, line: bytes) -> None:
        """Take the next line with its line end."""
        if self._body_digest:
            self._fault("there is text after the signature")
            return
        if line.startswith(_MARKS):
            self._mark(line)
        elif self._state == 1:
            self._read_block(line)
        if self._state == 1:
            self._block_hash.update(line)
        self._body.update(line)

    def check(self, pinned: Mapping[str, str]) -> SignatureCheck:
        """Return the outcome.

        Args:
            pinned: issuer keys that the user trusts, hex as written in files, to where each came from.
        """
        if not self._body_digest:
            return _unsigned(has_certificate=self._state > 0)
        block = self._block
        body_ok = not self._faults and _verify(block.public_key, self._signature, self._body_digest)
        issuers = {**pinned, BUILT_IN_ISSUER: BUILT_IN_SOURCE}
        source = next(
            (
                label
                for key, label in issuers.items()
                if _verify(key.lower(), self._block_signature, self._block_digest)
            ),
            "",
        )
        status, note = self._outcome(body_ok=body_ok, source=source)
        return SignatureCheck(
            status=status,
            is_body_valid=body_ok,
            is_certificate_valid=bool(source),
            issuer=block.issuer,
            lot=block.lot,
            public_key_hex=block.public_key,
            issuer_key_source=source,
            note=note,
        )

    def _outcome(self, *, body_ok: bool, source: str) -> tuple[SignatureStatus, str]:
        if body_ok and source == BUILT_IN_SOURCE:
            return SignatureStatus.GENUINE, _INFERRED
        if body_ok and source:
            return SignatureStatus.GENUINE, f"Integrity check under the issuer key pinned from {source}. {_LIMITS}"
        if body_ok:
            return SignatureStatus.UNKNOWN_ISSUER, (
                f"The content fits its signature, but no issuer key known here signed the certificate, whatever it "
                f"names ({self._block.issuer!r}): anybody can make such a file. If you trust its issuer, pin its key."
            )
        if self._faults:
            return SignatureStatus.ALTERED, f"The file is not as a device writes it: {'; '.join(self._faults)}."
        if source:
            return SignatureStatus.ALTERED, (
                "The content was changed after the device signed it; the certificate block is intact. "
                "Ask for the original export."
            )
        return SignatureStatus.ALTERED, (
            "The file was changed after the device signed it: neither the content nor the certificate block fits its "
            "signature. Line ends changed by a program or a mail gateway do this too. Ask for the original export."
        )

    def _mark(self, line: bytes) -> None:
        place = next(index for index, mark in enumerate(_MARKS) if line.startswith(mark))
        if place != self._state:
            self._fault("its certificate and signature lines are missing, repeated or out of order")
        self._state = max(self._state, place + 1)
        text = line.decode("latin-1")
        if place == 1 and not self._block_digest:
            self._block_digest = self._block_hash.digest()
            self._block_signature = text.removeprefix("Sig Cert: ").removesuffix("\r\n")
        elif place == 2:  # noqa: PLR2004  # index of `Sig:`
            self._body_digest = self._body.digest()
            self._signature = text.removeprefix("Sig: ").removesuffix("\r\n")

    def _read_block(self, line: bytes) -> None:
        key, _, value = line.decode("latin-1").removesuffix("\r\n").partition(": ")
        if key == " Lot":
            self._block.lot = value
        elif key == " Issuer":
            self._block.issuer = value
        elif key == " Public Key":
            self._block.public_key = value
            self._block.keys += 1
            if self._block.keys > 1:
                self._fault("the certificate has two public keys")

    def _fault(self, text: str) -> None:
        if text not in self._faults:
            self._faults.append(text)


def _unsigned(*, has_certificate: bool) -> SignatureCheck:
    note = "The file carries no signature: nothing shows whether it was altered."
    if has_certificate:
        note = (
            "The signature was removed: the certificate is still there, but nothing shows that the content is what "
            "the device wrote. Ask for the original export."
        )
    return SignatureCheck(status=SignatureStatus.UNSIGNED, is_expected=True, note=note)


def little_endian_pair(text: str) -> tuple[int, int] | None:
    """Read 128 lower-case hex digits as two little-endian integers; None where it is something else."""
    if not _HEX.fullmatch(text):
        return None
    raw = bytes.fromhex(text)
    return int.from_bytes(raw[:32], "little"), int.from_bytes(raw[32:], "little")


def _verify(key_hex: str, signature_hex: str, digest: bytes) -> bool:
    """Check an ECDSA P-256 signature over a SHA-256 digest, whose bytes the scheme reverses."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  # start-up time
    from cryptography.hazmat.primitives.asymmetric import ec, utils  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    point, pair = little_endian_pair(key_hex), little_endian_pair(signature_hex)
    if point is None or pair is None or not all(0 < number < _ORDER for number in pair):
        return False
    try:
        key = ec.EllipticCurvePublicNumbers(*point, ec.SECP256R1()).public_key()
        key.verify(utils.encode_dss_signature(*pair), digest[::-1], ec.ECDSA(utils.Prehashed(SHA256())))
    except (ValueError, InvalidSignature):  # no point of the curve; a wrong signature
        return False
    return True
