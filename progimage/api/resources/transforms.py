"""`/transforms/`: the operations, formats and presets of the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import falcon

from progimage.access.transform_policy import Mode, TransformPolicy
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import TEXT, Answer, Named, documented, list_of, object_of
from progimage.imaging.codecs import formats
from progimage.imaging.registry import describe

POLICY = {
    "enum": list(get_args(Mode)),
    "description": "open: every transform; presets: only the presets; signed: the presets, "
    "and other transforms with a signature.",
}
"""The schema of the transform policy."""

_OPERATION = object_of(
    optional=("description", "aliases", "positional"),
    name=TEXT,
    label={**TEXT, "description": "The name for people."},
    group={**TEXT, "description": "The title under which people find it."},
    summary=TEXT,
    description=TEXT,
    aliases=list_of(TEXT),
    arguments={"type": "object", "description": "JSON Schema of the arguments."},
    positional=list_of(TEXT),
    example=TEXT,
)
_TRANSFORMS = Named(
    "Transforms",
    object_of(
        policy=POLICY,
        operations=list_of(_OPERATION),
        formats=list_of({"type": "object"}),
        presets={"type": "object", "additionalProperties": TEXT},
    ),
)


class Transforms:
    """`/transforms/`: every operation with its arguments, every format, every preset."""

    def __init__(self, presets: Mapping[str, str], policy: TransformPolicy) -> None:
        self._document = {
            "policy": policy.mode,
            "operations": describe(),
            "formats": [
                {
                    "name": form.name,
                    "extension": form.extension,
                    "media_type": form.media_type,
                    "writable": form.is_writable,
                    "alpha": form.has_alpha,
                    "animation": form.is_animated,
                }
                for form in formats.READABLE
            ],
            "presets": dict(presets),
        }

    @documented(
        "transforms",
        "service",
        {200: Answer("The list.", {schemas.JSON: _TRANSFORMS}, ("Cache-Control",))},
        is_open=True,
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send the list; it only changes with the version of the service."""
        resp.media = self._document
        resp.set_header("Cache-Control", "public, max-age=300")
