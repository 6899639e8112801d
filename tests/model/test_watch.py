"""Watches: read strictly, kept exactly, run one rule at a time."""

import json
from importlib.metadata import entry_points

import pytest
from tests.transit.journey_kit import journey, recording, series, site, trip

from doseway.model.canonical import encode
from doseway.model.documents import Leg
from doseway.model.errors import ProfileError
from doseway.model.findings import Severity
from doseway.model.journey import Journey
from doseway.model.readings import Quantity
from doseway.model.watch import GROUP, RULES, Watch, builtin, builtin_ids, examine, from_plain, load_watch, to_plain
from doseway.model.watching import WatchSpec

HEAD = 'id = "mine"\n[[rules]]\nrule = "shock"\nlimit_g = 5\n'


def refused(text: str) -> str:
    with pytest.raises(ProfileError) as caught:
        load_watch(text.encode(), "mine.toml")
    return str(caught.value)


def test_the_nineteen_rules_are_registered_under_their_own_names() -> None:
    own = [point.name for point in entry_points(group=GROUP) if point.value.startswith("doseway.")]
    assert len(own) == 19
    for name in own:
        rule = RULES.get(name)
        assert (rule.id, rule.version >= 1, bool(rule.title), bool(rule.source)) == (name, True, True, True)
        assert issubclass(rule.spec, WatchSpec)


def test_every_parameter_of_a_rule_is_explained() -> None:
    for name in RULES.names():
        kind = RULES.get(name).spec
        said = " ".join(base.__doc__ or "" for base in kind.__mro__)
        assert {field for field in kind.__struct_fields__ if field not in said} == set()


@pytest.mark.parametrize("name", builtin_ids())
def test_a_built_in_watch_says_where_each_limit_comes_from(name: str) -> None:
    one = builtin(name)
    assert (one.id, bool(one.title), bool(one.source), bool(one.notes)) == (name, True, True, True)
    assert all(rule.source and rule.title for rule in one.rules)
    assert from_plain(json.loads(encode(to_plain(one)))) == one


def test_the_standard_watch_has_every_rule() -> None:
    assert {rule.rule for rule in builtin().rules} == set(RULES.names())


def test_a_watch_of_ones_own() -> None:
    one = load_watch((HEAD + 'severity = "critical"\nphases = ["in-transit", "arrived"]\n').encode(), "mine.toml")
    (rule,) = one.rules
    assert (rule.id, rule.severity, rule.phases) == ("shock", Severity.CRITICAL, ("in-transit", "arrived"))
    assert to_plain(one)["rules"][0]["limit_millig"] == 5_000


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("id = mine", "mine.toml, line 1, column 6: this is no TOML"),
        ('id = "mine"\n', "a watch needs at least one [[rules]] table"),
        (HEAD.replace("shock", "shok"), "Did you mean 'shock'?"),
        (HEAD.replace("limit_g", "limit_c"), "Did you mean 'limit_g'?"),
        (HEAD + 'severity = "hihg"\n', "Did you mean 'high'?"),
        (HEAD + 'phases = ["flying"]\n', "rules[1] (shock)"),
        (HEAD + "together_s = -1\n", "together_s is negative"),
        (HEAD.replace('"mine"', '"Mine!"'), "use a-z, 0-9"),
        ("version = 0\n" + HEAD, "version counts from 1"),
        (HEAD + '[[rules]]\nrule = "shock"\nid = "shock"\nlimit_g = 9\n', "two rules have the id 'shock'"),
        (HEAD + "limit_g = 6\n", "this is no TOML"),
    ],
)
def test_what_is_wrong_is_named(text: str, what: str) -> None:
    assert what in refused(text)


def test_an_unknown_watch_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ProfileError, match="Built in: standard"):
        builtin("standart")


def test_a_snapshot_of_another_version_is_not_read_as_this_one() -> None:
    plain = to_plain(load_watch(HEAD.encode(), "mine.toml"))
    plain["rules"][0]["rule_version"] = 99
    with pytest.raises(ProfileError, match="logged with version 99"):
        from_plain(plain)
    with pytest.raises(ProfileError, match="no snapshot of a watch"):
        from_plain({"id": "x"})


def test_a_rule_that_crashes_fails_alone() -> None:
    """Hours that are none crash the zones' rule on this journey; the shock is found all the same."""
    zone = site("alley", (45_000_000, 9_500_000), uses=("risk",), hours=("night",))
    one = journey(recording([series(Quantity.SHOCK, [(10, 9)])], trip()), sites=[zone], until=400)
    tables = [{"rule": "risk_zone"}, {"rule": "shock", "limit_g": 8}]
    result = examine(one, load_watch({"id": "w", "rules": tables}, "w"))
    assert [finding.rule for finding in result.findings] == ["shock"]
    (failure,) = result.failures
    assert failure.rule_id == "risk_zone"
    assert "alley" in failure.error
    assert "22:00-05:30" in failure.error


def test_an_empty_watch_finds_nothing() -> None:
    one = journey(recording())
    assert isinstance(one, Journey)
    assert isinstance(one.legs[0], Leg)
    assert examine(one, Watch(id="none")).findings == ()
