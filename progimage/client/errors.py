"""Every error the client raises.

ClientError
├── InvalidCall              what was asked for cannot be sent: no request was made
├── Unreachable              no connection, or it broke; tried again where that was safe
│   └── TimedOut             the server did not answer in time
├── UnexpectedAnswer         not what ProgImage sends; something else may be at this address
├── JobCancelled             the job that was waited for was cancelled
└── Problem                  the server says no, and why; has `status`, `detail`, `document`
    ├── Invalid              400, 406, 416, 428: the request is malformed
    ├── Unauthorized         401: no token, or one that is not valid (any more)
    ├── Forbidden            403: not yours to change
    ├── NotFound             404: no such picture, or none you may see
    │   └── Gone             410: an upload that was not finished in time
    ├── Conflict             409: what was sent does not fit what is there
    │   └── Changed          412: it was edited since you read it
    ├── NotAPicture          415, 422: the bytes are not a picture the server can use
    ├── TooLarge             413: more bytes than an upload may have
    ├── RateLimited          429: too many requests; has `retry_after_s`
    └── ServerError          5xx: the server has a problem
        └── Unavailable      503: too busy, or its store does not answer
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ClientError(Exception):
    """Base of all."""


class InvalidCall(ClientError, ValueError):
    """What was asked for cannot be sent."""


class Unreachable(ClientError):
    """No connection to the server, or it broke.

    `is_before_sending` tells that nothing of the request can have reached the server.
    """

    is_before_sending: bool = False


class TimedOut(Unreachable):
    """The server did not answer in time."""


class UnexpectedAnswer(ClientError):
    """The answer is not one of ProgImage."""


class JobCancelled(ClientError):
    """The job that was waited for was cancelled."""


class Problem(ClientError):
    """The server's answer to what it cannot do (RFC 9457).

    Attributes:
        status: of HTTP.
        title, detail: what is wrong; what, where and what would work.
        document: all of the problem document.
        retry_after_s: when to come back, if the server said so.
        tries: how many requests it took to learn this.
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
        """The URN that tells kinds of problems apart."""
        return str(self.document.get("type", ""))

    def __str__(self) -> str:
        return f"{self.title}: {self.detail}" if self.detail else self.title


class Invalid(Problem):
    """The request is malformed."""


class Unauthorized(Problem):
    """No token, or one that is not valid (any more)."""


class Forbidden(Problem):
    """Not yours to change."""


class NotFound(Problem):
    """No such picture, or none you may see."""


class Gone(NotFound):
    """An upload that was not finished in time."""


class Conflict(Problem):
    """What was sent does not fit what is there."""


class Changed(Conflict):
    """It was edited since you read it."""


class NotAPicture(Problem):
    """The bytes are not a picture the server can use."""


class TooLarge(Problem):
    """More bytes than an upload may have."""


class RateLimited(Problem):
    """Too many requests."""


class ServerError(Problem):
    """The server has a problem."""


class Unavailable(ServerError):
    """Too busy, or its store does not answer."""


_OF_STATUS: dict[int, type[Problem]] = {
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
    """Return the error of a status of 400 or more."""
    kind = _OF_STATUS.get(status) or (ServerError if status >= 500 else Invalid)
    return kind(status, document, retry_after_s)
