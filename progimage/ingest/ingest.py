"""From received bytes to a picture in the library."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from progimage import keys
from progimage.access.admission import Admission
from progimage.errors import EmptyPicture, PictureTooLarge
from progimage.imaging.inspection import Facts, inspect
from progimage.imaging.limits import Limits
from progimage.imaging.pool import RenderPool
from progimage.ingest.download.downloader import Downloader
from progimage.library import Candidate, Library, PictureFacts
from progimage.library.working_copies import WorkingCopies
from progimage.model import MAX_FILE_NAME, Metadata, Record, check_visibility
from progimage.stores.temp_files import TempFolder

_CHUNK = 256 * 1024


class Source(Protocol):
    """Anything to read bytes from."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Staged:
    """Bytes received and hashed, in a temporary file that goes when this is closed."""

    path: Path
    sha256: str
    size_bytes: int
    file_name: str

    def id_for(self, owner: str) -> str:
        """Return the id that these bytes have as a picture of `owner`.

        A named owner's costs one more reading of the file, which is still in memory.
        """
        if not owner:
            return self.sha256
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, lambda: keys.id_hash(owner)).hexdigest()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.path.unlink(missing_ok=True)


class Ingest:
    """Receives, inspects and stores pictures."""

    def __init__(
        self,
        library: Library,
        pool: RenderPool,
        scratch: TempFolder,
        limits: Limits,
        admission: Admission,
        downloader: Downloader,
        *,
        max_bytes: int,
        working_copies: WorkingCopies | None = None,
    ) -> None:
        self._library = library
        self._pool = pool
        self._scratch = scratch
        self._limits = limits
        self._admission = admission
        self._downloader = downloader
        self._working_copies = working_copies
        self.max_bytes = max_bytes

    def receive(self, source: Source, file_name: str = "") -> Staged:
        """Write `source` to a temporary file, hashing as it goes.

        Raises:
            EmptyPicture: it has no bytes.
            PictureTooLarge: it went on past `max_bytes`; reading stopped there.
        """
        path, digest, size = self._scratch.path(), keys.id_hash(), 0
        try:
            with path.open("xb") as file:
                while chunk := source.read(_CHUNK):
                    size += len(chunk)
                    if size > self.max_bytes:
                        raise PictureTooLarge(
                            f"a picture may have at most {self.max_bytes:,} bytes; this has more"
                        )
                    digest.update(chunk)
                    file.write(chunk)
            if not size:
                raise EmptyPicture("the picture has no bytes; send the file's content")
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Staged(path, digest.hexdigest(), size, clean_file_name(file_name))

    def fetch(self, url: str, file_name: str = "") -> Staged:
        """Receive the picture at `url`; it is named `file_name`, or else as the URL has it.

        Raises:
            DownloadRefused: the URL may not be fetched.
            DownloadFailed: the other side did not send a picture.
            EmptyPicture, PictureTooLarge: it sent none or too much of one.
        """
        with self._downloader.open(url) as remote:
            return self.receive(remote, file_name or remote.file_name)

    def inspect(self, staged: Staged) -> Facts:
        """Decode the picture in a worker process and return its facts.

        Raises:
            PictureError: it is not a picture that can be stored, and why.
            RenderFailed, RenderTimeout: it broke or outlasted its worker.
            Overloaded: too many wait for a worker already.
        """
        with self._admission.admit():
            return self._pool.run(inspect, os.fspath(staged.path), self._limits)

    def _inspect_and_copy(self, staged: Staged, prefix: Path) -> Facts:
        """Inspect a picture as `inspect` does; write working copies to files named `prefix`…."""
        px = self._working_copies.px if self._working_copies else 0
        source, target = os.fspath(staged.path), os.fspath(prefix)
        with self._admission.admit():
            return self._pool.run(inspect, source, self._limits, px, target)

    def keep(self, staged: Staged, metadata: Metadata, owner: str = "") -> tuple[Record, bool]:
        """Add a picture of `owner` to the library; return its record and whether it is new.

        A picture that is stored already is not changed; its bytes are stored again if they are
        missing or damaged.

        Raises: what `inspect` and `Library.add` raise.
        """
        check_visibility(metadata, owner)
        image_id = staged.id_for(owner)
        present = self._library.held(image_id)
        if present is not None and self._library.is_intact(present):
            return present, False
        if present is not None:
            with self._candidate(staged, image_id, owner, present) as candidate:
                return self._library.restore_original(candidate), False
        prefix = self._scratch.path()
        try:
            facts = self._inspect_and_copy(staged, prefix)
            with self._candidate(staged, image_id, owner, facts) as candidate:
                record, is_new = self._library.add(candidate, metadata, is_absent=True)
            if is_new and self._working_copies:
                # Moved, so that only files that are not stored are removed below.
                files = {
                    size: Path(path).rename(self._scratch.path())
                    for size, path in facts.copies.items()
                }
                self._working_copies.keep_all(record, files)
        finally:
            for path in prefix.parent.glob(f"{prefix.name}-*"):
                path.unlink(missing_ok=True)
        return record, is_new

    @contextmanager
    def _candidate(
        self, staged: Staged, image_id: str, owner: str, facts: PictureFacts
    ) -> Iterator[Candidate]:
        with staged.path.open("rb") as source:
            yield Candidate(
                source,
                image_id,
                owner,
                staged.sha256,
                staged.size_bytes,
                staged.file_name,
                facts,
            )


def clean_file_name(name: str) -> str:
    """Return the last part of a path as a client named it, without control characters.

    At most 255 characters, the end, so that an extension survives.
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(c for c in last if c.isprintable()).strip()
    return printable[-MAX_FILE_NAME:]
