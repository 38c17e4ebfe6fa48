"""TIFF: Pillow where its table has the layout, libtiff's samples where it has not.

Source: TIFF 6.0; TIFF Technical Note 4 (Lab); Adobe Photoshop TIFF technical notes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image, ImageChops, ImageCms, UnidentifiedImageError

from progimage.errors import CorruptPicture
from progimage.imaging.codecs import sixteen_bits
from progimage.imaging.codecs.colour_management import managed, plain
from progimage.imaging.codecs.readers import tiff_tags as tag
from progimage.imaging.codecs.readers.partial import shown_part, with_gaps
from progimage.imaging.codecs.readers.reader import Frame, Reader, Size
from progimage.imaging.codecs.readers.tiff_samples import channels, layout
from progimage.imaging.codecs.readers.tiff_tags import Tags, exif_block, read_tags

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _CMYK, _CIELAB, _ICCLAB = 0, 1, 2, 5, 8, 9
_COLOURS = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _CMYK: 4, _CIELAB: 3, _ICCLAB: 3}
_ASSOCIATED, _UNASSOCIATED = 1, 2
_FROM_SIGNED = [value ^ 128 for value in range(256)]


class TiffReader(Reader):
    """The first page of a TIFF."""

    def __init__(self, path: str, *, accepts_damage: bool) -> None:
        super().__init__(accepts_damage=accepts_damage)
        self._path = path
        data = Path(path).read_bytes()
        self._tags = read_tags(data)
        self.size = self._tags.number(tag.WIDTH, 0), self._tags.number(tag.HEIGHT, 0)
        orientation = self._tags.number(tag.ORIENTATION, 1)
        self.turn_by = orientation if orientation in range(1, 9) else 1
        self.colour = self._tags.data(tag.ICC) or None
        self.is_tagged = self.colour is not None
        self.exif = _exif_of(self._tags, data)
        self.xmp = self._tags.data(tag.XMP)
        self.iptc = self._tags.data(tag.PHOTOSHOP)

    def frames(self, count: int, target: Size | None = None) -> Iterator[Frame]:
        """Decode the first page; see `Reader`."""
        image = _by_pillow(self._path, self._tags)
        if image is None:
            image = self._by_libtiff()
        yield Frame(image)

    def _by_libtiff(self) -> Image.Image:
        photometric = self._tags.number(tag.PHOTOMETRIC, _BLACK_IS_ZERO)
        form = layout(self._tags)
        colours = _COLOURS.get(photometric, 0)
        if not colours or form.samples < colours:
            raise CorruptPicture(
                f"a TIFF of this kind (photometric interpretation {photometric}) is damaged or "
                "not read; save it as RGB"
            )
        found, gaps = channels(self._path, form)
        alpha = _alpha(found, self._tags, colours)
        image = self._coloured(found[:colours], photometric)
        if alpha is not None and image.mode in ("L", "RGB"):
            image = _with_alpha(image, *alpha)
        if gaps is not None:
            self.check_shown(shown_part(gaps))
            self.note_damage("strips or tiles cannot be read", loses_pixels=True)
            image = with_gaps(plain(image), gaps)
        return image

    def _coloured(self, found: list[Image.Image], photometric: int) -> Image.Image:
        """Return L or RGB, with `colour` set to what is left of colour management."""
        if photometric in (_CIELAB, _ICCLAB):
            self.colour = None
            return _of_lab(found, is_signed=photometric == _CIELAB)
        if photometric == _CMYK:
            inks = Image.merge("CMYK", _eight_bits(found))
            profile, self.colour = self.colour, None
            return managed(inks, profile)
        if found[0].mode == "I;16" and isinstance(self.colour, bytes):
            if photometric == _WHITE_IS_ZERO:
                found = [_inverted(found[0])]
            if shaped := sixteen_bits.managed(found, self.colour):
                image, self.colour = shaped
                return image
            photometric = _BLACK_IS_ZERO if len(found) == 1 else _RGB
        eight = _eight_bits(found)
        image = eight[0] if len(eight) == 1 else Image.merge("RGB", eight)
        return ImageChops.invert(image) if photometric == _WHITE_IS_ZERO else image


def _by_pillow(path: str, tags: Tags) -> Image.Image | None:
    """Return the page as Pillow decodes it, if the result is reliable."""
    photometric = tags.number(tag.PHOTOMETRIC, _BLACK_IS_ZERO)
    samples = tags.number(tag.SAMPLES, 1)
    # Some files name the bits of more samples than they have.
    bits = set(tags.numbers(tag.BITS)[:samples]) or {1}
    # Bytes that are said to be signed, or of no known kind, are greys from 0 to 255 all the same.
    kinds = {1} if bits == {8} else set(tags.numbers(tag.FORMAT)) or {1}
    if bits not in ({1}, {2}, {4}, {8}) or kinds != {1} or (tags.is_big and tags.order == ">"):
        return None
    if photometric in (_CIELAB, _ICCLAB) or (photometric == _CMYK and samples != 4):
        return None
    try:
        with Image.open(path, formats=("TIFF",)) as image:
            # Pillow would turn it by the orientation, also by one that only XMP names.
            image._exif = None
            image.load_end = lambda: None  # type: ignore[method-assign]
            image.load()
            return image.copy()
    except (OSError, SyntaxError, UnidentifiedImageError, ValueError, KeyError):
        return None


def _alpha(
    found: Sequence[Image.Image], tags: Tags, colours: int
) -> tuple[Image.Image, bool] | None:
    """Return the alpha channel, L, and whether colours are multiplied by it."""
    extra = tags.numbers(tag.EXTRA)
    if len(found) == colours:
        return None
    if not extra:
        return _eight_bits([found[colours]])[0], False
    for number, kind in enumerate(extra[: len(found) - colours]):
        if kind in (_ASSOCIATED, _UNASSOCIATED):
            return _eight_bits([found[colours + number]])[0], kind == _ASSOCIATED
    return None


def _with_alpha(image: Image.Image, alpha: Image.Image, is_multiplied: bool) -> Image.Image:
    bands = (*image.split(), alpha)
    if not is_multiplied:
        return Image.merge(image.mode + "A", bands)
    return Image.merge(image.mode + "a", bands).convert(image.mode + "A")


def _eight_bits(found: Sequence[Image.Image]) -> list[Image.Image]:
    """Return channels as L, all scaled alike."""
    if found[0].mode == "L":
        return list(found)
    if found[0].mode == "I;16":
        return [sixteen_bits.to_eight_bits([channel]) for channel in found]
    extrema = [channel.getextrema() for channel in found]
    low = min(float(low) for low, _ in extrema)  # type: ignore[arg-type]
    high = max(float(high) for _, high in extrema)  # type: ignore[arg-type]
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    elif low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    scale = 255 / (high - low) if high > low else 0.0
    offset = -low * scale + 0.5
    return [
        channel.convert("F").point(lambda value: value * scale + offset).convert("L")
        for channel in found
    ]


def _inverted(channel: Image.Image) -> Image.Image:
    samples = channel.tobytes().translate(bytes(range(255, -1, -1)))
    return Image.frombytes("I;16", channel.size, samples)


def _of_lab(found: Sequence[Image.Image], *, is_signed: bool) -> Image.Image:
    """Return CIE L*a*b* as sRGB."""
    lightness, *chroma = _eight_bits(found) if found[0].mode != "I;16" else _high_bytes(found)
    if is_signed:
        # Pillow counts a* and b* from -128.
        chroma = [channel.point(_FROM_SIGNED) for channel in chroma]
    lab = Image.merge("LAB", (lightness, *chroma))
    return ImageCms.applyTransform(lab, _lab_to_srgb()) or lab


def _high_bytes(found: Sequence[Image.Image]) -> list[Image.Image]:
    """Return lightness rounded, and the whole part of a* and b*, which are in 256ths."""
    chroma = [Image.frombytes("LA", c.size, c.tobytes()).getchannel(1) for c in found[1:]]
    return [sixteen_bits.to_eight_bits(found[:1]), *chroma]


def _lab_to_srgb() -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(
        ImageCms.createProfile("LAB", 5000), ImageCms.createProfile("sRGB"), "LAB", "RGB"
    )


def _exif_of(tags: Tags, data: bytes) -> bytes:
    try:
        return exif_block(tags, data)
    except Exception:  # Pillow's parser raises anything on damaged tags
        return b""
