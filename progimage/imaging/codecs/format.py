"""What is known of one picture format."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass


def _is_there(module: str) -> bool:
    return not module or importlib.util.find_spec(module) is not None


@dataclass(frozen=True, slots=True)
class Format:
    """One picture format.

    Attributes:
        name: what people and the API call it, lower case: "jpeg".
        extension: the one we write, without the dot: "jpg".
        media_type: the one we send.
        pillow_name: Pillow's identifier; "" where it neither reads nor writes the format.
        pillow_plugin: the plug-in of Pillow for it: "Jpeg" for PIL.JpegImagePlugin; else "".
        other_extensions: also understood in URLs.
        other_media_types: also understood in Accept and Content-Type.
        magic_types: what libmagic calls it.
        is_writable: pictures can be written in it, not only read; where `writer` is installed.
        has_alpha: it holds transparency; others are flattened on a background.
        is_animated: it can hold an animation, and we write one.
        default_quality: 1 to 100, or None where quality has no meaning.
        has_lossless: it is lossless, or can be asked to be.
        max_side: the longest side it can hold, in pixels.
        is_vector: it is a document that is drawn at any size. Browsers open it as a page, so
            its original is sent as a file to save.
        module: what reads it, where that is not part of every installation; else "".
        writer: what writes it, likewise.
        extra: the extra of the package that installs `module` and `writer`.
    """

    name: str
    extension: str
    media_type: str
    pillow_name: str
    magic_types: tuple[str, ...]
    pillow_plugin: str = ""
    other_extensions: tuple[str, ...] = ()
    other_media_types: tuple[str, ...] = ()
    is_writable: bool = True
    has_alpha: bool = False
    is_animated: bool = False
    default_quality: int | None = None
    has_lossless: bool = True
    max_side: int = 65_535
    is_vector: bool = False
    module: str = ""
    writer: str = ""
    extra: str = ""

    @property
    def is_installed(self) -> bool:
        """True if it can be read here."""
        return _is_there(self.module)

    @property
    def is_written_here(self) -> bool:
        """True if it can be written by this server."""
        return self.is_writable and _is_there(self.writer)

    @property
    def extensions(self) -> tuple[str, ...]:
        """Every extension it goes by, ours first."""
        return (self.extension, *self.other_extensions)

    @property
    def media_types(self) -> tuple[str, ...]:
        """Every media type it goes by, ours first."""
        return (self.media_type, *self.other_media_types)
