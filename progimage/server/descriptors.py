"""The limit of open files: raised as far as it goes, and what it leaves for connections."""

from __future__ import annotations

import resource

from progimage.config import Server

# Files of the store, temporary files, pipes to render processes, S3 connections: of each
# request thread, and of the process.
_OF_A_THREAD = 6
_OF_THE_PROCESS = 200
# A connection holds a socket, and a file while a slow client takes its answer.
_OF_A_CONNECTION = 2

# More than any process here needs; some systems have no limit at all.
_MOST = 65_536


def raise_limit() -> int:
    """Allow this process and its children as many open files as they may have; return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST if hard == resource.RLIM_INFINITY else min(hard, _MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def connections(server: Server) -> int:
    """Return how many connections a web process can have; raises the limit first."""
    left = raise_limit() - _OF_THE_PROCESS - _OF_A_THREAD * server.threads
    return max(16, min(server.connections, left // _OF_A_CONNECTION))
