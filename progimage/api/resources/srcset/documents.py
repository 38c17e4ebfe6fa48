"""The query and the answer of `/images/<id>/srcset`."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from progimage.api.openapi.documented import Parameter
from progimage.api.requests.links import DEFAULT_EXPIRES_S
from progimage.api.requests.widths import MAX_SIZES, MAX_WIDTHS
from progimage.api.responses.json_document import JsonDocument

MAX_PIPELINE = 1_000

_LIST = {"type": "string", "minLength": 1, "maxLength": 200}
PARAMETERS = (
    Parameter(
        "widths",
        f"Up to {MAX_WIDTHS} widths in pixels, separated by commas; those above the picture's "
        "width become its width. Without it the usual widths.",
        _LIST,
        example="320,640,1280",
    ),
    Parameter(
        "width",
        "Instead of `widths`: the width of the picture on the page, in CSS pixels.",
        {"type": "integer", "minimum": 1},
    ),
    Parameter(
        "dpr",
        "With `width`: pixels of a screen for each CSS pixel, separated by commas; by default 1,2.",
        _LIST,
    ),
    Parameter(
        "pipeline",
        "The steps before the resize, and optionally the extension of a format. Without one "
        "each browser gets the best that it can show.",
        {"type": "string", "minLength": 1, "maxLength": MAX_PIPELINE},
        example="grayscale",
    ),
    Parameter(
        "sizes",
        "The attribute `sizes` of the HTML.",
        {"type": "string", "minLength": 1, "maxLength": MAX_SIZES},
        example="(min-width: 800px) 50vw, 100vw",
    ),
    Parameter(
        "format",
        "`html` for the `<picture>` alone; otherwise Accept decides.",
        {"type": "string", "enum": ["json", "html"]},
    ),
    Parameter(
        "expires_in",
        "Seconds until signed addresses expire.",
        {"type": "integer", "minimum": 1, "default": DEFAULT_EXPIRES_S},
    ),
)


class SrcsetImage(JsonDocument):
    """One address of a `srcset`."""

    url: str
    descriptor: str = Field(description="When a browser chooses it: `640w`, `2x`.")
    width: int
    height: int | None = Field(description="Null if it depends on the pixels.")
    type: str | None = Field(validation_alias="media_type", description="Null if Accept decides.")


class SrcsetSource(JsonDocument):
    """The addresses of one format."""

    type: str
    srcset: str


class Srcset(JsonDocument):
    """A picture in several widths."""

    images: list[SrcsetImage]
    srcset: str = Field(description="The value of the HTML attribute.")
    sizes: str | None
    sources: list[SrcsetSource] = Field(description="The same in each format of the `<picture>`.")
    img: str = Field(description="An `<img>`.")
    picture: str = Field(description="A `<picture>`.")
    expires: datetime | None = Field(
        default=None, description="When the signatures expire; null without signatures."
    )
