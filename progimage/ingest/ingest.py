"""From received bytes to a picture in the library."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Self

import structlog

from progimage import keys
from progimage.access.admission import Admission
from progimage.errors import (
    EmptyPicture,
    PictureTooComplex,
    PictureTooLarge,
    StoreUnavailable,
)
from progimage.fields import MAX_FILE_NAME
from progimage.imaging.inspection import Facts, inspect
from progimage.imaging.limits import Limits
from progimage.imaging.pool import RenderPool
from progimage.ingest.download.downloader import Downloader
from progimage.ingest.source import Source
from progimage.library import Candidate, Library, PictureFacts
from progimage.library.pyramid_maker import PyramidMaker
from progimage.library.pyramids import Pyramids
from progimage.library.working_copies import WorkingCopies
from progimage.model import Metadata, Record, check_visibility
from progimage.stores.temp_files import TempFolder

_CHUNK = 256 * 1024

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Staged:
    """Bytes that were received and hashed, in a temporary file that exists until `__exit__`.

    `imported_from` becomes the `source` of a new record.
    """

    path: Path
    sha256: str
    size_bytes: int
    file_name: str
    imported_from: str = ""

    def id_for(self, owner: str) -> str:
        """Return the id that these bytes have as a picture of `owner`.

        For an account the file, which is still in memory, is read again.
        """
        return id_of_file(self.path, owner) if owner else self.sha256

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class LargeUploads:
    """Makes and stores the pyramids of pictures beyond the ordinary limits."""

    maker: PyramidMaker
    pyramids: Pyramids

    def store(self, record: Record, file: Path) -> None:
        """Store a pyramid; if that fails, the first tile makes it again."""
        try:
            self.pyramids.store(record, file)
        except StoreUnavailable as error:
            log.warning("pyramid not stored", picture=record.id, reason=str(error))


@dataclass(eq=False)
class Ingest:
    """Receives, inspects and stores pictures."""

    library: Library
    pool: RenderPool
    scratch: TempFolder
    limits: Limits
    admission: Admission
    downloader: Downloader
    _: KW_ONLY
    max_bytes: int
    working_copies: WorkingCopies | None = None
    large: LargeUploads | None = None

    def receive(
        self, source: Source, file_name: str = "", *, max_bytes: int | None = None
    ) -> Staged:
        """Write `source` to a temporary file and hash it.

        Args:
            max_bytes: instead of the usual limit.

        Raises:
            EmptyPicture: it has no bytes.
            PictureTooLarge: it has more than `max_bytes` bytes; reading stopped there.
        """
        most = max_bytes or self.max_bytes
        path, digest, size = self.scratch.path(), keys.id_hash(), 0
        try:
            with path.open("xb") as file:
                while chunk := source.read(_CHUNK):
                    size += len(chunk)
                    if size > most:
                        raise PictureTooLarge(
                            f"a picture may have at most {most:,} bytes; this has more"
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
        """Receive the picture at `url`; its name is `file_name`, or the one in the URL.

        Raises:
            DownloadNotAllowed: the URL may not be fetched.
            DownloadFailed: the other server did not send a picture.
            EmptyPicture, PictureTooLarge: it sent no bytes, or too many.
        """
        with self.downloader.open(url) as remote:
            return self.receive(remote, file_name or remote.file_name)

    def inspect(self, staged: Staged) -> Facts:
        """Decode the picture in a worker process and return its facts; nothing is stored.

        Raises:
            PictureError: it is not a picture that can be stored.
            RenderFailed, RenderTimeout: the worker crashed or took too long.
            Overloaded: too many pictures wait for a worker already.
        """
        with self.admission.admit():
            return self.pool.run(inspect, os.fspath(staged.path), self.limits)

    def _inspect_and_copy(self, staged: Staged, prefix: Path, pyramid: Path) -> Facts:
        """Inspect a picture as `inspect` does; write working copies to files named `prefix`….

        A picture beyond the limits gets a pyramid instead, where that is possible.

        Raises:
            PictureTooLarge: only such a picture may have so many bytes.
        """
        if staged.size_bytes > self.max_bytes:
            facts = self.large.maker.inspect_and_make(staged.path, pyramid) if self.large else None
            if facts is None:
                raise PictureTooLarge(
                    f"a picture may have at most {self.max_bytes:,} bytes, if it has no more than "
                    f"{self.limits.max_source_pixels:,} pixels; this has {staged.size_bytes:,}"
                )
            return facts
        px = self.working_copies.px if self.working_copies else 0
        source, target = os.fspath(staged.path), os.fspath(prefix)
        try:
            with self.admission.admit():
                return self.pool.run(inspect, source, self.limits, px, target)
        except PictureTooComplex:
            facts = self.large.maker.inspect_and_make(staged.path, pyramid) if self.large else None
            if facts is None:
                raise
            return facts

    def add(self, staged: Staged, metadata: Metadata, owner: str = "") -> tuple[Record, bool]:
        """Add a picture of `owner` to the library; return its record and whether it is new.

        A picture that is stored already is not changed; its bytes are stored again if they are
        missing or damaged.

        Raises: what `inspect` and `Library.add` raise, and
            QuotaExceeded: the owner has no room for it.
        """
        check_visibility(metadata, owner)
        image_id = staged.id_for(owner)
        visibility = metadata.visibility if "visibility" in metadata.model_fields_set else None
        present = self.library.find_or_restore(image_id, visibility)
        if present is not None and self.library.originals.is_intact(present):
            return present, False
        if present is not None:
            with self._candidate(staged, image_id, owner, present) as candidate:
                return self.library.originals.restore(candidate), False
        if self.library.quotas is None:
            return self._add_new(staged, metadata, image_id, owner)
        with self.library.quotas.reserved(owner, staged.size_bytes) as reservation:
            record, reservation.is_used = self._add_new(staged, metadata, image_id, owner)
        return record, reservation.is_used

    def _add_new(
        self, staged: Staged, metadata: Metadata, image_id: str, owner: str
    ) -> tuple[Record, bool]:
        """Add a picture that was not there a moment ago."""
        prefix, pyramid = self.scratch.path(), self.scratch.path()
        try:
            facts = self._inspect_and_copy(staged, prefix, pyramid)
            with self._candidate(staged, image_id, owner, facts) as candidate:
                record, is_new = self.library.add(candidate, metadata, is_absent=True)
            if is_new and self.working_copies:
                # Moved, so that only files that are not stored are removed below.
                files = {
                    size: Path(path).rename(self.scratch.path())
                    for size, path in facts.copies.items()
                }
                self.working_copies.store_all(record, files)
            if is_new and self.large and pyramid.exists():
                self.large.store(record, pyramid)
        finally:
            pyramid.unlink(missing_ok=True)
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
                staged.imported_from,
            )


def id_of_file(path: Path, owner: str) -> str:
    """Return the id that the bytes of a file have as a picture of `owner`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: keys.id_hash(owner)).hexdigest()


def clean_file_name(name: str) -> str:
    """Return the last part of a path as a client named it, without control characters.

    At most 255 characters, the end, so that an extension survives.
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(c for c in last if c.isprintable()).strip()
    return printable[-MAX_FILE_NAME:]
