"""The trash."""

from __future__ import annotations


def test_without_a_trash_nothing_can_be_restored(use, image_id):
    assert use("rm", image_id, "--yes").code == 0
    assert use("trash").lines == []
    restored = use("restore", image_id)
    assert restored.code == 1
    assert "in the trash" in restored.err
    assert use("trash", "--empty").code == 2
    assert "removed 0 images" in use("trash", "--empty", "--yes").err
