"""The store that suites written for any store run over: memory, or a real S3 server's."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

import boto3

from progimage.stores import ObjectStore, open_raw
from progimage.stores.memory import MemoryStore

REAL_SERVER = "PROGIMAGE_TEST_S3_URL"
"""Names a real server, such as s3://bucket/{prefix}?endpoint_url=http://127.0.0.1:7480."""


def real_url() -> str | None:
    """Return the URL of a store under a new prefix of the real server, if one is named."""
    url = os.environ.get(REAL_SERVER)
    return url.replace("{prefix}", f"tests/{uuid.uuid4()}") if url else None


def empty_store() -> ObjectStore:
    """Return a new, empty store: in memory, unless a real server is named."""
    url = real_url()
    return open_raw(url) if url else MemoryStore()


def make_bucket(url: str) -> None:
    """Make the bucket that a store's URL names, if it is not there."""
    parts = urlsplit(url)
    endpoint = parse_qs(parts.query)["endpoint_url"][0]
    # The default session would remember whose credentials it once saw: servers have their own.
    session = boto3.session.Session()
    client = session.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    with suppress(client.exceptions.BucketAlreadyOwnedByYou):
        client.create_bucket(Bucket=parts.netloc)


if __name__ == "__main__":
    make_bucket(os.environ[REAL_SERVER])
