"""The calls of the client that are about an account and its session."""

from __future__ import annotations

from urllib.parse import quote

from progimage.client.asynchronous import endpoints
from progimage.client.asynchronous.session import AsyncSession
from progimage.client.errors import InvalidCall
from progimage.client.messages import Request
from progimage.client.results import Account
from progimage.client.tokens import Tokens


class AsyncAccountCalls:
    """Log in and out, and read the account."""

    _session: AsyncSession

    @property
    def tokens(self) -> Tokens | None:
        """The tokens in use; store them to stay logged in."""
        return self._session.tokens

    async def login(self, name: str, password: str) -> Tokens:
        """Log in, and use the tokens for all further calls; return them.

        Raises:
            Unauthorized: the name or the password is wrong.
        """
        request = Request(
            "POST",
            "/tokens/",
            json={"username": name, "password": password},
            is_repeatable=False,
            has_token=False,
        )
        tokens = Tokens.of((await self._session.request(request)).document)
        self._session.tokens = tokens
        return tokens

    async def refresh_tokens(self) -> Tokens:
        """Exchange the refresh token for new tokens; calls do this when a token has expired."""
        return await self._session.refresh_tokens(self._session.tokens)

    async def logout(self) -> None:
        """End the session on the server, and forget its tokens."""
        tokens = self._session.tokens
        if tokens is None or not tokens.session:
            raise InvalidCall("there is no session to end; log in")
        await endpoints.delete(self._session, f"/tokens/{quote(tokens.session, safe='')}/")
        self._session.tokens = None

    async def account(self) -> Account:
        """Return the account that is logged in, with its quota."""
        return Account.of((await self._session.request(Request("GET", "/users/me/"))).document)
