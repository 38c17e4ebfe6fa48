"""An origin in an S3 bucket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from email.utils import formatdate
from typing import TYPE_CHECKING

import structlog

from progimage.errors import KeyMissing, StoreUnavailable
from progimage.ingest.source import Pieces
from progimage.origins.sources.http_dates import max_age_s
from progimage.origins.sources.source import (
    OriginDenied,
    OriginUnreachable,
    Unchanged,
    Version,
    missing,
)
from progimage.stores.s3.errors import s3_faults
from progimage.stores.s3.objects import AccessDenied, ForeignBucket

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

_CHUNK_BYTES = 256 * 1024

log = structlog.get_logger()


class BucketSource:
    """Reads pictures below a prefix of a bucket."""

    def __init__(self, bucket: ForeignBucket) -> None:
        self._bucket = bucket
        self._has_warned = False

    @contextmanager
    def open(self, key: str, known: str = "") -> Iterator[Version | Unchanged]:
        """Yield the object at `key`; see `OriginSource.open`."""
        with ExitStack() as stack:
            try:
                answer = stack.enter_context(self._bucket.open(key, known))
            except KeyMissing:
                raise missing(key) from None
            except AccessDenied:
                self._warn_once()
                if known:
                    raise OriginDenied("the origin's bucket denies access") from None
                raise missing(key) from None
            except StoreUnavailable as error:
                raise _unreachable(error) from None
            # Nothing is caught from here on: the block uses this service's own store.
            yield Unchanged() if answer is None else _version(answer, known)

    def list(self, prefix: str, after: str = "") -> Iterator[str]:
        """Yield the keys below `prefix`; see `OriginSource.list`."""
        try:
            yield from self._bucket.list(prefix, after)
        except StoreUnavailable as error:
            raise _unreachable(error) from None

    def _warn_once(self) -> None:
        """Log that 403 may mean 404.

        Without the permission to list a bucket, S3 answers 403 in place of 404. Source:
        Amazon S3 API reference, GetObject, "Permissions".
        """
        if not self._has_warned:
            self._has_warned = True
            log.warning(
                "an origin's bucket answers 403",
                consequence="a missing picture looks the same, so it is answered 404; grant "
                "s3:ListBucket to tell the two apart",
            )


def _body(answer: GetObjectOutputTypeDef) -> Iterator[bytes]:
    """Yield the bytes of an object; faults of S3 are raised as `OriginUnreachable`."""
    try:
        with s3_faults():
            yield from answer["Body"].iter_chunks(_CHUNK_BYTES)
    except StoreUnavailable as error:
        raise _unreachable(error) from None


def _version(answer: GetObjectOutputTypeDef, known: str) -> Version | Unchanged:
    etag = answer["ETag"].strip('"')
    age = max_age_s(answer.get("CacheControl", ""))
    if etag == known:
        return Unchanged(age)  # a server that does not know the condition
    modified = formatdate(answer["LastModified"].timestamp(), usegmt=True)
    return Version(etag, Pieces(_body(answer)), age, modified)


def _unreachable(error: StoreUnavailable) -> OriginUnreachable:
    return OriginUnreachable(f"the origin: {error}", retryable=True)
