"""Pipelines that belong to no image."""

from __future__ import annotations

from progimage.client.pipelines import Pipeline, path_of

IMAGE = "ab" * 32


def test_steps_are_added_to_a_new_pipeline():
    small = Pipeline().resize(w=400)
    grey = small.grayscale().to_format("webp")
    assert str(small) == "resize:width=400"
    assert str(grey) == "resize:width=400/grayscale.webp"
    assert repr(grey) == "Pipeline('resize:width=400/grayscale.webp')"


def test_equal_steps_are_equal():
    assert Pipeline().flip() == Pipeline().flip()
    assert hash(Pipeline().flip()) == hash(Pipeline().flip())
    assert Pipeline().flip() != "flip"


def test_a_path_may_get_another_format():
    assert path_of(IMAGE, Pipeline().flip(), None) == f"/images/{IMAGE}/flip"
    assert path_of(IMAGE, Pipeline().flip(), "png") == f"/images/{IMAGE}/flip.png"
    assert path_of(IMAGE, "flip", "png") == f"/images/{IMAGE}/flip.png"
