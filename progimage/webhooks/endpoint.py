"""A receiver: one signed POST, and what its answer means.

The signature is that of Standard Webhooks 1.0.0
(https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import NamedTuple

import httpcore

from progimage.config import Webhook
from progimage.errors import ConfigError, DownloadFailed, DownloadNotAllowed, DownloadTimeout
from progimage.ingest.download import retry_after
from progimage.ingest.download.exchange import authorities, header, protocol_faults, request
from progimage.ingest.download.hosts import HostList
from progimage.ingest.download.network import Deadline, Network
from progimage.ingest.download.urls import parse_url

_CONNECT_TIMEOUT_S = 5.0

# Bytes of an answer that are read, so that a receiver that sends a few sees no reset.
_MAX_ANSWER = 4_096

_GONE = 410


class Delivery(NamedTuple):
    """The result of one try.

    Attributes:
        error: why it failed; "" if the receiver has the event.
        is_final: the receiver does not want such events any more.
        retry_after_s: how long the receiver wants no further try.
    """

    error: str = ""
    is_final: bool = False
    retry_after_s: int | None = None


class Endpoint:
    """One receiver of events.

    Args:
        name: in the settings.
        tls: instead of the authorities of the system.
        clock: seconds since 1970.

    Raises:
        ConfigError: its URL cannot be used.
    """

    def __init__(
        self,
        name: str,
        settings: Webhook,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        try:
            self._target = parse_url(settings.url)
        except DownloadNotAllowed as error:
            raise ConfigError(f"webhooks.{name}.{error}") from None
        self._settings = settings
        self._clock = clock
        self._tls = tls or authorities()
        self._network = Network(
            allow_private=settings.allow_private_addresses,
            allowed=HostList((), ""),
            denied=HostList((), ""),
            connect_timeout_s=_CONNECT_TIMEOUT_S,
        )

    def send(self, event_id: str, payload: bytes) -> Delivery:
        """Send an event once; redirects are not followed."""
        timestamp = int(self._clock())
        headers = [
            (b"Content-Type", b"application/json"),
            (b"webhook-id", event_id.encode()),
            (b"webhook-timestamp", str(timestamp).encode()),
            (b"webhook-signature", sign(self._settings.keys, event_id, timestamp, payload)),
        ]
        deadline = Deadline(self._settings.timeout_s)
        try:
            with ExitStack() as stack:
                response = request(
                    self._target, self._network, deadline, stack, self._tls, headers, payload
                )
                _read_some(response)
                return _meaning(response)
        except DownloadTimeout:
            return Delivery(f"no answer within {self._settings.timeout_s:g} s")
        except DownloadNotAllowed:
            return Delivery(
                "the host has no address that may be reached; allow_private_addresses permits "
                "those of a private network"
            )
        except DownloadFailed as error:
            return Delivery(str(error).removeprefix("url: "))


def sign(keys: Sequence[bytes], event_id: str, timestamp: int, payload: bytes) -> bytes:
    """Return the header `webhook-signature`: a signature by each key, with spaces between."""
    signed = f"{event_id}.{timestamp}.".encode() + payload
    macs = (hmac.digest(key, signed, hashlib.sha256) for key in keys)
    return b" ".join(b"v1," + base64.b64encode(mac) for mac in macs)


def _read_some(response: httpcore.Response) -> None:
    read = 0
    with protocol_faults():
        for chunk in response.iter_stream():
            read += len(chunk)
            if read >= _MAX_ANSWER:
                return


def _meaning(response: httpcore.Response) -> Delivery:
    status = response.status
    if 200 <= status < 300:
        return Delivery()
    if 300 <= status < 400:
        return Delivery(f"answered {status}; redirects are not followed")
    wait = (header(response, b"retry-after") or b"").decode("ascii", "replace")
    return Delivery(f"answered {status}", status == _GONE, retry_after.seconds(wait))
