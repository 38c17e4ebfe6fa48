"""Pipelines as text: arguments that are images, and srcset."""

from __future__ import annotations

import inspect
import pydoc

import pytest

from progimage.client import AsyncClient, Client, InvalidCall, Pipeline
from progimage.client.steps import Path, srcset

ID = "a" * 64


class _Image:
    id = ID


@pytest.mark.parametrize("image", [ID, _Image()], ids=["id", "image"])
def test_an_argument_that_is_an_image_is_written_as_its_id(image):
    assert str(Pipeline().watermark(image=image)) == f"watermark:image={ID}"
    assert str(Pipeline().mask(image=image)) == f"mask:image={ID}"


def test_an_image_is_no_value_for_another_argument():
    with pytest.raises(InvalidCall):
        Pipeline().watermark(image=b"bytes")


def test_srcset_has_each_width_once_and_none_above_the_own():
    found = srcset(ID, 1000, [800, 400, 2000, 400], Path(("grayscale",)), "webp")
    assert found == [
        (width, f"/images/{ID}/grayscale/resize:width={width}.webp") for width in (400, 800, 1000)
    ]


@pytest.mark.parametrize("widths", [[], [0], [-5, 100]])
def test_srcset_without_valid_widths_is_an_error(widths):
    with pytest.raises(InvalidCall, match="widths"):
        srcset(ID, 1000, widths, Path(), "auto")


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_help_shows_the_parameters_of_every_call(client):
    text = pydoc.plaintext.document(client)
    assert "upload(self, source: 'Source', *, title: 'str' = ''" in text
    for name, member in inspect.getmembers(client, inspect.isfunction):
        if not name.startswith("_"):
            assert member.__doc__, name
            assert f"{name}(self" in text
