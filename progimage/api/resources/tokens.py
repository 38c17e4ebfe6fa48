"""`/tokens/`: sign in, renew a session, sign out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import falcon
from pydantic import Field, model_validator

from progimage.access.accounts.sign_in import Grant
from progimage.api.auth.authentication import account_of
from progimage.api.components import Components
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Content, documented, in_path
from progimage.api.requests.json_body import JsonBody, read_json
from progimage.api.responses.json_document import Collection, JsonDocument
from progimage.errors import Forbidden, Overloaded, StoreUnavailable, TooManyAttempts

_MAX_CHARACTERS = 1_000

Text = Annotated[str, Field(max_length=_MAX_CHARACTERS)]
"""Text with a generous limit; its exact rules are checked later."""


class SignInRequest(JsonBody):
    """A user name with its password, or a refresh token instead."""

    username: Text | None = None
    password: Text | None = None
    refresh_token: Text | None = None

    @model_validator(mode="after")
    def _is_one_of_two(self) -> SignInRequest:
        sent = {name for name in type(self).model_fields if getattr(self, name) is not None}
        if sent not in ({"username", "password"}, {"refresh_token"}):
            raise ValueError("expected username and password, or refresh_token, and nothing else")
        return self


class SessionGrant(JsonDocument):
    """The tokens of a session."""

    access_token: str = Field(description="A JWT to send as Bearer.")
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the type of the token
    expires_in: int = Field(description="Seconds until the access token expires.")
    refresh_token: str = Field(description="Valid once, for the next two tokens.")
    session: str = Field(description="The id of the session.", validation_alias="session_id")


class SessionSummary(JsonDocument):
    """A session, without its tokens."""

    id: str
    created: datetime
    used: datetime
    expires: datetime


class Tokens:
    """The sessions of an account, and one of them."""

    allows_anonymous = is_of_accounts = True

    def __init__(self, parts: Components) -> None:
        self._sign_in = parts.sign_in
        self._users = parts.users
        self._authenticator = parts.authenticator
        self._settings = parts.settings

    @documented(
        "tokens",
        "accounts",
        {200: Answer("Signed in.", {schemas.JSON: SessionGrant}, ("Cache-Control",))},
        body=Content({schemas.JSON: SignInRequest}),
        errors=(TooManyAttempts, Overloaded, StoreUnavailable),
        is_open=True,
    )
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Sign in with a password, or renew a session with its refresh token."""
        fields = read_json(req, self._settings.upload, SignInRequest)
        if fields.refresh_token is not None:
            grant = self._sign_in.by_refresh_token(fields.refresh_token)
        else:
            grant = self._sign_in.by_password(
                fields.username or "", fields.password or "", req.remote_addr
            )
        resp.media = _document(grant)
        # RFC 6749, section 5.1.
        resp.set_header("Cache-Control", "no-store")

    @documented(
        "tokens",
        "accounts",
        {
            200: Answer(
                "The sessions.", {schemas.JSON: Collection[SessionSummary]}, ("Cache-Control",)
            )
        },
        errors=(Forbidden,),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """List the sessions of the account."""
        user = self._users.find(account_of(req))
        sessions = tuple(SessionSummary.model_validate(session) for session in user.sessions)
        resp.media = Collection[SessionSummary](data=sessions).json_object()
        resp.set_header("Cache-Control", "private, no-store")

    @documented("tokens", "accounts", {204: Answer("Signed out.")}, errors=(Forbidden,))
    def on_delete(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Sign out everywhere: end every session and every access token of the account."""
        name = account_of(req)
        self._sign_in.end_all(name)
        self._authenticator.forget(name)
        resp.status = falcon.HTTP_204

    @documented(
        "session",
        "accounts",
        {204: Answer("The session has ended.")},
        parameters=(in_path("session_id", "Id of a session.", pattern="^[0-9a-f]{32}$"),),
        errors=(Forbidden,),
    )
    def on_delete_one(self, req: falcon.Request, resp: falcon.Response, session_id: str) -> None:
        """End one session."""
        self._sign_in.end(account_of(req), session_id)
        resp.status = falcon.HTTP_204


def _document(grant: Grant) -> dict[str, object]:
    return SessionGrant.model_validate(grant).json_object()
