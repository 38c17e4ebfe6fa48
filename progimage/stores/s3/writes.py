"""Writing to S3, also on condition, and handling answers that are lost or differ."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import cycle, islice
from typing import Any, BinaryIO

from botocore.exceptions import ClientError

from progimage.errors import Conflict, KeyMissing, StoreUnavailable
from progimage.stores.key_rules import conflict
from progimage.stores.object_store import ABSENT, Stat
from progimage.stores.s3.bucket import S3Bucket, bare, stat_of
from progimage.stores.s3.checksums import MD5, md5_of
from progimage.stores.s3.errors import NOT_S3, status_of, was_internal_error
from progimage.stores.s3.rewindable import Tail, rewindable

_CONDITION_ATTEMPTS = 4
_MARK = "progimage-write"


class S3Writes:
    """The writing half of an `ObjectStore`, with conditions checked by the server, or else here."""

    def __init__(self, bucket: S3Bucket, *, conditional: bool) -> None:
        self._bucket = bucket
        # In If-Match, Ceph wants the bare etag, RFC 9110 the quoted one; AWS takes both.
        self._etag_form = "{}"
        self._conditional = self.deletes_by_etag = conditional

    def put(
        self, key: str, source: BinaryIO, *, media_type: str, expect: str | None = None
    ) -> Stat:
        request: dict[str, Any] = {**self._bucket.where(key), "ContentType": media_type}
        with rewindable(source) as body, self._bucket.deadline():
            request["Body"] = body
            try:
                checksum = md5_of(body)
                # S3 compares what arrives with the one; a reader with the other.
                request["ContentMD5"] = base64.b64encode(checksum).decode()
                request["Metadata"] = {MD5: checksum.hex()}
                if expect is None:
                    return self._send(key, request)
                if not self._conditional:
                    _compare(key, self._look(key), expect)
                    return self._send(key, request)
                return self._send_if(key, request, expect)
            except StoreUnavailable:
                if isinstance(body, Tail) and body.error:
                    raise body.error from None
                raise

    def delete(self, key: str, *, expect: str | None = None) -> None:
        request = self._bucket.where(key)
        with self._bucket.deadline():
            if expect is None:
                self._remove(key, request)
            else:
                self._remove_if(key, request, expect)

    def _send(self, key: str, request: dict[str, Any]) -> Stat:
        with self._bucket.asking(key):
            answer = self._bucket.client.put_object(**request)
        if "ETag" not in answer:
            raise StoreUnavailable(NOT_S3)
        body = request["Body"]
        size = body.size if isinstance(body, Tail) else len(body)
        date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        modified = parsedate_to_datetime(date) if date else datetime.now(UTC)
        return Stat(key, size, bare(answer["ETag"]), modified)

    def _send_if(self, key: str, request: dict[str, Any], expect: str) -> Stat:
        """Put on condition, and find out why it was rejected.

        When the answer to a put is lost, boto3 sends it again, and the server
        rejects it because of our own object. The mark of each put distinguishes ours
        from another writer's, also when the bytes are equal.
        """
        mark = secrets.token_hex(16)
        request["Metadata"] = {**request["Metadata"], _MARK: mark}
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
                # Ceph 16 answers 500 repeatedly to writers that lose a close race.
                if not was_internal_error(error):
                    raise
            else:
                self._etag_form = form
                return stat
            current = self._look(key)
            if current and current[1] == mark:
                return current[0]
            _compare(key, current, expect)
            # Rejected, although the condition holds: another writer was at it (409), or
            # the server wants the etag in its other form.
            if isinstance(request["Body"], Tail):
                request["Body"].seek(0)
        raise StoreUnavailable("the S3 server keeps rejecting a condition that holds")

    def _etag_forms(self) -> Iterator[str]:
        """Yield the form that worked last and the other, in turns, a few times."""
        other = "{}" if self._etag_form == '"{}"' else '"{}"'
        return islice(cycle((self._etag_form, other)), _CONDITION_ATTEMPTS)

    def _look(self, key: str) -> tuple[Stat, str | None] | None:
        """Return what is there and the mark of the put that wrote it."""
        try:
            with self._bucket.asking(key):
                answer = self._bucket.client.head_object(**self._bucket.where(key))
        except KeyMissing:
            return None
        return stat_of(key, answer), answer["Metadata"].get(_MARK)

    def _remove_if(self, key: str, request: dict[str, Any], expect: str) -> None:
        for form in self._etag_forms():
            current = self._look(key)
            if current is None:
                return  # perhaps by our own earlier try, whose answer was lost
            _compare(key, current, expect)
            if self.deletes_by_etag:
                request["IfMatch"] = form.format(expect)
            with suppress(Conflict):
                self._remove(key, request)
                self._etag_form = form
                return
        raise StoreUnavailable("the S3 server keeps rejecting a condition that holds")

    def _remove(self, key: str, request: dict[str, Any]) -> None:
        with suppress(KeyMissing), self._bucket.asking(key):
            try:
                self._bucket.client.delete_object(**request)
            except ClientError as error:
                if status_of(error) != 501 or "IfMatch" not in request:
                    raise
                self.deletes_by_etag = False
                del request["IfMatch"]
                self._bucket.client.delete_object(**request)


def _compare(key: str, current: tuple[Stat, str | None] | None, expect: str) -> None:
    if (current[0].etag if current else ABSENT) != expect:
        raise conflict(key)
