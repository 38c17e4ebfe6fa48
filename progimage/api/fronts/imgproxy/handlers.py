"""The handlers of all imgproxy's options: each reads the arguments of one and sets it.

Arguments, defaults and ranges: imgproxy documentation, "Processing options".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from progimage.api.fronts.foreign import ForeignUrlError
from progimage.api.fronts.imgproxy import looks, sizing
from progimage.api.fronts.imgproxy.arguments import (
    at_most,
    colour,
    decoded_base64,
    extend,
    flag,
    format_name,
    gravity,
    invalid,
    number,
    positive,
    whole,
)
from progimage.api.fronts.imgproxy.options import FOCUS, SMART, Options

_MAX_QUALITY = 100

_Handler = Callable[[Options, list[str]], None]


def _adjust(options: Options, arguments: list[str]) -> None:
    at_most("adjust", arguments, 3)
    for name, text in zip(("brightness", "contrast", "saturation"), arguments, strict=False):
        if text:
            HANDLERS[name](options, [text])


def _format_quality(options: Options, arguments: list[str]) -> None:
    if len(arguments) % 2:
        raise invalid("format_quality", ":".join(arguments), "pairs of a format and a quality")
    for name, value in zip(arguments[::2], arguments[1::2], strict=True):
        form = format_name("format_quality", name)
        options.format_quality[form] = whole("format_quality", value, high=_MAX_QUALITY)


def _skip_processing(options: Options, arguments: list[str]) -> None:
    options.skipped_formats = tuple(
        format_name("skip_processing", text) for text in arguments if text
    )


def _filename(options: Options, arguments: list[str]) -> None:
    at_most("filename", arguments, 2)
    is_encoded = len(arguments) > 1 and flag(arguments[1])
    options.file_name = decoded_base64("filename", arguments[0]) if is_encoded else arguments[0]


def _keep(attribute: str) -> _Handler:
    """Return a handler for an option that sets `attribute` to its opposite."""

    def handler(options: Options, arguments: list[str]) -> None:
        at_most(attribute, arguments, 1)
        setattr(options, attribute, not flag(arguments[0]))

    return handler


def _setter(attribute: str, read: Callable[[str, str], object]) -> _Handler:
    def handler(options: Options, arguments: list[str]) -> None:
        at_most(attribute, arguments, 1)
        setattr(options, attribute, read(attribute, arguments[0]))

    return handler


def _ignored(_options: Options, _arguments: list[str]) -> None:
    """Accept an option that only concerns caches; it has no effect."""


def _flag_of(_name: str, text: str) -> bool:
    return flag(text)


def _must_be(name: str, expected: str | bool) -> _Handler:
    """Return a handler for an option that has only the value `expected` here."""

    def handler(_options: Options, arguments: list[str]) -> None:
        at_most(name, arguments, 1)
        sent = flag(arguments[0]) if isinstance(expected, bool) else arguments[0]
        if sent != expected:
            only = str(expected).lower()
            raise ForeignUrlError(f"imgproxy URL: {name}: only {only} is supported here", 422)

    return handler


HANDLERS: Mapping[str, _Handler] = {
    "resize": sizing.resize,
    "size": sizing.size,
    "resizing_type": sizing.resizing_type,
    "resizing_algorithm": _must_be("resizing_algorithm", "lanczos3"),
    "width": _setter("width", whole),
    "height": _setter("height", whole),
    "min-width": _setter("min_width", whole),
    "min-height": _setter("min_height", whole),
    "zoom": sizing.zoom,
    "dpr": _setter("dpr", positive),
    "enlarge": _setter("enlarge", _flag_of),
    "extend": lambda options, arguments: setattr(
        options, "extend", extend("extend", arguments, options.extend)
    ),
    "extend_aspect_ratio": lambda options, arguments: setattr(
        options, "extend_ratio", extend("extend_aspect_ratio", arguments, options.extend_ratio)
    ),
    "gravity": lambda options, arguments: setattr(
        options, "gravity", gravity("gravity", arguments, SMART, FOCUS)
    ),
    "crop": sizing.crop,
    "crop_aspect_ratio": _setter("crop_ratio", positive),
    "trim": sizing.trim,
    "padding": sizing.padding,
    "auto_rotate": _must_be("auto_rotate", True),
    "rotate": sizing.rotate,
    "flip": sizing.flip,
    "background": lambda options, arguments: setattr(
        options, "background", colour("background", arguments)
    ),
    "adjust": _adjust,
    "brightness": _setter("brightness", lambda name, text: whole(name, text, -255, 255)),
    "contrast": _setter("contrast", lambda name, text: number(name, text, 0, 10)),
    "saturation": _setter("saturation", lambda name, text: number(name, text, 0, 10)),
    "blur": _setter("blur", lambda name, text: number(name, text, 0, 250)),
    "sharpen": _setter("sharpen", lambda name, text: number(name, text, 0, 50)),
    "pixelate": _setter("pixelate", lambda name, text: whole(name, text, 0, 1000)),
    "monochrome": looks.monochrome,
    "duotone": looks.duotone,
    "watermark": looks.watermark,
    "watermark_text": _setter("watermark_text", decoded_base64),
    "strip_metadata": _keep("keeps_metadata"),
    "keep_copyright": _ignored,
    "strip_color_profile": _keep("keeps_profile"),
    "preserve_hdr": _must_be("preserve_hdr", False),
    "enforce_thumbnail": _must_be("enforce_thumbnail", False),
    "page": _setter("page", lambda name, text: whole(name, text, 0, 9_999)),
    "disable_animation": _must_be("disable_animation", False),
    "quality": _setter("quality", lambda name, text: whole(name, text, 0, _MAX_QUALITY)),
    "format_quality": _format_quality,
    "max_bytes": _setter("max_bytes", whole),
    "format": _setter("format", format_name),
    "jpeg_options": lambda options, arguments: setattr(
        options, "is_progressive", flag(arguments[0])
    ),
    "skip_processing": _skip_processing,
    "raw": _setter("is_raw", _flag_of),
    "cachebuster": _ignored,
    "bypass_cache": _ignored,
    "cache_tags": _ignored,
    "filename": _filename,
    "return_attachment": _setter("is_attachment", _flag_of),
}
