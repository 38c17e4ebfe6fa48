"""Large pictures: tiles, and pictures beyond the ordinary limits."""

from __future__ import annotations

from pydantic import Field

from progimage.config.sections.base import Section
from progimage.imaging.limits import HAS_VIPS, MAX_HELD_PIXELS

_GIGAPIXEL = 1_000_000_000


class Deep(Section):
    """Large pictures, which are shown in tiles. See docs/deep-zoom.md."""

    enabled: bool = Field(
        default=True,
        description="Accept pictures beyond limits.max_source_pixels and limits.max_source_side, "
        "and serve tiles from pyramids. If false, large pictures are rejected, and a tile is "
        "rendered like any part of a picture.",
    )
    from_pixels: int = Field(
        default=8_000_000,
        ge=1_000_000,
        description="Tiles of a picture with so many pixels or more come from its pyramid, an "
        "object with all its tiles, which takes about as many bytes as the original. It is made "
        "by the first tile, or at the upload of a picture beyond the ordinary limits. Set the "
        "same on every node.",
    )
    max_source_pixels: int = Field(
        default=0,
        ge=0,
        le=4_000_000_000,
        description="Most pixels of a still picture, instead of limits.max_source_pixels if it "
        "is larger. 0: one gigapixel where the extra deep (libvips) is installed, else 300 "
        "megapixels.",
    )
    max_source_side: int = Field(
        default=100_000,
        ge=1,
        le=500_000,
        description="Longest side of such a picture, in pixels.",
    )
    max_bytes: int = Field(
        default=2**30,
        ge=1024,
        le=5 * 2**30,
        description="Largest picture that comes by a resumable upload, if upload.max_bytes is "
        "smaller.",
    )
    queue: int = Field(
        default=20,
        ge=0,
        le=1024,
        description="Pyramids that may wait, in one web process, while one is made; more get 503 "
        "at once.",
    )
    waiting: int = Field(
        default=48,
        ge=1,
        le=1024,
        description="Requests, in one web process, that may wait for pyramids; more get 503. One "
        "client may have half of them.",
    )
    timeout_s: float = Field(
        default=300.0, gt=0, le=3600, description="Most processor time to make one pyramid."
    )
    wall_timeout_s: float = Field(
        default=900.0, gt=0, le=7200, description="Longest time by the clock to make one pyramid."
    )
    memory_bytes: int = Field(
        default=2 * 2**30,
        ge=2**28,
        description="Most address space of the process that makes pyramids. A progressive JPEG "
        "takes up to 10 bytes a pixel, another picture that Pillow decodes 5; with libvips a "
        "gigapixel takes less than 700 MB.",
    )

    @property
    def most_pixels(self) -> int:
        """The most pixels of a picture, with the default instead of 0."""
        return self.max_source_pixels or (_GIGAPIXEL if HAS_VIPS else MAX_HELD_PIXELS)
