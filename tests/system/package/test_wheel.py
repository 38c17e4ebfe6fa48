"""A wheel serves from any folder without the checkout; its client needs little."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from PIL import Image

from progimage import __version__
from progimage.cli.server_commands import SERVER_COMMANDS

# The first test waits for the wheel and two environments to be built.
pytestmark = pytest.mark.timeout(900)

ROOT = Path(__file__).parents[3]
LISTENS = re.compile(r"ProgImage listens on (http://[\d.]+:\d+)")
USE_CLIENT = """
import sys
from progimage.client import Client
with Client(sys.argv[1]) as client:
    image = client.upload("photo.png", title="From the wheel")
    image.thumbnail(width=8).webp().save("small.webp")
    print(image.id)
"""


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program without what this process's environment says about ProgImage."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("PROGIMAGE_", "PYTHON"))}
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "wheel", "-q", "--no-deps")
    done = run(*pip, "--wheel-dir", folder, ROOT, cwd=folder)
    assert done.returncode == 0, done.stderr
    [path] = folder.glob("progimage_service-*.whl")
    return path


def environment(folder: Path, wheel: Path, extras: str) -> Path:
    """Install the wheel into a clean environment; return its folder of programs."""
    venv.create(folder, with_pip=True)
    programs = folder / "bin"
    done = run(programs / "pip", "install", "-q", f"{wheel}{extras}", cwd=folder)
    assert done.returncode == 0, done.stderr
    return programs


@pytest.fixture(scope="module")
def whole(tmp_path_factory, wheel) -> Path:
    return environment(tmp_path_factory.mktemp("whole"), wheel, "[server]")


@pytest.fixture(scope="module")
def client_only(tmp_path_factory, wheel) -> Path:
    return environment(tmp_path_factory.mktemp("client"), wheel, "")


@contextmanager
def serving(programs: Path, folder: Path) -> Iterator[str]:
    """Serve from a folder that has nothing of the checkout; give the address."""
    environ = {
        "PATH": f"{programs}:/usr/bin:/bin",
        "PROGIMAGE_BIND": "127.0.0.1:0",
        "PROGIMAGE_SERVER_WORKERS": "1",
    }
    command = [programs / "progimage", "serve", "--create-store"]
    with subprocess.Popen(
        command, cwd=folder, env=environ, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            output = ""
            for line in server.stderr:
                output += line
                if found := LISTENS.search(line):
                    break
            else:
                pytest.fail(output)
            yield found[1]
        finally:
            server.terminate()
            server.stderr.read()
            server.wait(60)


def test_it_serves_from_any_folder_and_takes_a_picture(whole, client_only, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    Image.new("RGB", (40, 20), "teal").save(tmp_path / "photo.png")
    with serving(whole, elsewhere) as url:
        done = run(client_only / "python", "-c", USE_CLIENT, url, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        with Image.open(tmp_path / "small.webp") as small:
            assert small.size == (8, 4)
        picture = f"{url}/images/{done.stdout.strip()}"
        marked = httpx.get(f"{picture}/watermark:text=Teal.png")  # the font is in the wheel
        with Image.open(io.BytesIO(marked.content)) as image:
            assert image.size == (40, 20)
        console = httpx.get(f"{url}/", headers={"Accept": "text/html"}).text
        [script] = re.findall(r'<script type="module" src="([^"]+)"', console)
        assert "javascript" in httpx.get(url + script).headers["Content-Type"]
        viewer = httpx.get(f"{url}/console/vendor/openseadragon.min.js")
        assert "javascript" in viewer.headers["Content-Type"]
    assert (elsewhere / "var" / "store").is_dir()


def test_the_package_runs_as_a_module(whole, tmp_path):
    done = run(whole / "python", "-m", "progimage", "--help", cwd=tmp_path)
    assert "create-store" in done.stdout


def test_the_wheel_has_the_version_of_the_package(wheel):
    assert f"-{__version__}-" in wheel.name


def test_the_wheel_has_the_licences_of_what_others_have_written(wheel):
    names = [Path(name).name for name in zipfile.ZipFile(wheel).namelist()]
    assert names.count("openseadragon-LICENSE.txt") == 2  # beside the viewer, and in the metadata
    assert "openseadragon.min.js" in names


def test_the_client_brings_nothing_of_the_server(client_only, tmp_path):
    listed = run(client_only / "pip", "list", "--format", "freeze", cwd=tmp_path).stdout.lower()
    assert "httpx==" in listed
    for package in ("boto3", "pillow", "falcon", "gunicorn", "cryptography"):
        assert f"{package}==" not in listed


def test_without_the_server_its_commands_say_what_is_missing(client_only, tmp_path):
    shown = run(client_only / "progimage", "--help", cwd=tmp_path)
    assert shown.returncode == 0
    assert "upload" in shown.stdout
    for name in (name for names in SERVER_COMMANDS.values() for name in names):
        done = run(client_only / "progimage", name, "--anything", cwd=tmp_path)
        assert done.returncode == 2
        assert f"{name}: needs the packages of the server" in done.stderr
