"""How reports write durations, times, values and verdicts: one voice for HTML and PDF."""

from typing import Final

from doseway.coldchain.judgement import Effect, Verdict
from doseway.model.clock import iso_at_offset
from doseway.model.readings import Quantity, SignatureStatus
from doseway.model.units import HOUR_MS, MINUTE_MS, SECOND_MS, decimal_text

UNITS: Final = {
    Quantity.TEMPERATURE: "°C",
    Quantity.HUMIDITY: "% RH",
    Quantity.PRESSURE: "hPa",
    Quantity.LIGHT: "lx",
    Quantity.SHOCK: "g",
    Quantity.BATTERY: "%",
    Quantity.TILT: "°",
    Quantity.DOOR: "",
    Quantity.RADIO: "dBm",
}
VERDICTS: Final = {
    Verdict.WITHIN_LABEL: "Within label",
    Verdict.WITHIN_BUDGET: "Within budget",
    Verdict.UNDECIDED: "Undecided",
    Verdict.QA_REVIEW: "QA review",
    Verdict.REJECT: "Reject",
}
VERDICT_MEANS: Final = {
    Verdict.WITHIN_LABEL: "Every reading was within the limits in force.",
    Verdict.WITHIN_BUDGET: "Out of the label's range, but within the allowed time out of range.",
    Verdict.UNDECIDED: "What is known does not suffice to say that the product is good.",
    Verdict.QA_REVIEW: "A limit was exceeded: quality has to look at it.",
    Verdict.REJECT: "A limit was exceeded for which the profile says reject.",
}
EFFECTS: Final = {
    Effect.INFO: "for information",
    Effect.WITHIN_BUDGET: "within budget",
    Effect.UNDECIDED: "undecided",
    Effect.QA_REVIEW: "QA review",
    Effect.REJECT: "reject",
}
SIGNATURES: Final = {
    SignatureStatus.GENUINE: "Genuine: unaltered since the device's key signed it",
    SignatureStatus.ALTERED: "ALTERED after it was signed",
    SignatureStatus.UNSIGNED: "Unsigned: the file carries no signature",
    SignatureStatus.UNKNOWN_ISSUER: "Signed by an issuer that is not trusted here",
}


def duration(value_ms: int) -> str:
    """Write a duration in ms as people say it: `3 h 40 min`, `0 min`, `45 s`; the exact minutes are kept."""
    hours, rest = divmod(value_ms, HOUR_MS)
    minutes, rest = divmod(rest, MINUTE_MS)
    seconds = rest // SECOND_MS
    parts = [(hours, "h"), (minutes, "min"), (seconds, "s")]
    return " ".join(f"{number:,} {unit}" for number, unit in parts if number) or "0 min"


def degrees(value_milli: int | None, unit: str = "°C") -> str:
    """Write thousandths with their unit; a dash for None."""
    return "–" if value_milli is None else f"{decimal_text(value_milli)} {unit}".replace("-", "−")


def truncated(value_milli: int | None) -> str:
    """Write thousandths cut off to one decimal towards zero, as loggers print them."""
    if value_milli is None:
        return "–"
    tenth = abs(value_milli) // 100 * 100
    return degrees(-tenth if value_milli < 0 else tenth)


def moment(instant_ms: int | None, offset_minutes: int) -> str:
    """Write an instant at an offset as `2022-11-08 21:59`, with seconds only where there are any."""
    if instant_ms is None:
        return "–"
    text = iso_at_offset(instant_ms, offset_minutes)
    clock = text[11:16] if text[17:19] == "00" else text[11:19]
    return f"{text[:10]} {clock}"


def offset_text(offset_minutes: int) -> str:
    """Write an offset as `UTC+01:00`."""
    sign = "−" if offset_minutes < 0 else "+"
    hours, minutes = divmod(abs(offset_minutes), 60)
    return f"UTC{sign}{hours:02d}:{minutes:02d}"


def percent(ppm: int) -> str:
    """Write parts per million as a percentage, cut off, so that only what is whole reads 100 %."""
    return f"{ppm // 100 / 100:g} %"
