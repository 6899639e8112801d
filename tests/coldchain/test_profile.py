"""Profiles: what is wrong is named, with where and what is near; what is right survives the snapshot."""

# a message stands on one line, as its reader sees it

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from tests.property.drawn_kit import profiles as drawn

from doseway.coldchain import profile as profiles
from doseway.coldchain.judgement import Effect
from doseway.coldchain.profile import Profile, from_device, from_plain, load_profile, to_plain
from doseway.model.canonical import encode
from doseway.model.errors import ProfileError
from doseway.model.readings import AlarmSetting, Device, DeviceClaims, Recording, SignatureCheck, SignatureStatus

HEAD = 'id = "mine"\n[[rules]]\nrule = "excursion"\nside = "high"\n'
WANTED = {
    "usp-crt", "usp-cct", "frozen-usp", "frozen", "ultra-low", "cryogenic", "who-pqs-fridge-tag-2", "who-qtag-type-1",
    "who-qtag-type-2", "vvm-2", "vvm-7", "vvm-14", "vvm-30", "example-product",
}  # fmt: skip


def toml(text: str) -> Profile:
    return load_profile(text.encode(), "mine.toml")


def refused(text: str) -> str:
    with pytest.raises(ProfileError) as caught:
        toml(text)
    return str(caught.value)


def test_all_promised_profiles_come_with_doseway() -> None:
    assert set(profiles.builtin_ids()) == WANTED


@pytest.mark.parametrize("name", sorted(WANTED))
def test_a_built_in_profile_says_where_its_limits_come_from(name: str) -> None:
    one = profiles.builtin(name)
    assert one.id == name
    assert one.title
    assert one.source
    assert one.notes
    assert from_plain(to_plain(one)) == one
    if one.confidence in {"partly-verified", "not-verified"}:
        assert any(
            word in one.notes.lower() for word in ("not read", "not verified", "secondary", "copy", "quotes", "without")
        )


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ProfileError, match="Built in: cryogenic"):
        profiles.builtin("usp")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            HEAD + "limit_c = 8\nraise_afer_s = 60",
            "mine.toml: rules[1] (excursion): the key 'raise_afer_s' is unknown. Did you mean 'raise_after_s'?",
        ),
        (
            'id = "x"\n[[rules]]\nrule = "excurson"',
            "mine.toml: the rule 'excurson' is unknown. Did you mean 'excursion'?",
        ),
        (
            'id = "x"\ntitel = "X"\n[[rules]]\nrule = "gap"',
            "profile: the key 'titel' is unknown. Did you mean 'title'?",
        ),
        (HEAD, "rules[1] (excursion): limit_c is missing"),
        (HEAD + 'limit_c = "warm"', "limit_c = 'warm' is not a number"),
        (HEAD + "limit_c = 8.0001", "not a number of at most 3 decimals"),
        (HEAD + "limit_c = true", "limit_c = True is not a number"),
        (HEAD + "limit_c = inf", "is not a number"),
        (HEAD + "limit_c = 1e300", "is not a number"),
        (HEAD + 'limit_c = 8\neffect = "rejct"', "effect = 'rejct' is unknown. Did you mean 'reject'?"),
        (HEAD + 'limit_c = 8\ncomparison = "<="', "comparison = '<=' is unknown. Known: inclusive, strict."),
        (HEAD + "limit_c = 8\ntitle = 3", "title"),
        (HEAD + "limit_c = 8\nraise_after_s = -1", "raise_after_s is negative"),
        (HEAD + 'limit_c = 8\nid = "Fridge 1"', "use a-z, 0-9"),
        ('id = "x"\n[[rules]]\nafter_s = 3', 'rule = "…" is missing'),
        ('id = "x"', "at least one [[rules]]"),
        ('id = "x"\nrules = 3', "at least one [[rules]]"),
        ('id = "x"\nobservation = 3\n[[rules]]\nrule = "gap"\nafter_s = 3', "observation is a table"),
        ('id = "X!"\n[[rules]]\nrule = "gap"\nafter_s = 3', "use a-z, 0-9"),
        ('id = "x"\n[observation]\nmin_coverage = 1.5\n[[rules]]\nrule = "gap"\nafter_s = 3', "between 0 and 1"),
        ('id = "x"\n[observation]\nmax_gap_s = 0\n[[rules]]\nrule = "gap"\nafter_s = 3', "max_gap_s is positive"),
        (
            'id = "x"\n[[rules]]\nrule = "gap"\nafter_s = 3\nid = "a"\n[[rules]]\nrule = "gap"\nafter_s = 3\nid = "a"',
            "two rules have the id 'a'",
        ),
    ],
)
def test_what_is_wrong_is_named(text: str, told: str) -> None:
    assert told in refused(text)


def test_broken_toml_is_told_by_line_and_column() -> None:
    assert refused('id = "x"\n[[rules\n').startswith("mine.toml, line 2, column 8: this is no TOML")


def test_bytes_that_are_no_text_are_told_by_their_place() -> None:
    with pytest.raises(ProfileError, match="byte 4: a profile is UTF-8"):
        load_profile(b"id =\xff", "mine.toml")


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(ProfileError):
        load_profile(b"a=" + b"[" * 100_000, "mine.toml")


def test_decimals_are_read_exactly() -> None:
    (rule,) = toml(HEAD + "limit_c = 8.1").rules
    assert getattr(rule, "limit_milli") == 8100  # noqa: B009  # the field is the rule's own
    (same,) = load_profile({"id": "x", "rules": [{"rule": "excursion", "side": "high", "limit_c": 8.1}]}, "x").rules
    assert getattr(same, "limit_milli") == 8100  # noqa: B009  # the same


def test_ids_are_given_where_there_are_none() -> None:
    text = HEAD + "limit_c = 8\n" + HEAD.removeprefix('id = "mine"\n') + "limit_c = 9"
    assert [rule.id for rule in toml(text).rules] == ["excursion", "excursion-2"]


@settings(max_examples=60)
@given(drawn())
def test_a_snapshot_is_plain_canonical_and_reversible(one: Profile) -> None:
    plain = to_plain(one)
    assert json.loads(encode(plain)) == plain
    assert from_plain(json.loads(encode(plain))) == one
    assert not any(isinstance(value, float) for value in _leaves(plain))


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in _leaves(one)]
    return [leaf for one in value for leaf in _leaves(one)] if isinstance(value, list) else [value]


def test_a_snapshot_of_another_version_of_a_rule_is_refused() -> None:
    plain = to_plain(profiles.builtin("frozen"))
    plain["rules"][0]["rule_version"] = 2
    with pytest.raises(ProfileError, match="version 2 of the rule 'excursion'"):
        from_plain(plain)


@pytest.mark.parametrize("plain", [{}, {"id": 3}, {"observation": {}, "rules": [], "colour": "red"}])
def test_what_is_no_snapshot_is_refused(plain: dict[str, Any]) -> None:
    with pytest.raises(ProfileError, match="no snapshot"):
        from_plain(plain)


def recording(*settings_: AlarmSetting, energy: float | None = None) -> Recording:
    return Recording(
        format="f",
        format_version=1,
        device=Device(model="Q-tag", serial="1"),
        series=(),
        signature=SignatureCheck(status=SignatureStatus.UNSIGNED),
        settings=settings_,
        claims=DeviceClaims(activation_energy_kj_mol=energy),
        start_delay_s=600,
    )


def test_the_alarms_of_a_device_are_a_profile() -> None:
    hot = AlarmSetting(slot="1", side="high", counting="consecutive", limit_milli=8000, after_s=1800)
    cold = AlarmSetting(
        slot="Low 4", side="low", counting="cumulative", limit_milli=-500, after_s=3600, is_inclusive=True
    )
    one = from_device(recording(hot, cold, energy=83.0))
    assert one is not None
    assert (one.energy_j_mol, one.observation.start_delay_ms) == (83_000, 600_000)
    first, second = to_plain(one)["rules"]
    assert (first["rule"], first["limit_milli"], first["raise_after_ms"]) == ("excursion", 8000, 1_800_000)
    assert (first["comparison"], first["effect"]) == ("strict", Effect.QA_REVIEW)
    assert (second["rule"], second["limit_milli"], second["budget_ms"]) == ("cumulative", -500, 3_600_000)
    assert (second["id"], second["comparison"]) == ("alarm-low-4", "inclusive")


def test_a_device_without_alarms_has_no_profile() -> None:
    assert from_device(recording()) is None


def test_no_limits_survive_the_snapshot_too() -> None:
    assert from_plain(to_plain(profiles.without_limits())) == profiles.without_limits()


def test_text_numbers_and_decimals_are_the_same() -> None:
    rules = [{"rule": "excursion", "side": "low", "limit_c": limit} for limit in ("-0.5", -0.5, Decimal("-0.5"))]
    assert len({json.dumps(to_plain(load_profile({"id": "x", "rules": [rule]}, "x"))) for rule in rules}) == 1
