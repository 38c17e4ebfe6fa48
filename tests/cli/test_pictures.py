"""Looking at pictures, fetching and changing them, against the real service."""

from __future__ import annotations

import io

import pytest
from PIL import Image


@pytest.fixture
def image_id(talk, tmp_path, fresh_jpeg) -> str:
    path = tmp_path / "source" / "photo.jpg"
    path.parent.mkdir()
    path.write_bytes(fresh_jpeg)
    done = talk("upload", path, "--json", "--tag", "cli-test", "--title", "Dusk")
    return done.json[0]["id"]


def test_ls_and_search_print_fields_separated_by_tabs(talk, image_id):
    assert talk("ls", "--limit", "1").lines[0].split("\t")[0] == image_id
    line = talk("search", "dus", "--tag", "cli-test", "-n", "1").lines[0].split("\t")
    assert line[0] == image_id
    assert line[2:5] == ["image/jpeg", "Dusk", "cli-test"]
    assert len(talk("ls", "--tag", "cli-test", "--limit", "0", "--json").json) >= 1
    assert talk("ls", "--tag", "no such tag").lines == []


def test_show_tells_all_and_a_wrong_id_is_one_line(talk, image_id):
    assert f"id:\t{image_id}" in talk("show", image_id).lines
    missing = talk("show", "0" * 64)
    assert missing.code == 1
    assert len(missing.err.splitlines()) == 1
    assert talk("show", "../../etc").code == 2


def test_get_and_render_write_files_and_streams(talk, image_id, tmp_path, fresh_jpeg, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert talk("get", image_id).code == 0
    assert (tmp_path / "photo.jpg").read_bytes() == fresh_jpeg
    assert talk("get", image_id, "-o", "-").out == fresh_jpeg
    assert talk("render", image_id, "thumbnail:20x20.webp", "-o", "small").code == 0
    assert (tmp_path / "small").read_bytes()[8:12] == b"WEBP"
    assert talk("render", image_id, "grayscale", "-f", "png").code == 0
    assert (tmp_path / f"{image_id[:16]}.png").exists()
    piped = talk("render", image_id, "thumbnail:9x9", "-f", "png", "-o", "-").out
    assert max(Image.open(io.BytesIO(piped)).size) == 9
    wrong = talk("render", image_id, "sepiaa")
    assert wrong.code == 1
    assert "did you mean 'sepia'" in wrong.err
    assert talk("get", image_id, "-o", tmp_path / "no" / "such").code == 2


def test_edit_changes_what_is_given_and_leaves_the_rest(talk, image_id):
    assert talk("edit", image_id, "--title", "New", "--add-tag", "b").code == 0
    [facts] = talk("show", image_id, "--json").json
    assert (facts["title"], facts["tags"]) == ("New", ["cli-test", "b"])
    [facts] = talk("edit", image_id, "--remove-tag", "b", "--json").json
    assert facts["tags"] == ["cli-test"]
    [facts] = talk("edit", image_id, "--tag", "", "--json").json
    assert facts["tags"] == []
    assert talk("edit", image_id).code == 2
    assert talk("edit", image_id, "--tag", "a", "--add-tag", "b").code == 2


def test_rm_wants_to_be_sure_and_tells_what_was_not_there(talk, image_id):
    assert talk("rm", image_id).code == 2
    done = talk("rm", "--yes", "-", stdin=f"{image_id}\n{'0' * 64}\n".encode())
    assert done.code == 1
    assert "removed 1 of 2" in done.err
    assert talk("show", image_id).code == 1


def test_tags_and_transforms_are_listed(talk, image_id):
    assert any(line.endswith("\tcli-test") for line in talk("tags", "cli").lines)
    assert any(line.startswith("sepia\t") for line in talk("transforms").lines)
    assert "  width\tpixels" in talk("transforms", "resize").text
    assert talk("transforms", "nope").code == 1


def test_nothing_is_coloured_when_it_is_piped(talk, image_id):
    for arguments in (["ls"], ["--help"], ["show", "0" * 64]):
        done = talk(*arguments) if arguments != ["--help"] else talk("ls", "--help")
        assert b"\x1b" not in done.out
        assert "\x1b" not in done.err


def test_a_name_that_was_uploaded_does_not_choose_where_a_file_goes(
    talk, tmp_path, fresh_jpeg, monkeypatch
):
    sent = talk("upload", "-", "--name", "../../evil/.profile", "--json", stdin=fresh_jpeg)
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert talk("get", sent.json[0]["id"]).code == 0
    [written] = folder.iterdir()
    assert written.name == "profile"
