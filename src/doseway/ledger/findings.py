"""What a full check can find wrong with a log, by the name of the attack."""

from enum import StrEnum
from typing import Final, Literal

import msgspec

MAX_LISTED: Final = 1_000
"""So many findings are listed; all are counted."""


class FindingKind(StrEnum):
    """What was done to the log, as far as the traces tell."""

    EDITED = "edited"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "re-ordered"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"
    ROLLED_BACK = "rolled-back"
    FORKED = "forked"
    RE_SIGNED = "re-signed"
    TILE_ALTERED = "tile-altered"
    HEAD_ALTERED = "head-altered"
    SIGNATURE_INVALID = "signature-invalid"
    KEY_CHAIN_BROKEN = "key-chain-broken"
    TIME_DECREASED = "time-decreased"
    NOT_A_FACT = "not-a-fact"
    BLOB_ALTERED = "blob-altered"
    BLOB_MISSING = "blob-missing"
    BLOB_UNEXPECTED = "blob-unexpected"
    INDEX_WRONG = "index-wrong"
    ANCHOR_MISSING = "anchor-missing"


_ABOUT_ENTRIES: Final = frozenset(
    {
        FindingKind.EDITED,
        FindingKind.DELETED,
        FindingKind.INSERTED,
        FindingKind.REORDERED,
        FindingKind.TRUNCATED,
        FindingKind.REWRITTEN,
    }
)

Severity = Literal["tampered", "repairable"]
"""`tampered`: what was committed to is not what is there. `repairable`: it can be computed again from the entries."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong.

    Attributes:
        kind: the name of the attack, or of the damage.
        what: a sentence for a human.
        index: of the entry, where it is about one; the first one, where it is about many.
        tile: `level/n`, where it is about a tile.
        severity: how bad it is.
    """

    kind: FindingKind
    what: str
    index: int | None = None
    tile: str = ""
    severity: Severity = "tampered"


class FsckReport(msgspec.Struct, frozen=True):
    """The outcome of a full check.

    Attributes:
        size: the number of entries that the head claims.
        findings: at most 1,000 of them; `count` is of all.
    """

    size: int
    findings: tuple[Finding, ...]
    count: int

    @property
    def is_sound(self) -> bool:
        """True where nothing at all is wrong."""
        return self.count == 0


class Findings:
    """Collects findings; beyond the limit it only counts.

    Attributes:
        names_entries: the entries themselves are not those that were signed.
    """

    def __init__(self) -> None:
        self.listed: list[Finding] = []
        self.count = 0
        self.names_entries = False

    def add(
        self,
        kind: FindingKind,
        what: str,
        *,
        index: int | None = None,
        tile: str = "",
        severity: Severity = "tampered",
    ) -> None:
        """Add one."""
        self.count += 1
        self.names_entries |= kind in _ABOUT_ENTRIES
        if len(self.listed) < MAX_LISTED:
            self.listed.append(Finding(kind, what, index, tile, severity))
