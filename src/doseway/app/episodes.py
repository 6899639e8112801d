"""What the judge of the cold chain finds, as findings like those of all other rules: alerts are made of findings."""

from collections.abc import Iterable, Mapping
from typing import Final

from doseway.coldchain.judgement import Effect, Episode
from doseway.coldchain.profile import Profile
from doseway.coldchain.reasons import Writer
from doseway.model.findings import Finding, Severity

SEVERITIES: Final[Mapping[Effect, Severity]] = {
    Effect.INFO: Severity.INFO,
    Effect.WITHIN_BUDGET: Severity.WARNING,
    Effect.UNDECIDED: Severity.WARNING,
    Effect.QA_REVIEW: Severity.HIGH,
    Effect.REJECT: Severity.CRITICAL,
}
"""What an episode does to the verdict says how much it matters."""


def findings_of(episodes: Iterable[Episode], profile: Profile, device: str, offset_minutes: int = 0) -> list[Finding]:
    """Return episodes of one device as findings, in the same order.

    Args:
        episodes: of one judgement.
        profile: the limits that they were found by; their sentences name its limits.
        device: the device that measured.
        offset_minutes: the offset from UTC at which the sentences tell the time.
    """
    writer = Writer(profile, offset_minutes)
    return [finding_of(one, device, writer.sentence(one)) for one in episodes]


def finding_of(episode: Episode, device: str, text: str) -> Finding:
    """Return one episode as a finding; how long it was, and within which bounds, goes into its details."""
    return Finding(
        rule=episode.rule,
        rule_version=episode.rule_version,
        rule_id=episode.rule_id,
        severity=SEVERITIES[episode.effect],
        start_ms=episode.start_ms,
        raised_ms=episode.raised_ms,
        end_ms=episode.end_ms,
        device=device,
        sensor=episode.sensor,
        peak_milli=episode.peak_milli,
        peak_at_ms=episode.peak_at_ms,
        text=text,
        details={
            **episode.details,
            "effect": episode.effect.value,
            "out_ms": episode.out_ms,
            "least_ms": episode.least_ms,
            "most_ms": episode.most_ms,
            "unknown_ms": episode.unknown_ms,
        },
    )
