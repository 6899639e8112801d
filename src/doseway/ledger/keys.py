"""Signature keys: Ed25519 by libsodium's acceptance rules, and ML-DSA-44 for reading.

Libraries differ in which malformed Ed25519 keys and signatures they accept. The rule here is libsodium's: small-order
and non-canonical points are refused, and so are non-canonical scalars.
"""

from typing import Final, Self

from nacl.bindings import (
    crypto_core_ed25519_is_valid_point,
    crypto_sign,
    crypto_sign_open,
    crypto_sign_seed_keypair,
)
from nacl.exceptions import CryptoError
from nacl.utils import random as random_bytes

from doseway.model.errors import Unavailable

SEED_BYTES: Final = 32
PUBLIC_KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64


def verify_ed25519(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether an Ed25519 signature is valid; malformed input is invalid."""
    if len(public_key) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        crypto_sign_open(signature + message, public_key)
    except CryptoError:
        return False
    return True


def is_weak_public_key(public_key: bytes) -> bool:
    """Tell whether bytes are no sound Ed25519 public key.

    Weak is what is no point in canonical form, has a small order, or lies outside the prime-order group: no honest key
    generation makes such a key, and for some of them anybody can make signatures that other verifiers accept.
    """
    return len(public_key) != PUBLIC_KEY_BYTES or not crypto_core_ed25519_is_valid_point(public_key)


def verify_ml_dsa_44(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether an ML-DSA-44 signature with an empty context (FIPS 204) is valid; malformed input is invalid.

    Raises:
        Unavailable: this build of the cryptography library has no ML-DSA, so the question stays open.
    """
    from cryptography.exceptions import (  # noqa: PLC0415  # rarely needed, slow to load
        InvalidSignature,
        UnsupportedAlgorithm,
    )
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey  # noqa: PLC0415

    try:
        MLDSA44PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    except UnsupportedAlgorithm as error:
        raise Unavailable(
            "an ML-DSA-44 signature cannot be verified here",
            hint="Install a build of the cryptography package with OpenSSL 3.5 or newer.",
        ) from error
    return True


class SigningKey:
    """An Ed25519 signing key."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise ValueError(f"an Ed25519 seed has {SEED_BYTES} bytes, not {len(seed)}")
        self.public_key, self._secret = crypto_sign_seed_keypair(seed)

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """Return the key of a 32-byte seed."""
        return cls(seed)

    @classmethod
    def generate(cls) -> Self:
        """Return a new random key."""
        return cls(random_bytes(SEED_BYTES))

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature of a message."""
        return crypto_sign(message, self._secret)[:SIGNATURE_BYTES]
