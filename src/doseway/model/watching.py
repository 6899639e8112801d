"""What a watch rule is: its parameters (a spec), and a pure function from a journey to findings.

A rule of the rooms `transit` and `guard` is one file with a `RULE` object, registered under the entry-point group
`doseway.watch_rules`. Rules judge by event time only: `journey.until_ms` is how far anybody can know, never a clock.
"""

from typing import Final, Protocol, TypeVar

from doseway.model.findings import Finding, Severity
from doseway.model.journey import Fixes, Journey, Phase
from doseway.model.rulebook import Entry
from doseway.model.spells import ALWAYS, Windows
from doseway.model.units import HOUR_MS

FOREVER_MS: Final = 2**62
Needs = tuple[tuple[str, ...], ...]
"""What a rule cannot do without: of each inner tuple one word. The words are those of `doseway.transit.lint`."""


class WatchSpec(Entry, frozen=True, kw_only=True):
    """One entry of a watch's `[[rules]]`; a rule adds its own parameters by subclassing.

    Attributes:
        severity: how much a finding matters.
        phases: the phases of the shipment in which the rule looks; empty: all.
    """

    severity: Severity = Severity.WARNING
    phases: tuple[Phase, ...] = ()


SpecT = TypeVar("SpecT", bound=WatchSpec, contravariant=True)  # noqa: PLC0105  # named for what it is


class WatchRule(Protocol[SpecT]):
    """A watch rule: pure, a function of the set of observations.

    Attributes:
        id: the word for `rule = "…"` in a watch; the entry point has the same name.
        version: raised whenever the same journey and parameters could give another finding.
        title: what it looks for, in a few words. source: where its definition comes from.
        spec: its parameters. needs: what it cannot do without.
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
    def source(self) -> str:
        """Where its definition comes from."""

    @property
    def spec(self) -> type[WatchSpec]:
        """Its parameters."""

    @property
    def needs(self) -> Needs:
        """What it cannot do without."""

    def find(self, journey: Journey, spec: SpecT) -> list[Finding]:
        """Judge a journey; a finding that has an end never changes by what is observed later than `until_ms`."""


def finding(
    spec: WatchSpec,
    start_ms: int,
    raised_ms: int,
    end_ms: int | None,
    text: str,
    *,
    device: str = "",
    sensor: str = "",
    peak: tuple[int, int] | None = None,
    severity: Severity | None = None,
    details: dict[str, int | str] | None = None,
) -> Finding:
    """Make a finding of an entry; `peak` is the worst value in thousandths, and when it was."""
    return Finding(
        rule=spec.rule,
        rule_version=spec.rule_version,
        rule_id=spec.id,
        severity=spec.severity if severity is None else severity,
        start_ms=start_ms,
        raised_ms=raised_ms,
        end_ms=end_ms,
        device=device,
        sensor=sensor,
        peak_milli=None if peak is None else peak[0],
        peak_at_ms=None if peak is None else peak[1],
        text=text,
        details=details or {},
    )


def active(journey: Journey, spec: WatchSpec) -> Windows:
    """Return the times in which an entry looks: the phases that it names, those that follow one another joined."""
    if not spec.phases or not journey.phases:
        return ALWAYS
    windows: list[tuple[int, int]] = []
    for span in journey.phases:
        if span.phase not in spec.phases:
            continue
        end = FOREVER_MS if span.end_ms is None else span.end_ms
        if windows and windows[-1][1] == span.start_ms:
            windows[-1] = (windows[-1][0], end)
        else:
            windows.append((span.start_ms, end))
    return windows


def is_active(windows: Windows, at_ms: int) -> bool:
    """Tell whether an instant lies in one of the windows."""
    return any(start <= at_ms < end for start, end in windows)


def place_of(journey: Journey, device: str, at_ms: int, within_ms: int = HOUR_MS) -> tuple[int, int] | None:
    """Return where a device, else another one of the shipment, was last at an instant, in microdegrees."""
    for fixes in sorted(journey.fixes, key=lambda one: (one.device != device, one.device)):
        number = int(fixes.at_ms.searchsorted(at_ms, side="right")) - 1
        if number >= 0 and at_ms - int(fixes.at_ms[number]) <= within_ms:
            return _udeg(fixes, number)
    return None


def _udeg(fixes: Fixes, number: int) -> tuple[int, int]:
    return round(float(fixes.latitude_deg[number]) * 1e6), round(float(fixes.longitude_deg[number]) * 1e6)
