"""`/transforms/`: the operations, formats and presets of the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import falcon

from progimage.access.transform_policy import Mode, TransformPolicy
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Named, documented
from progimage.imaging.codecs import formats
from progimage.imaging.registry import describe

POLICY = {
    "enum": list(get_args(Mode)),
    "description": "open: every transform; presets: only the presets; signed: the presets, "
    "and other transforms with a signature.",
}
"""The schema of the transform policy."""

_TRANSFORMS = Named(
    "Transforms",
    {
        "type": "object",
        "properties": {
            "policy": POLICY,
            "operations": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string"},
                        "label": {"type": "string", "description": "The name for people."},
                        "group": {
                            "type": "string",
                            "description": "The title under which people find it.",
                        },
                        "summary": {"type": "string"},
                        "description": {"type": "string"},
                        "aliases": {"type": "array", "items": {"type": "string"}},
                        "arguments": {
                            "type": "object",
                            "description": "JSON Schema of the arguments.",
                        },
                        "positional": {"type": "array", "items": {"type": "string"}},
                        "example": {"type": "string"},
                    },
                    "required": ["name", "label", "group", "summary", "arguments", "example"],
                },
            },
            "formats": {"type": "array", "items": {"type": "object"}},
            "presets": {"type": "object", "additionalProperties": {"type": "string"}},
        },
        "required": ["policy", "operations", "formats", "presets"],
    },
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
