"""Who is told what and when: escalation, repetition, quiet hours, acknowledgement, and the end of an alert."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.notify.notify_kit import HOUR_MS, MINUTE_MS, NOW_MS, POLICY, policy, story

from doseway.model.findings import Severity
from doseway.notify.timeline import Notice, Story, due, next_due_ms, timeline


def told(found: list[Notice]) -> list[tuple[str, str, str, int]]:
    """Shorten notices: recipient, channel, revision, minutes after the opening."""
    return [(one.recipient, one.address.channel, one.revision, (one.due_at_ms - NOW_MS) // MINUTE_MS) for one in found]


def of(found: list[Notice], recipient: str, channel: str = "email") -> list[tuple[str, int]]:
    return [(revision, at) for who, how, revision, at in told(found) if (who, how) == (recipient, channel)]


def test_an_alert_goes_up_the_levels_and_is_repeated_to_all_who_were_told() -> None:
    found = timeline(policy(), story(severity=Severity.CRITICAL))
    assert of(found, "qa-duty") == [("level-0", 0), ("repeat-1", 60), ("repeat-2", 120), ("repeat-3", 180)]
    assert of(found, "qa-duty", "apprise") == of(found, "qa-duty")
    assert of(found, "qa-head") == [("level-1", 30), ("repeat-1", 60), ("repeat-2", 120), ("repeat-3", 180)]
    assert not of(found, "carrier", "webhook")
    assert [one.kind for one in found if one.recipient == "qa-head"][:2] == ["escalated", "repeated"]


def test_an_acknowledgement_ends_it() -> None:
    found = timeline(policy(), story(acknowledged_at_ms=NOW_MS + 20 * MINUTE_MS))
    assert of(found, "qa-duty") == [("level-0", 0)]
    assert not of(found, "qa-head")


def test_the_end_is_told_to_those_who_were_told_and_to_nobody_else() -> None:
    for end in ("closed", "retracted"):
        found = timeline(policy(), story(end=end, ended_at_ms=NOW_MS + 10 * MINUTE_MS))
        assert of(found, "qa-duty") == [("level-0", 0), ("end", 10)]
        assert not of(found, "qa-head")
        assert found[-1].kind == end


def test_the_end_may_be_left_out() -> None:
    quiet = policy(POLICY.replace('severity = "high"', 'severity = "high"\ntells_end = false'))
    assert of(timeline(quiet, story(end="closed", ended_at_ms=NOW_MS + 1)), "qa-duty") == [("level-0", 0)]


def test_quiet_hours_delay_all_but_the_gravest() -> None:
    night = NOW_MS + 6 * HOUR_MS  # 23:00 in Zurich
    high = timeline(policy(), story(opened_at_ms=night))
    # 06:00 the next day, and what was to be repeated until then with it
    assert of(high, "qa-duty") == [("level-0", 780), ("repeat-8", 840), ("repeat-9", 900), ("repeat-10", 960)]
    assert of(high, "qa-head")[0] == ("level-1", 6 * 60 + 30)
    critical = timeline(policy(), story(opened_at_ms=night, severity=Severity.CRITICAL))
    assert of(critical, "qa-duty")[0] == ("level-0", 6 * 60)


def test_what_began_and_closed_in_somebodys_quiet_hours_is_told_after_them_once() -> None:
    night = NOW_MS + 6 * HOUR_MS
    found = timeline(policy(), story(opened_at_ms=night, end="closed", ended_at_ms=night + HOUR_MS // 4))
    assert of(found, "qa-duty") == [("level-0", 13 * 60)]
    retracted = timeline(policy(), story(opened_at_ms=night, end="retracted", ended_at_ms=night + HOUR_MS // 4))
    assert not of(retracted, "qa-duty")
    acknowledged = timeline(policy(), story(opened_at_ms=night, acknowledged_at_ms=night + HOUR_MS))
    assert not of(acknowledged, "qa-duty")


def test_snoozing_delays_the_levels_and_leaves_repetitions_out() -> None:
    snoozed = story(severity=Severity.CRITICAL, snoozed=((NOW_MS + 10 * MINUTE_MS, NOW_MS + 90 * MINUTE_MS),))
    found = timeline(policy(), snoozed)
    assert of(found, "qa-head")[:2] == [("level-1", 90), ("repeat-2", 120)]
    assert of(found, "qa-duty")[:2] == [("level-0", 0), ("repeat-2", 120)]


def test_of_repetitions_that_were_missed_only_the_newest_is_sent() -> None:
    late = due(policy(), story(severity=Severity.CRITICAL), NOW_MS + 150 * MINUTE_MS)
    assert of(late, "qa-duty") == [("level-0", 0), ("repeat-2", 120)]


def test_old_endings_are_not_told_to_new_recipients() -> None:
    old = story(end="closed", ended_at_ms=NOW_MS + HOUR_MS)
    assert of(due(policy(), old, NOW_MS + 2 * HOUR_MS), "qa-duty")
    assert not due(policy(), old, NOW_MS + 26 * HOUR_MS)
    assert of(due(policy(), story(), NOW_MS + 26 * HOUR_MS), "qa-duty")


def test_the_next_notice_is_known() -> None:
    assert next_due_ms(policy(), story(), NOW_MS) == NOW_MS + 30 * MINUTE_MS
    assert next_due_ms(policy(), story(acknowledged_at_ms=NOW_MS), NOW_MS) is None


def test_two_routes_to_one_address_send_one_message() -> None:
    twice = policy(POLICY + '[[route]]\nlevels = [{ to = ["qa-duty"] }]\n')
    assert of(timeline(twice, story()), "qa-duty").count(("level-0", 0)) == 1


def test_a_rule_is_known_by_both_of_its_names() -> None:
    found = timeline(policy(), story(rule="stop", severity=Severity.INFO, parties=frozenset({"carrier:acme"})))
    assert of(found, "carrier", "webhook") == [("level-0", 0)]


stories = st.builds(
    lambda opened, severity, acknowledged, ended, end, snooze: replace(
        story(severity=severity),
        opened_at_ms=NOW_MS + opened,
        acknowledged_at_ms=None if acknowledged is None else NOW_MS + opened + acknowledged,
        ended_at_ms=NOW_MS + opened + ended if end else None,
        end=end,
        snoozed=((NOW_MS + opened + snooze, NOW_MS + opened + 2 * snooze),) if snooze else (),
    ),
    opened=st.integers(0, 48 * HOUR_MS),
    severity=st.sampled_from(Severity),
    acknowledged=st.none() | st.integers(0, 12 * HOUR_MS),
    ended=st.integers(0, 12 * HOUR_MS),
    end=st.sampled_from(["", "closed", "retracted"]),
    snooze=st.integers(0, 3 * HOUR_MS),
)


@given(stories)
def test_nothing_is_early_repeated_or_beyond_its_count(one: Story) -> None:
    found = timeline(policy(), one)
    assert all(notice.due_at_ms >= one.opened_at_ms for notice in found)
    assert len({notice.id for notice in found}) == len(found)
    addresses = {(notice.recipient, notice.address) for notice in found}
    for address in addresses:
        mine = [notice for notice in found if (notice.recipient, notice.address) == address]
        assert len(mine) <= 5
        assert sum(notice.kind in {"closed", "retracted"} for notice in mine) <= 1
    if one.acknowledged_at_ms is not None:
        assert all(
            notice.due_at_ms < one.acknowledged_at_ms for notice in found if notice.kind in {"escalated", "repeated"}
        )


@settings(deadline=None)
@given(stories, st.integers(2, 9))
def test_asking_seldom_sends_the_same_as_asking_often(one: Story, step: int) -> None:
    """What the outbox gets is independent of how often it is asked, repetitions that were missed aside."""
    instants = range(one.opened_at_ms, one.opened_at_ms + 20 * HOUR_MS, HOUR_MS // 2)
    often = {notice.id for at in instants for notice in due(policy(), one, at)}
    seldom = {notice.id for at in (*instants[::step], instants[-1]) for notice in due(policy(), one, at)}
    assert seldom <= often
    kinds = {notice.id: notice.kind for notice in timeline(policy(), one)}
    assert {kinds[identity] for identity in often - seldom} <= {"repeated"}
