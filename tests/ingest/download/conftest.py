"""An internet of servers in this process."""

from __future__ import annotations

import pytest

from tests.ingest.download.servers import FakeInternet


@pytest.fixture
def net() -> FakeInternet:
    return FakeInternet()
