"""Finds the oldest renditions of a cache, in memory that does not grow with the cache."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from progimage.stores import Stat

_BUCKET_S = 60.0


class BytesByAge:
    """The bytes of renditions, summed up by the minute in which they were made.

    A first listing is added, and from its sums follows which renditions of a second listing
    are the oldest.
    """

    def __init__(self) -> None:
        self._by_minute: Counter[int] = Counter()

    @property
    def total(self) -> int:
        """The bytes of everything that was added."""
        return self._by_minute.total()

    def add(self, stat: Stat) -> None:
        """Add a rendition of the first listing."""
        self._by_minute[_minute(stat)] += stat.size

    def oldest(self, listing: Iterable[Stat], size_bytes: int) -> Iterator[Stat]:
        """Yield the oldest renditions of a second listing: `size_bytes` in all, or a bit more.

        Of the last minute only as many as are needed are yielded, in the order of the listing.
        """
        size_bytes = min(size_bytes, self.total)
        if size_bytes <= 0:
            return
        last_minute, before = 0, 0
        for minute, there in sorted(self._by_minute.items()):
            last_minute = minute
            if before + there >= size_bytes:
                break
            before += there
        left_in_last = size_bytes - before
        for stat in listing:
            minute = _minute(stat)
            if minute < last_minute:
                yield stat
            elif minute == last_minute and left_in_last > 0:
                left_in_last -= stat.size
                yield stat


def _minute(stat: Stat) -> int:
    return int(stat.modified.timestamp() // _BUCKET_S)
