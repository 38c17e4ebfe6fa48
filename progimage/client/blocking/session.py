# Generated from progimage/client/asynchronous by `make client`. Do not edit.
"""The connections of a client, its tokens, retries, and named errors."""

from __future__ import annotations

import threading

import httpx

from progimage.client.concurrency import pause
from progimage.client.errors import InvalidCall, Unauthorized, Unreachable
from progimage.client.messages import Request, Response, translated
from progimage.client.retries import Retries
from progimage.client.tokens import Tokens


class Session:
    """Sends requests.

    Args:
        http: the connections, with the address of the server as `base_url`.
        tokens: of a login or an API key, None to send none.
        retries: when to try again.
        via: names the proxy in error messages, such as " (through the proxy …)".
    """

    def __init__(
        self, http: httpx.Client, tokens: Tokens | None, retries: Retries, via: str = ""
    ) -> None:
        self.http = http
        self.tokens = tokens
        self.retries = retries
        self._via = via
        self._refreshing = threading.Lock()

    def url_of(self, path: str) -> str:
        """Return the complete address of a path on the server."""
        return f"{str(self.http.base_url).rstrip('/')}{path}"

    def request(self, request: Request) -> Response:
        """Send a request, again where that is safe, and return the successful response.

        An expired access token is refreshed once, if there is a refresh token.

        Raises:
            Problem: the server answered with an error.
            Unreachable: there is no connection to the server.
        """
        used = self.tokens
        try:
            return self._send_with_retries(request)
        except Unauthorized:
            if not request.has_token or used is None or not used.refresh_token:
                raise
        self.refresh_tokens(used)
        return self._send_with_retries(request)

    def refresh_tokens(self, used: Tokens | None) -> Tokens:
        """Replace the tokens `used` by new ones and return these.

        Raises:
            InvalidCall: there is no refresh token.
        """
        # A refresh token works once: of several calls only the first may send it.
        with self._refreshing:
            if self.tokens is not None and self.tokens is not used:
                return self.tokens
            if used is None or not used.refresh_token:
                raise InvalidCall("there is no refresh token; log in")
            response = self._send_with_retries(
                Request(
                    "POST",
                    "/tokens/",
                    json={"refresh_token": used.refresh_token},
                    is_repeatable=False,
                    has_token=False,
                )
            )
            self.tokens = Tokens.of(response.document, before=used)
            return self.tokens

    def _send_with_retries(self, request: Request) -> Response:
        tries = 0
        while True:
            tries += 1
            try:
                response = self._send(request)
            except Unreachable as error:
                pause_s = self.retries.pause_s(tries)
                if pause_s is None or not (request.is_repeatable or error.is_before_sending):
                    raise
            else:
                if response.status < 400:
                    return response
                problem = response.problem
                problem.tries = tries
                pause_s = self.retries.pause_s(tries, problem.retry_after_s)
                if pause_s is None or not request.may_be_sent_after(problem):
                    raise problem
            if request.sink is not None and not request.sink.restart():
                raise Unreachable("the connection broke in the middle of the download")
            pause(pause_s)

    def _send(self, request: Request) -> Response:
        arguments = request.arguments(self.tokens.access_token if self.tokens else "")
        try:
            with self.http.stream(**arguments) as response:
                if request.sink is None or not response.is_success:
                    return Response.of(response, response.read())
                for data in response.iter_bytes():
                    request.sink.write(data)
                return Response.of(response, b"")
        except httpx.HTTPError as error:
            raise translated(error, self._via) from error
        except httpx.InvalidURL as error:
            raise InvalidCall(str(error)) from error
