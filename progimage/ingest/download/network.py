"""Looks up names, checks their addresses, and connects only to checked addresses."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from ipaddress import ip_address

from progimage.errors import DownloadFailed, DownloadNotAllowed, DownloadTimeout
from progimage.ingest.download.addresses import Address, Reach, reach
from progimage.ingest.download.hosts import Host, HostList

# Addresses of one name that are tried in turn.
_TRIED = 4

# A lookup cannot be interrupted; this many may still wait for an answer that is not needed.
_LOOKUPS = threading.BoundedSemaphore(64)


class Deadline:
    """The time at which a download must be complete."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._seconds = seconds

    def left(self) -> float:
        """Return how many seconds are left.

        Raises:
            DownloadTimeout: none.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.passed()
        return left

    def passed(self) -> DownloadTimeout:
        """Return the error of a download that took too long."""
        return DownloadTimeout(
            f"url: the picture did not arrive within {self._seconds:g} s", retryable=True
        )


def look_up(name: str, port: int) -> list[str]:
    """Return the addresses of a name, as the system's resolver orders them.

    Raises:
        OSError: there is none, or the resolver gave no answer.
    """
    # As bytes, a name is not encoded once more.
    found = socket.getaddrinfo(name.encode("ascii"), port, type=socket.SOCK_STREAM)
    return [str(item[4][0]) for item in found]


def dial(address: str, port: int, timeout_s: float) -> socket.socket:
    """Return a connection to the address.

    Raises:
        OSError: no server answers there in time.
    """
    return socket.create_connection((address, port), timeout_s)


@dataclass(frozen=True, slots=True)
class Network:
    """Outgoing connections of this machine, with the rules for allowed hosts.

    Attributes:
        allow_private: whether loopback and private networks may be reached.
        allowed, denied: hosts that alone may be reached (unless empty), or may not.
        connect_timeout_s: the time for each address to answer.
        look_up, dial: the system's resolver and its connections.
    """

    allow_private: bool
    allowed: HostList
    denied: HostList
    connect_timeout_s: float
    look_up: Callable[[str, int], list[str]] = look_up
    dial: Callable[[str, int, float], socket.socket] = dial

    def addresses(self, host: Host, port: int, deadline: Deadline) -> list[Address]:
        """Return every address of the host, each of which may be connected to.

        Raises:
            DownloadNotAllowed: the host or one of its addresses may not be reached. A name that
                does not exist looks the same, so that no client learns the names of a private
                network.
            DownloadFailed: the resolver gave no answer.
        """
        if self.denied.has(host) or (self.allowed and not self.allowed.has(host)):
            raise DownloadNotAllowed("url: pictures are not fetched from this host")
        if not isinstance(host, str):
            found: list[Address] = [host]
        elif "." in host or self.allow_private:
            found = self._resolve(host, port, deadline)
        else:
            # A name without a dot belongs to the local network.
            found = []
        if not found or not all(self._may_reach(address) for address in found):
            kind = "" if self.allow_private else "public "
            raise DownloadNotAllowed(f"url: the host has no {kind}address that may be fetched from")
        if any(self.denied.has(address) for address in found):
            raise DownloadNotAllowed("url: pictures are not fetched from this host")
        return found

    def connect(self, addresses: Sequence[Address], port: int, deadline: Deadline) -> socket.socket:
        """Return a connection to the first of the addresses that answers.

        Raises:
            DownloadFailed: none does.
            DownloadNotAllowed: this machine itself answers, by its public address.
        """
        for address in addresses[:_TRIED]:
            try:
                connection = self.dial(
                    str(address), port, min(self.connect_timeout_s, deadline.left())
                )
            except OSError:
                continue
            if not self.allow_private and ip_address(connection.getsockname()[0]) == address:
                connection.close()
                raise DownloadNotAllowed("url: pictures are not fetched from this server itself")
            return connection
        deadline.left()
        raise DownloadFailed("url: no server answers at that host and port", retryable=True)

    def _may_reach(self, address: Address) -> bool:
        how_far = reach(address)
        return how_far is Reach.PUBLIC or (how_far is Reach.PRIVATE and self.allow_private)

    def _resolve(self, name: str, port: int, deadline: Deadline) -> list[Address]:
        try:
            found = _in_time(lambda: self.look_up(name, port), deadline)
        except socket.gaierror as error:
            if error.errno in (socket.EAI_NONAME, socket.EAI_NODATA):
                return []
            raise DownloadFailed("url: the host could not be looked up", retryable=True) from None
        except OSError:
            raise DownloadFailed("url: the host could not be looked up", retryable=True) from None
        return [ip_address(text) for text in found]


def _in_time(function: Callable[[], list[str]], deadline: Deadline) -> list[str]:
    """Call a function that cannot be interrupted, but wait for it no longer than allowed."""
    if not _LOOKUPS.acquire(blocking=False):
        raise DownloadFailed("url: too many hosts are being looked up", retryable=True)
    future: Future[list[str]] = Future()

    def run() -> None:
        try:
            future.set_result(function())
        except Exception as error:
            future.set_exception(error)
        finally:
            _LOOKUPS.release()

    threading.Thread(target=run, name="lookup", daemon=True).start()
    try:
        return future.result(deadline.left())
    except TimeoutError:
        raise deadline.passed() from None
