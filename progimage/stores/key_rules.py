"""Which keys a store accepts: one rule for every store."""

from __future__ import annotations

from progimage.errors import BadKey, Conflict, KeyMissing

MAX_KEY_BYTES = 900
MAX_SEGMENT_BYTES = 255


def check_key(key: str) -> None:
    """Raise `BadKey` unless `key` is a whole key as `ObjectStore` defines it."""
    if key == "" or key.endswith("/"):
        raise BadKey(f"key {shown(key)}: expected no empty segment")
    check_prefix(key)


def check_prefix(prefix: str) -> None:
    """Raise `BadKey` unless some legal key could start with `prefix`; "" is fine."""
    # str.isprintable is false for control characters, line separators and the lone
    # surrogates that have no UTF-8 form, so the rest may encode without a care.
    if not prefix.isprintable():
        raise BadKey(f"key {shown(prefix)}: expected printable characters only")
    if len(prefix.encode()) > MAX_KEY_BYTES:
        raise BadKey(f"key {shown(prefix)}: expected at most {MAX_KEY_BYTES} bytes of UTF-8")
    *folders, last = prefix.split("/")
    if "" in folders:
        raise BadKey(f"key {shown(prefix)}: expected no empty segment")
    for segment in (*folders, last):
        if segment.startswith("."):
            raise BadKey(f"key {shown(prefix)}: expected no segment that starts with a dot")
        if len(segment.encode()) > MAX_SEGMENT_BYTES:
            raise BadKey(
                f"key {shown(prefix)}: expected at most {MAX_SEGMENT_BYTES} bytes a segment"
            )


def shown(key: str) -> str:
    """Return `key` as an error message shows it: escaped, quoted, not too long."""
    return ascii(key if len(key) <= 100 else key[:99] + "…")


def missing(key: str) -> KeyMissing:
    """Return the error for a key without an object."""
    return KeyMissing(f"no object {shown(key)}")


def conflict(key: str) -> Conflict:
    """Return the error for an object that is not at the version that was expected."""
    return Conflict(f"{shown(key)} is not at the expected version")
