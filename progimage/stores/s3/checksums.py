"""Checksums of objects, on their way to an S3 server and back.

Every server that speaks S3 compares `Content-MD5` with what arrives; the newer checksums
are beyond many. Each object keeps its MD5 in its metadata too, because its ETag is the MD5
with some servers and ciphers only.
"""

from __future__ import annotations

import hashlib

from progimage.stores.s3.rewindable import Tail

MD5 = "progimage-md5"
"""The name of the checksum in the metadata of an object."""

_CHUNK_BYTES = 1 << 20


def new_md5() -> hashlib._Hash:
    """Return a hash that finds damage; it does not protect against intention."""
    return hashlib.md5(usedforsecurity=False)


def md5_of(body: bytes | Tail) -> bytes:
    """Return the checksum of a body, which is at its beginning before and after the call."""
    digest = new_md5()
    if isinstance(body, Tail):
        while chunk := body.read(_CHUNK_BYTES):
            digest.update(chunk)
        body.seek(0)
    else:
        digest.update(body)
    return digest.digest()
