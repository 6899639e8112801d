"""Topic templates: what they subscribe to, what they capture, and which are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doseway.intake.topics import TopicTemplate
from doseway.model.errors import UsageError


@pytest.mark.parametrize(
    ("text", "subscription", "topic", "captured"),
    [
        (
            "application/{application}/device/{device}/event/up",
            "application/+/device/+/event/up",
            "application/17c8/device/0101/event/up",
            {"application": "17c8", "device": "0101"},
        ),
        ("v3/{app}/devices/{device}/up", "v3/+/devices/+/up", "v3/a@t/devices/d/up", {"app": "a@t", "device": "d"}),
        ("t/+/{device}/#", "t/+/+/#", "t/x/d", {"device": "d"}),
        ("t/+/{device}/#", "t/+/+/#", "t/x/d/e/f", {"device": "d"}),
        ("#", "#", "any/thing", {}),
        ("{device}", "+", "", {"device": ""}),
        ("a.c", "a.c", "a.c", {}),
    ],
)
def test_a_template_captures(text: str, subscription: str, topic: str, captured: dict[str, str]) -> None:
    template = TopicTemplate(text)
    assert template.subscription == subscription
    assert template.match(topic) == captured


@pytest.mark.parametrize(
    ("text", "topic"), [("a/{b}", "a/x/y"), ("a/{b}", "a"), ("a.c", "abc"), ("a/+/c", "a/b/d"), ("a/#", "b/c")]
)
def test_another_topic_is_no_match(text: str, topic: str) -> None:
    assert TopicTemplate(text).match(topic) is None


@pytest.mark.parametrize("text", ["", "a/#/b", "a{b}/c", "a+", "{a}/{a}", "{}", "{A}", "a#", "{a"])
def test_what_is_no_template_is_said(text: str) -> None:
    with pytest.raises(UsageError):
        TopicTemplate(text)


@given(st.lists(st.text(alphabet=st.characters(exclude_characters="/+#{}"), min_size=1), min_size=1, max_size=5))
def test_a_captured_topic_is_put_together_again(levels: list[str]) -> None:
    names = [f"level_{'abcde'[place]}" for place in range(len(levels))]
    template = TopicTemplate("/".join(f"{{{name}}}" for name in names))
    assert template.match("/".join(levels)) == dict(zip(names, levels, strict=True))
