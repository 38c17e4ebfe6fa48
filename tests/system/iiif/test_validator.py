"""The image validator of the IIIF consortium, against a real server.

`make test-iiif` installs it. IIIF_RUNS says how many runs there are; each draws other numbers
and strings.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tests.imaging.drawing import saved
from tests.system.serving.server import Server, running

VALIDATOR = Path(sys.prefix) / "iiif-validator" / "bin"
RUNS = int(os.environ.get("IIIF_RUNS", "3"))
_PATIENCE_S = 300
_COLOURS = (
    "import json; from iiif_validator.validator import ValidationInfo; "
    "print(json.dumps(ValidationInfo().colorInfo))"
)

# Faults of the validator: on Python 3 three tests of formats stop before they look at a picture.
_BROKEN = {"format_jp2", "format_webp", "format_pdf"}
# The validator expects that `^max` does not enlarge. IIIF Image API 3.0, section 4.2: it does.
_DIFFERS = {"size_up"}


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Server:
    # All runs together render more than one client may.
    folder = tmp_path_factory.mktemp("iiif")
    with running(folder, transforms_cold_per_minute=0) as server:
        yield server


@pytest.fixture(scope="module")
def identifier(server) -> str:
    """The identifier of the picture that the validator knows: squares of known colours."""
    command = [VALIDATOR / "python", "-c", _COLOURS]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    image = Image.new("RGB", (1000, 1000))
    draw = ImageDraw.Draw(image)
    # Its modules print too, when they are imported.
    for column, colours in enumerate(json.loads(run.stdout.splitlines()[-1])):
        for row, colour in enumerate(colours):
            left, top = 100 * column, 100 * row
            draw.rectangle((left, top, left + 99, top + 99), tuple(colour))
    return server.upload(saved(image, "PNG")).split("/")[2]


def validate(server: Server, identifier: str, version: str, level: int) -> tuple[int, set[str]]:
    """Return how many tests there were, and the names of those that failed."""
    command = [VALIDATOR / "python", VALIDATOR / "iiif-validate.py"]
    command += ["-s", "{}:{}".format(*server.address), "-p", f"iiif/{version[0]}", "-i", identifier]
    command += [f"--version={version}", f"--level={level}"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE_S)
    report = run.stdout + run.stderr
    done = re.search(r"Done \((\d+) tests, (\d+) failures\)", report)
    assert done, report
    failed = set(re.findall(r"test (\w+) FAIL", report))
    assert len(failed) == int(done[2])
    print(report)
    return int(done[1]), failed


@pytest.mark.parametrize("run", range(RUNS))
@pytest.mark.parametrize(("version", "tests"), [("2.0", 30), ("3.0", 33)])
def test_every_test_of_level_2_passes(server, identifier, version, tests, run):
    assert validate(server, identifier, version, 2) == (tests, set())


@pytest.mark.parametrize("run", range(RUNS))
@pytest.mark.parametrize(
    ("version", "tests", "failing"), [("2.0", 42, _BROKEN), ("3.0", 45, _BROKEN | _DIFFERS)]
)
def test_every_test_of_level_3_passes_but_for_those_named_above(
    server, identifier, version, tests, failing, run
):
    assert validate(server, identifier, version, 3) == (tests, failing)
