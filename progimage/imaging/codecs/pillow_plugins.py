"""Pillow held to the allow-list: only these plugins are loaded, and asked."""

from __future__ import annotations

from importlib import import_module
from typing import Any, BinaryIO

from PIL import Image

from progimage.imaging.codecs import jxl_writer
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import HAS_HEIC, JXL, READABLE

# Loaded by name: otherwise the first unknown file makes Pillow import every plugin it has.
for _form in READABLE:
    if _form.pillow_plugin:
        import_module(f"PIL.{_form.pillow_plugin}ImagePlugin")

if HAS_HEIC:
    import pi_heif

    pi_heif.register_heif_opener(thumbnails=False)

Image.register_save(JXL.pillow_name, jxl_writer.save)


def accepts(form: Format, head: bytes) -> bool:
    """Tell if Pillow's plugin for `form`, if it has one, takes these first bytes for its own."""
    if form.pillow_name not in Image.OPEN:
        return False
    signature_test = Image.OPEN[form.pillow_name][1]
    return signature_test is None or signature_test(head[:16]) is True


def save(frame: Image.Image, file: BinaryIO, form: Format, parameters: dict[str, Any]) -> None:
    """Write `frame` with the plugin for `form`; parameters as in Pillow's handbook."""
    frame.save(file, form.pillow_name, **parameters)
