"""Changing and deleting images."""

from __future__ import annotations


def test_edit_changes_what_is_given_and_leaves_the_rest(use, image_id):
    assert use("edit", image_id, "--title", "New", "--add-tag", "b").code == 0
    [facts] = use("show", image_id, "--json").json
    assert (facts["title"], facts["tags"]) == ("New", ["cli-test", "b"])
    [facts] = use("edit", image_id, "--remove-tag", "b", "--json").json
    assert facts["tags"] == ["cli-test"]
    [facts] = use("edit", image_id, "--tag", "", "--json").json
    assert facts["tags"] == []
    assert use("edit", image_id).code == 2
    assert use("edit", image_id, "--tag", "a", "--add-tag", "b").code == 2


def test_rm_asks_for_confirmation_and_prints_unknown_ids(use, image_id):
    assert use("rm", image_id).code == 2
    done = use("rm", "--yes", "-", stdin=f"{image_id}\n{'0' * 64}\n".encode())
    assert done.code == 1
    assert "deleted 1 of 2" in done.err
    assert use("show", image_id).code == 1


def test_edit_sets_alternative_text_focal_point_and_custom_fields(use, image_id):
    options = (
        "--alt",
        "Boats",
        "--focus",
        "0.3x0.7",
        "--set",
        "client=Example=Ltd",
        "--set",
        "a=b",
    )
    assert use("edit", image_id, *options).code == 0
    edited = use("edit", image_id, "--unset", "a", "--json").json[0]
    assert edited["alt"] == "Boats"
    assert edited["focal_point"] == {"x": 0.3, "y": 0.7}
    assert edited["custom"] == {"client": "Example=Ltd"}
    assert use("edit", image_id, "--focus", "", "--json").json[0]["focal_point"] is None
    for wrong in (("--focus", "left"), ("--set", "client")):
        assert use("edit", image_id, *wrong).code == 2
