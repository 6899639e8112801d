"""What rules find, facts say and judgements reason, in every language: from figures, and never half."""

import msgspec
import pytest
from tests.app.tower.tower_kit import START_MS, TowerPlace, all_alerts, body_of, journey, plan
from tests.ui.fixture_data import alert_rows

from doseway.app.board import TimelineRow
from doseway.app.books import SORTS
from doseway.app.rule_words import plain_key
from doseway.coldchain import profile as profiles
from doseway.coldchain import registry
from doseway.coldchain.judge import judge
from doseway.coldchain.reasons import Reason
from doseway.model.findings import Finding, Severity
from doseway.model.readings import Quantity, Series
from doseway.model.terms import toml_key, words_of
from doseway.model.units import HOUR_MS
from doseway.model.watch import RULES
from doseway.ui.languages import LANGUAGES, translations
from doseway.ui.parameters import CHOICES, PARAMETERS
from doseway.ui.preferences import Preferences, changed
from doseway.ui.sentences import BECAUSE, FINDINGS, REASONS
from doseway.ui.telling import Teller, limits_shown
from doseway.ui.words import RULES as NAMES
from doseway.ui.words import Words


def words(language: str = "en", unit: str = "C", time: str = "site") -> Words:
    chosen = changed(Preferences(), {"language": language, "unit": unit, "time": time})
    return Words(chosen, translations(language))


def found(rule: str, *, end: bool = True, **changes: object) -> Finding:
    one = Finding(
        rule=rule,
        rule_version=1,
        rule_id="entry",
        severity=Severity.HIGH,
        start_ms=START_MS,
        raised_ms=START_MS,
        end_ms=START_MS + 95 * 60_000 if end else None,
        device="d1",
        peak_milli=31_400,
        peak_at_ms=START_MS,
    )
    return msgspec.structs.replace(one, **changes)


EXCURSION = {"side": "high", "limit_milli": 25_000, "comparison": "strict"}


def test_a_finding_is_told_in_the_readers_language_and_unit() -> None:
    one = found("excursion")
    assert Teller(words()).finding(one, EXCURSION) == "Above 25.0 °C for 1 h 35 min, peak 31.4 °C."
    told = Teller(words("es", "F")).finding(one, EXCURSION)
    assert told == "Por encima de 77,0 °F durante 1 h 35 min, extremo 88,5 °F."
    at_limit = Teller(words()).finding(one, {**EXCURSION, "comparison": "inclusive", "side": "low"})
    assert at_limit.startswith("At or below 25.0 °C")


def test_what_lasts_is_told_by_when_it_began_in_the_zone_of_the_site() -> None:
    one = found("no_signal", end=False)
    here = Teller(words()).finding(one, {}, "Asia/Kolkata")
    assert here.startswith("Not heard since 20")
    assert here.endswith(" IST.")
    assert Teller(words(time="UTC")).finding(one, {}, "Asia/Kolkata").endswith(" UTC.")


@pytest.mark.parametrize(
    ("rule", "limits", "details", "text"),
    [
        ("theft", {}, {"kinds": "off-route, opened"}, "Likely theft: off the route, opened."),
        ("geofence", {"on": "arrive"}, {"site": "x"}, "Arrived at Site x."),
        ("geofence", {"on": "arrive"}, {"site": "x", "is_crossing": 1}, "Passed through Site x."),
        ("geofence", {"on": "dwell", "dwell_ms": HOUR_MS}, {"site": "x"}, "At Site x for more than 1 h."),
        ("late_eta", {}, {"delay_s": 7_200}, "Expected 2 h later than promised."),
        ("route_deviation", {}, {"beyond_m": 42_500}, "42 km outside of its corridor."),
        ("route_deviation", {}, {"beyond_m": 4_200}, "4200 m outside of its corridor."),
        ("shock", {}, {"blows": 3}, "3 shocks, the hardest of 31.4 g."),
        ("door_open", {"light_millilux": 10_000}, {}, "Opened: light of up to 31.4 lx for 1 h 35 min."),
        ("spoofed_position", {}, {"pattern": "frozen"}, "Its coordinates are frozen while it moves."),
    ],
)
def test_variants(rule: str, limits: dict[str, object], details: dict[str, int | str], text: str) -> None:
    told = Teller(words(), "Site {}".format).finding(found(rule, details=details), limits)
    assert told.endswith(text)


def test_a_finding_without_its_figures_is_told_by_its_rule() -> None:
    teller = Teller(words("es"))
    assert teller.finding(found("excursion"), {}) == "Excursión durante 1 h 35 min.", "no limit is known"
    assert teller.finding(found("excursion", peak_milli=None), EXCURSION) == "Excursión durante 1 h 35 min."
    lasting = teller.finding(found("mkt", end=False, details={"effect": "qa-review"}), {"limit_milli": 8_000})
    assert lasting.startswith("Temperatura cinética media desde 20")


def test_what_it_has_no_sentence_for_is_left_to_the_english_text() -> None:
    teller = Teller(words("es"))
    assert teller.finding(found("acme_rule"), {}) == ""
    assert teller.fact(TimelineRow(index=1, at_ms=1, type="acme.fact", by="x", text="X."), {}) == ""


def test_every_rule_has_its_name_and_its_sentence() -> None:
    rules = {*RULES.names(), *registry.RULES.names()}
    assert rules <= set(NAMES)
    assert rules <= {name.partition(":")[0] for name in FINDINGS}


def test_every_kind_of_reason_has_its_sentence() -> None:
    kinds = set(msgspec.inspect.type_info(Reason).fields[0].type.values)  # type: ignore[attr-defined]  # a literal
    assert kinds - {"episode"} == set(REASONS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_reasons_are_those_of_the_judge_in_the_same_order(language: str) -> None:
    series = Series("internal", Quantity.TEMPERATURE)
    for step in range(300):
        series.add(START_MS + step * 600_000, 12_000 if 40 <= step < 90 else 5_000)
    profile = profiles.builtin("usp-cct")
    judgement = judge([series], profile)
    told = Teller(words(language)).reasons(judgement, profile)
    assert len(told) == len(judgement.reasons)
    assert all(told)
    if language != "en":
        assert not set(told) & set(judgement.reasons)
        assert "12,0 °C" in " ".join(told)


def test_a_real_towers_alerts_and_facts_are_told_in_spanish(tmp_path: object) -> None:
    place = TowerPlace(tmp_path)  # type: ignore[arg-type]  # pytest's folder
    teller = Teller(words("es"))
    with place.open() as tower:
        plan(tower)
        readings = journey(hot=range(20, 40))
        place.send(tower, body_of("d1", readings))
        place.send(tower, body_of("d1", journey(count=3)))
        alerts = all_alerts(tower)
        assert alerts
        tower.desk.acknowledge(alerts[0].alert, comment="Visto.", by="account:maria")
        tower.desk.decide("s1", "quarantine", reason="Por si acaso.", by="account:maria")
        tower.settle()
        rows = tower.board.timeline("s1")
    limits = {one.alert: one.limits for one in alerts}
    for alert in alerts:
        assert teller.finding(alert.finding, alert.limits), alert.finding
    told = [teller.fact(row, limits.get(row.alert, {})) for row in rows]
    assert all(told), list(zip(told, rows, strict=True))
    assert "maria reconoció una alerta: Visto." in told
    assert any(one.startswith("maria decidió: En cuarentena.") for one in told)
    assert not set(told) & {row.text for row in rows}


def test_why_an_alert_changed_is_said_in_words() -> None:
    row = TimelineRow(
        index=1, at_ms=1, type="alert.retracted", by="", text="", values={"because": "late-data"}, alert="a"
    )
    assert Teller(words()).fact(row, {}) == "An alert was taken back (late data)."
    assert set(BECAUSE) >= {"late-data", "new-reading", "time-passed", "limits-changed", "device-assigned"}


def test_every_parameter_of_a_rule_and_its_words_have_a_name() -> None:
    specs = [sort.rule(name, "").spec for sort in SORTS.values() for name in sort.rule_names()]
    fields = [field for spec in specs for field in msgspec.structs.fields(spec) if field.name[:4] != "rule"]
    assert {plain_key(toml_key(field.name)) for field in fields} == set(PARAMETERS)
    assert {word for field in fields for word in words_of(field.type)} <= set(CHOICES)
    assert words("es").parameter("raise_after") == "Avisar tras"


def test_limits_in_force_are_shown_with_their_units() -> None:
    limits: dict[str, object] = {
        "rule": "excursion",
        "title": "Hot",
        "side": "high",
        "limit_milli": 8_000,
        "raise_after_ms": 1_800_000,
        "clear_after_ms": 0,
        "phases": ("in-transit", "arrived"),
    }
    assert limits_shown(words(unit="F"), limits) == [
        ("Side", "high"),
        ("Limit", "46.4 °F"),
        ("Raise after", "30 min"),
        ("Phases", "in transit, arrived"),
    ]
    assert alert_rows()[0].limits
