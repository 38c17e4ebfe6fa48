"""Removes what is stored of an origin's pictures by the start of their keys, part by part.

Pictures that were imported into the library stay there; only their addresses are forgotten.

Pointers are stored under the digest of a key, so all of an origin's have to be read. They are
spread over 256 parts of about equal size, each of which can be worked on by another process.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import quote, unquote

from progimage.errors import NotFound
from progimage.library import Library
from progimage.origins.copies import viewer_of
from progimage.origins.pointers import Pointers

PARTS = tuple(f"{number:02x}" for number in range(256))


class PurgePart(NamedTuple):
    """One part of a purge.

    Attributes:
        origin: its name.
        part: one of `PARTS`.
        prefix: the start of the keys; "" means all.
    """

    origin: str
    part: str
    prefix: str

    def __str__(self) -> str:
        return f"{self.origin}/{self.part}/{quote(self.prefix, safe='')}"

    @staticmethod
    def parse(text: str) -> PurgePart:
        """Return the part that `str` made this text of."""
        origin, part, prefix = text.split("/")
        return PurgePart(origin, part, unquote(prefix))


class Purging:
    """Removes pointers and copies.

    Args:
        pointers: those to copies, and those to pictures of the library.
        library: contains the copies of origins' pictures.
    """

    def __init__(self, pointers: Sequence[Pointers], library: Library) -> None:
        self._pointers = pointers
        self._library = library

    def purge(self, wanted: PurgePart) -> int:
        """Remove the pictures of a part; return how many there were. It may be repeated.

        The copy goes first: what dies in between leaves a pointer, which a repetition finds. A
        pointer without its copy serves nothing.
        """
        return sum(self._purge(pointers, wanted) for pointers in self._pointers)

    def _purge(self, pointers: Pointers, wanted: PurgePart) -> int:
        count = 0
        for pointer in pointers.of_part(wanted.origin, wanted.part):
            if pointer.key.startswith(wanted.prefix):
                with suppress(NotFound):
                    self._library.remove(viewer_of(wanted.origin), pointer.image_id)
                pointers.remove(wanted.origin, pointer.key)
                count += 1
        return count
