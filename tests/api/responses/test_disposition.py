"""Pictures that are saved under a chosen name."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("query", "header"),
    [
        ("download=harbour", 'attachment; filename="harbour.jpg"'),
        ("download=harbour.jpeg", 'attachment; filename="harbour.jpeg"'),
        ("download=..%2F..%2Fx", 'attachment; filename="x.jpg"'),
        ("download=a%0D%0AX-Evil:%201", 'attachment; filename="aX-Evil: 1.jpg"'),
        (
            "download=%C3%BC",
            "attachment; filename=\"_.jpg\"; filename*=UTF-8''%C3%BC.jpg",
        ),
    ],
)
def test_the_original_is_saved_under_the_name(client, uploaded, query, header):
    result = client.simulate_get(uploaded, query_string=query)
    assert result.headers["content-disposition"] == header


def test_without_a_name_the_usual_one_is_used(client, uploaded):
    shown = client.simulate_get(uploaded).headers["content-disposition"]
    saved = client.simulate_get(uploaded, query_string="download").headers
    assert saved["content-disposition"] == shown.replace("inline", "attachment")


def test_a_rendition_is_saved_with_its_extension_and_has_the_same_etag(client, uploaded):
    path = f"{uploaded}blur.webp"
    saved = client.simulate_get(path, params={"download": "harbour"})
    assert saved.headers["content-disposition"] == 'attachment; filename="harbour.webp"'
    assert saved.headers["etag"] == client.simulate_get(path).headers["etag"]
