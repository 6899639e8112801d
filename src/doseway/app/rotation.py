"""Give the log a new signing key: the new file is durable before the log changes over, and the old one is kept."""

from pathlib import Path

import msgspec

from doseway.app import logbook
from doseway.app.keys import create_key, next_key_path, read_key
from doseway.app.settings import Settings


class Rotated(msgspec.Struct, frozen=True):
    """A change of key: its entry in the log, the new key as text, and where the old one is kept."""

    index: int
    new_vkey: str
    old_key: Path


def rotate(settings: Settings, reason: str) -> Rotated:
    """Change the log's key and add the new one to the policy.

    A crash in between leaves the next key beside the old one; the next use of the log sorts that out.

    Raises:
        Unavailable: a file cannot be written.
    """
    path = logbook.key_path(settings)
    with logbook.writing(settings) as sequencer:
        logbook.policy_text(settings)  # it gets the new key too: not there is told before, not after
        old = read_key(path)
        new = create_key(next_key_path(path), old.name)
        receipt = sequencer.rotate(new.signer(), reason=reason, by="doseway log rotate-key")
        kept = logbook.settle_keys(settings, sequencer.log)
    assert kept is not None
    return Rotated(receipt.index, str(new.signer().vkey), kept)
