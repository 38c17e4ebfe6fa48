"""thumbor's filters as steps, in the order of the URL.

Names and arguments: thumbor documentation, "Filters". What is known and not supported
is refused by its name; thumbor itself passes over filters that it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from progimage.api.fronts.foreign import Size, round_half_up
from progimage.api.fronts.thumbor.arguments import colour, flag, number
from progimage.api.fronts.thumbor.path import malformed
from progimage.imaging.codecs import formats

_NOT_SUPPORTED = [
    "autojpg",
    "colorize",
    "cover",
    "curve",
    "debug",
    "extract_focal",
    "frame",
    "gifv",
    "redeye",
    "label",
    "padding",
    "orient",
    "preview",
    "expire",
    "dpi",
]
# What is read before pixels are touched; the last two are imagor's.
EARLY = ("focal", "stretch", "no_upscale", "raw", "attachment")
_PICTURE_ID = re.compile(r"[0-9a-f]{64}")
_FULL = 255


@dataclass(slots=True)
class State:
    """What filters work on: the size so far, the canvas of `fill`, and the output settings."""

    size: Size
    canvas: Size
    settings: dict[str, str] = field(default_factory=dict)


def filter_steps(name: str, arguments: list[str], state: State) -> Iterator[str]:
    """Yield the steps of one filter, and note its settings in `state`.

    Raises:
        ForeignUrlError: with 400 for one that is unknown, malformed or not supported.
    """
    if name in EARLY:
        return
    if name in _NOT_SUPPORTED:
        raise malformed(f"filters: {name}: is not supported here")
    filter_ = _FILTERS.get(name)
    if filter_ is None:
        raise malformed(f"filters: no filter named {name!r}")
    yield from filter_(arguments, state)


def _tone(step: str, name: str, factor: Callable[[float], float]) -> _Filter:
    def steps(arguments: list[str], _state: State) -> Iterator[str]:
        yield f"{step}:{factor(number(name, arguments, 0)):g}"

    return steps


def _plain(step: str) -> _Filter:
    def steps(_arguments: list[str], _state: State) -> Iterator[str]:
        if step:
            yield step

    return steps


def _blur(arguments: list[str], _state: State) -> Iterator[str]:
    radius = number("blur", arguments, 0)
    yield f"blur:{min(number('blur', arguments, 1, 0.0) or radius, 250):g}"


def _sharpen(arguments: list[str], _state: State) -> Iterator[str]:
    amount, radius = number("sharpen", arguments, 0), number("sharpen", arguments, 1, 1.0)
    yield f"sharpen:amount={min(max(amount, 0), 10):g},sigma={min(max(radius, 0.1), 50):g}"


def _rgb(arguments: list[str], _state: State) -> Iterator[str]:
    red, green, blue = (min(max(number("rgb", arguments, n), -100), 100) for n in range(3))
    yield f"rgb:red={red:g},green={green:g},blue={blue:g}"


def _rotate(arguments: list[str], state: State) -> Iterator[str]:
    degrees = int(number("rotate", arguments, 0))
    if degrees % 90:
        return  # thumbor leaves the picture as it is
    if degrees % 180:
        state.size = state.size[1], state.size[0]
    # thumbor turns anticlockwise.
    yield f"rotate:{-degrees % 360}"


def _round_corner(arguments: list[str], _state: State) -> Iterator[str]:
    radius, _, other = (arguments[0] if arguments else "").partition("|")
    if not radius.isdecimal() or (other and other != radius):
        raise malformed("filters: round_corner: expected one radius in pixels here")
    yield f"mask:rounded,radius={min(max(int(radius), 1), 4096)}"
    if not flag(arguments, 4):
        channels = [
            round(min(max(number("round_corner", arguments, n, _FULL), 0), _FULL))
            for n in (1, 2, 3)
        ]
        yield "flatten:" + "".join(f"{value:02x}" for value in channels)


def _convolution(arguments: list[str], _state: State) -> Iterator[str]:
    values = (arguments[0] if arguments else "").split(";")
    columns = int(number("convolution", arguments, 1))
    if len(values) != columns * columns or columns not in (3, 5):
        raise malformed("filters: convolution: expected a kernel of 3 x 3 or 5 x 5 here")
    kernel = "_".join(f"{number('convolution', values, n):g}" for n in range(len(values)))
    yield f"convolution:{kernel},normalize={str(flag(arguments, 2, default=True)).lower()}"


def _proportion(arguments: list[str], state: State) -> Iterator[str]:
    factor = number("proportion", arguments, 0)
    if not 0 < factor <= 1:
        return
    width, height = (int(side * factor) for side in state.size)
    if width and height:
        state.size = width, height
        yield f"resize:{width}x{height},fit=fill,enlarge=true"


def _upscale(_arguments: list[str], state: State) -> Iterator[str]:
    width, height = state.size
    across, down = state.canvas
    if width >= across or height >= down:
        return
    if width / across >= height / down:
        state.size = across, int(height * across / width)
    else:
        state.size = int(width * down / height), down
    yield f"resize:{state.size[0]}x{state.size[1]},fit=fill,enlarge=true"


def _fill(arguments: list[str], state: State) -> Iterator[str]:
    shade = colour("fill", arguments[0] if arguments else "")
    if shade in ("auto", "blur"):
        raise malformed(f"filters: fill({shade}): is not supported here; name a colour")
    size = state.size
    if flag(arguments, 1):
        yield f"flatten:{shade}"
    canvas = max(state.canvas[0], size[0]), max(state.canvas[1], size[1])
    left, top = (canvas[0] - size[0]) // 2, (canvas[1] - size[1]) // 2
    if canvas != size:
        right, bottom = canvas[0] - size[0] - left, canvas[1] - size[1] - top
        yield f"pad:top={top},right={right},bottom={bottom},left={left},background={shade}"
        state.size = canvas


def _background(arguments: list[str], _state: State) -> Iterator[str]:
    yield f"flatten:{colour('background_color', arguments[0] if arguments else '')}"


def _watermark(arguments: list[str], _state: State) -> Iterator[str]:
    if not arguments or not _PICTURE_ID.fullmatch(arguments[0]):
        raise malformed("filters: watermark: expected the id of a picture of this server here")
    texts = [*arguments[1:], "0", "0", "0"][:3]
    steps = [f"image={arguments[0]}", f"opacity={1 - number('watermark', texts, 2) / 100:g}"]
    places = []
    for text, names in zip(texts, (("west", "east"), ("north", "south")), strict=False):
        if text == "center":
            places.append(("", 0))
        elif re.fullmatch(r"-?[0-9]{1,4}", text):
            places.append((names[text.startswith("-")], abs(int(text))))
        else:
            raise malformed("filters: watermark: a place is a number of pixels or center here")
    (across, x), (down, y) = places
    steps += [f"gravity={down + across or 'center'}", f"x={x}", f"y={y}"]
    if len(arguments) > 4 and arguments[4] not in ("none", ""):
        steps.append(f"scale={min(max(number('watermark', arguments, 4) / 100, 0.01), 1):g}")
    yield f"watermark:{','.join(steps)}"


def _quality(arguments: list[str], state: State) -> Iterator[str]:
    state.settings["quality"] = f"{min(max(number('quality', arguments, 0), 1), 100):.0f}"
    yield from ()


def page_number(arguments: list[str]) -> int:
    """Return the page that a filter `page` asks for, from 1."""
    return round(min(max(number("page", arguments, 0), 1), 10_000))


def _page(arguments: list[str], state: State) -> Iterator[str]:
    state.settings["page"] = str(page_number(arguments))
    yield from ()


def _max_bytes(arguments: list[str], state: State) -> Iterator[str]:
    state.settings["compress"] = f"{max(number('max_bytes', arguments, 0), 256):.0f}"
    yield from ()


def _format(arguments: list[str], state: State) -> Iterator[str]:
    name = arguments[0].lower() if arguments else ""
    written = {word: form.name for form in formats.WRITABLE for word in form.extensions}
    if name not in written:
        raise malformed(f"filters: format: {name[:80]!r} is not written here")
    state.settings["format"] = written[name]
    yield from ()


_Filter = Callable[[list[str], State], Iterator[str]]

_FILTERS: Mapping[str, _Filter] = {
    "background_color": _background,
    "blur": _blur,
    "brightness": _tone("lighten", "brightness", lambda v: round_half_up(v * _FULL / 100)),
    "contrast": _tone("contrast", "contrast", lambda v: min((max(100 + v, 0) / 100) ** 2, 10)),
    "convolution": _convolution,
    "equalize": _plain("equalize"),
    "fill": _fill,
    "format": _format,
    "grayscale": _plain("grayscale"),
    "hue": _tone("hue", "hue", lambda v: v % 360),
    "max_age": _plain(""),
    "max_bytes": _max_bytes,
    "page": _page,
    "noise": _tone("noise", "noise", lambda v: min(max(v, 0), 100)),
    "proportion": _proportion,
    "quality": _quality,
    "rgb": _rgb,
    "rotate": _rotate,
    "round_corner": _round_corner,
    "saturation": _tone("saturation", "saturation", lambda v: min(max(v, 0), 10)),
    "sharpen": _sharpen,
    "strip_exif": _plain(""),
    "strip_icc": _plain(""),
    "strip_metadata": _plain(""),
    "upscale": _upscale,
    "watermark": _watermark,
}
