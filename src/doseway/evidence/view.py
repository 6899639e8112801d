"""A case as words and charts: the one view that both the HTML and the PDF report set in type.

Everything here is text for people. The figures come from the judgement and the limits as they are logged; nothing is
computed anew except the columns of the chart.
"""

from typing import Final

import msgspec

from doseway.coldchain.judgement import Consumption, Episode, Statistics, Verdict
from doseway.evidence.case import Case, JudgedAs, Packet
from doseway.evidence.charts import ChartText, chart_texts
from doseway.evidence.inspection import DeviceFigure, Inspection
from doseway.evidence.limits_text import RuleText, heading_terms, rules_text, terms_text
from doseway.evidence.wording import (
    EFFECTS,
    SIGNATURES,
    VERDICT_MEANS,
    VERDICTS,
    degrees,
    duration,
    moment,
    offset_text,
    percent,
    truncated,
)
from doseway.model.canonical import encode
from doseway.model.facts import PacketReceived, PacketRejected, decode_fact
from doseway.model.units import SECOND_MS

GAS_CONSTANT_TEXT: Final = "8.3144 J/(mol·K)"
DOES_NOT_PROVE: Final = (
    "That the sensor was in or at the product, that the device was calibrated, or that its clock was right.",
    "That nothing was left out before it reached the log, or that the log holds no other judgement of the same file.",
    "That the limits suit the product: they are the ones that were in force, as logged.",
    "A release. The verdict is a proposal; a qualified person decides. MKT alone never suffices (USP ⟨1079.2⟩).",
)
Rows = tuple[tuple[str, str], ...]
_REASONS: Final = 8
_REASONS_A_FILE: Final = 2


class EpisodeText(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table of episodes; `number` is the one on the chart."""

    number: int
    what: str
    sensor: str
    effect: str
    start: str
    end: str
    out: str
    bounds: str
    unknown: str
    peak: str
    peak_at: str
    raised: str
    details: str


class JudgementText(msgspec.Struct, frozen=True, kw_only=True):
    """One judgement of one file, in words."""

    log_index: str
    profile: str
    verdict: str
    verdict_word: str
    verdict_means: str
    reasons: tuple[str, ...]
    charts: tuple[ChartText, ...]
    episodes: tuple[EpisodeText, ...]
    statistics: tuple[tuple[str, Rows], ...]
    budgets: tuple[tuple[str, str, str, str, str], ...]
    rules: tuple[RuleText, ...]
    profile_terms: Rows
    agreements: tuple[DeviceFigure, ...]
    contradictions: tuple[str, ...]
    failures: tuple[str, ...]
    notes: tuple[str, ...]


class FileText(msgspec.Struct, frozen=True, kw_only=True):
    """One file of the case, in words. `trouble` says why there is no judgement, where there is none."""

    name: str
    facts: Rows
    signature_word: str
    signature: str
    signature_note: str
    trouble: str
    judgements: tuple[JudgementText, ...]


class CaseText(msgspec.Struct, frozen=True, kw_only=True):
    """The whole report, in words."""

    title: str
    made_at: str
    software: str
    verdict: str
    verdict_word: str
    verdict_means: str
    reasons: tuple[str, ...]
    log: Rows
    files: tuple[FileText, ...]
    does_not_prove: tuple[str, ...]


def view(case: Case) -> CaseText:
    """Put a case into words. The verdict at its head is the worst of its files; a file without one is undecided."""
    inspections = [judged.inspection for packet in case.packets for judged in packet.judged]
    is_named = len(case.packets) > 1
    worst = max((one.verdict for one in inspections), default=Verdict.UNDECIDED, key=lambda one: one.rank)
    if any(not packet.judged for packet in case.packets):
        worst = max(worst, Verdict.UNDECIDED, key=lambda one: one.rank)
    reasons = [
        f"{one.file}: {reason}" if is_named else reason
        for one in inspections
        if one.verdict is worst
        for reason in one.proposal.reasons[: _REASONS_A_FILE if is_named else _REASONS]
    ]
    return CaseText(
        title=case.title,
        made_at=f"{moment(case.made_at_ms // SECOND_MS * SECOND_MS, 0)} UTC",
        software=case.software,
        verdict=VERDICTS[worst],
        verdict_word=worst.value,
        verdict_means=VERDICT_MEANS[worst],
        reasons=tuple(reasons[:_REASONS]),
        log=_log(case),
        files=tuple(
            _file(packet, number, is_logged=case.checkpoint is not None) for number, packet in enumerate(case.packets)
        ),
        does_not_prove=DOES_NOT_PROVE,
    )


def _log(case: Case) -> Rows:
    seen = case.checkpoint
    if seen is None:
        return ()
    witnesses = "; ".join(f"{name}, {moment(at * SECOND_MS, 0)} UTC" for name, at in seen.witnesses)
    last = max((judged.fact.index for packet in case.packets for judged in packet.judged), default=0)
    return (
        ("Log", seen.origin),
        ("Entries", f"{seen.size:,}"),
        (
            "Covers",
            "all judgements of this report" if last < seen.size else f"entries before {seen.size:,}, not all here",
        ),
        ("Root hash", seen.root_hex),
        ("Witnesses", witnesses or "none: nobody outside of the operator has seen this state of the log"),
        ("Quorum", seen.quorum or "not stated"),
    )


def _file(packet: Packet, number: int, *, is_logged: bool) -> FileText:
    body = decode_fact(packet.received.entry).content()
    assert isinstance(body, PacketReceived)
    recording = packet.recording
    facts = [("Size", f"{body.size_bytes:,} bytes")]
    facts += [("Log index", f"{packet.received.index}")] if is_logged else []
    if packet.judged:
        facts.insert(1, ("SHA-256", packet.judged[0].inspection.sha256))
    if recording:
        device = recording.device
        named = (
            ("Device", device.model),
            ("Serial", device.serial),
            ("Firmware", device.firmware),
            ("Lot", device.lot),
        )
        facts[:0] = [(label, text) for label, text in named if text]
        facts.append(("Format", f"{recording.format}, decoder version {recording.format_version}"))
        facts.append(("Times", f"{offset_text(recording.offset_minutes)}, zone {recording.zone}"))
    signature = recording.signature if recording else None
    return FileText(
        name=body.name,
        facts=tuple(facts),
        signature_word=signature.status.value if signature else "unknown",
        signature=SIGNATURES[signature.status] if signature else "Unknown: the file could not be read",
        signature_note=signature.note if signature else "",
        trouble=_trouble(packet),
        judgements=tuple(
            _judgement(judged, f"c{number}-{place}", is_logged=is_logged) for place, judged in enumerate(packet.judged)
        ),
    )


def _trouble(packet: Packet) -> str:
    for fact in packet.others:
        body = decode_fact(fact.entry).content()
        if isinstance(body, PacketRejected):
            return f"Could not be read: {body.what} ({body.where or 'no place given'}). {body.hint}".strip()
    if packet.original is None:
        return "The original bytes were erased; the log still holds the commitment to them."
    return "" if packet.judged else "Not judged: nothing is known about the product from this file."


def _judgement(judged: JudgedAs, chart_name: str, *, is_logged: bool) -> JudgementText:
    one, proposal = judged.inspection, judged.inspection.proposal
    judgement = one.judgement
    return JudgementText(
        log_index=f"log index {judged.fact.index}" if is_logged else "not logged",
        profile=judgement.profile_id,
        verdict=VERDICTS[proposal.verdict],
        verdict_word=proposal.verdict.value,
        verdict_means=VERDICT_MEANS[proposal.verdict],
        reasons=proposal.reasons,
        charts=chart_texts(one, chart_name),
        episodes=tuple(_episode(one, episode, place) for place, episode in enumerate(judgement.episodes, 1)),
        statistics=tuple((stats.sensor, _statistics(one, stats)) for stats in judgement.statistics),
        budgets=tuple(_budget(budget) for budget in judgement.consumptions),
        rules=rules_text(one.limits),
        profile_terms=heading_terms(one.limits),
        agreements=one.agreements,
        contradictions=one.contradictions,
        failures=tuple(f"{failure.rule} ({failure.rule_id}): {failure.error}" for failure in judgement.failures),
        notes=tuple(note.text for note in one.all_notes),
    )


def _episode(one: Inspection, episode: Episode, number: int) -> EpisodeText:
    offset = one.recording.offset_minutes
    titles = {rule.id: rule.title for rule in rules_text(one.limits)}
    start, raised = moment(episode.start_ms, offset), moment(episode.raised_ms, offset)
    details = ", ".join(f"{name}: {value}" for name, value in terms_text(episode.details))
    return EpisodeText(
        number=number,
        what=titles.get(episode.rule_id) or episode.rule,
        sensor=episode.sensor,
        effect=EFFECTS[episode.effect],
        start=start,
        end=moment(episode.end_ms, offset) if episode.end_ms is not None else "open at the end",
        out=duration(episode.out_ms),
        bounds=f"{duration(episode.least_ms)} to {duration(episode.most_ms)}",
        unknown=duration(episode.unknown_ms) if episode.unknown_ms else "–",
        peak=degrees(episode.peak_milli),
        peak_at=moment(episode.peak_at_ms, offset) if episode.peak_at_ms is not None else "",
        raised=raised[11:] if raised[:11] == start[:11] else raised,
        details=details,
    )


def _statistics(one: Inspection, stats: Statistics) -> Rows:
    offset = one.recording.offset_minutes
    energy = f"ΔH {stats.energy_j_mol / 1000:g} kJ/mol, R {GAS_CONSTANT_TEXT}"
    return (
        ("Observed", f"{moment(stats.first_at_ms, offset)} to {moment(stats.last_at_ms, offset)}"),
        (
            "Coverage",
            f"{percent(stats.coverage_ppm)} of {duration(stats.span_ms)}; {duration(stats.unknown_ms)} unknown",
        ),
        (
            "Readings",
            f"{stats.readings:,} valid, {stats.invalid:,} without a value, {stats.contradictory:,} contradictory",
        ),
        ("Interval", duration(stats.interval_ms)),
        ("Lowest, highest", f"{degrees(stats.min_milli)}, {degrees(stats.max_milli)}"),
        ("Mean", f"{degrees(stats.mean_milli)} (truncated {truncated(stats.mean_milli)})"),
        ("MKT", f"{degrees(stats.mkt_milli)} (truncated {truncated(stats.mkt_milli)}); {energy}"),
        ("MKT window", f"whole recording, n = {stats.readings:,}, peak {degrees(stats.max_milli)}"),
        (
            "MKT sensitivity",
            f"{degrees(stats.mkt_42_milli)} at 42 kJ/mol, {degrees(stats.mkt_125_milli)} at 125 kJ/mol",
        ),
    )


def _budget(one: Consumption) -> tuple[str, str, str, str, str]:
    if one.used_ppb is not None:
        return one.rule_id, one.sensor, f"{one.used_ppb / 10_000_000:.4f} % of the shelf life", "100 %", "–"
    return one.rule_id, one.sensor, duration(one.used_ms), duration(one.budget_ms), duration(one.left_ms)


def as_json(text: CaseText) -> bytes:
    """Return the view as canonical JSON, the form in which the PDF template reads it."""
    return encode(text)
