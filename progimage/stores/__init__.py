"""The object store: the protocol, and the stores that implement it."""

from progimage.stores.object_store import (
    ABSENT,
    HasConditionalOpen,
    HasLocalPath,
    HasPresignedUrl,
    HasStaleUploads,
    ObjectStore,
    Reader,
    Stat,
    open_store,
)

__all__ = [
    "ABSENT",
    "HasConditionalOpen",
    "HasLocalPath",
    "HasPresignedUrl",
    "HasStaleUploads",
    "ObjectStore",
    "Reader",
    "Stat",
    "open_store",
]
