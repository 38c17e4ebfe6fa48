"""JPEG XL, by libjxl."""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image

from progimage.imaging.codecs.readers.reader import Frame, Reader, Size, with_exif_header

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


class JxlReader(Reader):
    """A JPEG XL picture; libjxl turns it upright by itself.

    Of an animation the first frame is shown.
    """

    def __init__(self, data: bytes, *, accepts_damage: bool) -> None:
        import pylibjxl  # noqa: PLC0415 - an extra

        super().__init__(accepts_damage=accepts_damage)
        self._data = data
        header = pylibjxl.probe(data)
        self.size = header["width"], header["height"]

    def frames(self, count: int, target: Size | None = None) -> Iterator[Frame]:
        """Decode the picture, with the profile and the metadata that stand behind its header."""
        import pylibjxl  # noqa: PLC0415 - an extra

        # Renders run side by side, one a core.
        with pylibjxl.JXL(threads=1) as codec:
            pixels, metadata = codec.decode(self._data, metadata=True)
        self.colour = metadata.get("icc") or None
        self.is_tagged = self.colour is not None
        self.exif = with_exif_header(metadata.get("exif", b""))
        self.xmp = metadata.get("xmp", b"")
        bands = pixels.shape[2] if pixels.ndim == 3 else 1
        size = pixels.shape[1], pixels.shape[0]
        yield Frame(
            Image.frombuffer(_MODES[bands], size, pixels.tobytes(), "raw", _MODES[bands], 0, 1)
        )
