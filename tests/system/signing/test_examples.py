"""The examples of docs/signed-links.md sign links that a real server accepts."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from progimage.access.signed_links import link_key
from tests.people import SECRET
from tests.system.serving.conftest import jpeg
from tests.system.serving.server import running

__all__ = ["jpeg"]

PAGE = (Path(__file__).parents[3] / "docs" / "signed-links.md").read_text("utf-8")
KEY = "d3fe1f283ffebe62dc4fe7c4d0e672ad6f1d7b271467cd5e25115b1485cf16e7"

# Of each language: the name of its program, of the file, and the arguments before that.
PROGRAMS = {
    "python": (sys.executable, "sign.py", ()),
    "js": ("node", "sign.mjs", ()),
    "php": ("php", "sign.php", ()),
    "go": ("go", "sign.go", ("run",)),
    "ruby": ("ruby", "sign.rb", ()),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("signing")
    with running(folder, transforms_policy="signed", auth_secret=SECRET) as server:
        yield server


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_link_of_the_example_is_valid(language, server, jpeg, tmp_path):
    program, name, arguments = PROGRAMS[language]
    if shutil.which(program) is None:
        assert "SIGNING_IS_NEEDED" not in os.environ, f"{program} is missing"
        pytest.skip(f"{program} is missing")
    [source] = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    image_id = server.upload(jpeg).split("/")[2]
    source = source.replace(KEY, link_key(SECRET.encode()).hex()).replace("e4dcc071", image_id)
    # The examples repeat eight digits eight times.
    source, count = re.subn(rf"({image_id}['\"](?:\.repeat\(|, | \* ))8", r"\g<1>1", source)
    assert count == 1
    (tmp_path / name).write_text(source)
    environ = {**os.environ, "GOCACHE": str(tmp_path / "cache"), "GOFLAGS": "-mod=mod"}
    run = subprocess.run(
        [program, *arguments, name], cwd=tmp_path, env=environ, capture_output=True, text=True,
        check=False, timeout=100,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    printed = run.stdout.strip()
    path, _, signature = printed.partition("?sig=")
    assert path == f"/images/{image_id}/thumbnail.webp"
    assert server.get(printed).status == 200
    assert server.get(path).status == 403
    altered = signature.replace(".this.", ".any.")
    assert server.get(f"{path}?sig={altered}").status == 403
