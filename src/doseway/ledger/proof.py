"""Proofs that travel (C2SP tlog-proof@v1): one file proves that a log has an entry, to whoever holds a policy.

c2sp.org/tlog-proof@v1
extra <base64>            (optional, not authenticated)
index <n>
<base64 hash>...

<checkpoint with its signatures>
"""

import base64
from dataclasses import dataclass
from typing import Final

from doseway.ledger import merkle
from doseway.ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from doseway.ledger.note import MAX_NOTE_BYTES, decode_base64, parse_decimal, parse_note
from doseway.ledger.policy import Policy
from doseway.model.errors import DataError, SignatureInvalid

HEADER: Final = "c2sp.org/tlog-proof@v1"
MAX_HASHES: Final = 63
_MAX_BYTES: Final = MAX_NOTE_BYTES + 65_536


@dataclass(frozen=True)
class TlogProof:
    """An entry's place, its inclusion path, and the checkpoint that the path leads to, as a signed note."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


@dataclass(frozen=True)
class VerifiedProof:
    """What a proof proved.

    Attributes:
        index: the entry's place.
        checkpoint: the tree that it is in.
        witnesses: who cosigned, by the policy's names and in its order.
        times: witness -> when it cosigned, Unix seconds; the entry is no younger. A witness that states no time is
            missing.
    """

    index: int
    checkpoint: Checkpoint
    witnesses: tuple[str, ...]
    times: dict[str, int]


def format_proof(proof: TlogProof) -> bytes:
    """Write a proof."""
    lines = [HEADER]
    if proof.extra is not None:
        lines.append(f"extra {base64.b64encode(proof.extra).decode()}")
    lines.append(f"index {proof.index}")
    lines += [base64.b64encode(one).decode() for one in proof.hashes]
    return "".join(f"{line}\n" for line in (*lines, "")).encode() + proof.checkpoint


def parse_proof(data: bytes) -> TlogProof:
    """Read a proof; nothing is verified. Only one text is the proof's: `format_proof` of the result gives it back.

    Raises:
        DataError: it is malformed.
    """
    head, blank, checkpoint = data.partition(b"\n\n")
    if len(data) > _MAX_BYTES or not blank:
        raise DataError("this is no tlog-proof: it has no blank line, or is too large")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise DataError("this is no tlog-proof: its head is not ASCII") from error
    if lines.pop(0) != HEADER:
        raise DataError(f"this is no tlog-proof: it does not begin with {HEADER}")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = decode_base64(lines.pop(0).removeprefix("extra "))
    if not lines or not lines[0].startswith("index "):
        raise DataError("a tlog-proof has no index line")
    index = parse_decimal(lines.pop(0).removeprefix("index "))
    hashes = tuple(map(decode_base64, lines))
    if len(hashes) > MAX_HASHES or any(len(one) != merkle.HASH_BYTES for one in hashes):
        raise DataError("a tlog-proof has too many hashes, or one of the wrong length")
    parse_note(checkpoint)
    return TlogProof(index, hashes, checkpoint, extra)


def verify_proof(proof: TlogProof, leaf_hash: bytes, policy: Policy) -> VerifiedProof:
    """Verify a proof of an entry.

    Args:
        leaf_hash: computed by the caller from the entry that is to be proved.
        policy: whose signatures count.

    Raises:
        SignatureInvalid: the log's signature or the quorum of witnesses is missing, or one is wrong.
        HashMismatch: the entry is not in the tree.
        DataError: something is malformed.
    """
    origin = parse_checkpoint(parse_note(proof.checkpoint).text).origin
    if not policy.log_keys(origin):
        raise SignatureInvalid(f"the policy knows no log {origin!r}")
    keys = policy.log_keys(origin) + policy.witness_keys()
    checkpoint, opened = open_checkpoint(proof.checkpoint, origin, keys)
    if not policy.is_met_by([verified.key for verified in opened.signatures]):
        raise SignatureInvalid(f"too few witnesses cosigned: required is {policy.explain()}")
    merkle.verify_inclusion(leaf_hash, proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    signed = {verified.key: verified.timestamp for verified in opened.signatures}
    witnesses = [witness for witness in policy.witnesses if witness.key in signed]
    times = {witness.name: time_s for witness in witnesses if (time_s := signed[witness.key])}
    return VerifiedProof(proof.index, checkpoint, tuple(witness.name for witness in witnesses), times)
