"""Run a pipeline: a file in, a file out.

This runs in a render process. The result depends on the arguments only, so it is the same
bytes on every node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import BinaryIO, cast

from PIL.Image import Image

from progimage.imaging import planes
from progimage.imaging.codecs.decoded_cache import DecodedCache, decode_size
from progimage.imaging.codecs.encode import encode, encode_planes, takes_planes
from progimage.imaging.codecs.fit_bytes import Encoded
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import JPEG
from progimage.imaging.codecs.header import check_size
from progimage.imaging.codecs.picture import Picture
from progimage.imaging.limits import Limits
from progimage.imaging.operation import Scaling, Size, View
from progimage.imaging.output_limits import check_pipeline, check_step
from progimage.imaging.pipeline import Pipeline
from progimage.imaging.planes import Planes

# Measured on 48 photographs of 6 to 12 megapixels, each at random widths of 100 to 900:
# 64 MiB save 0.2 of the time of a render, 128 MiB 0.45, 256 MiB 0.6.
_REMEMBERED_BYTES = 128 << 20

_recent = DecodedCache(_REMEMBERED_BYTES)


@dataclass(frozen=True, slots=True)
class Rendered:
    """What was written, and how long each part took.

    `wait_ms` is the time until a process began, `store_ms` the time to store the result;
    the caller of the render sets them. `copies` are working copies that were made on the way and
    are in no file, by their sizes.
    """

    media_type: str
    width: int
    height: int
    size_bytes: int
    decode_ms: float
    transform_ms: float
    encode_ms: float
    wait_ms: float = 0.0
    store_ms: float = 0.0
    copies: Mapping[Size, bytes] = field(default_factory=dict, repr=False)


def render(
    source: str,
    pipeline: Pipeline,
    target: str | BinaryIO,
    form: Format,
    limits: Limits,
    references: Mapping[str, str] | None = None,
    contents: Mapping[str, str] | None = None,
    whole: Size | None = None,
) -> Rendered:
    """Write what `pipeline` makes of the file `source` to `target`, as `form`.

    `target` is a path or an open, seekable file. `references` are the files of the pictures in
    `pipeline.references`, by id; `contents` names what is in a file, by its path, where the
    file is a copy that goes afterwards. `whole` is the size of the picture if `source` is a
    working copy of it. A format without animation gets the first frame, one without
    transparency white behind it.

    Raises:
        PictureError: `source`, or a reference, cannot be decoded within `limits`.
        OutputTooLarge: a step would pass `limits`, or the result its byte limit.
        InvalidArgument: a step does not fit the picture, such as a crop outside it.
    """
    started = perf_counter()
    contents = contents or {}
    page = pipeline.output.page
    if whole and (copy := _planes(source, limits)):
        return render_planes(
            copy,
            whole,
            pipeline,
            target,
            form,
            limits,
            lambda: decode_references(references or {}, contents, limits),
            started,
        )
    with _recent.open(source, limits, content=contents.get(source), page=page) as file:
        facts = file.facts
        size, frames = whole or facts.size, facts.frame_count if form.is_animated else 1
        if facts.form.is_vector:
            size = drawn_size(pipeline, size, limits)
        check_pipeline(pipeline, size, frames, limits)
        needed = needed_size(pipeline, size)
        picture = file.decode(
            target=decode_size(facts.size, facts.form, needed, is_copy=whole is not None),
            first_only=not form.is_animated,
        )
    pictures = decode_references(references or {}, contents, limits)
    return finish(picture, pipeline, target, form, limits, started, size=size, pictures=pictures)


def _planes(copy: str, limits: Limits) -> Planes | None:
    """Return the planes that a working copy holds; None if it is in a format of pictures."""
    with open(copy, "rb") as file:  # noqa: PTH123 - every render comes here
        if not file.peek(len(planes.MAGIC)).startswith(planes.MAGIC):
            return None
        found = planes.read(file)
    check_size(found.size, 1, limits)
    return found


def render_planes(
    copy: Planes,
    whole: Size,
    pipeline: Pipeline,
    target: str | BinaryIO,
    form: Format,
    limits: Limits,
    pictures: Callable[[], dict[str, Image]] = dict,
    started: float | None = None,
) -> Rendered:
    """Write what `pipeline` makes of a photograph that is read as planes.

    Its first step resizes, since otherwise the photograph was not read from a copy. The
    planes stay apart if nothing but a JPEG is to be made of them.

    Args:
        whole: the size of the photograph that `copy` is of.
        pictures: decodes the other pictures that the pipeline uses.
        started: when the work began, by `perf_counter`, if not now.

    Raises: what `render` does.
    """
    started = started or perf_counter()
    check_pipeline(pipeline, whole, 1, limits)
    step, operation = pipeline.operations()[0]
    view = View(copy.luma, whole, (0.0, 0.0, *copy.size))
    scaling = cast("Scaling", operation.plan(view, dict(step.arguments), {}))
    rest = replace(pipeline, steps=pipeline.steps[1:])
    options = rest.output.options
    is_jpeg = form is JPEG and not (scaling.then or rest.steps or options.max_bytes)
    if is_jpeg and copy.chroma and takes_planes(options):
        small = copy.scaled(scaling.size, scaling.box)
        scaled = perf_counter()
        encoded = encode_planes(small.luma, small.chroma, target, options)
        return _rendered(encoded, form, started, scaled, scaled)
    frame = copy.joined(scaling.size, scaling.box)
    if frame.mode == "YCbCr" and not is_jpeg:
        frame = planes.to_rgb(frame)
    picture = Picture((scaling.then(frame) if scaling.then else frame,))
    return finish(
        picture, rest, target, form, limits, started, size=picture.size, pictures=pictures()
    )


def decode_references(
    references: Mapping[str, str], contents: Mapping[str, str], limits: Limits
) -> dict[str, Image]:
    """Return the pixels of other pictures by id; the arguments are those of `render`."""
    return {
        image_id: _recent.decode(path, limits, first_only=True, content=contents.get(path)).frames[
            0
        ]
        for image_id, path in references.items()
    }


def finish(
    picture: Picture,
    pipeline: Pipeline,
    target: str | BinaryIO,
    form: Format,
    limits: Limits,
    started: float,
    *,
    size: Size,
    pictures: Mapping[str, Image],
) -> Rendered:
    """Write what `pipeline` makes of a decoded picture to `target`.

    Args:
        started: when the work began, by `perf_counter`.
        size: of the picture before it was decoded smaller.
        pictures: the other pictures that the pipeline uses, by id.

    Raises:
        OutputTooLarge, InvalidArgument: as `render` does.
    """
    decoded = perf_counter()
    picture = transform(picture, pipeline, limits, size=size, pictures=pictures)
    transformed = perf_counter()
    encoded = encode(picture, target, form, pipeline.output.options)
    return _rendered(encoded, form, started, decoded, transformed)


def _rendered(
    encoded: Encoded, form: Format, started: float, decoded: float, transformed: float
) -> Rendered:
    """Return the facts of what was written just now; the times are those of `perf_counter`."""
    finished = perf_counter()
    return Rendered(
        media_type=form.media_type,
        width=encoded.width,
        height=encoded.height,
        size_bytes=encoded.size_bytes,
        decode_ms=(decoded - started) * 1000,
        transform_ms=(transformed - decoded) * 1000,
        encode_ms=(finished - transformed) * 1000,
    )


def transform(
    picture: Picture,
    pipeline: Pipeline,
    limits: Limits,
    *,
    size: Size | None = None,
    pictures: Mapping[str, Image] | None = None,
) -> Picture:
    """Return what the steps of `pipeline` make of a decoded picture, frame by frame.

    `size` is what it had before the decoder shrank it, if it did; `pictures` are those
    in `pipeline.references`, by id.

    Raises:
        OutputTooLarge, InvalidArgument: as `render` does.
    """
    frames, box = picture.frames, picture.box
    size = size or picture.size
    for number, (step, operation) in enumerate(pipeline.operations()):
        arguments = dict(step.arguments)
        # Behind a step like trim this is the first time that the size is known.
        produced = operation.output_size(size, arguments) or size
        check_step(pipeline, number, size, produced, len(frames), limits)
        apply = operation.plan(View(frames[0], size, box), arguments, pictures or {})
        frames = tuple(apply(frame) for frame in frames)
        size = frames[0].size
        box = (0.0, 0.0, *size)
    return replace(picture, frames=frames, part=None)


def drawn_size(pipeline: Pipeline, size: Size, limits: Limits) -> Size:
    """Return the size from which a drawing of `size` is made smaller, as a picture would be.

    No pixel is invented where a drawing is drawn larger. So where the first step resizes, the
    drawing counts as larger than any result; elsewhere it has its own size, as coordinates do.
    """
    factor = limits.max_output_side // min(size) + 1
    large = size[0] * factor, size[1] * factor
    needed = needed_size(pipeline, large)
    if needed is None or needed[0] * needed[1] > limits.max_output_pixels:
        return size
    return large


def needed_size(pipeline: Pipeline, size: Size) -> Size | None:
    """Return the smallest picture that the first step can work on at full quality."""
    for step, operation in pipeline.operations():
        return operation.decode_size(size, dict(step.arguments))
    return None
