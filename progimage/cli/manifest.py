"""What has been uploaded already, in a file that survives a crash.

Lines of JSON, only ever added, each with one write: a line that a crash cut short is
left out when the file is read. A file counts as uploaded to a server under its path,
size and modification time; a changed one is sent again.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from progimage.cli.terminal import Complaint


class Manifest:
    """Remembers uploads to one server; two processes may share the file."""

    def __init__(self, file: Path, server: str) -> None:
        self._server = server
        self._done: set[bytes] = set()
        try:
            self._handle = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
            self._read(file)
        except OSError as error:
            raise Complaint(f"--manifest {file}: {error.strerror}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.fsync(self._handle)
        os.close(self._handle)

    def has(self, path: Path, facts: os.stat_result) -> bool:
        """True if this version of the file has been uploaded."""
        return self._key(self._entry(path, facts)) in self._done

    def add(self, path: Path, facts: os.stat_result, image_id: str) -> None:
        """Note that this version of the file is now the picture `image_id`."""
        entry = self._entry(path, facts)
        line = json.dumps({**entry, "id": image_id}) + "\n"
        os.write(self._handle, line.encode())
        self._done.add(self._key(entry))

    def _entry(self, path: Path, facts: os.stat_result) -> dict[str, object]:
        # Any name of a file has an escape in ASCII; not every one is valid UTF-8.
        return {
            "server": self._server,
            "path": str(path.absolute()),
            "size": facts.st_size,
            "mtime_ns": facts.st_mtime_ns,
        }

    def _key(self, entry: dict[str, object]) -> bytes:
        text = json.dumps([entry.get(n) for n in ("server", "path", "size", "mtime_ns")])
        return hashlib.blake2b(text.encode(), digest_size=16).digest()

    def _read(self, file: Path) -> None:
        last = b"\n"
        with file.open("rb") as lines:
            for line in lines:
                last = line
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue
                if isinstance(entry, dict) and entry.get("id"):
                    self._done.add(self._key(entry))
        if not last.endswith(b"\n"):
            os.write(self._handle, b"\n")
