"""Reading from S3: objects, whole or in part, what is known of them, and listings."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from progimage.errors import BadKey, StoreUnavailable
from progimage.stores.key_rules import check_key, check_prefix
from progimage.stores.object_store import Stat
from progimage.stores.s3.bucket import S3Bucket, bare, stat_of
from progimage.stores.s3.checksums import MD5, new_md5
from progimage.stores.s3.errors import NOT_S3, status_of
from progimage.stores.s3.hedging import Hedges

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

_PAGE_KEYS = 1_000

# What a reader that is closed early takes in, and waits for, to keep its connection.
_DRAINED_BYTES = 64 * 1024
_DRAINING_S = 0.05

# The largest object that is held in memory to compare its checksum before it is used.
_VERIFIED_BYTES = 4 << 20

# What a second request may say as well as the object itself: that it is the version one
# has, that there is none, or none of the range.
_ANSWERS = (304, 404, 416)


class _Damaged(StoreUnavailable):
    """The bytes of an object are not those that were put."""


class S3Reader:
    """A range of one object, streaming; its bytes are those of one version.

    `md5` is the checksum of the whole object, if that is what is read and if it is known.
    The last bytes are only given out if it holds.
    """

    def __init__(
        self,
        stat: Stat,
        bucket: S3Bucket,
        body: StreamingBody | None,
        size: int,
        md5: str = "",
    ) -> None:
        self.stat = stat
        self._bucket = bucket
        self._body = body
        self._unread = size
        self._timeout_s = 0.0
        self._md5 = md5
        self._digest = new_md5()
        self._verified: io.BytesIO | None = None

    def verify(self) -> bool:
        """Return whether the bytes are undamaged; reads a small object into memory."""
        if not self._md5 or self._unread > _VERIFIED_BYTES:
            return True
        try:
            self._verified = io.BytesIO(self.read())
        except _Damaged:
            return False
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Return `size` bytes, or all that is left if it is negative; b"" at the end."""
        if self._verified is not None:
            return self._verified.read(size)
        if self._body is None or size == 0:
            return b""
        with self._bucket.receiving(self.stat.key) as budget:
            timeout_s = min(self._bucket.read_timeout_s, budget.left_s)
            if self._unread and timeout_s != self._timeout_s:
                self._body.set_socket_timeout(timeout_s)
                self._timeout_s = timeout_s
            left, self._unread = self._unread, 0  # what breaks off has no rest
            data = self._body.read(None if size < 0 else size)
        if len(data) < (left if size < 0 else min(size, left)):
            raise StoreUnavailable("the S3 server broke off in the middle of an object")
        self._unread = left - len(data)
        if self._md5:
            self._digest.update(data)
            if not self._unread and self._digest.hexdigest() != self._md5:
                raise _Damaged("an object is damaged, in the S3 server or on its way from it")
        return data

    def close(self) -> None:
        if self._body is None:
            return
        if 0 < self._unread <= _DRAINED_BYTES:
            # A connection with an unread rest is lost; so little is here already.
            with suppress(BotoCoreError, HTTPError, OSError):
                self._body.set_socket_timeout(_DRAINING_S)
                self._body.read()
        self._body.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class S3Reads:
    """The reading half of an `ObjectStore`; `hedges` decides about second requests, if any."""

    def __init__(self, bucket: S3Bucket, hedges: Hedges | None) -> None:
        self._bucket = bucket
        self.hedges = hedges

    def open(self, key: str, start: int = 0, length: int | None = None) -> S3Reader:
        if length == 0:
            return self._empty(key)
        request = self._bucket.where(key)
        ranged = start > 0 or length is not None
        if ranged:
            request["Range"] = f"bytes={start}-{'' if length is None else start + length - 1}"
        with self._bucket.asking(key):
            answer = self._get(request, 416)
        if answer is None:
            return self._empty(key)
        stat = stat_of(key, answer)
        sent = stat.size
        if ranged:
            if "ContentRange" not in answer:
                answer["Body"].close()
                raise StoreUnavailable("the S3 server ignores ranges")
            size = int(answer["ContentRange"].rpartition("/")[2])
            stat = Stat(key, size, stat.etag, stat.modified)
        md5 = "" if ranged else answer["Metadata"].get(MD5, "")
        return S3Reader(stat, self._bucket, answer["Body"], sent, md5)

    def open_if_changed(self, key: str, etag: str) -> S3Reader | None:
        """Return a reader of the object, or None if its etag is `etag`."""
        with self._bucket.asking(key):
            answer = self._get({**self._bucket.where(key), "IfNoneMatch": f'"{etag}"'}, 304)
        if answer is None:
            return None
        stat = stat_of(key, answer)
        if stat.etag != etag:
            md5 = answer["Metadata"].get(MD5, "")
            return S3Reader(stat, self._bucket, answer["Body"], stat.size, md5)
        answer["Body"].close()  # the server does not know the condition
        return None

    def stat(self, key: str) -> Stat:
        with self._bucket.asking(key):
            answer = self._bucket.client.head_object(**self._bucket.where(key))
        return stat_of(key, answer)

    def list(self, prefix: str, after: str = "") -> Iterator[Stat]:
        check_prefix(prefix)
        check_prefix(after)
        return self._walk(prefix, after)

    def _get(self, request: dict[str, Any], bodiless: int) -> GetObjectOutputTypeDef | None:
        """Return the object, None if the status `bodiless` says that there is none to send."""

        def ask() -> GetObjectOutputTypeDef | ClientError:
            try:
                return self._bucket.client.get_object(**request)
            except ClientError as error:
                if status_of(error) in _ANSWERS:
                    return error
                raise

        answer = self.hedges.first(ask, _drop) if self.hedges else ask()
        if isinstance(answer, ClientError):
            if status_of(answer) == bodiless:
                return None
            raise answer
        return answer

    def _empty(self, key: str) -> S3Reader:
        return S3Reader(self.stat(key), self._bucket, None, 0)

    def _walk(self, prefix: str, after: str) -> Iterator[Stat]:
        own_prefix = self._bucket.prefix
        start_after = own_prefix + after
        while True:
            with self._bucket.asking():
                page = self._bucket.client.list_objects_v2(
                    Bucket=self._bucket.name,
                    Prefix=own_prefix + prefix,
                    StartAfter=start_after,
                    MaxKeys=_PAGE_KEYS,
                )
            if "IsTruncated" not in page:
                raise StoreUnavailable(NOT_S3)
            for item in page.get("Contents", []):
                start_after = item["Key"]
                stat = Stat(
                    start_after.removeprefix(own_prefix),
                    item["Size"],
                    bare(item["ETag"]),
                    item["LastModified"].replace(microsecond=0),
                )
                if _is_valid(stat.key):
                    yield stat
            if not page["IsTruncated"] or not page.get("Contents"):
                return


def _drop(answer: GetObjectOutputTypeDef | ClientError) -> None:
    if not isinstance(answer, ClientError):
        answer["Body"].close()


def _is_valid(key: str) -> bool:
    """False for a stranger's key, such as the `folder/` that S3 consoles make."""
    try:
        check_key(key)
    except BadKey:
        return False
    return True
