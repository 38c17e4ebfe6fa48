"""Times are read as botocore reads them, by other code."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from botocore.awsrequest import HeadersDict
from botocore.utils import parse_timestamp
from hypothesis import given
from hypothesis import strategies as st

from progimage.stores.s3 import timestamps

TIMES = st.datetimes(datetime(1970, 1, 2), datetime(2999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(TIMES)
def test_times_of_listings_are_what_they_were(time):
    text = time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert timestamps.read_time(text) == parse_timestamp(text)
    assert timestamps.read_time(text).utcoffset() is not None


@given(TIMES)
def test_times_of_headers_are_what_they_were(time):
    text = format_datetime(time.replace(microsecond=0), usegmt=True)
    assert timestamps.read_time(text) == time.replace(microsecond=0) == parse_timestamp(text)


@pytest.mark.parametrize("odd", ["20261121T070935Z", "1795244975", 1795244975, "21 Nov 2026 07:09"])
def test_other_forms_are_left_to_botocore(odd):
    assert timestamps.read_time(odd) == parse_timestamp(odd)


@pytest.mark.parametrize("odd", ["", "yesterday", "2026-13-01T00:00:00Z", "Sat, 99 Nov 2026"])
def test_a_malformed_time_is_an_error(odd):
    with pytest.raises(ValueError, match="time"):
        parse_timestamp(odd)
    with pytest.raises(ValueError, match="time"):
        timestamps.read_time(odd)


def test_a_clients_answers_are_read_so():
    parser = timestamps.session().get_component("response_parser_factory").create_parser("rest-xml")
    shape = timestamps.session().get_service_model("s3").operation_model("HeadObject").output_shape
    answer = {
        "status_code": 200,
        "headers": HeadersDict({"last-modified": "Sat, 21 Nov 2026 07:09:35 GMT"}),
        "body": b"",
    }
    found = parser.parse(answer, shape)["LastModified"]
    # dateutil's own zones are of another class.
    assert (found, type(found.tzinfo)) == (datetime(2026, 11, 21, 7, 9, 35, tzinfo=UTC), type(UTC))
