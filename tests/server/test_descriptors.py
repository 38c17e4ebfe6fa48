"""Connections are bounded by the descriptors that there are."""

from __future__ import annotations

import resource

import pytest

from progimage.config import Server
from progimage.server import descriptors


@pytest.fixture
def limits(monkeypatch):
    """Stand in for the limits of this process; returns what was set."""
    current = {"soft": 256, "hard": 1024}

    def set_(_, new):
        current["soft"], current["hard"] = new

    monkeypatch.setattr(resource, "getrlimit", lambda _: (current["soft"], current["hard"]))
    monkeypatch.setattr(resource, "setrlimit", set_)
    return current


def test_the_limit_is_raised_as_far_as_it_goes(limits):
    assert descriptors.raise_limit() == 1024
    assert limits == {"soft": 1024, "hard": 1024}


def test_a_system_without_a_limit_gets_one_that_is_enough(limits):
    limits["hard"] = resource.RLIM_INFINITY
    assert descriptors.raise_limit() == 65_536
    assert limits["soft"] == 65_536


def test_connections_leave_descriptors_for_everything_else(limits):
    server = Server(connections=4096, threads=32)
    most = descriptors.connections(server)
    assert 2 * most + 6 * server.threads < 1024
    assert most >= 300


def test_the_setting_is_the_most(limits):
    limits["hard"] = 60_000
    assert descriptors.connections(Server(connections=4096)) == 4096
