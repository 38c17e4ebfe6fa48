"""thumbor's front: from a raw path to a source and its pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from progimage.api.fronts.foreign import Compiled, ForeignSource, Size
from progimage.api.fronts.thumbor.arguments import focus_of
from progimage.api.fronts.thumbor.filters import State, filter_steps, page_number
from progimage.api.fronts.thumbor.geometry import plan
from progimage.api.fronts.thumbor.path import ThumborOptions, malformed, split_path
from progimage.api.fronts.thumbor.signature import is_signed
from progimage.errors import InvalidRequest
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline_parser import parse

_MAX_STEPS = 40
_UNSAFE = "unsafe"


@dataclass(frozen=True, slots=True)
class ThumborUrl:
    """A URL that was read; see `ForeignUrl`."""

    source: str
    options: ThumborOptions
    limits: Limits

    @property
    def is_facts(self) -> bool:
        """True for `/meta/` URLs."""
        return self.options.is_meta

    def compile(self, source: ForeignSource) -> Compiled:
        """Return the pipeline for this source; see `ForeignUrl.compile`."""
        options = self.options
        names = dict(options.filters)
        file_name = ",".join(names.get("attachment", ()))
        if "raw" in names:
            return Compiled(None, file_name, "attachment" in names)
        steps = [*_trimmed(options)]
        size = source.size_after(*steps, page=page_number(names.get("page", ["1"])))
        state = State(size, size)
        steps += [*_resized(_without_upscale(options, source.size), size, state)]
        for name, arguments in options.filters:
            steps += filter_steps(name, arguments, state)
        if "page" in state.settings and not source.has_pages:
            raise malformed(f"filters: page: a {source.format} has neither pages nor frames")
        form = state.settings.pop("format", None)
        steps += [f"{name}:{value}" for name, value in state.settings.items()]
        try:
            pipeline = parse("/".join(steps), limits=replace(self.limits, max_steps=_MAX_STEPS))
        except InvalidRequest as error:
            raise malformed(str(error)) from None
        return Compiled(pipeline.with_format(form), file_name, "attachment" in names)


class ThumborFront:
    """Reads thumbor's and imagor's URLs.

    Args:
        keys: any of them may have signed a URL.
        is_unsafe: `/unsafe/…` is served.
        limits: the bounds of any pipeline.
    """

    def __init__(
        self, *, keys: tuple[str, ...] = (), is_unsafe: bool = False, limits: Limits | None = None
    ) -> None:
        self._keys = keys
        self._is_unsafe = is_unsafe
        self._limits = limits or Limits()

    def read(self, raw_path: str) -> ThumborUrl:
        """Read a raw, undecoded path without its query.

        Raises:
            ForeignUrlError: with 400, as thumbor answers, for a wrong signature and for what
                is malformed or not supported.
        """
        signature, _, path = raw_path.removeprefix("/").partition("/")
        if signature == _UNSAFE:
            if not self._is_unsafe:
                raise malformed("unsigned URLs are not served; sign the path")
        elif not is_signed(signature, path, self._keys):
            raise malformed("the signature is not valid")
        options, source = split_path(path)
        return ThumborUrl(source, options, self._limits)


def _without_upscale(options: ThumborOptions, size: Size) -> ThumborOptions:
    """Return the options as the filters `no_upscale` and `stretch` change them.

    Args:
        size: of the source before a trim, which is the limit in thumbor.
    """
    names = {name for name, _ in options.filters}
    if "stretch" in names:
        options = replace(options, is_stretched=True)
    if "no_upscale" not in names:
        return options

    def bounded(side: int | str | None, most: int) -> int | str | None:
        return min(side, most) if isinstance(side, int) else side

    return replace(
        options, width=bounded(options.width, size[0]), height=bounded(options.height, size[1])
    )


def _resized(options: ThumborOptions, size: Size, state: State) -> Iterator[str]:
    focus = focus_of(options.filters, size)
    sizes = plan(size, options, focus)
    for box in (sizes.crop, sizes.window):
        if box:
            left, top, right, bottom = box
            yield f"crop:x={left},y={top},width={right - left},height={bottom - top}"
    current = _size_of(sizes.window or sizes.crop, size)
    state.size, state.canvas = sizes.size, sizes.requested
    if options.is_smart and not focus and not options.is_fit_in and not options.is_stretched:
        width, height = sizes.size
        if sizes.size != current:
            yield f"resize:{width}x{height},fit=cover,enlarge=true,gravity=smart"
    elif sizes.size != current:
        yield f"resize:{sizes.size[0]}x{sizes.size[1]},fit=fill,enlarge=true"
    if options.mirror:
        yield "mirror"
    if options.flip:
        yield "flip"


def _size_of(box: tuple[int, int, int, int] | None, whole: Size) -> Size:
    return (box[2] - box[0], box[3] - box[1]) if box else whole


def _trimmed(options: ThumborOptions) -> Iterator[str]:
    """Yield the steps of `trim`; the colour of the margin is that of a corner."""
    if options.trim_tolerance is None:
        return
    if options.crop:
        # thumbor counts it in the picture before the trim, and where the margin ends is not known.
        raise malformed("trim: does not go with a crop here")
    is_turned = options.trim_corner == "bottom-right"
    if is_turned:
        yield "rotate:180"
    # thumbor's tolerance is a distance in RGB space; the threshold is that of one channel.
    yield f"trim:{min(options.trim_tolerance, 255)}"
    if is_turned:
        yield "rotate:180"
