"""Pictures to write, and what was written."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from progimage.imaging.codecs.decode import decode
from progimage.imaging.codecs.encode import encode
from progimage.imaging.codecs.encode_options import EncodeOptions
from progimage.imaging.codecs.fit_bytes import Encoded
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import WRITABLE
from progimage.imaging.codecs.picture import Picture
from progimage.imaging.limits import Limits
from tests.imaging.drawing import (
    put,
)


def read(data: bytes, tmp_path: Path) -> Picture:
    return decode(put(tmp_path, data), Limits())


LOSSY = [form for form in WRITABLE if form.default_quality]


def written(
    picture: Picture, form: Format, options: EncodeOptions | None = None
) -> tuple[bytes, Encoded]:
    buffer = io.BytesIO()
    encoded = encode(picture, buffer, form, options)
    return buffer.getvalue(), encoded


def noise(side: int = 128) -> Picture:
    """Return a picture that does not compress, the same on every run."""
    state, values = 1, bytearray()
    for _ in range(side * side * 3):
        state = state * 1_103_515_245 + 12_345 & 0x7FFFFFFF
        values.append(state >> 16 & 0xFF)
    return Picture((Image.frombytes("RGB", (side, side), bytes(values)),))
