"""The facts of alerts: whatever was published before, they bring it to what is found now."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from doseway.app.tower.alerts import Revision, alert_id, revise
from doseway.app.tower.state import Found, Published, state_of
from doseway.model.facts import AlertClosed, AlertExtended, AlertOpened, AlertRetracted, AlertShortened
from doseway.model.findings import Finding, Severity

Window = tuple[int, int | None]


def finding(window: Window, *, rule_id: str = "hot", peak: int = 0) -> Finding:
    start, end = window
    return Finding(
        rule="excursion",
        rule_version=1,
        rule_id=rule_id,
        severity=Severity.HIGH,
        start_ms=start,
        raised_ms=start,
        end_ms=end,
        peak_milli=peak,
    )


def found(*windows: Window) -> list[Found]:
    return [Found(finding(window), {"limit_milli": 8000}) for window in windows]


class Story:
    """What the log says about the alerts of one shipment."""

    def __init__(self) -> None:
        self.published: dict[str, Published] = {}
        self.facts: list[Revision] = []

    def tell(self, now: Sequence[Found]) -> list[Revision]:
        facts = revise("s1", self.published, now, "late-data")
        for fact in facts:
            old = self.published.get(fact.alert)
            count = old.revisions + 1 if old is not None else 1
            if isinstance(fact, AlertRetracted):
                assert old is not None
                self.published[fact.alert] = Published(old.finding, "retracted", count)
            else:
                self.published[fact.alert] = Published(fact.finding, state_of(fact.finding), count)
        self.facts += facts
        return facts

    def live(self) -> list[Finding]:
        live = [one.finding for one in self.published.values() if one.state != "retracted"]
        return sorted(live, key=str)


WINDOWS = st.lists(
    st.tuples(
        st.integers(0, 30),
        st.one_of(st.none(), st.integers(0, 12)),
        st.sampled_from(["hot", "cold"]),
        st.integers(0, 2),
    ),
    max_size=5,
)


@settings(deadline=None)
@given(st.lists(WINDOWS, max_size=6))
def test_the_live_alerts_are_exactly_what_is_found(turns: list[list[tuple[int, int | None, str, int]]]) -> None:
    story = Story()
    for turn in turns:
        now = [
            Found(finding((start, None if lasts is None else start + lasts), rule_id=rule_id, peak=peak))
            for start, lasts, rule_id, peak in turn
        ]
        story.tell(now)
        assert story.live() == sorted((one.finding for one in now), key=str)
        assert story.tell(now) == []


def test_an_alert_is_opened_extended_closed_and_says_by_which_limits() -> None:
    story = Story()
    opened = story.tell(found((10, None)))
    assert opened == [
        AlertOpened(
            alert=alert_id("s1", finding((10, None))),
            shipment="s1",
            finding=finding((10, None)),
            limits={"limit_milli": 8000},
            because="late-data",
        )
    ]
    assert [type(one) for one in story.tell([Found(finding((10, None), peak=9))])] == [AlertExtended]
    assert [type(one) for one in story.tell(found((10, 20)))] == [AlertClosed]
    assert [type(one) for one in story.tell(found((10, 15)))] == [AlertShortened]
    assert [type(one) for one in story.tell(found((10, None)))] == [AlertExtended]
    assert [type(one) for one in story.tell([])] == [AlertRetracted]
    assert len(story.published) == 1


def test_late_data_that_moves_the_start_keeps_the_alert() -> None:
    story = Story()
    for start in range(20, 9, -1):
        story.tell(found((start, 30)))
    assert [type(one) for one in story.facts] == [AlertOpened, *[AlertExtended] * 10]
    assert len({one.alert for one in story.facts}) == 1


def test_a_split_keeps_one_and_opens_one_and_a_join_takes_one_back() -> None:
    story = Story()
    story.tell(found((10, 40)))
    split = story.tell(found((10, 18), (22, 40)))
    assert sorted(type(one).__name__ for one in split) == ["AlertOpened", "AlertShortened"]
    joined = story.tell(found((10, 40)))
    assert sorted(type(one).__name__ for one in joined) == ["AlertExtended", "AlertRetracted"]
    assert story.live() == [finding((10, 40))]


def test_a_part_whose_own_id_lives_gets_it_back() -> None:
    """The alert was opened for a start at 20 and extended to 10; a split gives its id to the part that starts at 20."""
    story = Story()
    first = story.tell(found((20, 30)))[0].alert
    story.tell(found((10, 30)))
    story.tell(found((10, 15), (20, 30)))
    assert story.published[first].finding == finding((20, 30))
    assert len(story.live()) == 2


def test_findings_with_one_start_are_two_alerts() -> None:
    story = Story()
    facts = story.tell([Found(finding((10, 20))), Found(finding((10, 30)))])
    assert len({one.alert for one in facts}) == 2


def test_what_comes_back_after_it_was_taken_back_is_the_same_alert() -> None:
    story = Story()
    first = story.tell(found((10, None)))[0].alert
    story.tell([])
    assert [(type(one), one.alert) for one in story.tell(found((10, None)))] == [(AlertOpened, first)]
