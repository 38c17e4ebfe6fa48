"""Opening an existing store by its URL, or creating a new one."""

from __future__ import annotations

from importlib import import_module
from itertools import chain
from typing import TypedDict, Unpack, cast
from urllib.parse import urlsplit

from progimage import keys
from progimage.errors import ConfigError
from progimage.stores.guarded import GuardedStore
from progimage.stores.marker import (
    StoreMarker,
    check_format,
    new_marker,
    read_marker,
    write_marker,
)
from progimage.stores.object_store import HasOwnFiles, ObjectStore

# URL scheme -> module of this package that has `from_url(url, **options)`. It is
# imported when chosen, so that a folder store does not wait for boto3.
_SCHEMES = {"file": "folder.url", "s3": "s3.store", "memory": "memory"}


class S3Options(TypedDict, total=False):
    """Options for S3 servers; other stores ignore them.

    conditional_writes: False for an S3 server without them. The promises about racing
        writers do not hold then; other stores are not affected.
    deadline_s: how long a request waits for an S3 server; 15 by default.
    hedged_reads: whether a read is sent twice if the S3 server's answer is late.
    """

    conditional_writes: bool
    deadline_s: float
    hedged_reads: bool


class StoreOptions(S3Options, total=False):
    """How a store is used; `threads` is the number of callers at once, 16 by default."""

    threads: int


def open_raw(
    url: str,
    *,
    creates: bool = False,
    may_be_gone: bool = False,
    **options: Unpack[StoreOptions],
) -> ObjectStore:
    """Return the objects at `url`, whether or not they are a ProgImage store.

    ===========================  ==================================================
    ``file:///srv/progimage``    a folder
    ``file:var/store``           the same, relative to the working directory
    ``s3://bucket/prefix``       a bucket; parameters: ``endpoint_url``, ``region``,
                                 ``addressing`` (``path`` or ``virtual``),
                                 ``connect_timeout_s``, ``read_timeout_s``
    ``memory://``                this process's memory; each call is a new store
    ===========================  ==================================================

    Credentials are never part of the URL: S3 takes them from boto3's usual chain.

    Args:
        creates: make the folder if it is missing.
        may_be_gone: a missing folder is no error now, but at each call.

    Raises:
        ConfigError: an unknown scheme or parameter, a URL that cannot work, or no folder.
        StoreUnavailable: the folder cannot be made or used.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ConfigError("store: expected a URL such as file:///path or s3://bucket") from None
    if "@" in parts.netloc:
        raise ConfigError(
            "store: expected a URL without a user or password; S3 credentials come from "
            "the environment, a profile or the instance's role, as boto3 documents"
        )
    module = _SCHEMES.get(parts.scheme)
    if module is None:
        raise ConfigError(
            f"store: {_shown(url)} has no known scheme; use file://, s3:// or memory://"
        )
    opener = import_module(f"progimage.stores.{module}").from_url
    return cast(ObjectStore, opener(parts, creates=creates, may_be_gone=may_be_gone, **options))


def open_store(url: str, **options: Unpack[StoreOptions]) -> ObjectStore:
    """Return the store at `url`; nothing is created.

    A `memory://` store is new at each call, so it is always there.

    Raises:
        ConfigError: there is no store at `url`, or one of another release; and what
            `open_raw` raises.
        StoreUnavailable: it does not answer.
    """
    if url.startswith("memory:"):
        return open_raw(url, **options)
    store = open_raw(url, **options)
    marker = read_marker(store)
    if marker is None:
        raise ConfigError(_without_marker(store, url))
    check_format(marker)
    if isinstance(store, HasOwnFiles):
        store.prepare()
    return GuardedStore(store, marker)


def reopen_store(url: str, marker: StoreMarker, **options: Unpack[StoreOptions]) -> ObjectStore:
    """Return the store that had this marker when the server started, there or not.

    While it is not there, or another one is in its place, its calls fail.

    Raises:
        ConfigError: the URL cannot work.
    """
    return GuardedStore(open_raw(url, may_be_gone=True, **options), marker)


def create_store(url: str, **options: Unpack[StoreOptions]) -> bool:
    """Create a store in a folder, or below a prefix, in which there is nothing yet.

    Returns False if there is a store of any format already.

    Raises:
        ConfigError: something else is there; and what `open_raw` raises.
        StoreUnavailable: it does not answer.
    """
    store = open_raw(url, creates=True, **options)
    if read_marker(store) is not None:
        return False
    if next(store.list(""), None) is not None:
        if read_marker(store) is not None:  # Another node was faster.
            return False
        raise ConfigError(_without_marker(store, url))
    write_marker(store, new_marker())
    return True


def holds_data_of_a_store(store: ObjectStore) -> bool:
    """Return whether pictures or accounts are there, as releases before 0.2 wrote them."""
    found = chain(store.list(keys.IMAGES), store.list(keys.USERS))
    return any(keys.id_of_record(stat.key) or keys.name_of_user(stat.key) for stat in found)


def _without_marker(store: ObjectStore, url: str) -> str:
    if holds_data_of_a_store(store):
        return (
            f"store: {_shown(url)} was written by a release before 0.2 and has no marker; stop "
            "all servers, make a back-up and run 'progimage upgrade-store'"
        )
    if next(store.list(""), None) is not None:
        return (
            f"store: {_shown(url)} holds other files and no store; use an empty folder or "
            "another prefix"
        )
    return (
        f"store: {_shown(url)} is empty. If a disk belongs there, mount it; if the name is "
        "wrong, correct it; 'progimage create-store' creates a new store"
    )


def _shown(url: str) -> str:
    return repr(url.partition("?")[0])
