"""Cosignatures (C2SP tlog-cosignature): a witness's statement that it saw a consistent checkpoint, and when."""

from doseway.ledger.keys import SigningKey
from doseway.ledger.note import (
    COSIGNATURE_ED25519,
    MAX_TIME_S,
    TIME_BYTES,
    NoteSignature,
    VerifierKey,
    cosigned_message,
)


class Cosigner:
    """Cosigns checkpoints with an Ed25519 key (type 0x04).

    The signed message does not contain the cosigner's name, so a key must not be used under two names.
    """

    def __init__(self, name: str, key: SigningKey) -> None:
        self.name = name
        self.vkey = VerifierKey.of(name, COSIGNATURE_ED25519, key.public_key)
        self._key = key

    def cosign(self, checkpoint_text: str, time_s: int) -> NoteSignature:
        """Cosign a checkpoint at a time in Unix seconds.

        Raises:
            ValueError: the time is not within 1 and 2**63 - 1.
        """
        if not 1 <= time_s <= MAX_TIME_S:
            raise ValueError(f"{time_s} is no time of a cosignature")
        message = cosigned_message(COSIGNATURE_ED25519, self.name, checkpoint_text, time_s)
        blob = time_s.to_bytes(TIME_BYTES, "big") + self._key.sign(message)
        return NoteSignature(self.name, self.vkey.key_id, blob)
