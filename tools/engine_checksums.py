"""Write the table of what the image engine makes: `make engine-checksums`.

tests/imaging/test_engine_version.py compares. After a change of the bytes of renditions, raise
`ENGINE_VERSION` in progimage/keys.py and run this.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from progimage.imaging.codecs import formats
from progimage.imaging.codecs.format import Format
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline_parser import parse
from progimage.imaging.registry import describe
from progimage.imaging.render import render
from progimage.keys import ENGINE_VERSION

TABLE = Path(__file__).parents[1] / "tests" / "imaging" / "engine_checksums.json"

# Its encoder divides the work by the number of cores.
_UNSTEADY = {"avif"}

# The pictures that are rendered here have no pages.
_OF_DOCUMENTS = {"page"}


def table() -> dict[str, Any]:
    """Return the table of this code on this machine."""
    return {
        "engine": ENGINE_VERSION,
        "machine": platform.machine(),
        "checksums": dict(sorted(_checksums().items())),
    }


def _checksums() -> dict[str, str]:
    found = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = {form: folder / f"source.{form}" for form in ("png", "jpeg")}
        for form, path in sources.items():
            _picture().save(path, form)
        for operation in describe():
            if operation["name"] in _OF_DOCUMENTS:
                continue
            pipeline = operation["example"]
            found[f"png {pipeline}"] = _checksum(sources["png"], pipeline, formats.PNG)
        for form in formats.READABLE:
            if form.is_writable and form.name not in _UNSTEADY:
                for source in ("png", "jpeg"):
                    case = f"{source} thumbnail as {form.name}"
                    found[case] = _checksum(sources[source], "thumbnail", form)
    return found


def _checksum(source: Path, pipeline: str, form: Format) -> str:
    target, limits = source.with_name("target"), Limits()
    render(os.fspath(source), parse(pipeline, limits=limits), os.fspath(target), form, limits)
    try:
        return hashlib.sha256(target.read_bytes()).hexdigest()[:32]
    finally:
        target.unlink()


def _picture() -> Image.Image:
    """Return a picture with slopes, edges and colours of all kinds."""
    size = (820, 640)
    slopes = [Image.linear_gradient("L").resize(size), Image.radial_gradient("L").resize(size)]
    image = Image.merge("RGB", [slopes[0], slopes[1], slopes[0].rotate(90).resize(size)])
    draw = ImageDraw.Draw(image)
    draw.ellipse((60, 40, 400, 500), fill="orange", outline="black", width=7)
    draw.polygon([(500, 600), (800, 120), (430, 90)], fill="teal")
    return image


if __name__ == "__main__":
    TABLE.write_text(json.dumps(table(), indent=1) + "\n", "utf-8")
