"""Requests and responses, and how they and their errors translate to and from httpx."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import httpx

from progimage.client.errors import (
    InvalidCall,
    Problem,
    TimedOut,
    UnexpectedAnswer,
    Unreachable,
    problem,
)

Parameters = Sequence[tuple[str, str]]

_MAX_RETRY_AFTER_S = 3600.0


class Sink(Protocol):
    """The destination of a download."""

    def write(self, data: bytes, /) -> object:
        """Write some bytes."""

    def restart(self) -> bool:
        """Discard everything written so far; return False if that is not possible."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request to the server.

    Attributes:
        path: the path on the server, percent-encoded.
        file: name and bytes of the form field `image`, sent together with `fields`.
        sink: receives the body of a successful response as it arrives.
        is_repeatable: whether sending it twice has the same effect as sending it once.
        has_token: whether to send the access token.
    """

    method: str
    path: str
    parameters: Parameters = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    content: bytes | None = None
    file: tuple[str, bytes] | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    sink: Sink | None = None
    is_repeatable: bool = True
    has_token: bool = True

    def may_be_sent_after(self, problem: Problem) -> bool:
        """Return whether to send it again after an error.

        After 502 and 504 with Retry-After, by which a proxy says that the server ended in the
        middle, only if it is repeatable: the server may have done it.
        """
        if problem.status in (502, 504) and problem.retry_after_s is not None:
            return self.is_repeatable
        return problem.status in (429, 503)

    def arguments(self, access_token: str) -> dict[str, Any]:
        """Return the arguments for `httpx.Client.stream`."""
        headers = dict(self.headers)
        if access_token and self.has_token:
            headers["Authorization"] = f"Bearer {access_token}"
        result: dict[str, Any] = {"method": self.method, "url": self.path, "headers": headers}
        if self.parameters:
            result["params"] = list(self.parameters)
        if self.file is not None:
            name, data = self.file
            result["files"] = [("image", (name or "image", data, "application/octet-stream"))]
            result["data"] = dict(self.fields)
        elif self.json is not None:
            result["json"] = self.json
        elif self.content is not None:
            result["content"] = self.content
        return result


@dataclass(frozen=True, slots=True)
class Response:
    """A complete response; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, response: httpx.Response, body: bytes) -> Response:
        """Return the response that httpx received."""
        headers = {name.lower(): value for name, value in response.headers.items()}
        return cls(response.status_code, headers, body)

    @property
    def document(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            UnexpectedAnswer: the body is not a JSON object.
        """
        try:
            value = json.loads(self.body)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise UnexpectedAnswer(
                f"the server answered {self.status} without a JSON object; is it ProgImage?"
            )
        return value

    @property
    def problem(self) -> Problem:
        """The error that this response of status 400 or more describes."""
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        document: Mapping[str, Any] = {"title": f"the server answered {self.status}"}
        if media_type.endswith("json"):
            document = self.document
        return problem(self.status, document, _retry_after_s(self.headers.get("retry-after", "")))


def translated(
    error: httpx.HTTPError, via: str = ""
) -> Unreachable | UnexpectedAnswer | InvalidCall:
    """Return the client's error for one of httpx; `via` names the proxy in between."""
    message = f"{error or type(error).__name__}{via}"
    if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return InvalidCall(message)
    if not isinstance(error, httpx.TransportError):
        return UnexpectedAnswer(message)
    result = (TimedOut if isinstance(error, httpx.TimeoutException) else Unreachable)(message)
    result.is_before_sending = isinstance(
        error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout
    )
    return result


def _retry_after_s(text: str) -> float | None:
    """Parse Retry-After, a number of seconds or a date (RFC 9110, section 10.2.3)."""
    if re.fullmatch(r"[0-9]{1,9}", text):
        return min(float(text), _MAX_RETRY_AFTER_S)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return min(max(0.0, (when - datetime.now(UTC)).total_seconds()), _MAX_RETRY_AFTER_S)
