"""Under which name a browser saves a file, and whether it opens it: Content-Disposition."""

from __future__ import annotations

import re
from urllib.parse import quote

from progimage.imaging.codecs.format import Format
from progimage.ingest.ingest import clean_file_name

_PLAIN_NAME = re.compile(r"[A-Za-z0-9._-]+")


def naming(form: Format, usual: str, download: str | None) -> tuple[str, bool]:
    """Return the name to save under, with an extension, and whether to save at once."""
    name = clean_file_name(download or "") or usual
    # A browser would open a document as a page of this site.
    is_saved = download is not None or form.is_vector
    return (name if "." in name else f"{name}.{form.extension}"), is_saved


def disposition(file_name: str, is_attachment: bool = False) -> str:
    """Return a Content-Disposition with the file name: `attachment` or `inline`.

    Source: RFC 6266, section 4.3, with RFC 8187 for names that are not ASCII.
    """
    kind = "attachment" if is_attachment else "inline"
    if _PLAIN_NAME.fullmatch(file_name):
        return f'{kind}; filename="{file_name}"'
    if not file_name:
        return kind
    plain = "".join(
        c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in file_name
    )
    if plain == file_name:
        return f'{kind}; filename="{plain}"'
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"
