"""The fields of an upload."""

from __future__ import annotations

import base64

import pytest

from progimage.client.errors import InvalidCall
from progimage.client.fields import UploadFields


def test_only_fields_that_are_set_are_sent():
    assert UploadFields().values() == {}
    fields = UploadFields(title="A", tags=iter(["b", "c"]), on_known="merge")
    assert fields.values() == {"title": "A", "tags": ["b", "c"], "on_known": "merge"}


def test_the_header_of_tus_has_them_in_base64():
    header = UploadFields(title="Bødø", tags=("a", "b")).tus_metadata("x.png")
    found = dict(item.split(" ") for item in header.split(","))
    decoded = {name: base64.b64decode(text).decode() for name, text in found.items()}
    assert decoded == {"filename": "x.png", "title": "Bødø", "tags": "a,b"}


@pytest.mark.parametrize("tags", ["sea", ["sea,sky"]])
def test_tags_that_would_be_split_elsewhere_are_errors(tags):
    with pytest.raises(InvalidCall, match=r"^tags: "):
        UploadFields(tags=tags)
