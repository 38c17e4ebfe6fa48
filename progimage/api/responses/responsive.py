"""HTML for pictures in several widths: `srcset`, `<img>` and `<picture>`.

Source: HTML Living Standard, sections 4.8.1 to 4.8.4 (srcset, sizes, the picture element).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Candidate:
    """One file of a picture that a browser may choose.

    Attributes:
        descriptor: when a browser chooses it, such as `640w` or `2x`.
        height: None if it depends on the pixels.
        media_type: None if the server chooses it by Accept.
    """

    url: str
    descriptor: str
    width: int
    height: int | None
    media_type: str | None


def srcset(candidates: Sequence[Candidate]) -> str:
    """Return the value of the attribute `srcset`."""
    return ", ".join(f"{each.url} {each.descriptor}" for each in candidates)


def img(
    candidates: Sequence[Candidate], shown: Candidate, sizes: str | None, alternative: str
) -> str:
    """Return an `<img>`.

    Args:
        shown: the file for browsers that do not read `srcset`; its size reserves the room.
        alternative: describes the picture to people who do not see it.
    """
    return _element(
        "img",
        src=shown.url,
        srcset=srcset(candidates),
        sizes=sizes,
        width=None if shown.height is None else str(shown.width),
        height=None if shown.height is None else str(shown.height),
        alt=alternative,
    )


def picture(sources: Sequence[Sequence[Candidate]], sizes: str | None, image: str) -> str:
    """Return a `<picture>` with a `<source>` for each format, and an `<img>` for other browsers."""
    lines = [
        _element("source", type=source[0].media_type, srcset=srcset(source), sizes=sizes)
        for source in sources
    ]
    return "\n".join(("<picture>", *(f"  {line}" for line in (*lines, image)), "</picture>"))


def _element(name: str, **attributes: str | None) -> str:
    parts = (f' {key}="{escape(text)}"' for key, text in attributes.items() if text is not None)
    return f"<{name}{''.join(parts)}>"
