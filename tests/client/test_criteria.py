"""Searches as query parameters."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from progimage.client.criteria import query_parameters
from progimage.client.errors import InvalidCall


def test_lists_are_repeated_and_times_have_their_zone():
    found = query_parameters(
        {
            "tags_all": ["sea", "sky"],
            "created_after": datetime(2026, 1, 2, tzinfo=UTC),
            "page_size": 50,
            "q": None,
        }
    )
    assert found == [
        ("tags_all", "sea"),
        ("tags_all", "sky"),
        ("created_after", "2026-01-02T00:00:00+00:00"),
        ("limit", "50"),
    ]


@pytest.mark.parametrize(
    "criteria",
    [{"tags_any": "sea"}, {"tags_all": 5}, {"created_before": datetime(2026, 1, 2)}],  # noqa: DTZ001 - what the error is about
)
def test_what_would_be_misunderstood_is_not_sent(criteria):
    with pytest.raises(InvalidCall):
        query_parameters(criteria)
