"""Settings of a pipeline. They may stand anywhere in it, once each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from progimage.imaging.codecs.formats import WRITABLE
from progimage.imaging.codecs.metadata import Metadata
from progimage.imaging.operation import Output, documented, setting
from progimage.imaging.parameters import choice, whole

_SPELLINGS = {word: form.name for form in WRITABLE for word in form.extensions}


@documented(example="quality:75")
@setting(value=whole(1, 100))
def quality(output: Output, value: int) -> Output:
    """Set the quality of JPEG, WebP, AVIF and JPEG 2000; the others ignore it."""
    return _with(output, quality=value)


@documented(label="Limit the file size", example="compress:100000")
@setting(max_bytes=whole(256, 33_554_432, aliases=("bytes",)))
def compress(output: Output, max_bytes: int) -> Output:
    """Make the file no larger than this many bytes, by quality and then by size."""
    return _with(output, max_bytes=max_bytes)


@setting()
def lossless(output: Output) -> Output:
    """Keep every pixel exactly as it is, where the format can."""
    return _with(output, lossless=True)


@setting()
def progressive(output: Output) -> Output:
    """Write a JPEG that shows a coarse picture first."""
    return _with(output, progressive=True)


@documented(label="Metadata", example="strip:keep=exif")
@setting(
    keep=choice(
        *("none", "icc", "exif", "all"),
        default="none",
        neutral="none",
        by_name_only=True,
        about="icc: the colour profile; exif: that and EXIF without the location; all: everything",
    )
)
def strip(output: Output, keep: Metadata) -> Output:
    """Remove metadata (the default), except for the kinds listed in `keep`."""
    return _with(output, metadata=keep)


@documented(example="format:webp")
@setting(name=choice(*(form.name for form in WRITABLE), "auto", synonyms=_SPELLINGS))
def format(output: Output, name: str) -> Output:
    """Choose the output format; `auto` takes what the client accepts.

    The same as an extension at the end: `thumbnail/format:webp` is `thumbnail.webp`.
    """
    return replace(output, format=name)


@documented(label="Page of a document", example="page:2")
@setting(number=whole(1, 10_000, default=1, neutral=1, about="from 1"))
def page(output: Output, number: int) -> Output:
    """Show this page of a PDF or TIFF in place of the first, or this frame of an animation.

    Page 1 of an animation is the whole animation.
    """
    return replace(output, page=number)


def _with(output: Output, **options: Any) -> Output:
    return replace(output, options=replace(output.options, **options))
