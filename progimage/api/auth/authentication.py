"""Authentication: the only place that reads the credentials of a request."""

from __future__ import annotations

import re
from typing import Literal, cast

import falcon
from structlog.contextvars import bind_contextvars

from progimage.access.accounts.authenticate import Authenticator
from progimage.errors import BadCredentials, Forbidden, Unauthenticated
from progimage.model import ANONYMOUS, Viewer

Mode = Literal["off", "optional", "required"]

# RFC 6750, section 2.1; the tokens of this service also contain `~`.
_BEARER = re.compile(r"(?i:bearer) +([A-Za-z0-9._~+/-]+=*)")
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def viewer_of(req: falcon.Request) -> Viewer:
    """Return the viewer that the request comes from, `ANONYMOUS` without credentials."""
    return cast(Viewer, req.context.get("viewer", ANONYMOUS))


def author_of(req: falcon.Request) -> Viewer:
    """Return the viewer that is responsible for the changes and costs of the request.

    Raises:
        Unauthenticated: this needs an account, and the request has no credentials.
    """
    viewer = viewer_of(req)
    if not viewer.name and not viewer.may_act_for_default_owner:
        raise Unauthenticated(
            "this needs an account: sign in with POST /tokens/ and send "
            "'Authorization: Bearer <access token or API key>'"
        )
    return viewer


def account_of(req: falcon.Request) -> str:
    """Return the name of the account whose own data the request changes.

    Raises:
        Unauthenticated: the request has no credentials.
        Forbidden: it has an API key; a stolen one must not be able to create others.
    """
    viewer = viewer_of(req)
    if not viewer.name:
        raise Unauthenticated("sign in with POST /tokens/ and send the access token")
    if req.context.is_by_api_key:
        raise Forbidden("an API key cannot manage its account; sign in with POST /tokens/")
    return viewer.name


class Authentication:
    """Falcon middleware: authenticates each request before it is processed.

    Invalid credentials are an error and never ignored. Otherwise their sender could mistake
    public data for the data of the account. If `mode` is "required", every method that is
    not safe needs an account, unless the resource has `allows_anonymous`.
    """

    def __init__(self, mode: Mode, authenticator: Authenticator) -> None:
        self._mode = mode
        self._authenticator = authenticator
        self._anonymous = Viewer(may_act_for_default_owner=mode != "required")

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Set the viewer of the request.

        Raises:
            BadCredentials: the credentials are not valid.
        """
        req.context.viewer, req.context.is_by_api_key = self._anonymous, False
        header = req.get_header("Authorization")
        # The body of POST /tokens/ has the credentials: a client that also sends an expired access
        # token must still be able to renew it.
        if header is None or (req.method == "POST" and req.path == "/tokens"):
            return
        scheme = header.partition(" ")[0].lower()
        if self._mode == "off":
            # Other schemes are meant for a proxy in front of this service.
            if scheme == "bearer":
                raise BadCredentials("this service has no accounts (auth.mode is off)")
            return
        match = _BEARER.fullmatch(header)
        if match is None:
            raise BadCredentials(
                "Authorization: expected one 'Bearer <access token or API key>' and nothing else"
            )
        identity = self._authenticator.identify(match[1])
        user = identity.user
        bind_contextvars(user=user.name)
        req.context.is_by_api_key = identity.is_by_api_key
        req.context.viewer = Viewer(
            name=user.name,
            is_admin=user.is_admin,
            may_act_for_default_owner=user.is_admin or self._mode == "optional",
        )

    def process_resource(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        resource: object,
        params: dict[str, object],
    ) -> None:
        """Check that the method needs no account, or that the request has one.

        Raises:
            Forbidden: the resource is about accounts, and the service has none.
            Unauthenticated: the request needs an account and has no credentials.
        """
        if req.method == "OPTIONS":
            return
        if self._mode == "off" and getattr(resource, "is_of_accounts", False):
            raise Forbidden(
                "this service has no accounts; the operator turns them on with "
                "auth.mode = 'optional' or 'required'"
            )
        if req.method not in _SAFE_METHODS and not getattr(resource, "allows_anonymous", False):
            author_of(req)
