"""The output format that an Accept header and a picture allow."""

from __future__ import annotations

import pytest

from progimage.api.requests.negotiation import Source, negotiate, offers, own_format
from progimage.errors import NotAcceptable
from progimage.imaging.codecs import formats
from progimage.imaging.codecs.formats import AVIF, GIF, JPEG, PNG, WEBP

PHOTO = Source(JPEG, has_alpha=False, is_animated=False)
LOGO = Source(PNG, has_alpha=True, is_animated=False)
FILM = Source(GIF, has_alpha=False, is_animated=True)


@pytest.mark.parametrize(
    ("accept", "source", "expected"),
    [
        (None, PHOTO, JPEG),
        ("*/*", LOGO, PNG),
        ("image/*", FILM, GIF),
        ("image/avif,image/webp,*/*", PHOTO, AVIF),
        ("image/avif,image/webp,*/*", FILM, WEBP),
        ("image/avif;q=0.5,image/webp;q=0.9", PHOTO, WEBP),
        ("image/webp;q=0,image/*", PHOTO, JPEG),
        ("IMAGE/WEBP", PHOTO, WEBP),
        ("image/webp;q=high, image/jpeg", PHOTO, JPEG),
        ("image/webp;q=7, image/jpeg", PHOTO, JPEG),
    ],
)
def test_the_best_quality_wins_then_the_smallest_files(accept, source, expected):
    assert negotiate(accept, source) is expected


@pytest.mark.parametrize("accept", ["text/html", "image/jpeg;q=0", "image/png"])
def test_a_client_that_takes_none_of_them_learns_what_there_is(accept):
    with pytest.raises(NotAcceptable, match=r"image/avif.*image/jpeg"):
        negotiate(accept, PHOTO)


def test_an_animation_is_not_offered_as_avif():
    assert AVIF not in offers(FILM)[0]


def test_a_format_that_cannot_be_written_becomes_the_nearest():
    assert own_format(PHOTO) is JPEG
    drawing = Source(formats.SVG, has_alpha=True, is_animated=False)
    assert own_format(drawing).is_writable
    assert own_format(drawing).has_alpha
