"""Findings, facts and reasons in the reader's language, units and zone: from their figures, never from English text."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from doseway.app.board import TimelineRow
from doseway.app.episodes import finding_of
from doseway.coldchain.judgement import Judgement
from doseway.coldchain.profile import Profile
from doseway.coldchain.reasons import Reason, reasons_of
from doseway.model.findings import Finding
from doseway.model.terms import plain
from doseway.model.units import SECOND_MS
from doseway.ui.languages import mark
from doseway.ui.sentences import BECAUSE, FACTS, FINDINGS, KINDS, REASONS, variant
from doseway.ui.words import Words

Limits = Mapping[str, Any]
_PPB_PERCENT: Final = 10_000_000
_PPM_PERCENT: Final = 10_000
_KM_M: Final = 1_000


class _Figures(Mapping[str, str]):
    """The figures of one finding, each written when a sentence asks for it."""

    def __init__(self, words: Words, sites: Callable[[str], str], finding: Finding, limits: Limits, zone: str) -> None:
        self.words = words
        self.sites = sites
        self.finding = finding
        self.limits = limits
        self.details: dict[str, int | str] = finding.details
        self.zone = zone

    def __getitem__(self, name: str) -> str:
        return _FIGURES[name](self)

    def __iter__(self) -> Iterator[str]:
        return iter(_FIGURES)

    def __len__(self) -> int:
        return len(_FIGURES)

    def when(self) -> str:
        """Write for how long, or since when while it lasts."""
        one = self.finding
        if one.end_ms is None:
            return self.words.say(mark("since %(time)s")) % {"time": self.words.moment(one.start_ms, self.zone)}
        span_ms = int(self.details.get("out_ms", 0)) or one.end_ms - one.start_ms
        return self.words.say(mark("for %(span)s")) % {"span": self.words.span(span_ms)}

    def degrees(self, name: str) -> str:
        """Write a limit of temperature."""
        return self.words.temperature(self.limits[name])

    def span(self, name: str) -> str:
        """Write a limit of time."""
        return self.words.span(self.limits[name])

    def metres(self, name: str) -> str:
        """Write a distance: metres, from 10 km on kilometres."""
        metres = int(self.details[name])
        return f"{metres} m" if metres < 10 * _KM_M else f"{metres // _KM_M} km"

    def peak(self, quantity: str) -> str:
        """Write the worst value."""
        if self.finding.peak_milli is None:
            raise KeyError(quantity)
        return self.words.value(
            abs(self.finding.peak_milli) if quantity == "shock" else self.finding.peak_milli, quantity
        )

    def kinds(self, name: str) -> str:
        """Write words of a rule, such as the clues to a theft, each in the reader's language."""
        parts = str(self.details[name]).split(", ")
        return ", ".join(self.words.say(KINDS.get(part, part)) for part in parts)


_FIGURES: Final[Mapping[str, Callable[[_Figures], str]]] = {
    "when": _Figures.when,
    "limit": lambda one: one.degrees("limit_milli"),
    "low": lambda one: one.degrees("low_milli"),
    "high": lambda one: one.degrees("high_milli"),
    "above": lambda one: one.degrees("above_milli"),
    "below": lambda one: one.degrees("below_milli"),
    "ceiling": lambda one: one.degrees("ceiling_milli"),
    "budget": lambda one: one.span("budget_ms"),
    "single": lambda one: one.span("max_single_ms"),
    "most": lambda one: one.span("max_ms"),
    "dwell": lambda one: one.span("dwell_ms"),
    "used": lambda one: one.words.number(f"{int(one.details['used_ppb']) / _PPB_PERCENT:.2f}") + " %",
    "allowed": lambda one: one.words.number(f"{int(one.details['limit_ppb']) / _PPB_PERCENT:g}") + " %",
    "window": lambda one: one.words.span(int(one.details["window_ms"])),
    "mkt": lambda one: one.words.temperature(int(one.details["mkt_milli"]), 2),
    "peak": lambda one: one.peak("temperature"),
    "charge": lambda one: one.peak("battery"),
    "damp": lambda one: one.peak("humidity"),
    "damp_limit": lambda one: one.words.value(one.limits["limit_millipercent"], "humidity"),
    "lux": lambda one: one.peak("light"),
    "blow": lambda one: one.peak("shock"),
    "blows": lambda one: str(one.details["blows"]),
    "tilt": lambda one: one.peak("tilt"),
    "tilt_limit": lambda one: one.words.value(one.limits["limit_millidegree"], "tilt"),
    "site": lambda one: one.sites(str(one.details["site"])),
    "delay": lambda one: one.words.span(int(one.details["delay_s"]) * SECOND_MS),
    "left": lambda one: one.words.span(int(one.details["budget_left_s"]) * SECOND_MS),
    "beyond": lambda one: one.metres("beyond_m"),
    "away": lambda one: one.metres("from_origin_m"),
    "apart": lambda one: one.metres("apart_m"),
    "device": lambda one: one.finding.device,
    "other": lambda one: str(one.details["other"]),
    "devices": lambda one: str(one.details["devices"]),
    "fixes": lambda one: str(one.details["fixes"]),
    "kinds": lambda one: one.kinds("kinds"),
    "kind": lambda one: one.kinds("kind"),
    "entry": lambda one: one.finding.rule_id,
}


class Teller:
    """Tells what the tower found. What it has no sentence for, a rule of another package, is for the English text.

    Args:
        words: the reader's. site_of: the name of a site by its id.
    """

    def __init__(self, words: Words, site_of: Callable[[str], str] = str) -> None:
        self.words = words
        self.site_of = site_of

    def finding(self, one: Finding, limits: Limits, zone: str = "UTC") -> str:
        """Tell a finding under the limits in force; empty where there is no sentence for its rule.

        Where a figure is missing (sums are not told while they run on), it is the rule's name and since when.
        """
        template = FINDINGS.get(variant(one, limits))
        if template is None:
            return ""
        figures = _Figures(self.words, self.site_of, one, limits, zone)
        try:
            return self.words.say(template) % figures
        except KeyError:
            return self.words.say(mark("%(rule)s %(when)s.")) % {
                "rule": self.words.rule(one.rule),
                "when": figures.when(),
            }

    def fact(self, row: TimelineRow, limits: Limits, zone: str = "UTC") -> str:
        """Tell a fact about a shipment; `limits` are those of its alert. Empty where there is no sentence."""
        which = row.values.get("action") or row.values.get("milestone", "")
        template = FACTS.get(f"{row.type}:{which}" if which else row.type)
        if row.type == "document.put" and row.values.get("version") == 1:
            template = FACTS["document.put:new"]
        if template is None or not (row.values or row.finding):
            return ""
        told = self.finding(row.finding, limits, zone) or row.finding.text if row.finding else ""
        return self.words.say(template) % {**row.values, **self._said(row, zone), "finding": told}

    def _said(self, row: TimelineRow, zone: str) -> dict[str, str]:
        """Write the values of a fact that are not as a person writes them."""
        values, said = row.values, {"who": self.words.who(row.by)}
        for name in {"at_ms", "until_ms"} & values.keys():
            said[name] = self.words.moment(int(values[name]), zone)
        if "because" in values:
            said["because"] = self.words.say(BECAUSE.get(str(values["because"]), str(values["because"])))
        if "disposition" in values:
            word = self.words.dispositions.get(str(values["disposition"]))
            said["disposition"] = self.words.say(word.text) if word else str(values["disposition"])
        return said

    def reasons(self, judgement: Judgement, profile: Profile, zone: str = "UTC") -> list[str]:
        """Tell why a judgement came to its verdict, the worst first: the same reasons as its own English ones."""
        found = reasons_of(profile, judgement.verdict, judgement.statistics, judgement.episodes, judgement.failures)
        return [self._reason(one, profile, zone) for one in found]

    def _reason(self, one: Reason, profile: Profile, zone: str) -> str:
        said = self.words.say
        sensor = said(mark("Sensor %(sensor)s: ")) % {"sensor": one.sensor} if one.sensor else ""
        if one.kind == "episode" and one.episode:
            spec = next(spec for spec in profile.rules if spec.id == one.episode.rule_id)
            finding = finding_of(one.episode, "", "")
            told = self.finding(finding, plain(spec), zone)
            return sensor + (told or f"{spec.title or spec.id}.")
        values = {
            "profile": profile.title or profile.id,
            "count": one.count,
            "span": self.words.span(one.span_ms),
            "part": self._percent(one.ppm),
            "least": self._percent(profile.observation.min_coverage_ppm),
            "entry": one.episode.rule_id if one.episode else one.failure.rule_id if one.failure else "",
            "error": one.failure.error if one.failure else "",
        }
        return sensor + said(REASONS[one.kind]) % values

    def _percent(self, ppm: int) -> str:
        return self.words.number(f"{ppm // 100 / 100:g}") + " %"


def limits_shown(words: Words, limits: Limits) -> list[tuple[str, str]]:
    """Return the limits in force as pairs of a name and a value with its unit; what sets no limit is left out."""
    found: list[tuple[str, str]] = []
    for name, value in limits.items():
        if name in _NO_LIMITS or value in ("", 0, (), []):
            continue
        for suffix, write in _SUFFIXES.items():
            if name.endswith(suffix) and isinstance(value, int):
                found.append((words.parameter(name.removesuffix(suffix)), write(words, value)))
                break
        else:
            text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
            found.append((words.parameter(name), words.choice(text)))
    return found


_NO_LIMITS: Final = frozenset({"rule", "id", "rule_version", "title", "source", "notes"})
_SUFFIXES: Final[Mapping[str, Callable[[Words, int], str]]] = {
    "_millipercent": lambda words, value: words.value(value, "battery"),
    "_millilux": lambda words, value: words.value(value, "light"),
    "_millig": lambda words, value: words.value(value, "shock"),
    "_millidegree": lambda words, value: words.value(value, "tilt"),
    "_milli": lambda words, value: words.temperature(value),
    "_ms": lambda words, value: words.span(value),
    "_ppm": lambda words, value: words.number(f"{value / _PPM_PERCENT:g}") + " %",
    "_kmh": lambda _, value: f"{value} km/h",
    "_m": lambda _, value: f"{value} m",
}
