"""Which pictures match a query."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from progimage.library.index import facets
from progimage.library.search.query import Query
from tests.candidates import stored_record

NOW = datetime(2026, 5, 1, tzinfo=UTC)
RECORD = stored_record(
    1, owner="ann", title="Café at dusk", tags=("Sea", "sky"), created=NOW, media_type="image/png"
)


@pytest.mark.parametrize(
    "query",
    [
        Query(),
        Query(tags=(facets.tag("sea"), facets.tag("SKY"))),
        Query(any_tags=(facets.tag("boat"), facets.tag("sea"))),
        Query(needles=("caf", "usk")),
        Query(needles=("café",)),
        Query(owner="ann", visibility="public", media_type="image/png"),
        Query(created_after=NOW - timedelta(seconds=1), created_before=NOW + timedelta(seconds=1)),
    ],
)
def test_it_matches(query):
    assert query.matches(RECORD)


@pytest.mark.parametrize(
    "query",
    [
        Query(tags=(facets.tag("sea"), facets.tag("boat"))),
        Query(any_tags=(facets.tag("boat"),)),
        Query(needles=("cafe", "dawn")),
        Query(owner="ben"),
        Query(visibility="private"),
        Query(media_type="image/jpeg"),
        Query(created_after=NOW),
        Query(created_before=NOW),
    ],
)
def test_it_does_not_match(query):
    assert not query.matches(RECORD)
