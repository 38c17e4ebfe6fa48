"""Every error the client raises.

ClientError
├── InvalidCall              the arguments cannot be sent: no request was made
├── Unreachable              no connection, or it broke; retried where that was safe
│   └── TimedOut             the server did not answer in time
├── UnexpectedAnswer         not a ProgImage answer; another service may be at this address
├── JobCancelled             the job that the call waited for was cancelled
└── Problem                  the server answered with an error; see `status`, `detail`, `document`
    ├── Invalid              400, 406, 416, 428: the request is malformed
    ├── Unauthorized         401: no token, or an invalid or expired one
    ├── Forbidden            403: the account may not do this
    ├── NotFound             404: there is no such image, or it is private to another account
    │   └── Gone             410: an upload that was not finished in time
    ├── Conflict             409: the request does not fit the current state
    │   └── Changed          412: the image was edited since you read it
    ├── NotAPicture          415, 422: the bytes are not an image the server can use
    ├── TooLarge             413: more bytes than an upload may have
    ├── RateLimited          429: too many requests; see `retry_after_s`
    └── ServerError          5xx: the server has a problem
        └── Unavailable      503: the server is too busy, or its store does not answer
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ClientError(Exception):
    """Base class of all errors of the client."""


class InvalidCall(ClientError, ValueError):
    """The arguments of the call cannot be sent; no request was made."""


class Unreachable(ClientError):
    """There is no connection to the server, or it broke.

    `is_before_sending` is true if no part of the request can have reached the server.
    """

    is_before_sending: bool = False


class TimedOut(Unreachable):
    """The server did not answer in time."""


class UnexpectedAnswer(ClientError):
    """The answer is not one that ProgImage gives."""


class JobCancelled(ClientError):
    """The job that the call waited for was cancelled."""


class Problem(ClientError):
    """An error answer of the server (RFC 9457).

    Attributes:
        status: the HTTP status.
        title, detail: the kind of error; what is wrong, where, and what would work.
        document: the whole problem document.
        retry_after_s: when to try again, if the server sent Retry-After.
        tries: the number of requests that were sent.
    """

    tries: int = 1

    def __init__(
        self, status: int, document: Mapping[str, Any], retry_after_s: float | None = None
    ) -> None:
        self.status = status
        self.document = dict(document)
        self.title = str(document.get("title") or f"HTTP {status}")
        self.detail = str(document.get("detail") or "")
        self.retry_after_s = retry_after_s
        super().__init__(status, document, retry_after_s)

    @property
    def type(self) -> str:
        """The URN of this kind of error."""
        return str(self.document.get("type", ""))

    def __str__(self) -> str:
        return f"{self.title}: {self.detail}" if self.detail else self.title


class Invalid(Problem):
    """The request is malformed."""


class Unauthorized(Problem):
    """There is no token, or an invalid or expired one."""


class Forbidden(Problem):
    """The account may not do this."""


class NotFound(Problem):
    """There is no such image, or it is private to another account."""


class Gone(NotFound):
    """The upload was not finished in time."""


class Conflict(Problem):
    """The request does not fit the current state."""


class Changed(Conflict):
    """The image was edited since you read it."""


class NotAPicture(Problem):
    """The bytes are not an image the server can use."""


class TooLarge(Problem):
    """The upload has more bytes than the server accepts."""


class RateLimited(Problem):
    """There were too many requests."""


class ServerError(Problem):
    """The server has a problem."""


class Unavailable(ServerError):
    """The server is too busy, or its store does not answer."""


_CLASSES: dict[int, type[Problem]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    412: Changed,
    413: TooLarge,
    415: NotAPicture,
    422: NotAPicture,
    429: RateLimited,
    503: Unavailable,
}


def problem(
    status: int, document: Mapping[str, Any], retry_after_s: float | None = None
) -> Problem:
    """Return the error for an HTTP status of 400 or more."""
    error = _CLASSES.get(status) or (ServerError if status >= 500 else Invalid)
    return error(status, document, retry_after_s)
