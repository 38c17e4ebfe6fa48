"""One request with all that belongs to it: who asks, retries, and errors with names."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from progimage.client.effects import Answer, Ask, Pause, Talk
from progimage.client.errors import InvalidCall, Problem, Unreachable, problem

_MAX_RETRY_AFTER_S = 3600.0


@dataclass(frozen=True, slots=True)
class Retries:
    """When to try again: after 429, 503 and broken connections.

    The n-th pause is drawn at random from 0 to `backoff_s` * 2^n, at most
    `max_backoff_s`, and is no shorter than what Retry-After asks for. A server that
    asks for more than `max_wait_s` is not waited for.
    Source: "Exponential Backoff And Jitter", AWS Architecture Blog (full jitter).
    """

    attempts: int = 5
    backoff_s: float = 0.25
    max_backoff_s: float = 8.0
    max_wait_s: float = 60.0

    def pause_s(self, tries: int, retry_after_s: float | None = None) -> float | None:
        """Return how long to wait after so many tries, None to give up."""
        if tries >= self.attempts or (retry_after_s or 0) > self.max_wait_s:
            return None
        bound = min(self.max_backoff_s, self.backoff_s * 2 ** (tries - 1))
        return (retry_after_s or 0) + random.uniform(0, bound)  # noqa: S311 (no secret)


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """What logging in gives: a token for requests, and one to get the next."""

    access_token: str
    refresh_token: str = ""
    session: str = ""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Tokens:
        """Read the answer of `POST /tokens/`."""
        return cls(
            str(document.get("access_token", "")),
            str(document.get("refresh_token") or ""),
            str(document.get("session") or ""),
        )

    def __repr__(self) -> str:
        return f"Tokens(session={self.session!r})"


class Session:
    """What a client knows between its calls."""

    def __init__(self, tokens: Tokens | None, retries: Retries) -> None:
        self.tokens = tokens
        self.retries = retries

    def exchange(self, ask: Ask) -> Talk[Answer]:
        """Send a request, again where that is safe, and return a successful answer.

        A token that has run out is refreshed once, if there is a refresh token.

        Raises:
            Problem: the server said no.
            Unreachable: it could not be asked.
        """
        used = self.tokens
        try:
            return (yield from self._insist(ask))
        except Problem as error:
            if error.status != 401 or not ask.has_token or used is None or not used.refresh_token:
                raise
        if self.tokens is used:
            yield from self.refresh()
        return (yield from self._insist(ask))

    def refresh(self) -> Talk[Tokens]:
        """Exchange the refresh token for new tokens."""
        if self.tokens is None or not self.tokens.refresh_token:
            raise InvalidCall("there is no refresh token; log in")
        ask = Ask(
            "POST",
            "/tokens/",
            json={"refresh_token": self.tokens.refresh_token},
            is_repeatable=False,
            has_token=False,
        )
        answer = yield from self._insist(ask)
        renewed = Tokens.of(answer.document)
        if not renewed.refresh_token:
            renewed = replace(renewed, refresh_token=self.tokens.refresh_token)
        if not renewed.session:
            renewed = replace(renewed, session=self.tokens.session)
        self.tokens = renewed
        return renewed

    def _insist(self, ask: Ask) -> Talk[Answer]:
        tries = 0
        while True:
            tries += 1
            try:
                answer: Answer = yield self._signed(ask)
            except Unreachable as error:
                was_sent = not error.is_before_sending
                pause_s = self.retries.pause_s(tries)
                if pause_s is None or (was_sent and not ask.is_repeatable):
                    raise
            else:
                if answer.status < 400:
                    return replace(answer, tries=tries)
                wait_s = _retry_after_s(answer.headers.get("retry-after", ""))
                refused = problem(answer.status, _problem_document(answer), wait_s)
                pause_s = self.retries.pause_s(tries, wait_s)
                if answer.status not in (429, 503) or pause_s is None:
                    refused.tries = tries
                    raise refused
            if ask.sink is not None and not ask.sink.restart():
                raise Unreachable("the connection broke in the middle of the picture")
            yield Pause(pause_s)

    def _signed(self, ask: Ask) -> Ask:
        if self.tokens is None or not ask.has_token:
            return ask
        return replace(
            ask, headers={**ask.headers, "Authorization": f"Bearer {self.tokens.access_token}"}
        )


def _retry_after_s(text: str) -> float | None:
    """Read Retry-After, a number of seconds or a date (RFC 9110, section 10.2.3)."""
    if re.fullmatch(r"[0-9]{1,9}", text):
        return min(float(text), _MAX_RETRY_AFTER_S)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return min(max(0.0, (when - datetime.now(UTC)).total_seconds()), _MAX_RETRY_AFTER_S)


def _problem_document(answer: Answer) -> Mapping[str, Any]:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not kind.endswith("json"):
        return {"status": answer.status, "title": f"the server answered {answer.status}"}
    return answer.document
