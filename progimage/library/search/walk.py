"""Through the matches of a search, forwards and backwards."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from progimage.library.index import layout
from progimage.library.search.search import Match, Search
from progimage.library.search.work import Unfinished

_FIRST_SPAN = 2**30  # microseconds: 18 minutes


class Walk:
    """Goes through a search from a position on.

    Attributes:
        resume: a position before which all has been gone through; None at the end.
        was_cut_short: the search has taken all the work it may, and `resume` is where.
    """

    def __init__(self, search: Search, at: str) -> None:
        self._search = search
        self._candidates = search.candidates(at)
        self._ahead: str | None = None
        self.resume: str | None = at
        self.was_cut_short = False
        self._look_ahead()

    def take(self, limit: int) -> list[Match]:
        """Return the next `limit` matches; fewer only at the end."""
        found: list[Match] = []
        while len(found) < limit and (wave := list(islice(self._pass(), limit - len(found)))):
            found += self._search.matches(wave)
        return found

    def skip(self, limit: int) -> int:
        """Pass so many matches; return how many there were."""
        if self._search.is_exact:
            return sum(1 for _ in islice(self._pass(), limit))
        return len(self.take(limit))

    def _pass(self) -> Iterator[str]:
        while self._ahead is not None:
            passed = self._ahead
            self._look_ahead()
            yield passed

    def _look_ahead(self) -> None:
        try:
            self._ahead = self.resume = next(self._candidates, None)
        except Unfinished as unfinished:
            self._ahead, self.resume, self.was_cut_short = None, unfinished.position, True


class Back:
    """The last matches before a position.

    Lists can only be read forwards. So a span of time before the position is read, one
    about as long as as many pictures take after it, then another span before that.

    Attributes:
        found: the matches, at most `limit`.
        resume: a position from which on all has been gone through; None if there is
            nothing before it.
        was_cut_short: the search has taken all the work it may, and `resume` is where.
    """

    def __init__(self, search: Search, before: str, limit: int) -> None:
        self.found: list[Match] = []
        self.resume: str | None = before
        self.was_cut_short = False
        try:
            self.resume = self._collect(search, before, limit)
        except Unfinished:
            self.was_cut_short = True

    def _collect(self, search: Search, before: str, limit: int) -> str | None:
        span = _span_after(search, before, limit)
        while before > search.first:
            start = max(search.first, layout.first_at(layout.count_of(before) - span))
            at_most = 4 * limit if span > 1 else None
            window = list(islice(search.candidates(start, before), at_most))
            if len(window) == at_most:
                span = max(span // 16, 1)
                continue
            while window:
                missing = limit - len(self.found)
                wave, window = window[-missing:], window[:-missing]
                self.found = search.matches(wave) + self.found
                if len(self.found) == limit:
                    self.resume = before = self.found[0][0]
                    is_first = next(search.candidates(search.first, before), None) is None
                    return None if is_first else before
            self.resume = before = start
            span *= 4
        return None


def _span_after(search: Search, position: str, limit: int) -> int:
    """Return how many microseconds the next `limit` candidates take up, and half as many more."""
    after = list(islice(search.candidates(position), limit))
    if not after:
        return _FIRST_SPAN
    return max((layout.count_of(after[-1]) - layout.count_of(position)) * 3 // 2, 1)
