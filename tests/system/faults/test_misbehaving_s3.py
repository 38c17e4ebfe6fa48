"""An S3 server gives wrong answers, while clients do all there is to do.

Every acknowledgement is remembered (`mixed_load`): nothing of it is lost, no wrong byte is
served, every error is a 503 that says when to come back, and the service recovers by itself.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest

from progimage.stores import create_store, open_store
from tests.people import SECRET, headers_of
from tests.stores.s3server import s3_server, store_url
from tests.system.faults.misbehaving_s3 import FAULTS, MisbehavingS3
from tests.system.faults.mixed_load import OWNER, RENDITION, MixedLoad, Picture, mixed_load
from tests.system.faults.nodes import assert_only_leftovers
from tests.system.faults.test_dead_nodes import assert_promises_hold
from tests.system.serving.server import Server, running, wait_until

pytestmark = pytest.mark.timeout(600)

SETTINGS = {
    "auth_mode": "optional",
    "auth_secret": SECRET,
    "transforms_cold_per_minute": 0,
}
WRONG_ANSWERS = 40


class LoadWithReaders(MixedLoad):
    """The clients of every kind, and one that reads pictures that are not changed."""

    def __init__(self, nodes: Sequence[Server], who: Mapping[str, str], seed: int) -> None:
        super().__init__(nodes, who, seed)
        self._unchanged: list[Picture] = []

    @property
    def actions(self) -> list[Callable[[random.Random], None]]:
        return [*super().actions, self.look]

    def look(self, chance: random.Random) -> None:
        """At the original, a rendition and the record."""
        self._unchanged.append(self.upload(chance))
        picture = chance.choice(self._unchanged)
        assert self._until_acknowledged("GET", picture.path).body == picture.data
        picture.renditions.add(self._until_acknowledged("GET", picture.path + RENDITION).body)
        assert len(picture.renditions) == 1
        assert self._until_acknowledged("GET", f"{picture.path}metadata/").json["id"] == picture.id


@pytest.fixture(scope="module")
def s3(aws_credentials: None) -> Iterator[tuple[MisbehavingS3, str]]:
    """The server, and the URL of a store on it."""
    s3 = MisbehavingS3()
    with s3_server(s3.before) as endpoint:
        url = store_url(endpoint, "misbehaving").replace("&read_timeout_s=30", "")
        create_store(url)
        yield s3, url


@pytest.fixture(scope="module")
def who(s3) -> dict[str, str]:
    return headers_of(open_store(s3[1]), OWNER)


@pytest.fixture(scope="module")
def server(s3, who, tmp_path_factory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server"), s3[1], **SETTINGS) as server:
        yield server


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_lost_and_nothing_wrong_is_served(s3, server, who, fault):
    misbehaving, _ = s3
    with mixed_load([server], who, seed=list(FAULTS).index(fault), kind=LoadWithReaders) as load:
        before = misbehaving.done
        misbehaving.fault = fault
        try:
            wait_until(lambda: load.is_over or misbehaving.done >= before + WRONG_ANSWERS)
        finally:
            misbehaving.fault = None
        load.wait_for_more(1)
    assert server.get("/health/ready").status == 200
    assert "Traceback" not in server.log
    assert_promises_hold(server, load, who)


def test_what_was_left_half_done_is_removed(s3, server):
    assert_only_leftovers(s3[1])
