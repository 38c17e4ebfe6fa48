"""TIFF: Pillow where its table has the layout, libtiff's samples where it has not.

Source: TIFF 6.0; TIFF Technical Note 4 (Lab); Adobe Photoshop TIFF technical notes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image, ImageChops, ImageCms, UnidentifiedImageError

from progimage.errors import CorruptPicture
from progimage.imaging.codecs import libtiff, sixteen_bits
from progimage.imaging.codecs.colour_management import managed, plain
from progimage.imaging.codecs.formats import TIFF
from progimage.imaging.codecs.jpeg import quality_of
from progimage.imaging.codecs.pages import check_page
from progimage.imaging.codecs.picture import Coding
from progimage.imaging.codecs.readers import tiff_tags as tag
from progimage.imaging.codecs.readers.partial import shown_part, with_gaps
from progimage.imaging.codecs.readers.reader import Frame, Reader, Size, as_resource
from progimage.imaging.codecs.readers.tiff_samples import channels, layout
from progimage.imaging.codecs.readers.tiff_tags import Tags, exif_block, read_pages, read_tags

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _CMYK, _CIELAB, _ICCLAB = 0, 1, 2, 5, 8, 9
_COLOURS = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _CMYK: 4, _CIELAB: 3, _ICCLAB: 3}
_PALETTE, _FAX, _JPEG, _HORIZONTAL = 3, (2, 3, 4), (6, 7), 2
# Source: ITU T.81, B.2.4.1.
_QUANTIZATION, _TABLE_HEADER = b"\xff\xdb", 5
_UNSPECIFIED, _ASSOCIATED, _UNASSOCIATED = 0, 1, 2
_FROM_SIGNED = [value ^ 128 for value in range(256)]


class TiffReader(Reader):
    """A page of a TIFF."""

    def __init__(self, path: str, page: int, *, accepts_damage: bool) -> None:
        super().__init__(accepts_damage=accepts_damage)
        data = Path(path).read_bytes()
        pages = read_pages(data)
        self.page_count = len(pages)
        check_page(page, TIFF, self.page_count)
        self._tags = read_tags(data, pages[page - 1].start)
        self._page = libtiff.Page(path, pages[page - 1].number, self._tags.end)
        if self._page.missing_bytes:
            self.note_damage("the end of the TIFF is missing")
        self.size = self._tags.number(tag.WIDTH, 0), self._tags.number(tag.HEIGHT, 0)
        orientation = self._tags.number(tag.ORIENTATION, 1)
        self.turn_by = orientation if orientation in range(1, 9) else 1
        self.colour = self._tags.data(tag.ICC) or None
        self.is_tagged = self.colour is not None
        self.exif = _exif_of(self._tags, data)
        self.xmp = self._tags.data(tag.XMP)
        self.coding = _coding(self._tags)
        self.quality = _jpeg_quality(self._tags)
        self.iptc = self._tags.data(tag.PHOTOSHOP) or as_resource(self._tags.data(tag.IPTC))

    def frames(self, count: int, target: Size | None = None) -> Iterator[Frame]:
        """Decode the page; see `Reader`."""
        yield Frame(_by_pillow(self._page, self._tags) or self._by_libtiff())

    def _by_libtiff(self) -> Image.Image:
        photometric = _photometric(self._tags)
        compression = self._tags.number(tag.COMPRESSION, 1)
        if not libtiff.has_codec(compression):
            raise CorruptPicture(
                f"the TIFF is compressed in a way ({compression}) that is not read; "
                "save it with LZW or Deflate"
            )
        colours = _COLOURS.get(photometric, 0)
        if not colours:
            return self._converted()
        form = layout(self._tags)
        if form.samples < colours:
            raise CorruptPicture("the TIFF has too few samples for its colours; send it again")
        found, gaps = channels(self._page, form)
        alpha = _alpha(found, self._tags, colours)
        image = self._coloured(found[:colours], photometric)
        if alpha is not None and image.mode in ("L", "RGB"):
            image = _with_alpha(image, *alpha)
        return image if gaps is None else self._without(image, gaps)

    def _converted(self) -> Image.Image:
        """Return what libtiff makes of colours that are not read here, such as YCbCr."""
        versions = libtiff.as_rgba(self._page, self.size, self.turn_by)
        if versions is None:
            raise CorruptPicture("this kind of TIFF is not read here; save it as RGB")
        images = [Image.frombytes("RGBa", self.size, version) for version in versions]
        gaps = images[0].getchannel(3).point([255] + [0] * 255)
        for other in images[1:]:
            differs = ImageChops.difference(images[0].convert("RGBA"), other.convert("RGBA"))
            gaps = ImageChops.lighter(gaps, differs.convert("RGB").convert("L"))
        image = images[0].convert("RGBA")
        return image if gaps.getbbox() is None else self._without(image, gaps)

    def _without(self, image: Image.Image, gaps: Image.Image) -> Image.Image:
        """Return a damaged image, transparent where nothing is."""
        gaps = gaps.point([0] + [255] * 255)
        self.check_shown(shown_part(gaps))
        self.note_damage("strips or tiles cannot be read", loses_pixels=True)
        return with_gaps(plain(image), gaps)

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


def _coding(tags: Tags) -> Coding:
    """Return what makes the file small."""
    compression = tags.number(tag.COMPRESSION, 1)
    if tags.numbers(tag.BITS) in ((), (1,)):
        return "fax" if compression in _FAX else "bilevel"
    if _photometric(tags) == _PALETTE:
        return "palette"
    if compression in _JPEG:
        return "jpeg"
    return "predicted" if tags.number(tag.PREDICTOR, 1) == _HORIZONTAL else ""


def _jpeg_quality(tags: Tags) -> int | None:
    """Return the quality of the tables that all strips share, if there are any."""
    tables = tags.data(tag.JPEG_TABLES)
    start = tables.find(_QUANTIZATION) + _TABLE_HEADER
    table = tables[start : start + 64]
    return quality_of(table) if start >= _TABLE_HEADER and len(table) == 64 else None


def _photometric(tags: Tags) -> int:
    """Return what the samples mean; for a file that does not say it, what libtiff assumes."""
    default = _RGB if tags.number(tag.SAMPLES, 1) >= 3 else _BLACK_IS_ZERO
    return tags.number(tag.PHOTOMETRIC, default)


def _by_pillow(page: libtiff.Page, tags: Tags) -> Image.Image | None:
    """Return the page as Pillow decodes it, if the result is reliable."""
    photometric = _photometric(tags)
    samples = tags.number(tag.SAMPLES, 1)
    # Some files name the bits of more samples than they have.
    bits = set(tags.numbers(tag.BITS)[:samples]) or {1}
    # Bytes declared as signed, or of no known kind, are greys from 0 to 255 all the same.
    kinds = {1} if bits == {8} else set(tags.numbers(tag.FORMAT)) or {1}
    if bits not in ({1}, {2}, {4}, {8}) or kinds != {1} or (tags.is_big and tags.order == ">"):
        return None
    if photometric in (_CIELAB, _ICCLAB) or (photometric == _CMYK and samples != 4):
        return None
    colours = _COLOURS.get(photometric, samples)
    if tag.PHOTOMETRIC not in tags.values:
        return None
    if samples > colours and tags.numbers(tag.EXTRA)[:1] in ((), (_UNSPECIFIED,)):
        return None
    try:
        # By a path it would map the file into memory, in the shape of the turned picture.
        with Path(page.path).open("rb") as file, Image.open(file, formats=("TIFF",)) as image:
            image.seek(page.number)
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
    extra = tags.numbers(tag.EXTRA)[: len(found) - colours]
    for number, kind in enumerate(extra):
        if kind in (_ASSOCIATED, _UNASSOCIATED):
            return _eight_bits([found[colours + number]])[0], kind == _ASSOCIATED
    if len(found) != colours + 1:
        return None
    # One sample of no known kind is alpha to libvips and ImageMagick, unless it is empty.
    alpha = _eight_bits([found[colours]])[0]
    return (alpha, False) if alpha.getextrema() != (0, 0) else None


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
    source, target = ImageCms.createProfile("LAB", 5000), ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(source, target, "LAB", "RGB")
    return ImageCms.applyTransform(lab, transform) or lab


def _high_bytes(found: Sequence[Image.Image]) -> list[Image.Image]:
    """Return lightness rounded, and the whole part of a* and b*, which are in 256ths."""
    chroma = [Image.frombytes("LA", c.size, c.tobytes()).getchannel(1) for c in found[1:]]
    return [sixteen_bits.to_eight_bits(found[:1]), *chroma]


def _exif_of(tags: Tags, data: bytes) -> bytes:
    try:
        return exif_block(tags, data)
    except Exception:  # Pillow's parser raises anything on damaged tags
        return b""
