"""Changing many images."""

from __future__ import annotations


def test_bulk_changes_the_images_of_standard_input(use, image_id):
    ids = f"{image_id}\n{'0' * 64}\n".encode()
    done = use("bulk", "-", "--add-tag", "sea", "--remove-tag", "cli-test", stdin=ids)
    assert done.code == 1
    assert "changed 1 of 2" in done.err
    assert use("show", image_id, "--json").json[0]["tags"] == ["sea"]
    assert use("bulk", image_id).code == 2
