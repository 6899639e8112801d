"""What a message says: the shipment, the place, the window, the limits and the link, in the recipient's language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.notify.notify_kit import NOW_MS, policy, story

from doseway.notify.port import Message
from doseway.notify.timeline import Story, timeline
from doseway.notify.wording import compose, decimal, limits_text

LIMITS = {"above_milli": 8_000, "delay_ms": 1_800_000, "below_milli": 2_500, "unit": "°C", "none": None}


def written(one: Story, recipient: str = "qa-duty", **changed: str) -> Message:
    notice = next(notice for notice in timeline(policy(), one) if notice.recipient == recipient)
    given = {"title": "Insulin to Basel", "place": "Zurich airport", "url": "https://tower.example.org"} | changed
    return compose(notice, one, policy().recipient_of(recipient), **given)


def test_a_message_in_english() -> None:
    message = written(story(limits=LIMITS))
    assert message.subject == "[high] Alert: S-4711 (Insulin to Basel), above-8"
    assert message.text == (
        "Alert: Above 8 °C for more than 30 min\n"
        "\n"
        "Shipment: S-4711 (Insulin to Basel)\n"
        "Rule: above-8, high\n"
        "Place: Zurich airport\n"
        "Device: 860000000000001 internal\n"
        "Since 2025-11-24 16:20 (Europe/Zurich), still so\n"
        "Peak 16.8 at 2025-11-24 16:55\n"
        "Limits in force: above 8, below 2.5, delay 30 min, unit °C\n"
        "\n"
        "Alert a1a1a1a1a1a1a1a1\n"
        "Please acknowledge it with what you do about it:\n"
        f"https://tower.example.org/alerts/{'a1' * 32}\n"
    )


def test_a_message_in_spanish() -> None:
    message = written(story(), "qa-head")
    assert message.subject.startswith("[alta] Sin confirmar, nivel 2: S-4711")
    assert "Envío: S-4711" in message.text
    assert "Confírmela, por favor" in message.text


def test_an_end_says_so_and_asks_for_nothing() -> None:
    finding = replace(story().finding, end_ms=NOW_MS)
    one = story(end="retracted", ended_at_ms=NOW_MS + 1, finding=finding)
    notice = timeline(policy(), one)[-1]
    text = compose(notice, one, policy().recipient_of("qa-duty"), title="", place="", url="https://t").text
    assert text.startswith("Withdrawn: later data show it was not so")
    assert "From 2025-11-24 16:20 to 2025-11-24 17:00" in text
    assert "acknowledge" not in text


def test_without_a_place_the_position_and_without_an_address_no_link() -> None:
    finding = replace(story().finding, latitude_udeg=47_458_000, longitude_udeg=8_548_000)
    message = written(story(finding=finding), place="", url="", title="")
    assert "Place: 47.45800, 8.54800" in message.text
    assert message.link == ""
    assert "http" not in message.text


@given(st.text(), st.text())
def test_a_subject_is_one_line_whatever_the_names_hold(title: str, text: str) -> None:
    subject = written(story(finding=replace(story().finding, text=text)), title=title).subject
    assert len(subject.splitlines()) == 1


@given(st.integers(-(10**9), 10**9))
def test_thousandths_are_written_exactly(milli: int) -> None:
    assert float(decimal(milli)) == milli / 1000
    assert not decimal(milli).endswith(".")


@pytest.mark.parametrize(
    ("milli", "text"), [(8_000, "8"), (-500, "-0.5"), (0, "0"), (-18_050, "-18.05"), (100_000, "100")]
)
def test_decimals(milli: int, text: str) -> None:
    assert decimal(milli) == text


def test_limits_of_any_shape_are_written() -> None:
    assert limits_text({"b": [1, 2], "a": True, "c_ms": 90_000}) == "a True, b [1, 2], c 1 min"
