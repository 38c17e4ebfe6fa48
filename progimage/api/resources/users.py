"""`/users/`: sign up; one's own account, its password and its API keys."""

from __future__ import annotations

import falcon

from progimage.access.accounts.administration import Administration
from progimage.access.accounts.authenticate import Authenticator
from progimage.access.accounts.sign_in import network_of
from progimage.access.accounts.throttle import Throttle
from progimage.access.accounts.users import User, Users
from progimage.api.auth.authentication import account_of, viewer_of
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Content, Named, documented
from progimage.api.resources.tokens import collection, hex_id, read_strings, strings
from progimage.api.responses import hal
from progimage.config import Settings
from progimage.errors import (
    BadCredentials,
    Forbidden,
    InvalidField,
    InvalidRequest,
    NameTaken,
    NotFound,
    Overloaded,
    PictureTooLarge,
    RequestTimeout,
    StoreUnavailable,
    TooManyAttempts,
    Unauthenticated,
)

_WRITING = (
    InvalidRequest,
    InvalidField,
    RequestTimeout,
    PictureTooLarge,
    Unauthenticated,
    Forbidden,
    StoreUnavailable,
)
_ACCOUNT = Named(
    "Account",
    {
        "type": "object",
        "properties": {
            "username": {"type": "string"},
            "is_admin": {"type": "boolean"},
            "created": {"type": "string", "format": "date-time"},
            "_links": schemas.LINKS,
        },
        "required": ["username", "is_admin", "created", "_links"],
    },
)


class Registration:
    """`/users/`: accounts are made here, by whom `auth.registration` allows."""

    is_open_to_anybody = is_of_accounts = True

    def __init__(self, administration: Administration, settings: Settings) -> None:
        self._administration = administration
        self._settings = settings
        self._by_address = Throttle(20, 3_600)

    @documented(
        "users",
        "accounts",
        {201: Answer("The account is made.", {schemas.JSON: _ACCOUNT}, ("Location",))},
        body=Content({schemas.JSON: strings("username", "password")}),
        errors=(*_WRITING, NameTaken, TooManyAttempts, Overloaded),
        is_open=True,
    )
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Make an account."""
        self._check_allowed(req)
        fields = read_strings(req, self._settings, ({"username", "password"},))
        if not viewer_of(req).is_admin:
            self._by_address.attempt(network_of(req.remote_addr))
        user = self._administration.add(fields["username"], fields["password"])
        resp.status = falcon.HTTP_201
        resp.set_header("Cache-Control", "no-store")
        resp.media = shown(user)
        resp.location = hal.absolute(req, self._settings.server.public_url, "/users/me/")

    def _check_allowed(self, req: falcon.Request) -> None:
        registration = self._settings.auth.registration
        if registration == "closed":
            raise Forbidden(
                "accounts are made by the operator here, with 'progimage user add' "
                "(auth.registration is closed)"
            )
        if registration == "admin" and not viewer_of(req).is_admin:
            why = "accounts are made by administrators here (auth.registration is admin)"
            raise (Forbidden if viewer_of(req).name else Unauthenticated)(why)


class Account:
    """`/users/me/`: whoever asks."""

    is_open_to_anybody = is_of_accounts = True

    def __init__(
        self,
        administration: Administration,
        users: Users,
        identities: Authenticator,
        settings: Settings,
    ) -> None:
        self._administration = administration
        self._users = users
        self._identities = identities
        self._settings = settings

    @documented(
        "me",
        "accounts",
        {200: Answer("The account.", {schemas.JSON: _ACCOUNT}, ("Cache-Control",))},
        errors=(Unauthenticated, BadCredentials, StoreUnavailable),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send what is known of the account, which an API key may ask too."""
        name = viewer_of(req).name
        if not name:
            raise Unauthenticated("sign in with POST /tokens/ and send the access token")
        resp.set_header("Cache-Control", "private, no-store")
        resp.media = shown(self._users.find(name))

    @documented(
        "password",
        "accounts",
        {204: Answer("It is changed.")},
        body=Content({schemas.JSON: strings("password_now", "password")}),
        errors=(*_WRITING, BadCredentials, TooManyAttempts, Overloaded),
    )
    def on_put_password(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Change the password; every session ends."""
        name = account_of(req)
        fields = read_strings(req, self._settings, ({"password_now", "password"},))
        self._administration.set_password(name, fields["password"], fields["password_now"])
        self._identities.forget(name)
        resp.status = falcon.HTTP_204

    @documented(
        "keys",
        "accounts",
        {
            200: Answer(
                "The keys.",
                {schemas.JSON: collection("id", "label", "created")},
                ("Cache-Control",),
            )
        },
        errors=(Unauthenticated, BadCredentials, Forbidden, StoreUnavailable),
    )
    def on_get_keys(self, req: falcon.Request, resp: falcon.Response) -> None:
        """List the API keys, without what makes them work."""
        user = self._users.find(account_of(req))
        resp.set_header("Cache-Control", "private, no-store")
        resp.media = {
            "kind": "Collection",
            "data": [
                key.model_dump(mode="json", include={"id", "label", "created"})
                for key in user.api_keys
            ],
        }

    @documented(
        "keys",
        "accounts",
        {
            201: Answer(
                "The key, shown this once.",
                {schemas.JSON: strings("id", "label", "key")},
                ("Cache-Control",),
            )
        },
        body=Content({schemas.JSON: strings("label")}),
        errors=(*_WRITING, BadCredentials),
    )
    def on_post_keys(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Make an API key and show it, this once."""
        name = account_of(req)
        fields = read_strings(req, self._settings, ({"label"},))
        key, text = self._administration.add_api_key(name, fields["label"])
        resp.status = falcon.HTTP_201
        resp.set_header("Cache-Control", "no-store")
        resp.media = {"id": key.id, "label": key.label, "key": text}

    @documented(
        "key",
        "accounts",
        {204: Answer("It is revoked.")},
        parameters=(hex_id("key_id", "Id of an API key."),),
        errors=(Unauthenticated, BadCredentials, Forbidden, NotFound, StoreUnavailable),
    )
    def on_delete_key(self, req: falcon.Request, resp: falcon.Response, key_id: str) -> None:
        """Revoke an API key."""
        name = account_of(req)
        self._administration.revoke_api_key(name, key_id)
        self._identities.forget(name)
        resp.status = falcon.HTTP_204


def shown(user: User) -> dict[str, object]:
    """Return what an account is told of itself."""
    return user.model_dump(mode="json", include={"is_admin", "created"}) | {
        "username": user.name,
        "_links": {
            "self": {"href": "/users/me/"},
            "images": {"href": "/images/?owner=me"},
            "keys": {"href": "/users/me/keys/"},
            "tokens": {"href": "/tokens/"},
        },
    }
