"""What is known of one picture format."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass


def _is_there(module: str) -> bool:
    return not module or importlib.util.find_spec(module) is not None


@dataclass(frozen=True, slots=True)
class Format:
    """One picture format.

    Attributes:
        name: what people and the API call it, lower case: "jpeg".
        extension: the one we write, without the dot: "jpg"; by default the name.
        media_type: the one we send; by default "image/" and the name.
        pillow_name: Pillow's identifier; by default the name in capitals, "" for a document.
        pillow_plugin: the plug-in of Pillow for it: "Jpeg" for PIL.JpegImagePlugin; else "".
        other_extensions: also understood in URLs.
        other_media_types: also understood in Accept and Content-Type.
        magic_types: what libmagic calls it; by default the media type.
        signature: how files begin; by default what Pillow's plug-in tests.
        header: how files of no other format begin, where libmagic does not know the format, or
            guesses wrong.
        is_writable: pictures can be written in it, not only read; where `writer` is installed.
        has_alpha: it holds transparency; others are flattened on a background.
        has_grey: it holds pictures of one channel; others get all of them in colour.
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
    extension: str = ""
    media_type: str = ""
    pillow_name: str = ""
    pillow_plugin: str = ""
    magic_types: tuple[str, ...] = ()
    signature: re.Pattern[bytes] | None = None
    header: re.Pattern[bytes] | None = None
    other_extensions: tuple[str, ...] = ()
    other_media_types: tuple[str, ...] = ()
    is_writable: bool = True
    has_alpha: bool = False
    has_grey: bool = True
    is_animated: bool = False
    default_quality: int | None = None
    has_lossless: bool = True
    max_side: int = 65_535
    is_vector: bool = False
    module: str = ""
    writer: str = ""
    extra: str = ""

    def __post_init__(self) -> None:
        media_type = self.media_type or f"image/{self.name}"
        defaults = {
            "extension": self.name,
            "media_type": media_type,
            "pillow_name": "" if self.is_vector else self.name.upper(),
            "magic_types": (media_type,),
        }
        for name, value in defaults.items():
            object.__setattr__(self, name, getattr(self, name) or value)

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
