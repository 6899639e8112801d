"""The known answer: a proof that entry 3 of 5 is in a log, deterministic from the names of two keys."""

from tests.ledger.tree_kit import key_of

from doseway.ledger import merkle
from doseway.ledger.checkpoint import Checkpoint
from doseway.ledger.cosignature import Cosigner
from doseway.ledger.note import NoteSigner, SignedNote, format_note
from doseway.ledger.policy import Policy, parse_policy
from doseway.ledger.proof import TlogProof
from doseway.ledger.tiles import TileReader, grow

LOG = NoteSigner("example.com/kat", key_of("kat log"))
WITNESS = Cosigner("witness.example/kat", key_of("kat witness"))
ENTRIES = tuple(b"entry-%d" % number for number in range(5))
TIME_S = 1_764_000_000
POLICY_TEXT = f"log {LOG.vkey}\nwitness kat {WITNESS.vkey}\nquorum kat\n"


def kat_policy() -> Policy:
    return parse_policy(POLICY_TEXT)


def kat_proof() -> TlogProof:
    """Build the proof the way a log does: tiles, checkpoint, cosignature, path."""
    growth = grow(0, {}, merkle.leaf_hashes(ENTRIES))
    reader = TileReader(lambda level, n, _width: growth.changed[level, n], len(ENTRIES))
    text = Checkpoint(LOG.name, len(ENTRIES), growth.root).text()
    note = format_note(SignedNote(text, (LOG.sign(text), WITNESS.cosign(text, TIME_S))))
    return TlogProof(3, tuple(merkle.inclusion_proof(3, len(ENTRIES), reader)), note)
