"""A clock that is set back while the tower runs: the log says so, its times go on, and no alert comes or goes."""

from pathlib import Path

from tests.app.tower.tower_kit import MINUTE, START_MS, TEN, TowerPlace, all_alerts, body_of, journey, plan, said

from doseway.model.units import HOUR_MS


def alerts_of(folder: Path, steps_ms: list[int]) -> list[tuple[str, str, str]]:
    """Send a day in packets of an hour; before each, the clock is set by a step beside its own way."""
    place, readings = TowerPlace(folder), journey(hot=range(20, 40), count=90)
    with place.open() as tower:
        plan(tower)
        for number, at in enumerate(range(0, 90, 6)):
            place.clock.at_ms = readings[at + 5][0] + MINUTE + steps_ms[number % len(steps_ms)]
            place.send(tower, body_of("d1", readings[at : at + 6]))
            tower.tick_all()
        place.clock.at_ms = START_MS + 100 * TEN
        tower.tick_all()
        tower.settle()
        times = [found.fact.at_ms for found in tower.sequencer.log.facts()]
        assert times == sorted(times), "time in the log never goes back"
        stepped = len(list(tower.sequencer.log.facts(kind="clock.stepped_back")))
        assert (stepped > 0) is (min(steps_ms) < 0)
        return said(all_alerts(tower))


def test_a_clock_that_is_set_back_changes_no_alert(tmp_path: Path) -> None:
    steady = alerts_of(tmp_path / "steady", [0])
    assert any("above-8" in finding for _, _, finding in steady)
    assert alerts_of(tmp_path / "back", [0, -3 * HOUR_MS, 0, -HOUR_MS]) == steady
