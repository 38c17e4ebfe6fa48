"""Thumbnails made in this process by one library: prints processor milliseconds a picture.

    python decoders.py pillow|vips WIDTHS FILE...

Run as a script, since it has to run in an environment that has nothing but the library.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable


def pillow(path: str, width: int) -> bytes:
    """Decode at a fraction of the size (draft), then resample and encode."""
    from PIL import Image  # noqa: PLC0415 - absent from the environment of pyvips

    with Image.open(path) as image:
        size = width, round(image.height * width / image.width)
        image.draft("RGB", size)
        buffer = io.BytesIO()
        image.resize(size, Image.Resampling.LANCZOS).save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def vips(path: str, width: int) -> bytes:
    """Have libvips make a thumbnail, in one thread."""
    import pyvips  # noqa: PLC0415 - absent from the other environment

    image = pyvips.Image.thumbnail(path, width, height=10_000_000)
    data: bytes = image.write_to_buffer(".jpg", Q=80, strip=True)
    return data


def main() -> None:
    """Make every picture once for the caches, then once at each width, and print the mean."""
    makers: dict[str, Callable[[str, int], bytes]] = {"pillow": pillow, "vips": vips}
    name, widths, *paths = sys.argv[1:]
    make = makers[name]
    for path in paths:
        make(path, 100)
    started, count = time.process_time(), 0
    for width in map(int, widths.split(",")):
        for path in paths:
            make(path, width)
            count += 1
    print(1000 * (time.process_time() - started) / count)


if __name__ == "__main__":
    main()
