"""Listing, downloading and changing images, with the real service."""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image
from rich.cells import cell_len

from progimage import __version__
from progimage.cli.ids import full_id
from progimage.cli.terminal import CommandError


@pytest.fixture
def image_id(use, tmp_path, fresh_jpeg) -> str:
    path = tmp_path / "source" / "photo.jpg"
    path.parent.mkdir()
    path.write_bytes(fresh_jpeg)
    done = use("upload", path, "--json", "--tag", "cli-test", "--title", "Dusk")
    return done.json[0]["id"]


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
    assert f"id:\t{image_id}" in use("show", image_id).lines
    missing = use("show", "0" * 64)
    assert missing.code == 1
    assert len(missing.err.splitlines()) == 1
    assert use("show", "../../etc").code == 2


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


def test_tags_and_transforms_are_listed(use, image_id):
    assert any(line.endswith("\tcli-test") for line in use("tags", "cli").lines)
    assert any(line.startswith("sepia\t") for line in use("transforms").lines)
    assert "  width\tpixels" in use("transforms", "resize").text
    assert use("transforms", "nope").code == 1


def test_nothing_is_coloured_when_it_is_piped(use, image_id):
    for arguments in (["ls"], ["--help"], ["show", "0" * 64]):
        done = use(*arguments) if arguments != ["--help"] else use("ls", "--help")
        assert b"\x1b" not in done.out
        assert "\x1b" not in done.err


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


def test_a_table_fits_the_terminal(url, image_id, use):
    """A pseudo-terminal of 60 columns."""
    use("edit", image_id, "--title", "A very long title " * 5 + "\u6f22\u5b57" * 20)
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    command = [Path(sys.executable).with_name("progimage"), "ls", "--url", url]
    environ = {**os.environ, "PYTHONUTF8": "1", "TERM": "xterm", "COLUMNS": ""}
    subprocess.run(command, stdout=child, env=environ, check=True, timeout=30)
    os.close(child)
    received = b""
    with contextlib.suppress(OSError):
        while data := os.read(parent, 65536):
            received += data
    os.close(parent)
    lines = received.decode().splitlines()
    assert lines[0].startswith(image_id[:12] + " ")
    assert "\u2026" in lines[0]
    assert [line for line in lines if cell_len(line) > 60] == []


def test_a_terminal_with_another_encoding_gets_escapes(url, image_id, use):
    use("edit", image_id, "--title", "\u6f22 \U0001f600 caf\u00e9")
    command = [Path(sys.executable).with_name("progimage"), "ls", "-n", "1", "--url", url]
    environ = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}

    def run(*arguments):
        done = subprocess.run(
            [*command, *arguments], env=environ, check=True, capture_output=True, timeout=30
        )
        assert done.stderr == b""
        return done.stdout

    assert rb"\u6f22 \U0001f600 caf" + b"\xe9" in run()
    assert json.loads(run("--json"))["title"] == "\u6f22 \U0001f600 caf\u00e9"
    assert b"Usage" in run("--help")


def test_the_version_is_printed(run):
    assert run("--version").lines == [f"progimage {__version__}"]


def test_bulk_changes_the_images_of_standard_input(use, image_id):
    ids = f"{image_id}\n{'0' * 64}\n".encode()
    done = use("bulk", "-", "--add-tag", "sea", "--remove-tag", "cli-test", stdin=ids)
    assert done.code == 1
    assert "changed 1 of 2" in done.err
    assert use("show", image_id, "--json").json[0]["tags"] == ["sea"]
    assert use("bulk", image_id).code == 2


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


def test_without_a_trash_nothing_can_be_restored(use, image_id):
    assert use("rm", image_id, "--yes").code == 0
    assert use("trash").lines == []
    restored = use("restore", image_id)
    assert restored.code == 1
    assert "in the trash" in restored.err
    assert use("trash", "--empty").code == 2
    assert "removed 0 images" in use("trash", "--empty", "--yes").err


def test_the_beginning_of_an_id_is_enough_where_it_is_the_only_one(use, image_id, tmp_path):
    short = image_id[:12]
    assert use("show", short, "--json").text == use("show", image_id, "--json").text
    assert use("render", short, "sepia.png", "-o", tmp_path / "sepia.png").code == 0
    assert use("edit", short, "--title", "Harbour").code == 0
    assert use("bulk", short, "--add-tag", "short").code == 0
    unknown = use("show", "0" * 12)
    assert (unknown.code, unknown.out) == (2, b"")
    assert f"there is no image whose id begins with {'0' * 12}" in unknown.err
    assert use("rm", "--yes", "0" * 12).code == 2
    assert use("rm", "--yes", short).code == 0


def test_of_several_ids_more_digits_are_asked_for():
    class TwoImages:
        def search(self, **criteria):
            return [SimpleNamespace(id=f"{criteria['id']}{digit * 60}") for digit in "ab"]

    with pytest.raises(CommandError, match="ids of 2 images begin with abcd: abcdaaaa, abcdbbbb;"):
        full_id(TwoImages(), "abcd")
