"""The media type of a request's body."""

from __future__ import annotations

import falcon
import pytest
from falcon import testing

from progimage.api.requests.media_type import check_media_type, media_type


def request(content_type: str | None) -> falcon.Request:
    headers = {"Content-Type": content_type} if content_type is not None else {}
    return testing.create_req(headers=headers)


@pytest.mark.parametrize(
    ("header", "expected"),
    [("Image/PNG; charset=x", "image/png"), (" text/plain ", "text/plain"), (None, "")],
)
def test_it_is_in_lower_case_and_without_parameters(header, expected):
    assert media_type(request(header)) == expected


def test_another_type_is_415_and_the_allowed_ones_are_listed():
    with pytest.raises(falcon.HTTPUnsupportedMediaType) as error:
        check_media_type(request("text/plain"), ["a/b", "c/d"], "send a/b", header="Accept-Patch")
    assert error.value.description == "send a/b"
    assert error.value.headers == {"Accept-Patch": "a/b, c/d"}
    check_media_type(request("A/B"), ["a/b"], "send a/b")
