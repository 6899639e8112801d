"""Rules register through entry points; one that cannot be loaded says so."""

from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pytest

from doseway.coldchain import registry
from doseway.coldchain.port import Rule, Settling
from doseway.model import plugins
from doseway.model.errors import ProfileError

RULES = (
    "consumption", "cumulative", "excursion", "freeze", "gap", "heat_spike", "mkt", "sensor_disconnected",
    "shared_budget", "start_delay", "stuck_sensor", "tier",
)  # fmt: skip


def test_the_twelve_rules_are_registered_under_their_own_names() -> None:
    assert set(RULES) <= set(registry.names())
    for name in RULES:
        one = registry.rule(name)
        assert (one.id, one.spec.__struct_fields__[:2]) == (name, ("rule", "id"))
        assert one.version >= 1
        assert one.title
        assert isinstance(one, Settling)


def test_every_parameter_of_a_rule_is_explained() -> None:
    for name in RULES:
        spec = registry.rule(name).spec
        own = set(spec.__struct_fields__) - {"rule", "id", "rule_version", "title", "source", "notes", "effect"}
        assert {field for field in own if field not in (spec.__doc__ or "")} == set()


def test_an_unknown_rule_is_refused_with_the_nearest() -> None:
    with pytest.raises(ProfileError, match="Did you mean 'freeze'"):
        registry.rule("freezing")


def test_a_broken_plug_in_is_told_and_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = EntryPoint("broken", "no_such_module:RULE", registry.GROUP)
    real = entry_points(group=registry.GROUP)
    monkeypatch.setattr(plugins, "entry_points", lambda group: [*real, broken] if group == registry.GROUP else [])
    fresh: plugins.Registry[Rule[Any]] = plugins.Registry(registry.GROUP, "rule")
    assert list(fresh.broken()) == ["broken"]
    assert "no_such_module" in fresh.broken()["broken"]
    assert fresh.get("gap").id == "gap"
    with pytest.raises(ProfileError, match="Repair or uninstall"):
        fresh.get("broken")
