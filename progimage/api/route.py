"""The routes of the HTTP interface, and how they are added to Falcon."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import falcon
from falcon.routing import CompiledRouter, map_http_methods

App = falcon.App[falcon.Request, falcon.Response]
Responder = Callable[..., Any]

_FIELD = re.compile(r"\{(\w+)(?::\w+)?\}")


class Route(NamedTuple):
    """One path and what answers requests to it.

    Attributes:
        template: the path as a URI template of Falcon.
        resource: the object with the responders.
        name: a short name; the relation of the link in the root document.
        suffix: which of the responders answer, see `falcon.App.add_route`.
        in_root: True if the root document links to it.
    """

    template: str
    resource: object
    name: str
    suffix: str | None = None
    in_root: bool = False

    @property
    def path(self) -> str:
        """The path as the documentation writes it: collections end in a slash."""
        path = _FIELD.sub(r"{\1}", self.template)
        last = self.template.rpartition("/")[2]
        is_leaf = (
            "." in last
            or ":path" in last
            or self.template == "/"
            or self.template.startswith(("/health/", "/metrics"))
        )
        return path if is_leaf else f"{path}/"

    def responders(self) -> dict[str, Responder]:
        """Return the responders by HTTP method, without those that Falcon adds."""
        return _responders(self.resource, self.suffix)


class Router(CompiledRouter):
    """Falcon's router, but HEAD is answered wherever GET is."""

    def map_http_methods(self, resource: object, **kwargs: Any) -> dict[str, Any]:
        """Return the responders by HTTP method."""
        return _responders(resource, kwargs.get("suffix"))


def _responders(resource: object, suffix: str | None) -> dict[str, Responder]:
    found: dict[str, Responder] = map_http_methods(resource, suffix=suffix)
    if "GET" in found:
        # Falcon sends no body in answer to HEAD, even if the responder has set one.
        found.setdefault("HEAD", found["GET"])
    return found


def install(app: App, routes: Iterable[Route]) -> None:
    """Add the routes to an app that has a `Router`."""
    for route in routes:
        app.add_route(route.template, route.resource, suffix=route.suffix)
