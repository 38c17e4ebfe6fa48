"""`progimage copy-store`."""

from __future__ import annotations

from progimage.library import Library
from progimage.stores import create_store
from progimage.stores.folder.store import FilesystemStore
from tests.candidates import add


def test_a_folder_is_copied_and_told_of(run, tmp_path):
    create_store(f"file://{tmp_path}/a")
    add(Library(FilesystemStore(tmp_path / "a")), b"picture")
    first = run("copy-store", f"file://{tmp_path}/a", f"file://{tmp_path}/b")
    assert first.code == 0
    assert "1 copied; 7 bytes copied" in first.err
    assert (
        "1 unchanged; 0 bytes copied"
        in run("copy-store", f"file://{tmp_path}/a", f"file://{tmp_path}/b").err
    )


def test_a_slip_in_the_source_does_not_empty_the_copy(run, tmp_path):
    create_store(f"file://{tmp_path}/copy")
    add(Library(FilesystemStore(tmp_path / "copy")), b"picture")
    done = run("copy-store", f"file://{tmp_path}/slip", f"file://{tmp_path}/copy", "--delete")
    assert done.code == 2
    assert "there is no folder" in done.err
    assert not (tmp_path / "slip").exists()
    assert len(list(FilesystemStore(tmp_path / "copy").list("images/"))) > 0


def test_a_store_is_not_copied_into_itself(run, tmp_path):
    create_store(f"file://{tmp_path}/a")
    add(Library(FilesystemStore(tmp_path / "a")), b"picture")
    for target in ("a", "a/b", "."):
        done = run("copy-store", f"file://{tmp_path}/a", f"file://{tmp_path}/{target}")
        assert done.code == 2
        assert "neither inside the other" in done.err
