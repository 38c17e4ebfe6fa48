"""Raises the limit of open files, and derives the number of connections from it."""

from __future__ import annotations

import resource

from progimage.config import Server

# Files of the store, temporary files, pipes to render processes and S3 connections: for each
# request thread, and for the process.
_OF_A_THREAD = 6
_OF_THE_PROCESS = 200
# A connection has a socket, and an open file while a slow client reads its answer.
_OF_A_CONNECTION = 2

# More than any process here needs; some systems have no limit.
_MOST = 65_536


def raise_limit() -> int:
    """Raise the limit of open files for this process and its children; return the new limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST if hard == resource.RLIM_INFINITY else min(hard, _MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def connections(server: Server) -> int:
    """Raise the limit of open files; return how many connections a web process can have."""
    left = raise_limit() - _OF_THE_PROCESS - _OF_A_THREAD * server.threads
    return max(16, min(server.connections, left // _OF_A_CONNECTION))
