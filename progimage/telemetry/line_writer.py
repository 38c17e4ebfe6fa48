"""Writes log lines from a thread of its own, so that no request ever waits for the log.

Standard error can block: its disk is full, or the process that reads it hangs. Then lines
wait in a queue of limited length. If the queue is full, new lines are dropped and counted.
The count is logged once lines can be written again.
"""

from __future__ import annotations

import atexit
import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable

MOST_LINES = 10_000
"""The most lines that wait at a time; about 4 MB."""

# Lines are collected for this time and written at once, which costs less than one by one.
_GATHERING_S = 0.005
# How long to continue to write the waiting lines at exit.
_LAST_LINES_S = 1.0


class LineWriter:
    """A text stream whose `write` never blocks and never fails.

    Args:
        descriptor: the file descriptor to write to; it may block.
        on_drop: called with the number of lines that were dropped.
    """

    def __init__(self, descriptor: int, on_drop: Callable[[int], None] = lambda _: None) -> None:
        self._descriptor = descriptor
        self._on_drop = on_drop
        self._pid = 0
        self._start_lock = threading.Lock()
        atexit.register(self.close)

    def write(self, text: str) -> int:
        """Add a line to the queue, or drop it if too many wait; return its length."""
        if self._pid != os.getpid():
            self._start()
        if len(self._lines) >= MOST_LINES:
            self._dropped += 1
            self._on_drop(1)
        else:
            self._lines.append(text)
            if not self._has_lines.is_set():
                self._has_lines.set()
        return len(text)

    def flush(self) -> None:
        """Do nothing: this class must never wait for the log."""

    def isatty(self) -> bool:
        """Return True if the log is a terminal."""
        return os.isatty(self._descriptor)

    def close(self) -> None:
        """Write the waiting lines, for at most a second."""
        if self._pid != os.getpid():
            return
        deadline = time.monotonic() + _LAST_LINES_S
        while (self._lines or self._is_writing) and time.monotonic() < deadline:
            self._has_lines.set()
            time.sleep(_GATHERING_S)

    def _start(self) -> None:
        """Start the thread in this process: a thread does not survive a fork."""
        with self._start_lock:
            if self._pid == os.getpid():
                return
            self._lines: deque[str] = deque()
            self._has_lines = threading.Event()
            self._is_writing = False
            self._dropped = 0
            threading.Thread(target=self._run, name="log", daemon=True).start()
            self._pid = os.getpid()

    def _run(self) -> None:
        while True:
            self._has_lines.wait()
            time.sleep(_GATHERING_S)
            self._has_lines.clear()
            self._is_writing = True
            self._write_waiting()
            self._is_writing = False

    def _write_waiting(self) -> None:
        count = len(self._lines)
        text = "".join(self._lines.popleft() for _ in range(count))
        dropped, self._dropped = self._dropped, 0
        if dropped:
            text += _note(dropped)
        rest = text.encode(errors="backslashreplace")
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            self._dropped += dropped + count
            self._on_drop(count)


def _note(dropped: int) -> str:
    event = {"event": "log lines were dropped", "level": "warning", "lines": dropped}
    return json.dumps(event) + "\n"
