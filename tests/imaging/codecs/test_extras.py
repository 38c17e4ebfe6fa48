"""Formats of extras that are not installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import KNOWN, READABLE, names

FIRST_BYTES = {
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "pdf": b"%PDF-1.7\n",
    "jxl": b"\xff\x0a" + bytes(20),
}
EXTRAS = [form for form in KNOWN if form.extra]

_WITHOUT = """
import sys
sys.modules[sys.argv[1]] = None
from progimage.errors import UnsupportedMedia
from progimage.imaging.codecs import formats
from progimage.imaging.codecs.header import opened
from progimage.imaging.codecs.sniff import sniff
from progimage.imaging.limits import Limits
form = formats.by_name(sys.argv[2])
assert form not in formats.READABLE, "still readable"
assert formats.by_media_type(form.media_type) is form
for read in (sniff, lambda path: opened(path, Limits()).__enter__()):
    try:
        read(sys.argv[3])
    except UnsupportedMedia as error:
        print(error)
"""


@pytest.mark.parametrize("form", EXTRAS, ids=lambda form: form.name)
def test_the_answer_names_the_extra_to_install(form: Format, tmp_path: Path) -> None:
    picture = tmp_path / "picture"
    picture.write_bytes(FIRST_BYTES[form.name])
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT, form.module, form.name, str(picture)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    on_upload, on_render = done.stdout.splitlines()
    wanted = (
        f"{form.name}, which this server cannot read: its operator has to install "
        f"the extra '{form.extra}' of progimage-service"
    )
    others = names(tuple(other for other in READABLE if other is not form))
    assert on_upload == f"the content is {wanted}; send one of {others}"
    assert on_render == f"the picture is {wanted}"
