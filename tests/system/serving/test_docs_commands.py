"""The commands of the README and of Getting started, run as they stand in a shell."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from tests.system.serving.conftest import server
from tests.system.serving.server import PATIENCE_S

__all__ = ["server"]

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", ROOT / "docs" / "getting-started.md"]
# One page also shows a mistake on purpose.
MISTAKE = "wdith"


def commands(page: Path) -> str:
    """Return the shell blocks of a page, in order, as one script."""
    return "".join(re.findall(r"^```sh\n(.*?)^```", page.read_text("utf-8"), re.M | re.S))


@pytest.fixture(params=PAGES, ids=lambda page: page.name)
def written(request, server, tmp_path) -> tuple[str, Path]:
    """Run a page's commands against a real server; return the page's script and the folder."""
    if not (shutil.which("curl") and shutil.which("sha256sum")):
        pytest.skip("curl or sha256sum is missing")
    host, port = server.address
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    script = commands(request.param)
    # Only the address differs from the page, and curl fails where the server does.
    checked = script.replace("http://127.0.0.1:8000", f"http://{host}:{port}")
    checked = "".join(
        line if MISTAKE in line else re.sub(r"^curl ", "curl -sS --fail-with-body ", line)
        for line in checked.splitlines(keepends=True)
    )
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", checked],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return script, tmp_path


def test_every_file_that_the_commands_write_is_the_picture_that_its_name_says(written):
    script, folder = written
    names = re.findall(r"-o (\S+)", script)
    assert len(set(names)) >= 4
    for name in names:
        with Image.open(folder / name) as image:
            image.load()
            expected = {"jpg": "JPEG", "webp": "WEBP", "png": "PNG", "avif": "AVIF"}
            assert image.format == expected[name.rpartition(".")[2]], name


def test_the_sizes_are_those_that_the_text_promises(written):
    _, folder = written
    assert max(size(folder / "thumbnail.webp")) == 200
    assert size(folder / "card.jpg") == (400, 300)
    assert size(folder / "photo.png") == size(folder / "photo.jpg")


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size
