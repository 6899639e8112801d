"""Clock and ids: exact instants, content ids that cannot collide by framing, commitments that hide."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doseway.model.clock import from_unix_ms, iso_at_offset, iso_utc, to_unix_ms
from doseway.model.errors import DataError
from doseway.model.ids import commitment, content_id

INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(INSTANTS)
def test_an_instant_is_cut_to_its_millisecond(moment: datetime) -> None:
    back = from_unix_ms(to_unix_ms(moment))
    assert timedelta(0) <= moment - back < timedelta(milliseconds=1)


@given(INSTANTS)
def test_iso_text_reads_back_as_the_same_instant(moment: datetime) -> None:
    instant = to_unix_ms(moment)
    assert to_unix_ms(datetime.fromisoformat(iso_utc(instant))) == instant


def test_an_offset_moves_the_clock_face_and_not_the_instant() -> None:
    assert iso_at_offset(0, 330) == "1970-01-01T05:30:00+05:30"
    assert iso_at_offset(0, -90) == "1969-12-31T22:30:00-01:30"


def test_an_instant_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(DataError):
        iso_utc(10**18)


def test_parts_cannot_run_together() -> None:
    assert content_id("a", b"xy", b"z") != content_id("a", b"x", b"yz")
    assert content_id("a", b"x") != content_id("b", b"x")


def test_a_commitment_depends_on_salt_and_record_and_shows_neither() -> None:
    record, salt = hashlib.sha256(b"record").digest(), b"s" * 32
    assert commitment(salt, record) == hashlib.sha256(b"\x00" + salt + record).digest()
    assert commitment(salt, record) != commitment(b"t" * 32, record)
    with pytest.raises(ValueError, match="32 bytes"):
        commitment(b"short", record)
