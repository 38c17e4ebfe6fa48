"""Which format the bytes are, by content alone.

Two detectors must agree: libmagic and a signature test, of Pillow's plugins on the allow-list
or our own. Where libmagic is known to guess wrong, a check of the header's structure replaces
it (see `structure.has_sound_header`). Nothing is decoded here, so it is safe in the process
that serves requests.

A picture may not be something else as well. Phones write previews, gain maps, films
and maker's notes behind a JPEG's end, so trailing bytes alone prove nothing; refused is
  - a file whose last bytes are the directory of a ZIP archive, which readers look for
    at the end of any file, and a PDF header in the first 1,024 bytes, likewise;
  - a picture with a document, an archive, a program or markup behind its end;
  - a GIF or JPEG whose first size field opens a JavaScript comment.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import BinaryIO

import pylibmagic  # noqa: F401 - must come first: it points `magic` at its own libmagic

import magic  # isort: skip

from progimage.errors import EmptyPicture, MismatchedMedia, UnsupportedMedia
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import (
    GIF,
    JPEG,
    KNOWN,
    PDF,
    PNM,
    READABLE,
    SVG,
    missing_extra,
    names,
)
from progimage.imaging.codecs.signatures import HEAD_BYTES, announces
from progimage.imaging.codecs.structure import Bytes, end_of_picture, has_sound_header

_SEEN_NOTHING = ("application/octet-stream", "text/plain")

# What libmagic returns for files without a signature: TGA has none, so many files look like one.
_GUESSED = ("application/octet-stream", "image/x-tga", "image/x-win-bitmap")

# And for SVG, which has no signature either: a comment or a byte order mark hides its root;
# and for small portable maps of text.
_TEXT_GUESSED = ("text/plain", "text/xml", "application/xml", "text/html")

_HIDDEN_TYPES = (
    *("application/zip", "application/x-7z-compressed", "application/x-rar"),
    *("application/gzip", "application/x-tar", "application/java-archive"),
    *("application/pdf", "application/postscript", "application/x-dosexec"),
    *("application/x-executable", "application/x-pie-executable", "application/x-sharedlib"),
    *("application/x-mach-binary", "application/x-java-applet"),
    *("text/html", "text/x-php", "text/x-shellscript", "text/x-script.python", "image/svg+xml"),
)
_HIDDEN_MARKS = (b"%pdf-", b"<script", b"<html", b"<!doctype", b"<?php", b"<svg ", b"<iframe")

_local = threading.local()


def sniff(source: str | BinaryIO) -> Format:
    """Return the format that libmagic and Pillow both see in `source`.

    A path is mapped, an open file is read from its beginning and left there.

    Raises:
        EmptyPicture: no bytes.
        UnsupportedMedia: not a format on the list.
        MismatchedMedia: the two disagree, or another file hides in the picture.
    """
    with _bytes_of(source) as data:
        if not data:
            raise EmptyPicture("the picture has no bytes")
        form = _agreed_format(data)
        _refuse_disguise(data, form)
        return form


def _agreed_format(data: Bytes) -> Format:
    head = data[:HEAD_BYTES]
    media_type = _media_type(head)
    by_magic = {form.name for form in KNOWN if media_type in form.magic_types}
    by_signature = [form for form in KNOWN if announces(form, head)]
    for form in by_signature:
        is_guess = media_type in _GUESSED or (form in (SVG, PNM) and media_type in _TEXT_GUESSED)
        if form.name in by_magic or (is_guess and has_sound_header(data, form)):
            return _readable(form)
    if by_signature and (by_magic or media_type not in _SEEN_NOTHING):
        raise MismatchedMedia(
            f"the content is ambiguous: it looks like {media_type} and like "
            f"{names(tuple(by_signature))}; send a plain picture"
        )
    raise UnsupportedMedia(
        f"the content looks like {media_type}, which is not accepted; send one of {names(READABLE)}"
    )


def _readable(form: Format) -> Format:
    if form not in READABLE:
        raise UnsupportedMedia(
            f"the content is {form.name}, {missing_extra(form)}; send one of {names(READABLE)}"
        )
    return form


def _refuse_disguise(data: Bytes, form: Format) -> None:
    if form is not PDF and data.find(b"%PDF-", 0, 1024) >= 0:
        raise MismatchedMedia(f"the {form.name} is a PDF document as well; send a plain picture")
    if _ends_as_zip(data):
        raise MismatchedMedia(f"the {form.name} is a ZIP archive as well; send a plain picture")
    if (form is GIF and data[6:8] == b"/*") or (form is JPEG and data[2:6] == b"\xff\xe0/*"):
        raise MismatchedMedia(f"the {form.name} is a script as well; send a plain picture")
    end = end_of_picture(data, form)
    if end is not None and end < len(data):
        trailer = data[end:].lstrip(b"\0\r\n\t ")
        media_type = _media_type(trailer[:HEAD_BYTES])
        lowered = trailer.lower()
        if media_type in _HIDDEN_TYPES or any(mark in lowered for mark in _HIDDEN_MARKS):
            raise MismatchedMedia(
                f"the {form.name} carries {len(data) - end} bytes of other data behind the "
                "picture's end that look like a document, archive or program; "
                "send a plain picture"
            )


def _ends_as_zip(data: Bytes) -> bool:
    """Tell if the bytes end in a ZIP end-of-central-directory record. Source: APPNOTE 4.3.16."""
    record = data.rfind(b"PK\x05\x06", max(0, len(data) - 22 - 65_535))
    if record < 0:
        return False
    comment_bytes = int.from_bytes(data[record + 20 : record + 22], "little")
    return record + 22 + comment_bytes == len(data)


def _media_type(head: bytes) -> str:
    # A libmagic handle serves one caller at a time; one a thread needs no lock.
    detector: magic.Magic | None = getattr(_local, "detector", None)
    if detector is None:
        detector = _local.detector = magic.Magic(mime=True)
    return str(detector.from_buffer(head))


@contextmanager
def _bytes_of(source: str | BinaryIO) -> Iterator[Bytes]:
    if not isinstance(source, str):
        source.seek(0)
        yield source.read()
        source.seek(0)
        return
    with Path(source).open("rb") as file:
        if not file.seek(0, 2):
            yield b""
            return
        with mmap(file.fileno(), 0, access=ACCESS_READ) as mapped:
            yield mapped
