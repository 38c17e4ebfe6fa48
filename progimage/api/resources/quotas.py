"""`/users/<name>/quota/`: how much an account has and may have, for administrators."""

from __future__ import annotations

import falcon
from pydantic import Field, StrictInt

from progimage.api.auth.authentication import viewer_of
from progimage.api.components import Components
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Content, documented, in_path
from progimage.api.requests.json_body import JsonBody, read_json
from progimage.api.responses.json_document import JsonDocument
from progimage.errors import Forbidden, InvalidRequest, NotFound, Overloaded, Unauthenticated
from progimage.library.quotas import Quotas
from progimage.telemetry import audit

_NAME = in_path("name", "Name of an account.", "ann", minLength=1, maxLength=100)
_ERRORS = (InvalidRequest, Forbidden, Overloaded)


class QuotaDocument(JsonDocument):
    """What an account has, and what it may have."""

    pictures: int = Field(ge=0, description="With those in the trash.")
    size_bytes: int = Field(ge=0, description="Bytes of the originals.")
    max_pictures: int = Field(ge=0, description="0: no limit.")
    max_size_bytes: int = Field(ge=0, description="0: no limit.")


class QuotaLimits(JsonBody):
    """Limits of one account."""

    max_pictures: StrictInt | None = Field(
        default=None, ge=0, le=10**12, description="0: no limit; null: that of the settings."
    )
    max_size_bytes: StrictInt | None = Field(
        default=None, ge=0, le=10**18, description="0: no limit; null: that of the settings."
    )


class AccountQuota:
    """The quota of one account, for administrators."""

    is_of_accounts = True

    def __init__(self, parts: Components) -> None:
        self._users = parts.users
        self._quotas = parts.library.quotas
        self._settings = parts.settings

    @documented(
        "quota",
        "accounts",
        {200: Answer("The quota.", {schemas.JSON: QuotaDocument}, ("Cache-Control",))},
        parameters=(_NAME,),
        errors=_ERRORS,
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Send what an account has and may have; only for administrators."""
        quotas = self._open(req, name)
        self._send(resp, QuotaDocument.model_validate(quotas.usage(name)))

    @documented(
        "quota",
        "accounts",
        {200: Answer("The quota.", {schemas.JSON: QuotaDocument}, ("Cache-Control",))},
        parameters=(_NAME,),
        body=Content(
            {schemas.JSON: QuotaLimits},
            examples={schemas.JSON: {"max_pictures": 1000, "max_size_bytes": 5_000_000_000}},
        ),
        errors=_ERRORS,
    )
    def on_put(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Give an account limits of its own; only for administrators."""
        quotas = self._open(req, name)
        limits = read_json(req, self._settings.upload, QuotaLimits)
        usage = quotas.set_limits(name, limits.model_dump())
        audit.record("account", account=name, quota=True)
        self._send(resp, QuotaDocument.model_validate(usage))

    def _open(self, req: falcon.Request, name: str) -> Quotas:
        """Return the quotas, for an administrator who names an account."""
        viewer = viewer_of(req)
        if not viewer.name:
            raise Unauthenticated("sign in as an administrator, and send the access token or a key")
        if not viewer.is_admin:
            raise Forbidden("only an administrator may see and set the quotas of accounts")
        if self._quotas is None:
            raise NotFound("quotas are off; the operator turns them on with quota.enabled")
        self._users.find(name)
        return self._quotas

    def _send(self, resp: falcon.Response, document: QuotaDocument) -> None:
        resp.set_header("Cache-Control", "private, no-store")
        resp.media = document.json_object()
