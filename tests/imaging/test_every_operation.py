"""Every operation, on sources of every shape and mode, to every format: never a crash."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from progimage.errors import ProgImageError
from progimage.imaging.codecs.decode import decode
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import WRITABLE
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline_parser import parse
from progimage.imaging.registry import DECLARED
from progimage.imaging.render import render
from tests.imaging.codecs.readers.reading import png
from tests.imaging.drawing import animated, put, saved

SIZES = [(1, 1), (1, 9), (9, 1), (7, 5)]
MODES = ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "RGBA;16", "CMYK", "GIF", "WEBP", "TIFF"]
_EXTRA = (
    *("mask:rounded", "mask:ellipse", "mask:circle", "strip:keep=all", "strip:keep=exif"),
    *("lossless", "compress:2000", "resize:w=1", "resize:w=30,h=30,fit=contain", "trim"),
    *("resize:w=5,h=5,fit=cover,gravity=smart", "thumbnail:3x3", "rotate:33", "pad:5"),
    *("resize:w=5,h=5,fit=cover,gravity=focus", "redact:0x0x1x1,how=blur", "extend:1x1"),
)
_FORMATS = ("GIF", "WEBP", "TIFF")
PIPELINES = sorted(
    {what.example or what.name for what in DECLARED if "0123" not in (what.example or "")}
    | set(_EXTRA)
)


def _source(mode: str, size: tuple[int, int], frames: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[271] = 6, "Maker"
    exif.get_ifd(0x8769)[0x9003] = "2020:01:02 03:04:05"
    exif.get_ifd(0x8825)[1] = "N"
    if mode in _FORMATS:
        first = Image.new("RGBA", size, (200, 100, 50, 255))
        others = [Image.new("RGBA", size) for _ in range(frames - 1)]
        return animated([first, *others], mode)
    if mode == "RGBA;16":
        row = bytes(range(8)) * size[0]
        return png([row] * size[1], size[0], depth=16, colour=6)
    if mode == "I;16":
        return saved(Image.frombytes(mode, size, bytes(range(2 * size[0] * size[1]))), "PNG")
    image = Image.new("RGBA", size, (200, 100, 50, 128)).convert(mode)
    if frames > 1 and mode != "CMYK":
        others = [Image.new(image.mode, size) for _ in range(frames)]
        return animated([image, *others], "PNG", exif=exif)
    return saved(image, "JPEG" if mode == "CMYK" else "PNG", exif=exif)


def _is_a_picture(path: Path) -> bool:
    if path.read_bytes().startswith(b"\xff\x0a") or b"JXL" in path.read_bytes()[:12]:
        return bool(decode(str(path), Limits()).frames)
    with Image.open(path) as image:
        image.load()
    return True


@given(
    st.sampled_from(PIPELINES),
    st.sampled_from(MODES),
    st.sampled_from(SIZES),
    st.sampled_from([1, 2]),
    st.sampled_from(WRITABLE),
)
@example("mask:rounded", "L", (1, 1), 1, WRITABLE[0])
@example("strip:keep=exif", "RGB", (1, 1), 1, next(f for f in WRITABLE if f.name == "tiff"))
@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_result_is_a_picture_or_a_clear_error(
    tmp_path: Path, pipeline: str, mode: str, size: tuple[int, int], frames: int, form: Format
) -> None:
    target = tmp_path / "target"
    path = put(tmp_path, _source(mode, size, frames))
    with suppress(ProgImageError):
        render(path, parse(pipeline), str(target), form, Limits())
        assert _is_a_picture(target)


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_no_operation_fails_on_one_pixel(pipeline: str, tmp_path: Path) -> None:
    path = put(tmp_path, _source("RGBA", (1, 1), 1))
    with suppress(ProgImageError):
        render(path, parse(pipeline), str(tmp_path / "target"), WRITABLE[1], Limits())
        assert _is_a_picture(tmp_path / "target")
