"""How far a resumable upload has come."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from progimage.errors import PictureError, UnsupportedMedia
from progimage.ingest.resumable.state import Outcome, Progress, ResumableUpload, ended
from progimage.stores import Stat

NOW = datetime(2026, 1, 1, tzinfo=UTC)
UPLOAD = ResumableUpload.model_construct(id="ab" * 16)
PIECES = tuple(Stat(f"piece-{n}", size, "etag", NOW) for n, size in enumerate((5, 7)))


@pytest.mark.parametrize(("size", "is_complete"), [(12, True), (13, False), (None, False)])
def test_it_has_come_as_far_as_its_pieces(size, is_complete):
    progress = Progress(UPLOAD, size, PIECES)
    assert (progress.offset, progress.is_complete) == (12, is_complete)
    assert progress.image_id is None


def test_an_upload_that_became_a_picture_is_complete_without_its_pieces():
    progress = ended(UPLOAD, Outcome(size_bytes=12, image_id="a"))
    assert (progress.offset, progress.is_complete, progress.image_id) == (12, True, "a")


@pytest.mark.parametrize(
    ("name", "kind"), [("UnsupportedMedia", UnsupportedMedia), ("OfAnotherVersion", PictureError)]
)
def test_an_error_is_raised_again(name, kind):
    with pytest.raises(kind, match="no picture"):
        ended(UPLOAD, Outcome(size_bytes=12, error=name, detail="no picture"))
