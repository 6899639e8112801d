"""The vectors of our own in tests/golden/ledger, which another implementation confirms where it is installed.

`python -m tests.ledger.golden_kit` writes vectors.json anew; a difference in it is a break with every published proof.
"""

import base64
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.ledger.kat_kit import LOG, POLICY_TEXT, kat_proof
from tests.ledger.tree_kit import leaves_of

from doseway.ledger import merkle
from doseway.ledger.checkpoint import Checkpoint, sign_checkpoint
from doseway.ledger.proof import format_proof
from doseway.ledger.tiles import TileReader, grow, tile_path, tiles_for

GOLDEN = Path(__file__).parents[1] / "golden" / "ledger"
SIZES = (1, 2, 3, 4, 5, 7, 8, 9, 13, 64, 100, 255, 256, 257, 513, 1000)


def text_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def tree_vector(size: int, indexes: Iterable[int], old_sizes: Iterable[int]) -> dict[str, Any]:
    """Return root, proofs and tiles of the tree over `entry-0` and so on, made the way the log makes them."""
    growth = grow(0, {}, leaves_of(size))
    reader = TileReader(lambda level, n, _width: growth.changed[level, n], size)
    return {
        "size": size,
        "root": text_of(growth.root),
        "inclusion": [
            {"index": index, "proof": [text_of(one) for one in merkle.inclusion_proof(index, size, reader)]}
            for index in indexes
        ],
        "consistency": [
            {
                "old": old,
                "old_root": text_of(merkle.root_of(old, reader)),
                "proof": [text_of(one) for one in merkle.consistency_proof(old, size, reader)],
            }
            for old in old_sizes
        ],
        "tiles": {
            tile_path(level, n, width): hashlib.sha256(growth.changed[level, n]).hexdigest()
            for level, n, width in tiles_for(size)
        },
    }


def note_vector(size: int) -> dict[str, str]:
    """Return a checkpoint signed with the key of the known answer."""
    checkpoint = Checkpoint(LOG.name, size, merkle.root(leaves_of(size)))
    return {"vkey": str(LOG.vkey), "note": text_of(sign_checkpoint(checkpoint, [LOG]))}


def vectors() -> dict[str, Any]:
    """Return what vectors.json holds."""
    trees = [tree_vector(size, sorted({0, size // 3, size - 1}), sorted({1, size // 2 or 1, size})) for size in SIZES]
    return {
        "trees": trees,
        "notes": [note_vector(size) for size in (0, 1, 5, 1000)],
        "proof": {"policy": POLICY_TEXT, "entry": "entry-3", "file": format_proof(kat_proof()).decode()},
    }


if __name__ == "__main__":
    (GOLDEN / "vectors.json").write_text(json.dumps(vectors(), indent=1) + "\n")
