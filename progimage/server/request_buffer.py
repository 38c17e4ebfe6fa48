"""Collects the head and a short body of a request, so that no thread waits for them.

This code only decides when a request goes to a thread. gunicorn's parser reads the same
bytes again and decides what they mean.
"""

from __future__ import annotations

import re

MAX_HEAD = 64 * 1024
"""The rest of a longer head is read by a thread; gunicorn rejects most such heads."""

SHORT_BODY = 128 * 1024
"""Bodies up to this many bytes are collected whole; JSON without a picture is never longer."""

_HEAD_END = b"\r\n\r\n"
_MAX_CHUNK_LINE = 1024
_HEX = re.compile(rb"[0-9a-fA-F]{1,8}")


class RequestBuffer:
    """The bytes of one request that have arrived so far.

    Attributes:
        data: the bytes; more than one request if the client sent several at once.
        is_complete: true once a thread can work on the request without waiting for its
            head or for a short body.
        has_head: true once the head has arrived.
    """

    def __init__(self) -> None:
        self.data = bytearray()
        self.is_complete = False
        self.has_head = False
        self._searched = 0
        self._needed: int | None = 0
        self._chunks: _ChunkedLength | None = None

    def feed(self, piece: bytes) -> None:
        """Add bytes that have arrived; an empty piece means that the client sends no more."""
        self.data += piece
        if not piece:
            self.is_complete = True
        elif not self.has_head:
            self._find_head()
        if self.has_head and not self.is_complete:
            self._find_end_of_body()

    def take_expectation(self) -> bool:
        """Return True if the client waits for "100 Continue" before it sends a short body.

        The header is taken out of the head, so that the answer is sent only once.
        Source: RFC 9110, section 10.1.1.
        """
        if not self.has_head or self.is_complete:
            return False
        end = self.data.index(_HEAD_END)
        lines = bytes(self.data[:end]).split(b"\r\n")
        others = [line for line in lines if not _is_expectation(line)]
        if len(others) == len(lines):
            return False
        head = b"\r\n".join(others)
        self.data[:end] = head
        removed = end - len(head)
        if self._needed is not None:
            self._needed -= removed
        if self._chunks is not None:
            self._chunks.position -= removed
        return True

    def _find_head(self) -> None:
        # The end may have begun in the last piece.
        end = self.data.find(_HEAD_END, max(0, self._searched - 3))
        self._searched = len(self.data)
        if end < 0:
            self.is_complete = len(self.data) > MAX_HEAD
            return
        self.has_head = True
        body = end + len(_HEAD_END)
        head = bytes(self.data[:end]).lower()
        lengths = _values(head, b"content-length")
        codings = _values(head, b"transfer-encoding")
        if codings == [b"chunked"] and not lengths:
            self._needed = None
            self._chunks = _ChunkedLength(body)
        elif len(lengths) == 1 and lengths[0].isdigit() and len(lengths[0]) < 12 and not codings:
            length = int(lengths[0])
            self._needed = body + (length if length <= SHORT_BODY else 0)
        else:
            self._needed = body

    def _find_end_of_body(self) -> None:
        if self._chunks is not None:
            self.is_complete = self._chunks.is_complete(self.data)
        elif self._needed is not None:
            self.is_complete = len(self.data) >= self._needed


class _ChunkedLength:
    """Finds the end of a chunked body, unless the body is malformed or long.

    Source: RFC 9112, section 7.1.
    """

    def __init__(self, position: int) -> None:
        self.position = position
        self._start = position
        self._is_last = False

    def is_complete(self, data: bytearray) -> bool:
        """Return True if the body has ended, is malformed or is longer than a short body."""
        if self.position - self._start > SHORT_BODY:
            return True
        while True:
            end = data.find(b"\r\n", self.position, self.position + _MAX_CHUNK_LINE)
            if end < 0:
                return len(data) - self.position >= _MAX_CHUNK_LINE
            line = bytes(data[self.position : end])
            if self._is_last:
                self.position = end + 2
                if not line:
                    return True
                continue
            size = _chunk_size(line)
            if size is None or end - self._start + size > SHORT_BODY:
                return True
            if size == 0:
                self._is_last, self.position = True, end + 2
            elif len(data) < end + 2 + size + 2:
                return False
            else:
                self.position = end + 2 + size + 2


def _chunk_size(line: bytes) -> int | None:
    """Return the size of a chunk, or None if the line is not the start of one."""
    digits = line.partition(b";")[0].strip()
    return int(digits, 16) if _HEX.fullmatch(digits) else None


def _values(head: bytes, name: bytes) -> list[bytes]:
    """Return the values of a header; `head` and `name` are in lower case."""
    if b"\r\n" + name not in head:
        return []
    fields = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return [value.strip() for found, _, value in fields if found.strip() == name]


def _is_expectation(line: bytes) -> bool:
    name, _, value = line.partition(b":")
    return name.strip().lower() == b"expect" and value.strip().lower() == b"100-continue"
