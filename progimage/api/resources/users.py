"""`/users/`: create an account; manage your own account, its password and API keys."""

from __future__ import annotations

from datetime import datetime

import falcon
from pydantic import Field

from progimage.access.accounts.administration import MAX_LABEL
from progimage.access.accounts.throttle import Throttle
from progimage.access.accounts.users import User
from progimage.api.auth.authentication import account_of, viewer_of
from progimage.api.components import Components
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Content, documented, in_path
from progimage.api.requests.json_body import JsonBody, read_json
from progimage.api.resources.quotas import QuotaDocument
from progimage.api.resources.tokens import Text
from progimage.api.responses.hal import Urls
from progimage.api.responses.json_document import Collection, JsonDocument, LinksField
from progimage.config.networks import site_of
from progimage.errors import (
    Forbidden,
    NameTaken,
    Overloaded,
    StoreUnavailable,
    TooManyAttempts,
    Unauthenticated,
)
from progimage.library.quotas import Usage


class NewAccount(JsonBody):
    """The name and the password of an account to create."""

    username: Text
    password: Text


class NewPassword(JsonBody):
    """A new password, with the current one."""

    password_now: Text
    password: Text


class NewApiKey(JsonBody):
    """The label of an API key to create."""

    label: str = Field(min_length=1, max_length=MAX_LABEL)


class AccountDocument(JsonDocument):
    """An account, as it is shown to its owner."""

    username: str
    is_admin: bool
    created: datetime
    quota: QuotaDocument | None = Field(
        default=None, description="What it has and may have; null where there are no quotas."
    )
    links: LinksField


class ApiKeySummary(JsonDocument):
    """An API key, without its secret."""

    id: str
    label: str
    created: datetime


class CreatedApiKey(JsonDocument):
    """An API key with its secret."""

    id: str
    label: str
    key: str = Field(description="Send it as Bearer. It is not shown again.")


class Registration:
    """`/users/`: creates accounts, for the clients that `auth.registration` allows."""

    allows_anonymous = is_of_accounts = True

    def __init__(self, parts: Components) -> None:
        self._administration = parts.administration
        self._settings = parts.settings
        self._urls = parts.urls
        self._by_site = Throttle(20, 3_600)

    @documented(
        "users",
        "accounts",
        {201: Answer("The account is created.", {schemas.JSON: AccountDocument}, ("Location",))},
        body=Content({schemas.JSON: NewAccount}),
        errors=(
            Unauthenticated,
            Forbidden,
            NameTaken,
            TooManyAttempts,
            Overloaded,
            StoreUnavailable,
        ),
        is_open=True,
    )
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Create an account."""
        self._check_allowed(req)
        fields = read_json(req, self._settings.upload, NewAccount)
        if not viewer_of(req).is_admin:
            self._by_site.attempt(site_of(req.remote_addr))
        user = self._administration.add(fields.username, fields.password)
        resp.status = falcon.HTTP_201
        resp.set_header("Cache-Control", "no-store")
        resp.media = _document(user, self._urls)
        resp.location = self._urls.absolute(req, "/users/me/")

    def _check_allowed(self, req: falcon.Request) -> None:
        registration = self._settings.auth.registration
        if registration == "closed":
            raise Forbidden(
                "only the operator creates accounts, with 'progimage user add' "
                "(auth.registration is closed)"
            )
        if registration == "admin" and not viewer_of(req).is_admin:
            why = "only administrators create accounts (auth.registration is admin)"
            raise (Forbidden if viewer_of(req).name else Unauthenticated)(why)


class Account:
    """`/users/me/`: the account that sends the request."""

    allows_anonymous = is_of_accounts = True

    def __init__(self, parts: Components) -> None:
        self._urls = parts.urls
        self._quotas = parts.library.quotas
        self._administration = parts.administration
        self._users = parts.users
        self._authenticator = parts.authenticator
        self._settings = parts.settings

    @documented(
        "me",
        "accounts",
        {200: Answer("The account.", {schemas.JSON: AccountDocument}, ("Cache-Control",))},
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send the account; this is also allowed with an API key."""
        name = viewer_of(req).name
        if not name:
            raise Unauthenticated("sign in with POST /tokens/ and send the access token")
        resp.set_header("Cache-Control", "private, no-store")
        usage = self._quotas.usage(name) if self._quotas else None
        resp.media = _document(self._users.find(name), self._urls, usage)

    @documented(
        "password",
        "accounts",
        {204: Answer("The password is changed.")},
        body=Content({schemas.JSON: NewPassword}),
        errors=(Forbidden, TooManyAttempts, Overloaded),
    )
    def on_put_password(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Change the password; every session ends."""
        name = account_of(req)
        fields = read_json(req, self._settings.upload, NewPassword)
        self._administration.set_password(name, fields.password, fields.password_now)
        self._authenticator.forget(name)
        resp.status = falcon.HTTP_204

    @documented(
        "keys",
        "accounts",
        {200: Answer("The keys.", {schemas.JSON: Collection[ApiKeySummary]}, ("Cache-Control",))},
        errors=(Forbidden,),
    )
    def on_get_keys(self, req: falcon.Request, resp: falcon.Response) -> None:
        """List the API keys, without their secrets."""
        user = self._users.find(account_of(req))
        summaries = tuple(ApiKeySummary.model_validate(key) for key in user.api_keys)
        resp.media = Collection[ApiKeySummary](data=summaries).json_object()
        resp.set_header("Cache-Control", "private, no-store")

    @documented(
        "keys",
        "accounts",
        {201: Answer("The key, shown once.", {schemas.JSON: CreatedApiKey}, ("Cache-Control",))},
        body=Content({schemas.JSON: NewApiKey}),
        errors=(Forbidden,),
    )
    def on_post_keys(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Create an API key and show it once."""
        name = account_of(req)
        fields = read_json(req, self._settings.upload, NewApiKey)
        key, text = self._administration.add_api_key(name, fields.label)
        resp.status = falcon.HTTP_201
        resp.set_header("Cache-Control", "no-store")
        resp.media = CreatedApiKey(id=key.id, label=key.label, key=text).json_object()

    @documented(
        "key",
        "accounts",
        {204: Answer("The key is revoked.")},
        parameters=(in_path("key_id", "Id of an API key.", pattern="^[0-9a-f]{32}$"),),
        errors=(Forbidden,),
    )
    def on_delete_key(self, req: falcon.Request, resp: falcon.Response, key_id: str) -> None:
        """Revoke an API key."""
        name = account_of(req)
        self._administration.revoke_api_key(name, key_id)
        self._authenticator.forget(name)
        resp.status = falcon.HTTP_204


def _document(user: User, urls: Urls, usage: Usage | None = None) -> dict[str, object]:
    links = {
        "self": urls.link("/users/me/"),
        "images": urls.link("/images/?owner=me"),
        "keys": urls.link("/users/me/keys/"),
        "tokens": urls.link("/tokens/"),
    }
    document = AccountDocument(
        username=user.name,
        is_admin=user.is_admin,
        created=user.created,
        quota=QuotaDocument.model_validate(usage) if usage else None,
        links=links,
    )
    return document.json_object()
