"""The object store: the protocol, and the stores that implement it."""

from progimage.stores.object_store import (
    ABSENT,
    HasConditionalOpen,
    HasLocalPath,
    HasNames,
    HasOwnFiles,
    HasPresignedUrl,
    ObjectStore,
    Reader,
    Stat,
    Verifiable,
    exists,
)
from progimage.stores.opening import create_store, open_raw, open_store, reopen_store

__all__ = [
    "ABSENT",
    "HasConditionalOpen",
    "HasLocalPath",
    "HasNames",
    "HasOwnFiles",
    "HasPresignedUrl",
    "ObjectStore",
    "Reader",
    "Stat",
    "Verifiable",
    "create_store",
    "exists",
    "open_raw",
    "open_store",
    "reopen_store",
]
