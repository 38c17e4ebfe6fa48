"""A file that lists what has been uploaded, so that an interrupted upload can continue.

It has a line of JSON for each file, appended with one write: a line that a crash cut
short is ignored. A file counts as uploaded to a server by its path, size and
modification time; a changed file is uploaded again.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from progimage.cli.terminal import CommandError


class Manifest:
    """The uploads to one server; two processes can share the file."""

    def __init__(self, file: Path, server: str) -> None:
        self._server = server
        self._done: set[bytes] = set()
        try:
            self._handle = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
            self._read(file)
        except OSError as error:
            raise CommandError(f"--manifest {file}: {error.strerror}") from None

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

    def has(self, path: Path, stat: os.stat_result) -> bool:
        """Return whether this version of the file has been uploaded."""
        return self._key(self._entry(path, stat)) in self._done

    def add(self, path: Path, stat: os.stat_result, image_id: str) -> None:
        """Record that this version of the file is the image `image_id`."""
        entry = self._entry(path, stat)
        line = json.dumps({**entry, "id": image_id}) + "\n"
        os.write(self._handle, line.encode())
        self._done.add(self._key(entry))

    def _entry(self, path: Path, stat: os.stat_result) -> dict[str, object]:
        # json.dumps escapes names that are not valid UTF-8.
        return {
            "server": self._server,
            "path": str(path.absolute()),
            "size": stat.st_size,
            "mtime_ns": stat.st_mtime_ns,
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
