"""What a client sends to get a signed link."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

from pydantic import Field, StrictInt, create_model

from progimage.api.requests.json_body import JsonBody
from progimage.config import Settings
from progimage.errors import InvalidField
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline import Pipeline
from progimage.imaging.pipeline_parser import parse

# Values of `transform` that are no pipelines.
ORIGINAL, ANY, VIEWERS = "original", "*", "iiif"

DEFAULT_EXPIRES_S = 3600

EXAMPLE = {"transform": "thumbnail.webp", "expires_in": 3600}

LINK_HINT = (
    "send application/json that says where the link leads, such as "
    '{"transform": "thumbnail.webp", "expires_in": 3600}'
)


class Lifetime(JsonBody):
    """The lifetime of a link."""

    expires_in: StrictInt = Field(
        default=DEFAULT_EXPIRES_S, ge=1, description="Seconds until the link expires."
    )


class LinkRequest(Lifetime):
    """The target and the lifetime of a link."""

    transform: str = Field(
        default=ORIGINAL,
        description="A pipeline, as it follows the id in a URL; `original` for the picture as it "
        "was uploaded; `*` for every rendition, but not the original; `iiif` for viewers: "
        "facts, tiles and manifest of the picture.",
    )


Request = TypeVar("Request", bound=Lifetime)


def with_limits(model: type[Request], settings: Settings) -> type[Request]:
    """Return a model of a request for a link, with the limits of the settings."""
    return _bounded(model, settings.links.max_expires_s)


@lru_cache
def _bounded(model: type[Request], longest_s: int) -> type[Request]:
    bounded = Field(
        default=min(DEFAULT_EXPIRES_S, longest_s),
        ge=1,
        le=longest_s,
        description=Lifetime.model_fields["expires_in"].description,
    )
    return create_model(model.__name__, __base__=model, expires_in=(StrictInt, bounded))


def parse_transform(transform: str, settings: Settings, limits: Limits) -> Pipeline:
    """Return the pipeline to sign; raise `InvalidField` if nothing is in it."""
    pipeline = parse(transform, presets=settings.presets, limits=limits)
    if not str(pipeline):
        raise InvalidField(
            "transform: the pipeline is empty; write 'original', or a format as in 'format:png'"
        )
    return pipeline


def check_viewers(settings: Settings) -> None:
    """Raise `InvalidField` if the service serves no viewers."""
    if not settings.iiif.enabled:
        raise InvalidField("transform: 'iiif' is not served here (iiif.enabled is false)")
