"""Records as shelves store them: JSON, each deflated with a dictionary they share."""

from __future__ import annotations

import json
import zlib
from functools import lru_cache

from progimage.model import Record

_DICTIONARY = (
    b'{"id":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","owner":"","state":'
    b'"live","revision":1,"generation":"0123456789abcdef","sha256":"","size_bytes":0,"media_type":'
    b'"image/webp","media_type":"image/png","media_type":"image/jpeg","width":4000,"height":3000,'
    b'"frames":1,"orientation":1,"has_alpha":false,"dominant_colour":"#806040","placeholder":"",'
    b'"perceptual_hash":"","capture":{"taken":"2026-01-01T00:00:00","camera":"","lens":"",'
    b'"exposure_s":0.01,"f_number":2.8,"iso":100,"focal_length_mm":50.0},"place":{"latitude":0.0,'
    b'"longitude":0.0},"capture":{"taken":null,"camera":"","lens":"","exposure_s":null,'
    b'"f_number":null,"iso":null,"focal_length_mm":null},"place":null,"damaged":false,"damage":"",'
    b'"file_name":"IMG_0000.jpg","created":"2026-01-01T00:00:00.000000Z","modified":'
    b'"2026-01-01T00:00:00.000000Z","title":"","description":"","tags":[],"visibility":"private"}'
    b'"tags":["","",""],"visibility":"public"}'
)
"""What most records begin with. Part of the format: another one needs another `header.MAGIC`."""

_RAW_DEFLATE = -12
"""The window, 4 KiB, of a stream without a header (zlib's manual, deflateInit2)."""

# Compression: 6 is zlib's default; memory level 5 is enough for records of a few hundred bytes.
# With the fixed codes of RFC 1951, 3.2.6, they take an eighth more and are read twice as fast:
# reading a code table of its own costs more than the text of such a record.
_LEVEL, _MEMORY = 6, 5


def pack(record: Record) -> bytes:
    """Return a record as shelves store it."""
    deflate = zlib.compressobj(
        _LEVEL, zlib.DEFLATED, _RAW_DEFLATE, _MEMORY, zlib.Z_FIXED, _DICTIONARY
    )
    return deflate.compress(record.model_dump_json().encode()) + deflate.flush()


def unpack(data: bytes) -> bytes:
    """Return the JSON of a record as a shelf stores it."""
    return zlib.decompressobj(_RAW_DEFLATE, _DICTIONARY).decompress(data)


@lru_cache(4_000)
def version(packed: bytes) -> tuple[str, int]:
    """Return the generation and the revision of a record; folds copy most records unchanged."""
    facts = json.loads(unpack(packed))
    return facts["generation"], facts["revision"]
