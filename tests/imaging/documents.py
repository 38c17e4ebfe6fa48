"""PDF documents drawn for tests."""

from __future__ import annotations

import zlib


def pdf(*objects: bytes, trailer: bytes = b"/Root 1 0 R") -> bytes:
    """Return a document of these objects, numbered from 1."""
    data, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    data += b"trailer\n<< /Size %d %s >>\n" % (len(objects) + 1, trailer)
    return data + b"startxref\n%d\n%%%%EOF\n" % start


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """Return a compressed stream."""
    packed = zlib.compress(content)
    return b"<< /Length %d /Filter /FlateDecode %s >>\nstream\n%s\nendstream" % (
        len(packed),
        entries,
        packed,
    )


def document(
    *contents: bytes,
    size: bytes = b"0 0 100 50",
    catalog: bytes = b"",
    page: bytes = b"",
    resources: bytes = b"",
    more: tuple[bytes, ...] = (),
    trailer: bytes = b"/Root 1 0 R",
) -> bytes:
    """Return a document with a page for each of `contents`, which are drawing operators.

    `more` are objects behind the pages, numbered from 3 + twice the number of pages.
    """
    kids = b" ".join(b"%d 0 R" % (3 + 2 * number) for number in range(len(contents)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(contents)),
    ]
    for number, content in enumerate(contents):
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [%s] /Contents %d 0 R "
            b"/Resources << %s >> %s >>" % (size, 4 + 2 * number, resources, page),
            stream(content),
        ]
    return pdf(*objects, *more, trailer=trailer)


def filled(red: float, green: float, blue: float, box: str = "0 0 100 50") -> bytes:
    """Return operators that fill a box with a colour."""
    return f"{red} {green} {blue} rg {box} re f".encode()
