"""What is asked when a rule book is tried on history, and what comes of it."""

from typing import Literal

import msgspec

from doseway.model.findings import Finding

Compared = Literal["new", "changed", "same"]


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """What history to try on.

    Attributes:
        shipment, device: their ids; both empty: every shipment that was heard within the span.
        first_ms, last_ms: the span, Unix ms, both included; None: from the beginning, to the end.
    """

    shipment: str = ""
    device: str = ""
    first_ms: int | None = None
    last_ms: int | None = None


class Firing(msgspec.Struct, frozen=True, kw_only=True):
    """One finding of the book that was tried.

    Attributes:
        limits: the parameters that it was found by.
        compared: with what did fire. was: that, where it is another.
    """

    finding: Finding
    limits: dict[str, object]
    compared: Compared
    was: Finding | None = None


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What a book would have done on one subject.

    Attributes:
        fired: what it would have found, by time. gone: what did fire, and would not have.
        verdict, reasons: of limits; empty for a watch. failures: rules that crashed.
        observations: how much was heard of the subject; first_ms, last_ms: when.
    """

    subject: str
    fired: tuple[Firing, ...]
    gone: tuple[Finding, ...]
    observations: int
    first_ms: int | None
    last_ms: int | None
    verdict: str = ""
    reasons: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()

    def count(self, compared: Compared) -> int:
        """Return how many findings compare so."""
        return sum(one.compared == compared for one in self.fired)
