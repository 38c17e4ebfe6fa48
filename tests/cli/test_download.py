"""Downloading images and renditions into files and streams."""

from __future__ import annotations

import io

from PIL import Image


def test_get_and_render_write_files_and_streams(use, image_id, tmp_path, fresh_jpeg, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert use("get", image_id).code == 0
    assert (tmp_path / "photo.jpg").read_bytes() == fresh_jpeg
    assert use("get", image_id, "-o", "-").out == fresh_jpeg
    assert use("render", image_id, "thumbnail:20x20.webp", "-o", "small").code == 0
    assert (tmp_path / "small").read_bytes()[8:12] == b"WEBP"
    assert use("render", image_id, "grayscale", "-f", "png").code == 0
    assert (tmp_path / f"{image_id[:16]}.png").exists()
    assert use("render", image_id, "sepia").code == 0
    assert (tmp_path / f"{image_id[:16]}.jpg").read_bytes()[:2] == b"\xff\xd8"
    piped = use("render", image_id, "thumbnail:9x9", "-f", "png", "-o", "-").out
    assert max(Image.open(io.BytesIO(piped)).size) == 9
    wrong = use("render", image_id, "sepiaa")
    assert wrong.code == 1
    assert "did you mean 'sepia'" in wrong.err
    assert use("get", image_id, "-o", tmp_path / "no" / "such").code == 2


def test_the_file_name_of_an_upload_does_not_choose_the_folder(
    use, tmp_path, fresh_jpeg, monkeypatch
):
    sent = use("upload", "-", "--name", "../../evil/.profile", "--json", stdin=fresh_jpeg)
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert use("get", sent.json[0]["id"]).code == 0
    [written] = folder.iterdir()
    assert written.name == "profile"


def test_an_existing_file_is_overwritten_only_by_force(use, image_id, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for file, command in {
        "photo.jpg": ["get", image_id],
        f"{image_id[:16]}.webp": ["render", image_id, "sepia.webp"],
        "other": ["render", image_id, "sepia.png", "-o", "other"],
    }.items():
        (tmp_path / file).write_bytes(b"old")
        done = use(*command)
        assert done.code == 2
        assert f"{file}: the file exists; --force overwrites it" in done.err
        assert (tmp_path / file).read_bytes() == b"old"
        assert use(*command, "--force").code == 0
        assert (tmp_path / file).stat().st_size > 3
    assert len(list(tmp_path.glob(".progimage-*"))) == 0


def test_a_device_is_written_to(use, image_id):
    assert use("get", image_id, "-o", "/dev/null").code == 0
