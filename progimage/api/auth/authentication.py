"""Who sent a request: its credentials are looked at here, and nowhere else."""

from __future__ import annotations

import re
from typing import Literal, cast

import falcon
from structlog.contextvars import bind_contextvars

from progimage.access.accounts.authenticate import Authenticator
from progimage.errors import BadCredentials, Forbidden, Unauthenticated
from progimage.model import ANYBODY, Viewer

Mode = Literal["off", "optional", "required"]

# RFC 6750, section 2.1, less the characters that no token of ours holds but with `~`.
_BEARER = re.compile(r"(?i:bearer) +([A-Za-z0-9._~+/-]+=*)")
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def viewer_of(req: falcon.Request) -> Viewer:
    """Return who looks: `ANYBODY` unless the request was found to come from somebody."""
    return cast(Viewer, req.context.get("viewer", ANYBODY))


def author_of(req: falcon.Request) -> Viewer:
    """Return who answers for what the request changes or costs.

    Raises:
        Unauthenticated: that takes an account here, and the request came from none.
    """
    viewer = viewer_of(req)
    if not viewer.name and not viewer.may_act_for_default_owner:
        raise Unauthenticated(
            "this takes an account: sign in with POST /tokens/ and send "
            "'Authorization: Bearer <access token or API key>'"
        )
    return viewer


def account_of(req: falcon.Request) -> str:
    """Return the name of the account that manages itself.

    Raises:
        Unauthenticated: the request came from no account.
        Forbidden: it came by an API key; one that is stolen must not make others.
    """
    viewer = viewer_of(req)
    if not viewer.name:
        raise Unauthenticated("sign in with POST /tokens/ and send the access token")
    if req.context.is_by_api_key:
        raise Forbidden("an API key cannot manage its account; sign in with POST /tokens/")
    return viewer.name


class Authentication:
    """Falcon middleware: finds out who sent a request, before anything else is done with it.

    What came as credentials and is not good is refused, never passed over: whoever sent
    them would take what belongs to everybody for theirs. Where an account is required,
    every method that is not safe needs one, unless the resource `is_open_to_anybody`.
    """

    def __init__(self, mode: Mode, identities: Authenticator) -> None:
        self._mode = mode
        self._identities = identities
        self._anybody = Viewer(may_act_for_default_owner=mode != "required")

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Note who it is."""
        req.context.viewer, req.context.is_by_api_key = self._anybody, False
        header = req.get_header("Authorization")
        # Signing in is done by what the body holds: an access token that has expired, which
        # clients send along, must not stand in the way of its own renewal.
        if header is None or (req.method == "POST" and req.path == "/tokens"):
            return
        scheme = header.partition(" ")[0].lower()
        if self._mode == "off":
            # Other schemes are for whatever stands in front of us.
            if scheme == "bearer":
                raise BadCredentials("there are no accounts here (auth.mode is off)")
            return
        match = _BEARER.fullmatch(header)
        if match is None:
            raise BadCredentials(
                "Authorization: expected one 'Bearer <access token or API key>' and nothing else"
            )
        identity = self._identities.of(match[1])
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
                "there are no accounts here; the operator turns them on with "
                "auth.mode = 'optional' or 'required'"
            )
        if req.method not in _SAFE_METHODS and not getattr(resource, "is_open_to_anybody", False):
            author_of(req)
