"""What one file says and what became of it: the answer that `doseway inspect` prints and the reports show.

An `Inspection` joins a decoded recording, its judgement, and the comparison with the device's own figures. It adds one
thing to the judgement: the *proposal*, which is never better than `undecided` where the file itself cannot be relied
on, because an altered file proves nothing about the product (promise 7, unknown is not yes).
"""

from typing import Any, Final

import msgspec

from doseway.coldchain.judgement import Episode, Judgement, Statistics, Verdict
from doseway.model.clock import iso_at_offset
from doseway.model.readings import Note, Recording, SignatureStatus

_STRIPPED: Final = (
    "This device signs its exports, and the file carries no signature: it may have been altered. "
    "Ask for the original export."
)


class DeviceFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure that the device computed itself, beside ours; texts with their units, for people.

    Attributes:
        what: what is compared, such as `MKT at 83 kJ/mol`.
        device, ours: both figures; tolerance: how far they may differ.
    """

    what: str
    device: str
    ours: str
    tolerance: str
    agrees: bool


class Proposal(msgspec.Struct, frozen=True):
    """The proposed verdict on a file and the sentences that lead to it, the worst first."""

    verdict: Verdict
    reasons: tuple[str, ...]


def propose(
    judgement: Judgement,
    status: SignatureStatus,
    contradictions: tuple[str, ...] = (),
    device_alarms: tuple[str, ...] = (),
) -> Proposal:
    """Join the judgement with what is known about the file itself.

    An altered file, or one whose own figures contradict its readings, is at least `undecided`: its readings may not
    be what the device measured. A missing signature and an unknown issuer change nothing; they are shown. Where there
    are no readings to judge, an alarm that the device itself raised is for quality to look at.
    """
    doubts: list[str] = []
    if status is SignatureStatus.ALTERED:
        doubts.append(
            "The file was altered after the device signed it: its readings prove nothing about the product. "
            "Ask for the original export."
        )
    doubts.extend(contradictions)
    floor = Verdict.QA_REVIEW if device_alarms else Verdict.UNDECIDED if doubts else Verdict.WITHIN_LABEL
    verdict = max(judgement.verdict, floor, key=lambda one: one.rank)
    return Proposal(verdict, (*doubts, *device_alarms, *judgement.reasons))


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one file that a person is shown.

    Attributes:
        file: the name as given; size_bytes and sha256 (hex) of its bytes.
        recording: the decoded readings; judgement: the judge's result on them.
        limits: the plain snapshot of the profile in force (the same that is logged).
        agreements: the device's own figures beside ours; contradictions: sentences about what cannot both be true.
        device_alarms: sentences about alarms that the device raised; given where it left no readings to judge.
        notes: what the reader should know about the judging beyond the recording's own notes.
    """

    file: str
    size_bytes: int
    sha256: str
    recording: Recording
    judgement: Judgement
    limits: dict[str, Any]
    agreements: tuple[DeviceFigure, ...] = ()
    contradictions: tuple[str, ...] = ()
    device_alarms: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def proposal(self) -> Proposal:
        """The proposed verdict with its reasons; a qualified person decides."""
        signature = self.recording.signature
        is_stripped = signature.is_expected and signature.status is SignatureStatus.UNSIGNED
        doubts = ((_STRIPPED,) if is_stripped else ()) + self.contradictions
        return propose(self.judgement, signature.status, doubts, self.device_alarms)

    @property
    def verdict(self) -> Verdict:
        """The verdict of the proposal."""
        return self.proposal.verdict

    @property
    def has_finding(self) -> bool:
        """Whether somebody has to look: anything but a sound file within its label (CLI exit code 1)."""
        return self.verdict is not Verdict.WITHIN_LABEL

    @property
    def all_notes(self) -> tuple[Note, ...]:
        """The notes of decoding and judging together."""
        return (*self.recording.notes, *self.notes)

    @property
    def leading(self) -> Statistics | None:
        """The sensor whose figures stand for the file: the first with a valid reading, else the first, else None."""
        statistics = self.judgement.statistics
        return next((one for one in statistics if one.readings), statistics[0] if statistics else None)

    def when(self, instant_ms: int | None) -> str | None:
        """Write an instant as ISO 8601 at the offset of the device's clock; None stays None."""
        return None if instant_ms is None else iso_at_offset(instant_ms, self.recording.offset_minutes)

    def to_json(self) -> dict[str, Any]:
        """Return the object that `doseway inspect --json` prints: plain JSON, °C, seconds and ISO 8601 times.

        The figures at the top are those of `leading`, whose name is under `sensor`; `sensors` has them all.
        """
        lead, proposal = self.leading, self.proposal
        figures = _figures(self, lead) if lead else _no_figures()
        return {
            "file": self.file,
            "format": self.recording.format,
            "signature": self.recording.signature.status.value,
            "readings": self.recording.readings,
            **figures,
            "episodes": [_episode(self, one) for one in self.judgement.episodes],
            "verdict": proposal.verdict.value,
            "reasons": list(proposal.reasons),
            "size_bytes": self.size_bytes,
            "sha256": self.sha256,
            "device": msgspec.to_builtins(self.recording.device),
            "zone": self.recording.zone,
            "signature_note": self.recording.signature.note,
            "profile": self.judgement.profile_id,
            "limits": self.limits,
            "sensors": [_figures(self, one) for one in self.judgement.statistics],
            "budgets": [msgspec.to_builtins(one) for one in self.judgement.consumptions],
            "agreements": [msgspec.to_builtins(one) for one in self.agreements],
            "contradictions": list(self.contradictions),
            "failures": [msgspec.to_builtins(one) for one in self.judgement.failures],
            "notes": [_note(one) for one in self.all_notes],
        }


def celsius(value_milli: int | None) -> float | None:
    """Return milli-°C as °C for output; None stays None."""
    return None if value_milli is None else value_milli / 1000


def _figures(inspection: Inspection, one: Statistics) -> dict[str, Any]:
    observed = one.first_at_ms is not None
    return {
        "sensor": one.sensor,
        "observed": {"from": inspection.when(one.first_at_ms), "to": inspection.when(one.last_at_ms)}
        if observed
        else None,
        "coverage": round(one.coverage_ppm / 1_000_000, 6),
        "mean_c": celsius(one.mean_milli),
        "mkt_c": celsius(one.mkt_milli),
        "min_c": celsius(one.min_milli),
        "max_c": celsius(one.max_milli),
        "valid": one.readings,
        "invalid": one.invalid,
        "contradictory": one.contradictory,
        "interval_s": one.interval_ms / 1000,
        "unknown_s": one.unknown_ms / 1000,
        "mkt_42_c": celsius(one.mkt_42_milli),
        "mkt_125_c": celsius(one.mkt_125_milli),
    }


def _no_figures() -> dict[str, Any]:
    names = ("sensor", "observed", "coverage", "mean_c", "mkt_c", "min_c", "max_c")
    return dict.fromkeys(names)


def _episode(inspection: Inspection, one: Episode) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "rule_id": one.rule_id,
        "sensor": one.sensor,
        "effect": one.effect.value,
        "start": inspection.when(one.start_ms),
        "raised": inspection.when(one.raised_ms),
        "end": inspection.when(one.end_ms),
        "out_s": one.out_ms / 1000,
        "least_s": one.least_ms / 1000,
        "most_s": one.most_ms / 1000,
        "unknown_s": one.unknown_ms / 1000,
        "peak_c": celsius(one.peak_milli),
        "peak_at": inspection.when(one.peak_at_ms),
        "details": one.details,
    }


def _note(note: Note) -> dict[str, str]:
    return {"code": note.code, "text": note.text, "where": str(note.where) if note.where else ""}
