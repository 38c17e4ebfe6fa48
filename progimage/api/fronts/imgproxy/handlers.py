"""One function for each of imgproxy's options: it reads the arguments and sets them.

Arguments, defaults and ranges: imgproxy documentation, "Processing options".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from progimage.api.fronts.foreign import ForeignUrlError
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
from progimage.api.fronts.imgproxy.options import FOCUS, REPLICATE, SMART, Options

_RESIZING_TYPES = ("fit", "fill", "fill-down", "force", "auto")
_MAX_QUALITY = 100

_Handler = Callable[[Options, list[str]], None]


def _resize(options: Options, arguments: list[str]) -> None:
    at_most("resize", arguments, 8)
    if arguments[0]:
        _resizing_type(options, arguments[:1])
    if len(arguments) > 1:
        _size(options, arguments[1:])


def _resizing_type(options: Options, arguments: list[str]) -> None:
    at_most("resizing_type", arguments, 1)
    if arguments[0] not in _RESIZING_TYPES:
        raise invalid("resizing_type", arguments[0], f"one of {', '.join(_RESIZING_TYPES)}")
    options.resizing = arguments[0]


def _size(options: Options, arguments: list[str]) -> None:
    at_most("size", arguments, 7)
    width, height, enlarge, *extending = [*arguments, "", "", ""][: max(3, len(arguments))]
    if width:
        options.width = whole("width", width)
    if height:
        options.height = whole("height", height)
    if enlarge:
        options.enlarge = flag(enlarge)
    if extending and extending[0]:
        options.extend = extend("extend", extending, options.extend)


def _crop(options: Options, arguments: list[str]) -> None:
    at_most("crop", arguments, 5)
    width = number("crop", arguments[0], low=0)
    height = number("crop", arguments[1], low=0) if len(arguments) > 1 else 0.0
    options.crop = (width, height)
    if len(arguments) > 2:
        options.crop_gravity = gravity("crop", arguments[2:], SMART, FOCUS)


def _trim(options: Options, arguments: list[str]) -> None:
    at_most("trim", arguments, 4)
    options.trim = number("trim", arguments[0], low=0, high=255) if arguments[0] else None
    options.trim_colour = colour("trim", arguments[1:2]) if len(arguments) > 1 else ""
    if any(flag(text) for text in arguments[2:]):
        raise ForeignUrlError(
            "imgproxy URL: trim: equal margins (the third and fourth argument) "
            "are not supported here",
            422,
        )


def _padding(options: Options, arguments: list[str]) -> None:
    at_most("padding", arguments, 4)
    texts = [*arguments, "", "", "", ""][:4]
    given = [whole("padding", text, high=4096) if text else None for text in texts]
    top = options.padding[0] if given[0] is None else given[0]
    right = top if given[1] is None else given[1]
    bottom = top if given[2] is None else given[2]
    left = right if given[3] is None else given[3]
    options.padding = (top, right, bottom, left)


def _zoom(options: Options, arguments: list[str]) -> None:
    at_most("zoom", arguments, 2)
    across = positive("zoom", arguments[0])
    options.zoom = (across, positive("zoom", arguments[1]) if len(arguments) > 1 else across)


def _rotate(options: Options, arguments: list[str]) -> None:
    at_most("rotate", arguments, 1)
    degrees = whole("rotate", arguments[0], low=-36_000, high=36_000)
    if degrees % 90:
        raise invalid("rotate", arguments[0], "a multiple of 90")
    options.rotate = degrees % 360


def _flip(options: Options, arguments: list[str]) -> None:
    at_most("flip", arguments, 2)
    across, down = options.flips
    texts = [*arguments, ""][:2]
    options.flips = (
        flag(texts[0]) if texts[0] else across,
        flag(texts[1]) if texts[1] else down,
    )


def _adjust(options: Options, arguments: list[str]) -> None:
    at_most("adjust", arguments, 3)
    for handler, text in zip((_brightness, _contrast, _saturation), arguments, strict=False):
        if text:
            handler(options, [text])


def _brightness(options: Options, arguments: list[str]) -> None:
    at_most("brightness", arguments, 1)
    options.brightness = whole("brightness", arguments[0], low=-255, high=255)


def _contrast(options: Options, arguments: list[str]) -> None:
    at_most("contrast", arguments, 1)
    options.contrast = number("contrast", arguments[0], low=0, high=10)


def _saturation(options: Options, arguments: list[str]) -> None:
    at_most("saturation", arguments, 1)
    options.saturation = number("saturation", arguments[0], low=0, high=10)


def _watermark(options: Options, arguments: list[str]) -> None:
    at_most("watermark", arguments, 7)
    options.watermark_opacity = number("watermark", arguments[0], low=0, high=1)
    if len(arguments) > 1:
        kind = arguments[1] or "ce"
        options.watermark = gravity("watermark", [kind, *arguments[2:4]], REPLICATE)
    if len(arguments) > 4 and arguments[4]:
        options.watermark_scale = positive("watermark", arguments[4])


def _watermark_text(options: Options, arguments: list[str]) -> None:
    at_most("watermark_text", arguments, 1)
    options.watermark_text = decoded_base64("watermark_text", arguments[0])


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


def _must_stay(name: str, *, expected: bool) -> _Handler:
    """Return a handler that takes an option whose only value here is `expected`."""

    def handler(_options: Options, arguments: list[str]) -> None:
        at_most(name, arguments, 1)
        if flag(arguments[0]) != expected:
            raise ForeignUrlError(
                f"imgproxy URL: {name}: only {str(expected).lower()} is supported here", 422
            )

    return handler


def _keep(attribute: str) -> _Handler:
    """Return a handler for an option that, where true, takes away what `attribute` keeps."""

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
    """Take an option that is for caches alone."""


def _flag_of(_name: str, text: str) -> bool:
    return flag(text)


HANDLERS: Mapping[str, _Handler] = {
    "resize": _resize,
    "size": _size,
    "resizing_type": _resizing_type,
    "width": _setter("width", whole),
    "height": _setter("height", whole),
    "min-width": _setter("min_width", whole),
    "min-height": _setter("min_height", whole),
    "zoom": _zoom,
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
    "crop": _crop,
    "crop_aspect_ratio": _setter("crop_ratio", positive),
    "trim": _trim,
    "padding": _padding,
    "auto_rotate": _must_stay("auto_rotate", expected=True),
    "rotate": _rotate,
    "flip": _flip,
    "background": lambda options, arguments: setattr(
        options, "background", colour("background", arguments)
    ),
    "adjust": _adjust,
    "brightness": _brightness,
    "contrast": _contrast,
    "saturation": _saturation,
    "blur": _setter("blur", lambda name, text: number(name, text, 0, 250)),
    "sharpen": _setter("sharpen", lambda name, text: number(name, text, 0, 50)),
    "pixelate": _setter("pixelate", lambda name, text: whole(name, text, 0, 1000)),
    "watermark": _watermark,
    "watermark_text": _watermark_text,
    "strip_metadata": _keep("keeps_metadata"),
    "keep_copyright": _ignored,
    "strip_color_profile": _keep("keeps_profile"),
    "preserve_hdr": _must_stay("preserve_hdr", expected=False),
    "enforce_thumbnail": _must_stay("enforce_thumbnail", expected=False),
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
