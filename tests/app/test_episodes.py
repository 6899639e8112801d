"""Episodes of the cold chain as findings: nothing is lost, and severity follows the effect."""

import pytest

from doseway.app.episodes import SEVERITIES, finding_of, findings_of
from doseway.coldchain.judge import judge
from doseway.coldchain.judgement import Effect, Episode
from doseway.coldchain.profile import load_profile
from doseway.model.findings import Severity
from doseway.model.readings import Quantity, Series
from doseway.model.units import MINUTE_MS

T0 = 1_790_000_000_000
PROFILE = load_profile(
    {"id": "x", "rules": [{"rule": "excursion", "side": "high", "limit_c": 8, "raise_after_s": 1200}]}, "x"
)


def hot() -> list[Series]:
    series = Series("probe", Quantity.TEMPERATURE)
    for number, value in enumerate([5, 9, 10, 9.5, 5]):
        series.add(T0 + number * 10 * MINUTE_MS, round(value * 1000))
    return [series]


def test_an_episode_keeps_its_times_peak_and_bounds() -> None:
    episodes = judge(hot(), PROFILE, 10 * MINUTE_MS).episodes
    (one,) = findings_of(episodes, PROFILE, "tracker-1")
    assert (one.device, one.sensor, one.rule, one.rule_id) == ("tracker-1", "probe", "excursion", "excursion")
    assert (one.start_ms, one.raised_ms, one.end_ms) == tuple(T0 + n * 10 * MINUTE_MS for n in (1, 2, 4))
    assert (one.peak_milli, one.peak_at_ms) == (10_000, T0 + 20 * MINUTE_MS)
    assert one.severity is Severity.HIGH
    assert (one.details["out_ms"], one.details["least_ms"], one.details["most_ms"]) == tuple(
        n * 10 * MINUTE_MS for n in (3, 2, 4)
    )
    assert one.text.startswith("Above 8.0 °C for 30 min")


@pytest.mark.parametrize("effect", list(Effect))
def test_every_effect_has_a_severity_and_worse_is_never_less(effect: Effect) -> None:
    episode = Episode(rule="r", rule_version=1, rule_id="r", sensor="s", effect=effect, start_ms=T0, raised_ms=T0)
    assert finding_of(episode, "d", "It is so.").severity is SEVERITIES[effect]
    order, ranks = list(Severity), [SEVERITIES[one] for one in Effect]
    assert [order.index(one) for one in ranks] == sorted(order.index(one) for one in ranks)
