"""Which format the bytes are, by content alone."""

from __future__ import annotations

from typing import BinaryIO

from progimage.imaging.formats import Format


def sniff(source: str | BinaryIO) -> Format:
    """Return the format that libmagic and Pillow both see in `source`.

    Raises:
        EmptyPicture: no bytes.
        UnsupportedMedia: not a format on the list.
        MismatchedMedia: the two disagree, or another file hides behind the picture.
        CorruptPicture: the right signature, but nothing that can be opened.
    """
    raise NotImplementedError
