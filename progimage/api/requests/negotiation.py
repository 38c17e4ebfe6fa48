"""Choose an output format: the source's own, or by Accept."""

from __future__ import annotations

from dataclasses import dataclass

import falcon
from falcon.util.mediatypes import parse_header

from progimage.errors import NotAcceptable
from progimage.imaging.codecs import formats
from progimage.imaging.codecs.format import Format
from progimage.model import Record


@dataclass(frozen=True, slots=True)
class Source:
    """The properties of a picture that decide its output format; they never change for an id."""

    format: Format
    has_alpha: bool
    is_animated: bool


def source_of(record: Record) -> Source:
    """Return these properties of a picture with a record."""
    return Source(formats.by_media_type(record.media_type), record.has_alpha, record.frames > 1)


def own_format(source: Source) -> Format:
    """Return the source's own format, or the nearest that can be written."""
    return formats.nearest_writable(source.format, has_alpha=source.has_alpha)


def offers(source: Source) -> tuple[tuple[Format, ...], Format]:
    """Return the formats with small files, the smallest first, and one for every browser.

    An animation is not offered as AVIF, which takes too long to encode on demand.
    """
    if source.is_animated:
        return (formats.WEBP,), formats.GIF
    return (formats.AVIF, formats.WEBP), formats.PNG if source.has_alpha else formats.JPEG


def negotiate(accept: str | None, source: Source) -> Format:
    """Return the best format that `accept` allows.

    The highest q-value wins, then the smallest files: AVIF, JPEG XL where it is installed,
    WebP, then what every browser shows (GIF for animations, PNG for transparency, else JPEG).
    A wildcard counts only for the latter: clients send it without supporting new formats.
    Source: RFC 9110, section 12.5.1.

    Raises:
        NotAcceptable: the client accepts none of them.
    """
    modern, classic = offers(source)
    qualities = _parse_accept(accept or "*/*")
    graded = [(qualities.get(form.media_type, 0.0), form) for form in modern]
    if formats.HAS_JXL_WRITER and not source.is_animated:
        graded.insert(1, (qualities.get(formats.JXL.media_type, 0.0), formats.JXL))
    wildcard = qualities.get("image/*", qualities.get("*/*", 0.0))
    graded.append((qualities.get(classic.media_type, wildcard), classic))
    quality, best = max(graded, key=lambda offer: offer[0])
    if quality <= 0:
        offered = ", ".join(form.media_type for _, form in graded)
        raise NotAcceptable(f"Accept: allows none of {offered}; add one of them, or image/*")
    return best


def choose_format(
    chosen: str | None, req: falcon.Request, resp: falcon.Response, source: Source
) -> Format:
    """Return the format for the `format` of a pipeline.

    Args:
        chosen: a name; "auto" for the best that the client accepts; None for the source's own.
    """
    if chosen is None:
        return own_format(source)
    if chosen == "auto":
        resp.set_header("Vary", "Accept")
        return negotiate(req.get_header("Accept"), source)
    return formats.by_name(chosen)


def _parse_accept(header: str) -> dict[str, float]:
    """Return the q-value of each media range; malformed ones count as absent."""
    qualities: dict[str, float] = {}
    for item in header.split(",")[:100]:
        kind, options = parse_header(item)
        try:
            quality = float(options.get("q", "1"))
        except ValueError:
            continue
        if kind and 0 <= quality <= 1:
            qualities[kind.strip().lower()] = quality
    return qualities
