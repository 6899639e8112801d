"""What a rule is: its parameters (a spec), and a pure function from a timeline to findings.

A rule is one file with a `RULE` object, registered under the entry-point group `doseway.rules`. It declares its
parameters as a struct; the TOML keys follow from the field names (see `doseway.model.terms`), and so do the
snapshot that is logged and the words of the error messages.
"""

from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from doseway.coldchain.judgement import Consumption, Effect, Episode
from doseway.coldchain.timeline import Memory, Timeline
from doseway.model.rulebook import Entry


class RuleSpec(Entry, frozen=True, kw_only=True):
    """One entry of a profile's `[[rules]]`; a rule adds its own parameters by subclassing.

    Attributes:
        effect: what a finding does to the verdict.
    """

    effect: Effect = Effect.QA_REVIEW

    @property
    def horizon_ms(self) -> int:
        """How far beyond a cut the rule has to look before it can let history go (see `Settling`)."""
        return 0


class Found:
    """What one rule found on the tracks of a timeline, each finding with the number of its track."""

    __slots__ = ("consumptions", "episodes")

    def __init__(self) -> None:
        self.episodes: list[tuple[int, Episode]] = []
        self.consumptions: list[tuple[int, Consumption]] = []


SpecT = TypeVar("SpecT", bound=RuleSpec, contravariant=True)  # noqa: PLC0105  # named for what it is


class Rule(Protocol[SpecT]):
    """A rule: pure, integers in and integers out.

    Attributes:
        id: the word for `rule = "…"` in a profile; the entry point has the same name.
        version: raised whenever the same readings and parameters could give another finding.
        title: what it looks for, in a few words.
    """

    @property
    def id(self) -> str:
        """The word for `rule = "…"`."""

    @property
    def version(self) -> int:
        """The version of its meaning."""

    @property
    def title(self) -> str:
        """What it looks for."""

    @property
    def spec(self) -> type[RuleSpec]:
        """Its parameters."""

    def find(self, timeline: Timeline, spec: SpecT) -> Found:
        """Judge every track; what `timeline.memory` remembers of the entry comes before the first record."""


@runtime_checkable
class Settling(Protocol[SpecT]):
    """A rule that can forget history on the live path. One that cannot keeps all of it alive."""

    def quiet(self, timeline: Timeline, spec: SpecT) -> NDArray[np.bool_]:
        """Tell for each record of a single track whether all before it may be replaced by a memory."""

    def settle(self, timeline: Timeline, spec: SpecT, cut: int) -> Memory:
        """Return what has to be remembered of the records before number `cut` (and of the memory before them)."""
