"""The font files that texts are written with: the package's own, and the machine's."""

from __future__ import annotations

from functools import cache
from pathlib import Path

OWN_FONT = Path(__file__).parent / "fonts" / "NotoSans-subset.ttf"
"""Noto Sans with the letters of Latin, Greek and Cyrillic."""

SYSTEM_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts")
"""Where Linux keeps fonts."""

# What Debian's fonts-noto-core and fonts-noto-cjk install.
_SYSTEM_NAMES = (
    "NotoSansArabic-Regular.ttf",
    "NotoSansHebrew-Regular.ttf",
    "NotoSansThai-Regular.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    *(
        f"NotoSans{script}-Regular.ttf"
        for script in (
            *("Bengali", "Tamil", "Telugu", "Kannada", "Malayalam", "Gujarati", "Gurmukhi"),
            *("Oriya", "Sinhala", "Khmer", "Lao", "Myanmar", "Ethiopic", "Georgian", "Armenian"),
        )
    ),
)


# What Debian's fonts-noto-color-emoji installs.
_EMOJI_NAME = "NotoColorEmoji.ttf"


@cache
def emoji_font() -> Path | None:
    """Return the machine's font of emoji, if it has one."""
    for folder in SYSTEM_FOLDERS:
        for path in sorted(Path(folder).rglob(_EMOJI_NAME)):
            return path
    return None


@cache
def system_fonts() -> tuple[Path, ...]:
    """Return the fonts of other scripts that the machine has, in a fixed order."""
    found: dict[str, Path] = {}
    for folder in SYSTEM_FOLDERS:
        for path in sorted(Path(folder).rglob("Noto*")):
            found.setdefault(path.name, path)
    return tuple(found[name] for name in _SYSTEM_NAMES if name in found)
