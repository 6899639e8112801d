"""How `doseway rule` prints: explanations, findings before a departure, and what a rule would have found."""

from collections.abc import Sequence

from doseway.app.board import LintNote
from doseway.app.rule_words import Explanation, Meaning, limits_text, sources_of, terms_of, value_text
from doseway.app.trial import Firing, Trial
from doseway.cli.talk import tell, visible
from doseway.model.findings import Finding
from doseway.model.rulebook import Entry
from doseway.model.wording import clock_time, duration, moment
from doseway.transit.lint import WORDS


def print_entry(one: Entry) -> None:
    """Print an entry of a rule book: what it is called, its limits, and where they come from."""
    tell(f"{one.id}: {visible(one.title or one.id)} ({one.rule})")
    for name, value in (*terms_of(one), ("source", one.source), ("notes", one.notes)):
        if value:
            tell(f"  {name:<22} {visible(value)}")


def print_explanation(found: Explanation) -> None:
    """Print what a rule is."""
    tell(f"{found.rule}: {found.title} (of a {found.kind}, version {found.version})")
    tell(f"\n{found.text}")
    if found.source:
        tell(f"\nsource       {found.source}")
    for words in found.needs:
        tell(f"needs        {' or '.join(WORDS.get(word, word) for word in words)}")
    for name, clause in sources_of(found.rule):
        tell(f"  {name}: {visible(clause)}")
    tell("\nparameters")
    for one in found.parameters:
        tell(f"  {one.key:<22} {_default(one)}")
        if one.text:
            tell(f"      {one.text}")


def print_notes(name: str, notes: Sequence[LintNote]) -> None:
    """Print what somebody should look at before a departure; remarks come after what counts."""
    if not notes:
        tell(f"{visible(name)}: every rule can fire")
        return
    serious = sum(not one.is_advice for one in notes)
    tell(f"{visible(name)}: {serious} to check, {len(notes) - serious} more remarks")
    for one in sorted(notes, key=lambda each: each.is_advice):
        tell(f"  {'·' if one.is_advice else '!'} {visible(one.text)} ({one.code})")


def print_trials(trials: Sequence[Trial]) -> None:
    """Print when rules would have fired; of many shipments only those on which something would have, or did."""
    told = [one for one in trials if one.fired or one.gone or len(trials) == 1]
    for one in told:
        _print_trial(one)
    if len(trials) > len(told):
        tell(f"{len(trials) - len(told)} more: would not have fired, and did not")


def _print_trial(trial: Trial) -> None:
    tell(f"{visible(trial.subject)}: {_times(len(trial.fired))}{_heard(trial)}")
    for one in trial.fired:
        tell(f"  {_window(one.finding, trial.last_ms)}")
        tell(f"      {visible(_what(one))}")
        tell(f"      {_compared(one)}")
    for gone in trial.gone:
        tell(f"  {_window(gone, trial.last_ms)}")
        tell(f"      {visible(gone.rule_id)}: fired, and would not have")
    for failure in trial.failures:
        tell(f"  a rule failed: {visible(failure)}")
    if trial.verdict:
        tell(f"  proposal: {trial.verdict}")


def _times(count: int) -> str:
    return "would not have fired" if not count else f"would have fired {'once' if count == 1 else f'{count} times'}"


def _heard(trial: Trial) -> str:
    if trial.first_ms is None or trial.last_ms is None:
        return "; nothing was heard"
    span = f"{moment(trial.first_ms, 0)} to {moment(trial.last_ms, 0)} UTC"
    return f" ({trial.observations:,} observations, {span})"


def _window(finding: Finding, last_ms: int | None) -> str:
    start, raised = moment(finding.start_ms, 0), clock_time(finding.raised_ms, finding.start_ms, 0)
    if finding.end_ms is None:
        lasts = duration(max((last_ms or finding.start_ms) - finding.start_ms, 0))
        return f"{start} on, still at the end ({lasts}), raised {raised}"
    end = clock_time(finding.end_ms, finding.start_ms, 0)
    return f"{start} to {end} ({duration(finding.end_ms - finding.start_ms)}), raised {raised}"


def _what(one: Firing) -> str:
    finding = one.finding
    value = value_text(finding.rule, finding.peak_milli)
    where = " ".join(part for part in (finding.device, finding.sensor) if part)
    limits = limits_text(one.limits)
    parts = [finding.rule_id, f"peak {value}" if value else finding.text, f"at {limits}" if limits else "", where]
    return ", ".join(part for part in parts if part)


def _compared(one: Firing) -> str:
    if one.compared == "changed" and one.was is not None:
        return f"fired at another time: {_window(one.was, None)}"
    return "as it fired" if one.compared == "same" else "new: it did not fire"


def _default(one: Meaning) -> str:
    unit = f" {one.unit}" if one.unit else ""
    words = f" ({', '.join(one.words)})" if one.words else ""
    return f"needed{unit}{words}" if one.is_needed else f"{one.default or '–'}{unit if one.default else ''}{words}"
