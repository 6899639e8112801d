"""Policies: what is read, what matches, and which mistakes are said before an alert comes."""

from typing import Any

import pytest
from tests.notify.notify_kit import POLICY, policy

from doseway.model.errors import DataError
from doseway.model.findings import Severity
from doseway.notify.policy import Route, parse_policy, rank


def test_the_example_is_read() -> None:
    read = policy()
    assert [one.id for one in read.recipient] == ["qa-duty", "qa-head", "carrier"]
    assert read.recipient[0].quiet is not None
    assert read.recipient[0].quiet.override is Severity.CRITICAL
    assert read.route[0].levels[1].after_min == 30


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (("severity", "severety"), "severety"),
        (('severity = "high"', 'severity = "bad"'), "bad"),
        (('to = ["qa-duty"]', 'to = ["qa-dutty"]'), "qa-dutty"),
        (('zone = "Europe/Zurich"', 'zone = "Mars/Base"'), "Mars/Base"),
        (("after_min = 30", "after_min = -1"), "order of after_min"),
        (('from = "22:00"', 'from = "25:00"'), "quiet hours"),
        (("max_notifications = 4", "max_notifications = 0"), "max_notifications"),
        (('id = "qa-head"', 'id = "qa-duty"'), "two recipients"),
        (('levels = [{ to = ["carrier"] }]', "levels = []"), "there must be one"),
        (('addresses = [{ channel = "email", to = "qa-head@example.org" }]', "addresses = []"), "no address"),
        (('language = "es"', 'language = "fr"'), "fr"),
        (("[[route]]", "[[route"), "no TOML"),
    ],
)
def test_mistakes_are_said_with_the_file(changed: tuple[str, str], message: str) -> None:
    assert changed[0] in POLICY
    with pytest.raises(DataError, match=message) as caught:
        parse_policy(POLICY.replace(*changed), "notify.toml")
    assert "notify.toml" in str(caught.value)


def test_an_empty_policy_tells_nobody() -> None:
    assert parse_policy("").route == ()


@pytest.mark.parametrize("least", Severity)
@pytest.mark.parametrize("given", Severity)
def test_a_route_takes_its_severity_and_the_graver_ones(least: Severity, given: Severity) -> None:
    route = Route(levels=(), severity=least)
    matched = route.matches(severity=given, rules=frozenset(), shipment="s", parties=frozenset())
    assert matched == (rank(given) >= rank(least))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, True),
        ({"rules": frozenset({"stop"})}, True),
        ({"rules": frozenset({"tilt"})}, False),
        ({"shipments": frozenset({"s"})}, True),
        ({"shipments": frozenset({"t"})}, False),
        ({"parties": frozenset({"carrier:acme", "carrier:b"})}, True),
        ({"parties": frozenset({"shipper:acme"})}, False),
        ({"rules": frozenset({"stop"}), "parties": frozenset({"shipper:acme"})}, False),
    ],
)
def test_each_condition_of_a_route_must_hold(wanted: dict[str, Any], expected: bool) -> None:
    route = Route(levels=(), **wanted)
    rules, parties = frozenset({"stop", "stop-long"}), frozenset({"carrier:acme"})
    assert route.matches(severity=Severity.INFO, rules=rules, shipment="s", parties=parties) == expected
