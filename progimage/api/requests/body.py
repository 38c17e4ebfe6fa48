"""The body of a request, read with a bound on its bytes and on its time."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self

import falcon
from gunicorn.http.errors import ParseException

from progimage.config import Upload
from progimage.errors import InvalidRequest, RequestTimeout, RequestTooLarge

_BLOCK = 64 * 1024


class Body:
    """A readable stream over a request's body, with or without a Content-Length.

    A client that sends fewer bytes than it announced, stalls, sends very slowly or without end
    gets an error, so that it does not occupy a thread. The limit on the total time runs while
    the body is used as a context manager.
    """

    def __init__(self, req: falcon.Request, settings: Upload) -> None:
        self._stream = req.env["wsgi.input"]
        self.length: int | None = req.content_length
        self._limit = settings.max_request_bytes
        self._stall_timeout_s = settings.stall_timeout_s
        # gunicorn reads until a block is full, so with a client that sends single bytes this
        # thread could not look at a clock. Another thread ends the wait.
        self._timer = threading.Timer(settings.total_timeout_s, self._expire)
        self._timer.daemon = True
        self._has_expired = False
        self._socket: socket.socket | None = req.env.get("gunicorn.socket")
        self._taken = 0
        if self.length is None and not req.env.get("wsgi.input_terminated"):
            self.length = 0
        if (self.length or 0) > self._limit:
            raise self._too_large()

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._timer.cancel()

    def read(self, size: int | None = -1, /) -> bytes:
        """Return up to `size` bytes; fewer only at the end of the body.

        Raises:
            InvalidRequest: the client hung up before the end it had announced.
            RequestTooLarge: the body is longer than the limit for a request.
            RequestTimeout: nothing arrived for `stall_timeout_s`, or the body took too long.
        """
        wanted = _BLOCK if size is None or size < 0 else size
        if self.length is not None:
            wanted = min(wanted, self.length - self._taken)
        if wanted <= 0:
            return b""
        data = self._receive(wanted)
        self._taken += len(data)
        if self._taken > self._limit:
            raise self._too_large()
        if not data and self.length is not None:
            raise InvalidRequest(
                f"the body ended after {self._taken:,} of the {self.length:,} bytes that "
                "Content-Length announced; nothing was stored"
            )
        return data

    def _receive(self, wanted: int) -> bytes:
        usual_timeout_s = self._socket.gettimeout() if self._socket is not None else None
        if self._socket is not None:
            self._socket.settimeout(self._stall_timeout_s)
        try:
            data: bytes = self._stream.read(wanted)
        except TimeoutError:
            raise RequestTimeout(
                f"no byte of the body arrived for {self._stall_timeout_s:g} s; nothing was stored"
            ) from None
        except OSError:
            raise InvalidRequest("the connection broke before the body ended") from None
        except ParseException:
            raise InvalidRequest(
                "the body is not in the chunks that Transfer-Encoding announced; nothing was stored"
            ) from None
        finally:
            if self._socket is not None:
                self._socket.settimeout(usual_timeout_s)
        if self._has_expired:
            raise RequestTimeout("the body took too long to arrive; nothing was stored")
        return data

    def _expire(self) -> None:
        self._has_expired = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RD)

    def _too_large(self) -> RequestTooLarge:
        return RequestTooLarge(
            f"a request may have at most {self._limit:,} bytes; send the pictures in several"
        )
