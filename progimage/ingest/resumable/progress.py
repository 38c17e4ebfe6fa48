"""How far a resumable upload has come."""

from __future__ import annotations

from dataclasses import dataclass

from progimage import errors
from progimage.errors import PictureError
from progimage.ingest.resumable.state import Outcome, ResumableUpload
from progimage.stores import Stat


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an upload has come.

    Attributes:
        size_bytes: of the whole upload; None while it is not known.
        pieces: the bytes that have arrived, in order.
        outcome: None until the picture is made.
    """

    upload: ResumableUpload
    size_bytes: int | None
    pieces: tuple[Stat, ...] = ()
    outcome: Outcome | None = None

    @property
    def image_id(self) -> str | None:
        """The picture that the upload has become, None before that."""
        return self.outcome.image_id if self.outcome else None

    @property
    def offset(self) -> int:
        """Bytes that have arrived."""
        if self.image_id is not None and self.size_bytes is not None:
            return self.size_bytes
        return sum(piece.size for piece in self.pieces)

    @property
    def is_complete(self) -> bool:
        """True if every byte has arrived, whether or not the picture is made."""
        return self.offset == self.size_bytes


def ended(upload: ResumableUpload, outcome: Outcome) -> Progress:
    """Return the progress of an upload with an outcome.

    Raises:
        PictureError: the outcome is an error.
    """
    if not outcome.error:
        return Progress(upload, outcome.size_bytes, outcome=outcome)
    kind = getattr(errors, outcome.error, PictureError)
    raise kind(outcome.detail)
