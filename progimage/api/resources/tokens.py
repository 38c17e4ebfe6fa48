"""`/tokens/`: sign in, stay signed in, sign out."""

from __future__ import annotations

from typing import Any

import falcon

from progimage.access.accounts.authenticate import Authenticator
from progimage.access.accounts.sign_in import Grant, SignIn
from progimage.access.accounts.users import Users
from progimage.api.auth.authentication import account_of
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Content, Named, Parameter, documented
from progimage.api.requests.body import Body
from progimage.api.requests.submission import read_json_object
from progimage.config import Settings
from progimage.errors import (
    BadCredentials,
    Forbidden,
    InvalidField,
    InvalidRequest,
    NotFound,
    Overloaded,
    PictureTooLarge,
    RequestTimeout,
    StoreUnavailable,
    TooManyAttempts,
    Unauthenticated,
)

_MAX_BYTES = 16 * 1024

_COMMON = (InvalidRequest, InvalidField, RequestTimeout, PictureTooLarge, StoreUnavailable)
_OWN = (Unauthenticated, BadCredentials, Forbidden, StoreUnavailable)


def strings(*names: str) -> dict[str, Any]:
    """Return the schema of an object of these strings."""
    return {
        "type": "object",
        "properties": {name: {"type": "string"} for name in names},
        "required": list(names),
        "additionalProperties": False,
    }


def collection(*names: str) -> dict[str, Any]:
    """Return the schema of a list of objects of these strings."""
    return {
        "type": "object",
        "properties": {
            "kind": {"const": "Collection"},
            "data": {"type": "array", "items": strings(*names)},
        },
        "required": ["kind", "data"],
    }


def hex_id(name: str, about: str) -> Parameter:
    """Return the parameter that is the id of a session or a key."""
    schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
    return Parameter(name, about, schema, place="path", required=True)


_SESSIONS = collection("id", "created", "used", "expires")
_GRANT = Named(
    "Grant",
    {
        "type": "object",
        "properties": {
            "access_token": {"type": "string", "description": "A JWT to send as Bearer."},
            "token_type": {"const": "bearer"},
            "expires_in": {"type": "integer", "description": "Seconds it is good for."},
            "refresh_token": {"type": "string", "description": "Good once, for the next two."},
            "session": {"type": "string", "description": "The id of the session."},
        },
        "required": ["access_token", "token_type", "expires_in", "refresh_token", "session"],
    },
)


class Tokens:
    """Sessions: all of an account's, and one of them."""

    is_open_to_anybody = is_of_accounts = True

    def __init__(
        self, sign_in: SignIn, users: Users, identities: Authenticator, settings: Settings
    ) -> None:
        self._sign_in = sign_in
        self._users = users
        self._identities = identities
        self._settings = settings

    @documented(
        "tokens",
        "accounts",
        {200: Answer("Signed in.", {schemas.JSON: _GRANT}, ("Cache-Control",))},
        body=Content(
            {
                schemas.JSON: {
                    "oneOf": [
                        strings("username", "password"),
                        strings("refresh_token"),
                    ]
                }
            }
        ),
        errors=(*_COMMON, BadCredentials, TooManyAttempts, Overloaded),
        is_open=True,
    )
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Sign in with a password, or go on with a refresh token."""
        fields = read_strings(req, self._settings, ({"username", "password"}, {"refresh_token"}))
        if "refresh_token" in fields:
            grant = self._sign_in.by_refresh_token(fields["refresh_token"])
        else:
            grant = self._sign_in.by_password(
                fields["username"], fields["password"], req.remote_addr
            )
        resp.media = _shown(grant)
        # RFC 6749, section 5.1.
        resp.set_header("Cache-Control", "no-store")

    @documented(
        "tokens",
        "accounts",
        {200: Answer("The sessions.", {schemas.JSON: _SESSIONS}, ("Cache-Control",))},
        errors=_OWN,
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """List the sessions of the account."""
        user = self._users.find(account_of(req))
        resp.set_header("Cache-Control", "private, no-store")
        resp.media = {
            "kind": "Collection",
            "data": [
                session.model_dump(mode="json", include={"id", "created", "used", "expires"})
                for session in user.sessions
            ],
        }

    @documented("tokens", "accounts", {204: Answer("Signed out.")}, errors=_OWN)
    def on_delete(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Sign out everywhere: every session and access token of the account ends."""
        name = account_of(req)
        self._sign_in.end_all(name)
        self._identities.forget(name)
        resp.status = falcon.HTTP_204

    @documented(
        "session",
        "accounts",
        {204: Answer("It has ended.")},
        parameters=(hex_id("session_id", "Id of a session."),),
        errors=(*_OWN, NotFound),
    )
    def on_delete_one(self, req: falcon.Request, resp: falcon.Response, session_id: str) -> None:
        """End one session."""
        self._sign_in.end(account_of(req), session_id)
        resp.status = falcon.HTTP_204


def _shown(grant: Grant) -> dict[str, object]:
    return {
        "access_token": grant.access_token,
        "token_type": "bearer",
        "expires_in": grant.expires_in,
        "refresh_token": grant.refresh_token,
        "session": grant.session_id,
    }


def read_strings(
    req: falcon.Request, settings: Settings, shapes: tuple[set[str], ...]
) -> dict[str, str]:
    """Return the JSON object in the body: it has one of the shapes, all of it strings.

    Raises:
        InvalidField: it has other fields, or lacks some.
    """
    with Body(req, settings.upload) as body:
        fields: dict[str, Any] = read_json_object(body, _MAX_BYTES)
    if set(fields) not in shapes:
        wanted = " or ".join(", ".join(sorted(shape)) for shape in shapes)
        raise InvalidField(f"the body: expected a JSON object with {wanted}, and nothing else")
    for name, value in fields.items():
        if not isinstance(value, str):
            raise InvalidField(f"{name}: expected a string")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise InvalidField(f"{name}: not valid Unicode")
    return fields
