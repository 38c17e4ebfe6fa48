"""What resources share is built once, from the components."""

from __future__ import annotations

import pytest

from progimage.config import Settings
from progimage.server.components import build
from tests.inline_pool import InlinePool

SHARED = (
    *("parse", "links", "to_originals", "to_renditions", "to_origins", "to_viewers"),
    *("origin_authorization", "album_reader"),
)


@pytest.mark.parametrize("name", SHARED)
def test_each_shared_part_is_built_once(store, name):
    parts = build(Settings(), store, InlinePool()).components
    assert getattr(parts, name) is getattr(parts, name)


def test_pipelines_are_read_with_the_presets_and_limits_of_the_settings(store):
    settings = Settings.model_validate({"presets": {"card": "resize:w=40"}})
    parts = build(settings, store, InlinePool()).components
    assert str(parts.parse("card.webp")) == str(parts.parse("resize:w=40.webp"))
