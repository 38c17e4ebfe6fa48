"""Listing and finding images, with the real service."""

from __future__ import annotations


def test_ls_and_search_print_fields_separated_by_tabs(use, image_id):
    assert use("ls", "--limit", "1").lines[0].split("\t")[0] == image_id
    line = use("search", "dus", "--tag", "cli-test", "-n", "1").lines[0].split("\t")
    assert line[0] == image_id
    assert line[2:5] == ["image/jpeg", "Dusk", "cli-test"]
    assert len(use("ls", "--tag", "cli-test", "--limit", "0", "--json").json) >= 1
    assert use("ls", "--tag", "no such tag").lines == []
    assert use("ls", "--tag", "cli-test", "--sort", "-taken").code == 0
    assert "did you mean 'title'" in use("ls", "--sort", "titel").err


def test_show_prints_the_record_and_an_unknown_id_is_one_line(use, image_id):
    lines = use("show", image_id).lines
    assert f"id:\t{image_id}" in lines
    assert "damaged:\tno" in lines
    assert "focal_point:\t" in lines
    missing = use("show", "0" * 64)
    assert missing.code == 1
    assert len(missing.err.splitlines()) == 1
    assert use("show", "../../etc").code == 2


def test_tags_and_transforms_are_listed(use, image_id):
    assert any(line.endswith("\tcli-test") for line in use("tags", "cli").lines)
    assert any(line.startswith("sepia\t") for line in use("transforms").lines)
    assert "  width\tpixels" in use("transforms", "resize").text
    assert use("transforms", "nope").code == 1
