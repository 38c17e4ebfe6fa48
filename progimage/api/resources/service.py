"""What is not about one picture: the root, the operations, the probes."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable, Mapping
from typing import get_args

import falcon

from progimage import __version__, keys
from progimage.access.transform_policy import Mode, TransformPolicy
from progimage.api.console.console import Console
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Named, documented
from progimage.api.resources.images import Uploads
from progimage.api.resources.listing import QUERY
from progimage.api.responses import hal
from progimage.api.responses.problems import document, respond
from progimage.config import Auth
from progimage.errors import StoreError, StoreUnavailable
from progimage.imaging.codecs import formats
from progimage.imaging.registry import describe
from progimage.stores import ObjectStore

_WELL = {"type": "object", "properties": {"status": {"const": "ok"}}, "required": ["status"]}
_POLICY = {
    "enum": list(get_args(Mode)),
    "description": "open: everything; presets: those alone; signed: those, and what is signed.",
}
_TRANSFORMS = Named(
    "Transforms",
    {
        "type": "object",
        "properties": {
            "policy": _POLICY,
            "operations": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string"},
                        "summary": {"type": "string"},
                        "description": {"type": "string"},
                        "aliases": {"type": "array", "items": {"type": "string"}},
                        "arguments": {"type": "object", "description": "JSON Schema of them."},
                        "positional": {"type": "array", "items": {"type": "string"}},
                        "example": {"type": "string"},
                    },
                    "required": ["name", "summary", "arguments", "example"],
                },
            },
            "formats": {"type": "array", "items": {"type": "object"}},
            "presets": {"type": "object", "additionalProperties": {"type": "string"}},
        },
        "required": ["policy", "operations", "formats", "presets"],
    },
)


_ON_DEMAND: dict[Mode, str] = {
    "open": "/on_demand/{+pipeline}.{format}{?url}",
    "presets": "/on_demand/{preset}{.format}{?url}",
    "signed": "/on_demand/{+pipeline}.{format}{?url,sig}",
}


class Root:
    """`/`: where programs begin, and people."""

    def __init__(
        self, uploads: Uploads, console: Console, auth: Auth, policy: TransformPolicy
    ) -> None:
        self.on_post = uploads.on_post
        self._console = console
        self._policy = policy
        self._auth = {"mode": auth.mode, "registration": auth.registration}

    @documented(
        "root",
        "service",
        {
            200: Answer(
                "The links.",
                {
                    schemas.HAL: Named(
                        "Root",
                        {
                            "type": "object",
                            "properties": {
                                "name": {"type": "string"},
                                "version": {"type": "string"},
                                "auth": {
                                    "type": "object",
                                    "description": "Whether there are accounts, "
                                    "and who may make them.",
                                    "properties": {
                                        "mode": {"enum": ["off", "optional", "required"]},
                                        "registration": {"enum": ["open", "admin", "closed"]},
                                    },
                                    "required": ["mode", "registration"],
                                },
                                "transforms": {
                                    "type": "object",
                                    "description": "What anybody may have made.",
                                    "properties": {
                                        "policy": _POLICY,
                                        "presets": {"type": "array", "items": {"type": "string"}},
                                    },
                                    "required": ["policy", "presets"],
                                },
                                "_links": schemas.LINKS,
                            },
                            "required": ["name", "version", "auth", "transforms", "_links"],
                        },
                    ),
                    "text/html": {"type": "string", "description": "The console."},
                },
            ),
            304: Answer("The client has this version of the console.", {}, ("ETag",)),
        },
        is_open=True,
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send links to everything there is, or to a browser the console."""
        resp.set_header("Vary", "Accept")
        if self._console.wanted(req):
            self._console.send_page(req, resp)
            return
        resp.content_type = "application/hal+json"
        resp.media = {
            "name": "ProgImage",
            "version": __version__,
            "auth": self._auth,
            "transforms": {"policy": self._policy.mode, "presets": self._policy.presets},
            "_links": {
                "self": {"href": "/"},
                "images": {"href": f"/images/{{?{','.join(QUERY)}}}", "templated": True},
                "tags": {"href": "/tags/{?prefix,limit,cursor}", "templated": True},
                "image": {"href": "/images/{id}/", "templated": True},
                "metadata": {"href": "/images/{id}/metadata/", "templated": True},
                **hal.to_renditions(
                    {"rendition": "/images/{id}/{+pipeline}.{format}"},
                    "/images/{id}/",
                    self._policy,
                ),
                "on_demand": hal.templated(_ON_DEMAND[self._policy.mode]),
                "uploads": {"href": "/uploads/"},
                "upload": {"href": "/uploads/{id}/", "templated": True},
                "jobs": {"href": "/jobs/{?limit,cursor}", "templated": True},
                "job": {"href": "/jobs/{id}/{?limit,cursor,state}", "templated": True},
                "transforms": {"href": "/transforms/"},
                "users": {"href": "/users/"},
                "me": {"href": "/users/me/"},
                "tokens": {"href": "/tokens/"},
                "openapi": {"href": "/openapi.json", "type": "application/json"},
                "docs": {"href": "/docs/", "type": "text/html"},
                "metrics": {"href": "/metrics", "type": "text/plain"},
                "live": {"href": "/health/live"},
                "ready": {"href": "/health/ready"},
            },
        }


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


class Live:
    """`/health/live`: this process answers."""

    @documented("live", "service", {200: Answer("It does.", {schemas.JSON: _WELL})}, is_open=True)
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Say that this process answers."""
        resp.media = {"status": "ok"}
        resp.set_header("Cache-Control", "no-store")


class Ready:
    """`/health/ready`: the store takes and gives, and the server is to go on.

    Args:
        is_draining: true once the server was told to stop.
    """

    def __init__(self, store: ObjectStore, is_draining: Callable[[], bool]) -> None:
        self._store = store
        self._is_draining = is_draining

    @documented(
        "ready",
        "service",
        {200: Answer("It does.", {schemas.JSON: _WELL})},
        errors=(503, StoreUnavailable),
        is_open=True,
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Write, read and remove an object; 503 if that cannot be done, or not for long."""
        if self._is_draining():
            detail = "this node was told to stop, and takes requests only until others know"
            respond(resp, document(503, "The server is stopping", detail, "NotReady"), 5)
            return
        key = f"{keys.PROBES}ready-{secrets.token_hex(8)}"
        try:
            self._store.put(key, io.BytesIO(b"ready"), media_type="text/plain")
            with self._store.open(key) as reader:
                is_same = reader.read() == b"ready"
            self._store.delete(key)
        except StoreError as error:
            respond(resp, document(503, "The store is not available", str(error), "NotReady"), 5)
            return
        if not is_same:
            detail = "the store gave back other bytes than it took"
            respond(resp, document(503, "The store is not reliable", detail, "NotReady"), 5)
            return
        resp.media = {"status": "ok"}
        resp.set_header("Cache-Control", "no-store")
