from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest

from progimage.stores import open_raw
from progimage.stores.s3.store import S3Store
from tests.stores.s3server import s3_server, store_url
from tests.system.s3.real import REAL_SERVER, real_url


@pytest.fixture(scope="session")
def aws_credentials() -> Iterator[None]:
    """Make boto3 find a key, and nothing of the machine it runs on.

    A real server's credentials stay as they are; our own server takes any.
    """
    if os.environ.get(REAL_SERVER):
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing-secret")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_REGION"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def s3_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an S3 store that no other test uses.

    The variable names a real one, such as
    s3://bucket/{prefix}?endpoint_url=http://127.0.0.1:7480, whose credentials come
    from the environment; otherwise it is a server of our own.
    """
    if url := real_url():
        yield url
        return
    request.getfixturevalue("aws_credentials")
    with s3_server() as endpoint:
        yield store_url(endpoint, f"tests/{uuid.uuid4()}")


@pytest.fixture(scope="session")
def opened_s3_store(s3_url: str) -> S3Store:
    store = open_raw(s3_url)
    assert isinstance(store, S3Store)
    return store


@pytest.fixture
def s3_store(opened_s3_store: S3Store) -> Iterator[S3Store]:
    """An empty S3 store; making a client takes longer than most tests, so they share it."""
    store = opened_s3_store
    yield store
    bucket = store.bucket
    left = [{"Key": bucket.prefix + stat.key} for stat in store.list("")]
    for start in range(0, len(left), 1_000):
        bucket.client.delete_objects(
            Bucket=bucket.name, Delete={"Objects": left[start : start + 1_000]}
        )
