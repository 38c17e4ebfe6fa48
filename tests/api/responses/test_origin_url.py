"""Addresses of renditions of an origin's pictures."""

from __future__ import annotations

import pytest

from progimage.api.requests.origin_path import parts_of
from progimage.api.responses.origin_url import url_of


@pytest.mark.parametrize("pipeline", ["", "thumbnail.webp", "watermark:text=by%20me!/blur.png"])
@pytest.mark.parametrize("key", ["a.jpg", "2024/a b?c#d.jpg", "é%2F.jpg", "a/-/b.jpg", "a+b;c.jpg"])
def test_the_key_of_an_address_is_read_back(pipeline, key):
    url = url_of("shop", key, pipeline)
    assert url.isascii()
    assert not set(url) & set(' ?#"<>')
    assert parts_of(url, "shop") == (pipeline, key)
