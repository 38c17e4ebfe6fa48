"""Pages in an order other than the newest first."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from progimage.library.index.view import View
from progimage.library.search.cursor import Cursor, Total
from progimage.library.search.hits import load
from progimage.library.search.matcher import Matcher
from progimage.library.search.order import Order, Place
from progimage.library.search.page import MAX_TOTAL, Page
from progimage.library.search.sorted_hits import SortedHits
from progimage.model import Record

IsLate = Callable[[], bool]


def first(
    view: View, matcher: Matcher, order: Order, limit: int, offset: int, is_late: IsLate
) -> Page:
    """Return the first matches, or those that follow the first `offset`; count all."""
    at_least = max(MAX_TOTAL, offset + limit) + 1
    hits = SortedHits(view, matcher, order, None, at_least=at_least, is_late=is_late)
    found = list(islice(hits, offset, offset + limit + 1))
    shown = found[:limit]
    is_counted = hits.count < at_least
    total = Total(hits.count if is_counted else at_least - 1, is_counted)
    has_more, has_less = len(found) > limit, offset > 0 and bool(shown)
    return Page(
        load([each.hit for each in shown]),
        total,
        next=_cursor(order, found[limit].place, total) if has_more else None,
        previous=_cursor(order, shown[0].place, total, is_backwards=True) if has_less else None,
    )


def beside(view: View, matcher: Matcher, limit: int, cursor: Cursor, is_late: IsLate) -> Page:
    """Return the page that the cursor of another leads to."""
    order, total = cursor.order, cursor.total
    is_back = cursor.is_backwards
    hits = SortedHits(
        view,
        matcher,
        order.opposite if is_back else order,
        cursor.place,
        includes_start=not is_back,
        at_least=limit + 1,
        is_late=is_late,
    )
    found = list(islice(hits, limit + 1))
    has_more = len(found) > limit
    records = load([each.hit for each in found[:limit]])
    here = _cursor(order, cursor.place, total, is_backwards=not is_back)
    if not is_back:
        after = _cursor(order, found[limit].place, total) if has_more else None
        return Page(records, total, next=after, previous=here)
    # The page before this one ends before the last picture that was found.
    last = found[limit - 1].place if has_more else None
    before = _cursor(order, last, total, is_backwards=True) if last else None
    return Page(records[::-1], total, next=here, previous=before)


def batch(
    view: View, matcher: Matcher, order: Order, start: Place | None, limit: int, is_late: IsLate
) -> tuple[list[Record], Place | None]:
    """Return matches from a place on, and the next place if there are more."""
    hits = SortedHits(view, matcher, order, start, at_least=limit + 1, is_late=is_late)
    found = list(islice(hits, limit + 1))
    following = found[limit].place if len(found) > limit else None
    return load([each.hit for each in found[:limit]]), following


def _cursor(order: Order, place: Place, total: Total, *, is_backwards: bool = False) -> Cursor:
    return Cursor(place.position, is_backwards, total, order, place.key)
