"""`/`: links to everything, for programs; the console, for browsers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

import falcon

from progimage import __version__
from progimage.access.transform_policy import Mode
from progimage.api.components import Components
from progimage.api.console.console import Console
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import (
    TEXT,
    Answer,
    Named,
    documented,
    list_of,
    object_of,
    of_responder,
)
from progimage.api.requests.query import DOWNLOAD, SIGNATURE
from progimage.api.resources.images import Uploads
from progimage.api.resources.transforms import POLICY
from progimage.api.responses.json_document import Links
from progimage.api.route import Route

_ON_DEMAND: dict[Mode, str] = {
    "open": "/on_demand/{+pipeline}.{format}{?url}",
    "presets": "/on_demand/{preset}{.format}{?url}",
    "signed": "/on_demand/{+pipeline}.{format}{?url,sig}",
}
_OF_PICTURES = (SIGNATURE, DOWNLOAD)
_EXTERNAL = "/external/{owner}/{+path}"
_ID = re.compile(r"\{\w+_id\}")

_ROOT = Named(
    "Root",
    object_of(
        name=TEXT,
        version=TEXT,
        auth=object_of(
            "Whether the service has accounts, and who may create them.",
            mode={"enum": ["off", "optional", "required"]},
            registration={"enum": ["open", "admin", "closed"]},
        ),
        transforms=object_of(
            "Which transforms everybody may request.", policy=POLICY, presets=list_of(TEXT)
        ),
        _links=schemas.LINKS,
    ),
)


class Root:
    """The root document, and uploads.

    Args:
        table: every route of the service; it may be filled after this is created.
    """

    def __init__(
        self, parts: Components, table: Sequence[Route], uploads: Uploads, console: Console
    ) -> None:
        self.on_post = uploads.on_post_one
        self._table = table
        self._console = console
        self._policy = parts.policy
        self._urls = parts.urls
        self._auth = parts.settings.auth.model_dump(include={"mode", "registration"})

    @documented(
        "root",
        "service",
        {
            200: Answer(
                "The links.",
                {
                    schemas.HAL: _ROOT,
                    "text/html": {"type": "string", "description": "The console."},
                },
            ),
            304: Answer("The client has this version of the console.", {}, ("ETag",)),
        },
        is_open=True,
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send links to every resource, or the console to a browser."""
        resp.set_header("Vary", "Accept")
        if self._console.is_preferred(req):
            self._console.send_page(req, resp)
            return
        resp.content_type = "application/hal+json"
        resp.media = {
            "name": "ProgImage",
            "version": __version__,
            "auth": self._auth,
            "transforms": {"policy": self._policy.mode, "presets": self._policy.presets},
            "_links": self._links,
        }

    @cached_property
    def _links(self) -> Links:
        found = {
            route.name: self._urls.link(template(route)) for route in self._table if route.in_root
        }
        renditions = {"rendition": "/images/{id}/{+pipeline}.{format}"}
        found |= self._urls.to_renditions(renditions, "/images/{id}/")
        found["external"] = self._urls.link(_EXTERNAL)
        found["on_demand"] = self._urls.link(_ON_DEMAND[self._policy.mode])
        return found


def template(route: Route) -> str:
    """Return a route's path as a template of its id and query parameters (RFC 6570)."""
    description = of_responder(route.responders().get("GET"))
    parameters = description.parameters if description else ()
    names = [p.name for p in parameters if p.place == "query" and p.name not in _OF_PICTURES]
    return _ID.sub("{id}", route.path) + (f"{{?{','.join(names)}}}" if names else "")
