"""Objects in an S3 bucket: AWS, Ceph, MinIO and others that keep conditional puts."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, Self
from urllib.parse import SplitResult

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from progimage.errors import BadKey, ConfigError, Conflict, KeyMissing, StoreUnavailable
from progimage.stores import ABSENT, Stat
from progimage.stores.keyrules import MAX_KEY_BYTES, check_key, check_prefix, shown
from progimage.stores.rewindable import Tail, rewindable
from progimage.stores.s3faults import s3_faults, sentence_of, status_of, was_internal_error
from progimage.stores.s3url import s3_arguments

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, HeadObjectOutputTypeDef

_FIRST_PAGE_KEYS = 100
_PAGE_KEYS = 1_000
_CONDITION_ATTEMPTS = 4
_MAX_PREFIX_BYTES = 1_024 - MAX_KEY_BYTES - len("/")
_MARK = "progimage-write"


class S3Reader:
    """A range of one object, streaming; its bytes are those of one version."""

    def __init__(self, stat: Stat, body: StreamingBody | None) -> None:
        self.stat = stat
        self._body = body

    def read(self, size: int = -1, /) -> bytes:
        """Return `size` bytes, or all that is left if it is negative; b"" at the end."""
        if self._body is None or size == 0:
            return b""
        with s3_faults():
            return self._body.read(None if size < 0 else size)

    def close(self) -> None:
        if self._body is not None:
            self._body.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class S3Store:
    """An `ObjectStore` under a prefix of a bucket.

    The server must keep the promises of S3 that `prove_conditional_writes` tries:
    `If-None-Match: *` and `If-Match` on puts, without a gap between check and write.

    `delete(expect=…)` compares, then deletes with `If-Match`. A server that ignores
    that header (Ceph 16 does) leaves a gap of one round trip, in which another
    writer's new version could be deleted unseen.

    Args:
        bucket: an existing bucket whose objects may be listed.
        prefix: put before every key, with a `/` between; "" for none. At most 123
            bytes of UTF-8, because S3's keys have 1,024.
        endpoint_url: of a server other than AWS.
        region: of the bucket; by default boto3's usual settings decide.
        addressing: `path` or `virtual`; by default `path` when there is an
            `endpoint_url`, because those servers rarely have wildcard DNS.
        threads: callers at once, each with a connection of its own in the pool.
        connect_timeout_s, read_timeout_s: of each of at most three tries.

        conditional_writes: False for a server that lacks them: conditions are compared
            before the write, by us, and of two writers in one moment the last wins.

    Raises:
        ConfigError: `prefix` cannot begin a key, or boto3 cannot make a client.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        endpoint_url: str | None = None,
        region: str | None = None,
        addressing: Literal["path", "virtual"] | None = None,
        threads: int = 16,
        connect_timeout_s: float = 2.0,
        read_timeout_s: float = 10.0,
        conditional_writes: bool = True,
    ) -> None:
        _check_store_prefix(prefix)
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._endpoint_url = endpoint_url
        self._region = region
        style: Literal["path", "virtual", "auto"] = addressing or (
            "path" if endpoint_url else "auto"
        )
        self._config = Config(
            signature_version="s3v4",
            max_pool_connections=threads,
            connect_timeout=connect_timeout_s,
            read_timeout=read_timeout_s,
            tcp_keepalive=True,
            retries={"mode": "standard", "total_max_attempts": 3},
            s3={"addressing_style": style},
            # Newer checksums are beyond many servers that speak S3 otherwise.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        self._clients: dict[int, S3Client] = {}
        # In If-Match, Ceph wants the bare etag, RFC 9110 the quoted one; AWS takes both.
        self._etag_form = "{}"
        self._conditional_writes = self._deletes_by_etag = conditional_writes
        try:
            self._client()
        except ValueError as error:
            raise ConfigError("store: the S3 server's URL or timeouts are not valid") from error
        except BotoCoreError as error:
            raise ConfigError(f"store: {sentence_of(type(error))}") from error

    def put(
        self, key: str, source: BinaryIO, *, media_type: str, expect: str | None = None
    ) -> Stat:
        request: dict[str, Any] = {**self._where(key), "ContentType": media_type}
        with rewindable(source) as body:
            request["Body"] = body
            try:
                if expect is None:
                    return self._send(key, request)
                if not self._conditional_writes:
                    _compare(key, self._look(key), expect)
                    return self._send(key, request)
                return self._send_if(key, request, expect)
            except StoreUnavailable:
                if isinstance(body, Tail) and body.error:
                    raise body.error from None
                raise

    def open(self, key: str, start: int = 0, length: int | None = None) -> S3Reader:
        if length == 0:
            return S3Reader(self.stat(key), None)
        request = self._where(key)
        ranged = start > 0 or length is not None
        if ranged:
            request["Range"] = f"bytes={start}-{'' if length is None else start + length - 1}"
        with s3_faults(key):
            try:
                answer = self._client().get_object(**request)
            except ClientError as error:
                if status_of(error) == 416:
                    return S3Reader(self.stat(key), None)
                raise
        size = answer["ContentLength"]
        if ranged:
            if "ContentRange" not in answer:
                answer["Body"].close()
                raise StoreUnavailable("the S3 server ignores ranges")
            size = int(answer["ContentRange"].rpartition("/")[2])
        stat = Stat(key, size, _bare(answer["ETag"]), answer["LastModified"])
        return S3Reader(stat, answer["Body"])

    def open_if_changed(self, key: str, etag: str) -> S3Reader | None:
        """Return a reader of the object, or None if its etag is `etag`."""
        with s3_faults(key):
            try:
                answer = self._client().get_object(**self._where(key), IfNoneMatch=f'"{etag}"')
            except ClientError as error:
                if status_of(error) == 304:
                    return None
                raise
        stat = _stat(key, answer)
        if stat.etag != etag:
            return S3Reader(stat, answer["Body"])
        answer["Body"].close()  # the server does not know the condition
        return None

    def stat(self, key: str) -> Stat:
        with s3_faults(key):
            answer = self._client().head_object(**self._where(key))
        return _stat(key, answer)

    def delete(self, key: str, *, expect: str | None = None) -> None:
        request = self._where(key)
        if expect is None:
            self._remove(key, request)
            return
        for form in self._etag_forms():
            try:
                current = self.stat(key).etag
            except KeyMissing:
                return  # perhaps our own doing, on a try whose answer was lost
            if current != expect:
                raise Conflict(f"{shown(key)} is not at the expected version")
            if self._deletes_by_etag:
                request["IfMatch"] = form.format(expect)
            with suppress(Conflict):
                self._remove(key, request)
                self._etag_form = form
                return
        raise StoreUnavailable("the S3 server keeps refusing a condition that holds")

    def list(self, prefix: str, after: str = "") -> Iterator[Stat]:
        check_prefix(prefix)
        check_prefix(after)
        return self._walk(prefix, after)

    def presigned_url(self, key: str, *, expires_s: int, media_type: str) -> str:
        """Return a URL that serves the object as `media_type` for `expires_s` seconds."""
        with s3_faults(key):
            return self._client().generate_presigned_url(
                "get_object",
                Params={**self._where(key), "ResponseContentType": media_type},
                ExpiresIn=expires_s,
            )

    def _client(self) -> S3Client:
        # A forked child must not speak on its parent's connections.
        process = os.getpid()
        client = self._clients.get(process)
        if client is None:
            client = boto3.session.Session().client(
                "s3",
                endpoint_url=self._endpoint_url,
                region_name=self._region,
                config=self._config,
            )
            client.meta.events.register_last("before-call.s3", _send_small_at_once)
            self._clients[process] = client
        return client

    def _where(self, key: str) -> dict[str, Any]:
        check_key(key)
        return {"Bucket": self._bucket, "Key": self._prefix + key}

    def _send(self, key: str, request: dict[str, Any]) -> Stat:
        with s3_faults(key):
            answer = self._client().put_object(**request)
        body = request["Body"]
        size = body.size if isinstance(body, Tail) else len(body)
        date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        modified = parsedate_to_datetime(date) if date else datetime.now(UTC)
        return Stat(key, size, _bare(answer["ETag"]), modified)

    def _send_if(self, key: str, request: dict[str, Any], expect: str) -> Stat:
        """Put on condition, and find out what a refusal means.

        When the answer to a put is lost, boto3 sends it again, and the server
        refuses it because of our own object. The mark that each put carries tells
        ours from another writer's, also when the bytes are equal.
        """
        mark = secrets.token_hex(16)
        request["Metadata"] = {_MARK: mark}
        for form in self._etag_forms():
            if expect == ABSENT:
                request["IfNoneMatch"] = "*"
            else:
                request["IfMatch"] = form.format(expect)
            try:
                stat = self._send(key, request)
            except (Conflict, KeyMissing):
                pass
            except StoreUnavailable as error:
                # Ceph 16 answers 500, again and again, to those who lose a close race.
                if not was_internal_error(error):
                    raise
            else:
                self._etag_form = form
                return stat
            current = self._look(key)
            if current and current[1] == mark:
                return current[0]
            _compare(key, current, expect)
            # Refused, and yet the condition holds: another writer was at it (409), or
            # the server wants the etag in its other form.
            if isinstance(request["Body"], Tail):
                request["Body"].seek(0)
        raise StoreUnavailable("the S3 server keeps refusing a condition that holds")

    def _etag_forms(self) -> Iterator[str]:
        """Yield the form that worked last and the other, in turns, a few times."""
        other = "{}" if self._etag_form == '"{}"' else '"{}"'
        return islice(cycle((self._etag_form, other)), _CONDITION_ATTEMPTS)

    def _look(self, key: str) -> tuple[Stat, str | None] | None:
        """Return what is there and the mark of the put that wrote it."""
        try:
            with s3_faults(key):
                answer = self._client().head_object(**self._where(key))
        except KeyMissing:
            return None
        return _stat(key, answer), answer["Metadata"].get(_MARK)

    def _remove(self, key: str, request: dict[str, Any]) -> None:
        try:
            with s3_faults(key):
                try:
                    self._client().delete_object(**request)
                except ClientError as error:
                    if status_of(error) != 501 or "IfMatch" not in request:
                        raise
                    self._deletes_by_etag = False
                    del request["IfMatch"]
                    self._client().delete_object(**request)
        except KeyMissing:
            return

    def _walk(self, prefix: str, after: str) -> Iterator[Stat]:
        # Most readers of an index want a few keys; a long first page would only cost.
        page_keys = _FIRST_PAGE_KEYS
        start_after = self._prefix + after
        while True:
            with s3_faults():
                page = self._client().list_objects_v2(
                    Bucket=self._bucket,
                    Prefix=self._prefix + prefix,
                    StartAfter=start_after,
                    MaxKeys=page_keys,
                )
            for item in page.get("Contents", []):
                start_after = item["Key"]
                stat = Stat(
                    start_after.removeprefix(self._prefix),
                    item["Size"],
                    _bare(item["ETag"]),
                    item["LastModified"].replace(microsecond=0),
                )
                if _is_ours(stat.key):
                    yield stat
            if not page["IsTruncated"] or not page.get("Contents"):
                return
            page_keys = _PAGE_KEYS


def from_url(url: SplitResult, *, threads: int, conditional_writes: bool) -> S3Store:
    """Open `s3://bucket/prefix?…`; `s3_arguments` says what may follow."""
    return S3Store(**s3_arguments(url), threads=threads, conditional_writes=conditional_writes)


def _compare(key: str, current: tuple[Stat, str | None] | None, expect: str) -> None:
    if (current[0].etag if current else ABSENT) != expect:
        raise Conflict(f"{shown(key)} is not at the expected version")


def _send_small_at_once(params: dict[str, Any], **_event: object) -> None:
    """Drop `Expect: 100-continue`, a round trip, where it cannot spare a large body."""
    if not isinstance(params.get("body"), Tail):
        params["headers"].pop("Expect", None)


def _check_store_prefix(prefix: str) -> None:
    try:
        check_prefix(prefix)
    except BadKey as error:
        raise ConfigError(f"store: the prefix in the bucket cannot be used: {error}") from None
    if len(prefix.encode()) > _MAX_PREFIX_BYTES:
        raise ConfigError(f"store: expected a prefix of at most {_MAX_PREFIX_BYTES} bytes")


def _stat(key: str, answer: HeadObjectOutputTypeDef | GetObjectOutputTypeDef) -> Stat:
    return Stat(key, answer["ContentLength"], _bare(answer["ETag"]), answer["LastModified"])


def _bare(etag: str) -> str:
    return etag.strip('"')


def _is_ours(key: str) -> bool:
    """False for a stranger's key, such as the `folder/` that S3 consoles make."""
    try:
        check_key(key)
    except BadKey:
        return False
    return True
