"""Objects of a bucket that another program manages: any key, read-only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from progimage.errors import ConfigError, StoreUnavailable
from progimage.stores.s3.client import s3_config
from progimage.stores.s3.errors import s3_faults, sentence_of, status_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

_NOT_MODIFIED = 304
_FORBIDDEN = 403
_PAGE_KEYS = 1_000


class AccessDenied(StoreUnavailable):
    """S3 answers 403: the credentials may not read the object, or may not know of it."""


class ForeignBucket:
    """A prefix of a bucket that is only read.

    Keys go to S3 as they are: S3 has no rules for them. An ETag may be of several parts,
    so it is a version and no checksum.

    Args:
        profile: of `~/.aws`, for credentials of its own; "" for the usual places.

    Raises:
        ConfigError: boto3 cannot make a client.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        profile: str = "",
        endpoint_url: str | None = None,
        region: str | None = None,
        addressing: Literal["path", "virtual"] | None = None,
        connect_timeout_s: float = 3.0,
        read_timeout_s: float = 10.0,
    ) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        config = s3_config(
            endpoint_url,
            addressing,
            connect_timeout=connect_timeout_s,
            read_timeout=read_timeout_s,
            retries={"mode": "standard", "total_max_attempts": 2},
        )
        try:
            session = boto3.session.Session(profile_name=profile or None)
            self._client: S3Client = session.client(
                "s3", endpoint_url=endpoint_url, region_name=region, config=config
            )
        except (ValueError, BotoCoreError) as error:
            reason = sentence_of(type(error)) if isinstance(error, BotoCoreError) else "not valid"
            raise ConfigError(f"the S3 client cannot be made: {reason}") from error

    @contextmanager
    def open(self, key: str, known: str = "") -> Iterator[GetObjectOutputTypeDef | None]:
        """Yield the response, with `Body` not read yet; None if its ETag is `known`.

        Raises:
            KeyMissing: there is none.
            StoreUnavailable: S3 cannot answer, or denies access.
        """
        request: dict[str, Any] = {"Bucket": self._bucket, "Key": self._prefix + key}
        if known:
            request["IfNoneMatch"] = f'"{known}"'
        with s3_faults(key):
            try:
                answer = self._client.get_object(**request)
            except ClientError as error:
                if status_of(error) == _FORBIDDEN:
                    raise AccessDenied("the S3 server denies access to an object") from error
                if status_of(error) != _NOT_MODIFIED:
                    raise
                answer = None
        try:
            yield answer
        finally:
            if answer is not None:
                answer["Body"].close()

    def list(self, prefix: str, after: str = "") -> Iterator[str]:
        """Yield the keys that start with `prefix`, behind `after`, in S3's order (of bytes)."""
        start_after = self._prefix + after if after else ""
        while True:
            with s3_faults():
                page = self._client.list_objects_v2(
                    Bucket=self._bucket,
                    Prefix=self._prefix + prefix,
                    StartAfter=start_after,
                    MaxKeys=_PAGE_KEYS,
                )
            for item in page.get("Contents", []):
                start_after = item["Key"]
                yield start_after.removeprefix(self._prefix)
            if not page["IsTruncated"] or not page.get("Contents"):
                return
