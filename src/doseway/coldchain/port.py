"""What a rule is: its parameters (a spec), and a pure function from a timeline to findings.

A rule is one file with a `RULE` object, registered under the entry-point group `doseway.rules`. It declares its
parameters as a struct; the TOML keys follow from the field names (see `doseway.coldchain.terms`), and so do the
snapshot that is logged and the words of the error messages.
"""

from typing import Any, Protocol, TypeVar, runtime_checkable

import msgspec
import numpy as np
from numpy.typing import NDArray

from doseway.coldchain.judgement import Consumption, Effect, Episode
from doseway.coldchain.timeline import Memory, Timeline
from doseway.model.errors import ProfileError


class RuleSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of a profile's `[[rules]]`; a rule adds its own parameters by subclassing.

    Field names end in their unit: `_milli` (thousandths of a °C), `_ms`, `_j_mol`, `_ppm`, `_ppb`.

    Attributes:
        rule, rule_version: which rule, in which version of its meaning.
        id: the entry's own name, unique within the profile.
        title, source, notes: for people; `source` is the clause that the limit comes from.
        effect: what a finding does to the verdict.
    """

    rule: str
    id: str
    rule_version: int = 1
    title: str = ""
    source: str = ""
    notes: str = ""
    effect: Effect = Effect.QA_REVIEW

    @property
    def horizon_ms(self) -> int:
        """How far beyond a cut the rule has to look before it can let history go (see `Settling`)."""
        return 0

    @classmethod
    def expand(cls, entry: dict[str, Any]) -> dict[str, Any]:
        """Write the short forms of a TOML table out; most rules have none."""
        return entry

    def check(self) -> None:
        """Check what no single type can say.

        Raises:
            ProfileError: the parameters contradict each other.
        """


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


def refuse(spec: RuleSpec, what: str, hint: str = "") -> ProfileError:
    """Make the error for an entry whose parameters contradict each other."""
    return ProfileError(f"rule {spec.id!r}: {what}", hint=hint)
