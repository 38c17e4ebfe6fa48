"""Imgur, by version 3 of its API (https://apidocs.imgur.com).

POST /3/image takes a form with the picture's bytes and answers
`{"data": {"id", "link", "deletehash", …}, "success": true, "status": 200}`. An upload
costs 10 credits. Each answer says in `X-RateLimit-User…` and `-Client…` how many are
left and when (seconds since 1970) there will be more, and in `X-Post-Rate-Limit-…` how
many POST requests are left, and in how many seconds there will be more.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Self

import httpx

from progimage.config import Publish
from progimage.errors import Overloaded, PublishFailed
from progimage.ingest.download import retry_after
from progimage.jobs.publish.destination import Published
from progimage.model import Record

# https://help.imgur.com/hc/en-us/articles/26511665959579
_MAX_BYTES = 20 * 10**6
_COST = 10

_MAX_ANSWER = 64 * 1024
_LONGEST_PAUSE_S = 3600.0
# A pause that was asked for without saying how long.
_USUAL_PAUSE_S = 60.0

_ID = re.compile(r"[A-Za-z0-9]{1,64}")
_LINK = re.compile(r"https?://[A-Za-z0-9.:-]+/[A-Za-z0-9._/-]{1,200}")


class Imgur:
    """Anonymous uploads by one registered application."""

    def __init__(
        self,
        client_id: str,
        api: str,
        timeout_s: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._url = f"{api.rstrip('/')}/3/image"
        self._headers = {"Authorization": f"Client-ID {client_id}"}
        self._timeout_s = timeout_s
        self._clock = clock
        self._lock = threading.Lock()
        self._resumes_at = 0.0
        self._http = httpx.Client(timeout=timeout_s, follow_redirects=False, trust_env=False)

    @classmethod
    def open(cls, settings: Publish) -> Self | None:
        """Return the destination, None if there is no client id."""
        if not settings.imgur_client_id:
            return None
        return cls(settings.imgur_client_id, settings.imgur_api, settings.timeout_s)

    def publish(self, record: Record, read: Callable[[], bytes], album: str) -> Published:
        """Send a picture; see `Destination.publish`."""
        if record.size_bytes > _MAX_BYTES:
            raise PublishFailed(f"imgur: takes pictures of at most {_MAX_BYTES:,} bytes")
        self._raise_if_paused()
        fields = {
            "type": "file",
            "name": record.file_name,
            "title": record.title,
            "description": record.description,
            "album": album,
        }
        file = (record.file_name or "picture", read(), record.media_type)
        status, headers, body = self._post({k: v for k, v in fields.items() if v}, file)
        answer = _parse(body)
        self._pause_before_limits(headers)
        if status == 429 or _code(answer) == 429:
            raise self._too_often(headers)
        if status >= 500:
            raise PublishFailed(
                f"imgur: failed ({status})",
                retryable=True,
                retry_after_s=retry_after.seconds(headers.get("Retry-After", "")),
            )
        if status in (401, 403):
            raise PublishFailed(f"imgur: did not accept the client id ({status})")
        if status != 200:
            raise PublishFailed(f"imgur: did not accept the picture ({status})")
        return _published(answer)

    def _post(
        self, fields: dict[str, str], file: tuple[str, bytes, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        deadline = time.monotonic() + self._timeout_s
        body = b""
        try:
            with self._http.stream(
                "POST", self._url, data=fields, files={"image": file}, headers=self._headers
            ) as response:
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > _MAX_ANSWER or time.monotonic() > deadline:
                        raise PublishFailed("imgur: its answer is too long or too slow")
        except (httpx.TransportError, httpx.DecodingError):
            raise PublishFailed(
                "imgur: could not be reached, or the connection broke", retryable=True
            ) from None
        return response.status_code, response.headers, body

    def _raise_if_paused(self) -> None:
        if self._clock() < self._resumes_at:
            raise self._paused()

    def _paused(self) -> Overloaded:
        left_s = self._resumes_at - self._clock()
        return Overloaded("imgur: asked for a pause", retry_after_s=max(int(left_s) + 1, 1))

    def _too_often(self, headers: Mapping[str, str]) -> Overloaded:
        pause_s = retry_after.seconds(headers.get("Retry-After", ""))
        self._pause(_USUAL_PAUSE_S if pause_s is None else pause_s)
        return self._paused()

    def _pause_before_limits(self, headers: Mapping[str, str]) -> None:
        """Pause before a limit is reached, if the headers say that one is near."""
        if _number(headers, "X-RateLimit-UserRemaining", _COST) < _COST:
            reset = _number(headers, "X-RateLimit-UserReset", self._clock() + _USUAL_PAUSE_S)
            self._pause(reset - self._clock())
        if _number(headers, "X-RateLimit-ClientRemaining", _COST) < _COST:
            self._pause(_LONGEST_PAUSE_S)
        if _number(headers, "X-Post-Rate-Limit-Remaining", 1) < 1:
            self._pause(_number(headers, "X-Post-Rate-Limit-Reset", _USUAL_PAUSE_S))

    def _pause(self, seconds: float) -> None:
        with self._lock:
            until = self._clock() + min(max(seconds, 1.0), _LONGEST_PAUSE_S)
            self._resumes_at = max(self._resumes_at, until)


def _parse(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _code(answer: dict[str, Any]) -> object:
    """Return the code of an error, which may differ from the status it came with."""
    data = answer.get("data")
    error = data.get("error") if isinstance(data, dict) else None
    return error.get("code") if isinstance(error, dict) else None


def _published(answer: dict[str, Any]) -> Published:
    data = answer.get("data")
    found = data if answer.get("success") is True and isinstance(data, dict) else {}
    picture_id, link, delete_hash = (found.get(name) for name in ("id", "link", "deletehash"))
    if not (
        isinstance(picture_id, str)
        and _ID.fullmatch(picture_id)
        and isinstance(link, str)
        and _LINK.fullmatch(link)
    ):
        # Not tried again: the picture may be there, and would then be there twice.
        raise PublishFailed("imgur: the answer is not one of its API; the picture may have arrived")
    is_hash = isinstance(delete_hash, str) and _ID.fullmatch(delete_hash)
    return Published(
        to="imgur", id=picture_id, link=link, delete_hash=str(delete_hash) if is_hash else ""
    )


def _number(headers: Mapping[str, str], name: str, default: float) -> float:
    text = headers.get(name, "").strip()
    return int(text) if re.fullmatch(r"[0-9]{1,12}", text) else default
