"""Shared parts of reading and writing an S3 store: prefix, client and time limits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from progimage.errors import BadKey, ConfigError, StoreUnavailable
from progimage.stores.deadline import Budget, deadline
from progimage.stores.key_rules import MAX_KEY_BYTES, check_key, check_prefix
from progimage.stores.object_store import Stat
from progimage.stores.s3.circuit_breaker import CircuitBreaker
from progimage.stores.s3.client import S3Clients
from progimage.stores.s3.errors import NOT_S3, s3_faults

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, HeadObjectOutputTypeDef

_MAX_PREFIX_BYTES = 1_024 - MAX_KEY_BYTES - len("/")


class S3Bucket:
    """A prefix in a bucket, and how it is reached.

    Raises:
        ConfigError: `prefix` cannot begin a key.
    """

    def __init__(self, bucket: str, prefix: str, clients: S3Clients, deadline_s: float) -> None:
        try:
            check_prefix(prefix)
        except BadKey as error:
            raise ConfigError(f"store: the prefix in the bucket cannot be used: {error}") from None
        if len(prefix.encode()) > _MAX_PREFIX_BYTES:
            raise ConfigError(f"store: expected a prefix of at most {_MAX_PREFIX_BYTES} bytes")
        self.name = bucket
        self.prefix = f"{prefix}/" if prefix else ""
        self.read_timeout_s = clients.read_timeout_s
        self._clients = clients
        self._deadline_s = deadline_s
        self.breaker = CircuitBreaker()

    @property
    def client(self) -> S3Client:
        """This process's client."""
        return self._clients.get()

    def where(self, key: str) -> dict[str, Any]:
        """Return the arguments that name an object, or raise `BadKey`."""
        check_key(key)
        return {"Bucket": self.name, "Key": self.prefix + key}

    def deadline(self) -> AbstractContextManager[Budget]:
        """Let the calls in the block share one budget: the request's, or a new one."""
        return deadline(self._deadline_s)

    @contextmanager
    def asking(self, key: str = "") -> Iterator[None]:
        """Let the block ask the server, unless it is known to be silent."""
        with self.breaker.guarding(), self.receiving(key):
            yield

    @contextmanager
    def receiving(self, key: str = "") -> Iterator[Budget]:
        """Count the time the block waits for the server; raise its faults as `StoreError`."""
        with self.deadline() as budget, budget.waiting(), s3_faults(key):
            yield budget


def stat_of(key: str, answer: HeadObjectOutputTypeDef | GetObjectOutputTypeDef) -> Stat:
    """Return the facts of the object from the headers of an answer.

    Raises:
        StoreUnavailable: these are not the headers of an answer of S3.
    """
    if "ETag" not in answer or "LastModified" not in answer:
        raise StoreUnavailable(NOT_S3)
    return Stat(key, answer["ContentLength"], bare(answer["ETag"]), answer["LastModified"])


def bare(etag: str) -> str:
    """Return an etag without the quotes of its header."""
    return etag.strip('"')
