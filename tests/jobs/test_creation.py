"""Dirty lists become clean jobs; only what is wrong with the whole is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage.errors import InvalidArgument, InvalidField, InvalidRequest
from progimage.imaging.limits import Limits
from progimage.jobs.creation import import_of, render_of
from progimage.jobs.model import Entries, Entry, Request
from progimage.model import Metadata

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GOOD = "https://example.com/a.jpg"
ID = "ab" * 32

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just(GOOD) | st.just(ID),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=3,
)


def urls(sent: list[object]) -> tuple[Request, list[Entry]]:
    return import_of(sent, Metadata(), owner="", created=NOW)


def renders(images: list[object], transforms: list[str]) -> tuple[Request, list[Entry]]:
    return render_of(
        images,
        transforms,
        owner="",
        created=NOW,
        max_items=100,
        presets={"tiny": "thumbnail:10x10.webp"},
        limits=Limits(),
    )


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ("", "blank"),
        ("  \n", "blank"),
        (None, "string"),
        (7, "string"),
        (["x"], "string"),
        ("photo.jpg", "http"),
        ("ftp://example.com/a", "http"),
        ("file:///etc/passwd", "http"),
        ("https:///a.jpg", "host"),
        ("http://[::1/a", ""),
        ("http://a.example:99999/", "port"),
        ("https://a.example/b c.jpg", ""),
        ("https://a.example/\x00", ""),
        ("https://a.example/\ud800", ""),
        ("https://a.example/" + "a" * 9000, "8,192"),
    ],
)
def test_an_entry_that_is_no_url_fails_alone_and_says_why(sent, words):
    request, (bad, good) = urls([sent, GOOD])
    assert bad.error
    assert words in bad.error
    assert len(bad.value) <= 201
    assert bad.positions == (0,)
    assert good == Entry(value=GOOD, positions=(1,))
    assert request.total == 2


@pytest.mark.parametrize(
    "url", [f" {GOOD}\n", "HTTP://Example.COM", "http://1.2.3.4:8080/ü?q=%20#f"]
)
def test_urls_are_taken_as_people_paste_them(url):
    _, [entry] = urls([url])
    assert (entry.value, entry.error) == (url.strip(), "")


@given(st.lists(json_values, min_size=1, max_size=20))
def test_every_entry_of_any_list_is_accounted_for_and_can_be_stored(sent):
    for request, entries in (urls(sent), renders(sent, ["sepia", "blur"])):
        assert sorted(at for entry in entries for at in entry.positions) == list(range(len(sent)))
        assert request.entries == len(entries)
        assert request.total == len(sent) * request.width
        stored = Entries(entries=tuple(entries)).model_dump_json().encode()
        assert list(Entries.model_validate_json(stored).entries) == entries
        assert Request.model_validate_json(request.model_dump_json()) == request


def test_images_and_transforms_multiply():
    request, entries = renders([ID, "cd" * 32, ID, "nonsense"], ["sepia.png", "tiny"])
    assert request.transforms == ("sepia.png", "thumbnail:height=10,width=10.webp")
    assert (request.items, request.total) == (6, 8)
    assert [entry.error != "" for entry in entries] == [False, False, True]


def test_transforms_that_mean_the_same_are_one():
    assert renders([ID], ["flip.jpg", "flip.jpeg", "flip.JPG"])[0].transforms == ("flip.jpg",)


@pytest.mark.parametrize(
    ("transforms", "error", "words"),
    [
        ([f"rotate:{n}" for n in range(1, 52)], InvalidRequest, "2 x 51"),
        (["sepia", "sepiaa"], InvalidArgument, r"transforms\[1\].*sepia"),
        (["sepia", ""], InvalidField, r"transforms\[1\]"),
        (["thumbnail.auto"], InvalidField, "Accept"),
    ],
)
def test_a_transform_that_cannot_be_is_refused_by_its_place(transforms, error, words):
    with pytest.raises(error, match=words):
        renders([ID, "cd" * 32], transforms)
