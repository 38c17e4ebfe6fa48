"""What stands behind the bytes of a copy, and says of what they are and that they are whole."""

from __future__ import annotations

import io
import os
import struct
import zlib
from datetime import UTC, datetime

from progimage import keys
from progimage.errors import BadKey
from progimage.stores import Stat

# Size, lengths of etag and key, CRC-32 of bytes, etag and key; these two stand before it.
_FOOTER = struct.Struct(">QHHI8s")
_MAGIC = b"PIcopy1\n"
_CHUNK = 1 << 18


def is_public_rendition(key: str) -> bool:
    """True for what may have a copy: the key of a rendition in the public cache."""
    return keys.name_of_public_rendition(key) is not None


def id_of(key: str) -> str:
    """Return the picture that a rendition is of."""
    named = keys.id_and_engine_of_rendition(key)
    if named is None:
        raise BadKey(f"{key!r} is no rendition's")
    return named[0]


def footer(stat_: Stat, crc: int) -> bytes:
    """Return what stands behind the bytes of a copy; `crc` is their CRC-32."""
    said = stat_.etag.encode() + stat_.key.encode()
    lengths = (stat_.size, len(stat_.etag.encode()), len(stat_.key.encode()))
    return said + _FOOTER.pack(*lengths, zlib.crc32(said, crc), _MAGIC)


def verified(file: io.FileIO, found: os.stat_result, key: str) -> Stat | None:
    """Return what a copy is of, None unless it is whole and of `key`."""
    end = found.st_size - _FOOTER.size
    if end < 0:
        return None
    tail = os.pread(file.fileno(), _FOOTER.size, end).ljust(_FOOTER.size)
    size, etag_length, key_length, crc, magic = _FOOTER.unpack(tail)
    said = etag_length + key_length
    if magic != _MAGIC or size + said != end:
        return None
    names = os.pread(file.fileno(), said, size)
    if names[etag_length:] != key.encode():
        return None
    seen, left = 0, size
    while left and (chunk := file.read(min(left, _CHUNK))):
        seen, left = zlib.crc32(chunk, seen), left - len(chunk)
    if left or zlib.crc32(names, seen) != crc:
        return None
    # A copy that vouches for itself was written by us: its etag is text.
    modified = datetime.fromtimestamp(found.st_mtime, UTC)
    return Stat(key, size, names[:etag_length].decode(), modified)
