"""Where pictures stand: in the order of time, newest first, with nothing between neighbours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from progimage.library.index import positions

TIMES = st.integers(1, 2**53).map(
    lambda count: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=count)
)
IDS = st.integers(0, 16**64 - 1).map(lambda number: f"{number:064x}")


@given(TIMES, TIMES, IDS, IDS)
def test_later_pictures_come_first_as_bytes_and_as_text(one, other, image_id, another):
    earlier, later = sorted((one, other))
    first, second = positions.position(later, image_id), positions.position(earlier, another)
    if earlier < later:
        assert first < second
        assert positions.to_text(first) < positions.to_text(second)
    assert len(first) == positions.LENGTH


@given(TIMES, IDS)
def test_a_position_can_be_read_back(time, image_id):
    at = positions.position(time, image_id)
    assert positions.is_position(at)
    assert positions.id_of(at) == image_id
    assert positions.from_text(positions.to_text(at)) == at
    assert positions.time_of(positions.to_text(at)) == time
    assert positions.START < at < positions.END


@given(TIMES, TIMES, IDS)
def test_bounds_of_time_are_not_included(bound, time, image_id):
    at = positions.position(time, image_id)
    assert (at >= positions.start_of_older(bound)) == (time < bound)
    assert (at < positions.end_of_newer(bound)) == (time > bound)


@given(st.text())
def test_other_text_is_no_position(text):
    assert positions.from_text(text) is None


def test_other_bytes_are_no_position():
    assert not positions.is_position(positions.END)
    assert not positions.is_position(b"")
