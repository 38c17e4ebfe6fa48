"""The footer of a copy: which object the bytes are from, and a checksum of them."""

from __future__ import annotations

import io
import os
import struct
import zlib
from datetime import UTC, datetime

from progimage import keys
from progimage.errors import BadKey
from progimage.stores import Stat

# Size, lengths of etag and key, CRC-32 of bytes, etag and key; etag and key come before it.
_FOOTER = struct.Struct(">QHHI8s")
_MAGIC = b"PIcopy1\n"
_CHUNK = 1 << 18


def is_public_rendition(key: str) -> bool:
    """True for the key of a rendition in the public cache: only those may have a copy."""
    return keys.name_of_public_rendition(key) is not None


def id_of(key: str) -> str:
    """Return the id of the picture of a rendition."""
    named = keys.id_and_engine_of_rendition(key)
    if named is None:
        raise BadKey(f"{key!r} is not the key of a rendition")
    return named[0]


def footer(stat_: Stat, crc: int) -> bytes:
    """Return the footer of a copy; `crc` is the CRC-32 of its bytes."""
    names = stat_.etag.encode() + stat_.key.encode()
    lengths = (stat_.size, len(stat_.etag.encode()), len(stat_.key.encode()))
    return names + _FOOTER.pack(*lengths, zlib.crc32(names, crc), _MAGIC)


def verified(file: io.FileIO, found: os.stat_result, key: str) -> Stat | None:
    """Return the `Stat` of the copied object; None unless the copy is whole and of `key`."""
    end = found.st_size - _FOOTER.size
    if end < 0:
        return None
    tail = os.pread(file.fileno(), _FOOTER.size, end).ljust(_FOOTER.size)
    size, etag_length, key_length, crc, magic = _FOOTER.unpack(tail)
    length = etag_length + key_length
    if magic != _MAGIC or size + length != end:
        return None
    names = os.pread(file.fileno(), length, size)
    if names[etag_length:] != key.encode():
        return None
    seen, left = 0, size
    while left and (chunk := file.read(min(left, _CHUNK))):
        seen, left = zlib.crc32(chunk, seen), left - len(chunk)
    if left or zlib.crc32(names, seen) != crc:
        return None
    # A copy with the right checksum was written by this cache: its etag is text.
    modified = datetime.fromtimestamp(found.st_mtime, UTC)
    return Stat(key, size, names[:etag_length].decode(), modified)
