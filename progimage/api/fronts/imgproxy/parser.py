"""From the option segments of an imgproxy URL to `Options`.

Every option of imgproxy is known by name: the supported ones are applied, the others are
an error that gives the reason, and none is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from progimage.api.fronts.foreign import ForeignUrlError
from progimage.api.fronts.imgproxy.arguments import at_most, format_name, invalid
from progimage.api.fronts.imgproxy.handlers import HANDLERS
from progimage.api.fronts.imgproxy.names import LONG_NAMES, NOT_SUPPORTED, SECURITY
from progimage.api.fronts.imgproxy.options import Options

_MAX_OPTIONS = 100


@dataclass(frozen=True, slots=True)
class Grammar:
    """The settings for imgproxy's URLs.

    Attributes:
        presets: option segments by preset name; `default` is applied to every URL.
        only_presets: URLs name presets and nothing else.
        base64_with_name: the last segment behind a base64 source is a file name.
        watermark: the id of the picture that the option `watermark` uses; "" for none.
    """

    presets: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    only_presets: bool = False
    base64_with_name: bool = False
    watermark: str = ""


def parse_options(
    segments: Sequence[Sequence[str]], extension: str, grammar: Grammar, now: float
) -> Options:
    """Return all options of a URL.

    Args:
        segments: each option's name and arguments, in URL order.
        extension: the format behind the source; it wins over the option `format`.
        now: seconds since 1970, for `expires`.

    Raises:
        ForeignUrlError: 404 for what is malformed, unknown or expired, 403 for security
            options, 422 for known options that are not supported.
    """
    options = Options()
    applying = _Applying(options, grammar, now)
    if "default" in grammar.presets:
        applying.preset(["default"])
    applying.all(segments)
    if extension and not options.is_raw:
        options.format = format_name("format", extension)
    return options


def preset_segments(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the segments of a preset such as `rs:fill:300:300/q:80`, each in its parts."""
    return tuple(tuple(segment.split(":")) for segment in text.strip("/").split("/"))


class _Applying:
    """Applies option after option to `options`."""

    def __init__(self, options: Options, grammar: Grammar, now: float) -> None:
        self._options = options
        self._grammar = grammar
        self._now = now
        self._used: list[str] = []

    def all(self, segments: Iterable[Sequence[str]]) -> None:
        for count, (name, *arguments) in enumerate(segments):
            if count >= _MAX_OPTIONS:
                raise ForeignUrlError(f"imgproxy URL: more than {_MAX_OPTIONS} options", 404)
            self._apply(name, arguments)

    def _apply(self, name: str, arguments: list[str]) -> None:
        long = LONG_NAMES.get(name, name)
        if long == "preset":
            self.preset(arguments)
        elif long == "expires":
            self._expires(arguments)
        elif long in HANDLERS:
            HANDLERS[long](self._options, arguments)
        elif long in SECURITY:
            raise ForeignUrlError(
                f"imgproxy URL: {long}: limits are set by the operator, not by URLs", 403
            )
        elif long in NOT_SUPPORTED:
            raise ForeignUrlError(f"imgproxy URL: {long}: is not supported here", 422)
        else:
            raise ForeignUrlError(f"imgproxy URL: no option named {name[:80]!r}", 404)

    def preset(self, names: Sequence[str]) -> None:
        for name in names:
            if name not in self._grammar.presets:
                raise ForeignUrlError(f"imgproxy URL: no preset named {name[:80]!r}", 404)
            if name in self._used:
                continue
            self._used.append(name)
            self.all(self._grammar.presets[name])
            self._used.remove(name)

    def _expires(self, arguments: Sequence[str]) -> None:
        at_most("expires", arguments, 1)
        if not re.fullmatch(r"[0-9]{1,12}", arguments[0]):
            raise invalid("expires", arguments[0], "a Unix time in seconds")
        if 0 < int(arguments[0]) < self._now:
            raise ForeignUrlError("imgproxy URL: expired", 404)
