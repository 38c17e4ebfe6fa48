"""Objects in an S3 bucket: AWS, Ceph, MinIO and others with conditional puts."""

from __future__ import annotations

from typing import Literal, Unpack
from urllib.parse import SplitResult

from progimage.stores.opening import StoreOptions
from progimage.stores.s3.bucket import S3Bucket
from progimage.stores.s3.client import S3Clients
from progimage.stores.s3.errors import s3_faults
from progimage.stores.s3.hedging import AT_ONCE, Hedges
from progimage.stores.s3.reads import S3Reads
from progimage.stores.s3.url import s3_arguments
from progimage.stores.s3.writes import S3Writes


class S3Store(S3Reads, S3Writes):
    """An `ObjectStore` under a prefix of a bucket.

    The server must keep the promises of S3 that `prove_conditional_writes` tries:
    `If-None-Match: *` and `If-Match` on puts, without a gap between check and write.

    `delete(expect=…)` compares, then deletes with `If-Match`. A server that ignores
    that header (Ceph 16 does) leaves a gap of one round trip, in which another
    writer's new version could be deleted unseen.

    Even if the server is silent, `put`, `stat`, `delete`, a page of `list`, the first byte of
    `open` and the next of a reader return or raise `StoreUnavailable` within `deadline_s` of
    waiting. All calls of a request share that time (see `deadline`); calls outside of a request
    have it each. Within it a failed try is repeated, twice at most. A transfer that makes
    progress may take as long as it needs.

    Attributes:
        bucket: the bucket and the boto3 client by which it is called.

    Args:
        bucket: an existing bucket whose objects may be listed.
        prefix: put before every key, with a `/` between; "" for none. At most 123
            bytes of UTF-8, because S3's keys have 1,024.
        endpoint_url: of a server other than AWS.
        region: of the bucket; by default boto3's usual settings decide.
        addressing: `path` or `virtual`; by default `path` when there is an
            `endpoint_url`, because those servers rarely have wildcard DNS.
        threads: callers at once, each with a connection of its own in the pool.
        connect_timeout_s, read_timeout_s: of one try, if the deadline leaves so much.
        conditional_writes: False for a server that lacks them: conditions are compared before
            the write, by this class, and of two writers in one moment the last wins.
        deadline_s: how long a request waits for the store.
        hedged_reads: whether `open` sends a second request where the first is late (see
            `hedge`); they have four connections more.

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
        deadline_s: float = 15.0,
        hedged_reads: bool = True,
    ) -> None:
        clients = S3Clients(
            endpoint_url=endpoint_url,
            region=region,
            addressing=addressing,
            connections=threads + (AT_ONCE if hedged_reads else 0),
            connect_timeout_s=connect_timeout_s,
            read_timeout_s=read_timeout_s,
        )
        self.bucket = S3Bucket(bucket, prefix, clients, deadline_s)
        S3Reads.__init__(self, self.bucket, Hedges() if hedged_reads else None)
        S3Writes.__init__(self, self.bucket, conditional=conditional_writes)

    def presigned_url(self, key: str, *, expires_s: int, media_type: str) -> str:
        """Return a URL that serves the object as `media_type` for `expires_s` seconds."""
        with s3_faults(key):
            return self.bucket.client.generate_presigned_url(
                "get_object",
                Params={**self.bucket.where(key), "ResponseContentType": media_type},
                ExpiresIn=expires_s,
            )


def from_url(
    url: SplitResult,
    *,
    creates: bool,  # noqa: ARG001 (buckets are created by their owners)
    may_be_gone: bool,  # noqa: ARG001 (only looked for by the first call)
    **options: Unpack[StoreOptions],
) -> S3Store:
    """Open `s3://bucket/prefix?…`; `s3_arguments` says what may follow."""
    return S3Store(**s3_arguments(url), **options)
