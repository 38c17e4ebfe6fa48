"""The configured boto3 client: timeouts and retries within a deadline, and hedged reads.

botocore tries a call three times, with growing random pauses, while its quota of tries
for the whole client lasts (its "standard" mode, made against storms of retries). We stop
that where the budget of `deadline` is spent, by its events; the timeout of one request is
the context's `read_timeout`, which botocore passes on to the connection.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from progimage.errors import ConfigError
from progimage.stores.deadline import budget
from progimage.stores.s3 import timestamps
from progimage.stores.s3.errors import sentence_of
from progimage.stores.s3.hedging import WatchedConnection, is_second
from progimage.stores.s3.rewindable import Tail

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# With less time left, another try is not worth a request.
_LEAST_TRY_S = 1.0


def s3_config(
    endpoint_url: str | None, addressing: Literal["path", "virtual"] | None, **others: Any
) -> Config:
    """Return boto3's settings; `others` are more of them."""
    return Config(
        signature_version="s3v4",
        s3={"addressing_style": addressing or ("path" if endpoint_url else "auto")},
        # Newer checksums are beyond many servers that speak S3 otherwise.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        **others,
    )


class S3Clients:
    """A client for each process: a forked child must not speak on its parent's connections.

    Args:
        endpoint_url, region, addressing: as for `S3Store`.
        connections: kept open; more calls than that at once open and close their own.
        connect_timeout_s, read_timeout_s: the most that one try may take to connect, and
            then wait for the next bytes.

    Raises:
        ConfigError: boto3 cannot make a client.
    """

    def __init__(
        self,
        *,
        endpoint_url: str | None,
        region: str | None,
        addressing: Literal["path", "virtual"] | None,
        connections: int,
        connect_timeout_s: float,
        read_timeout_s: float,
    ) -> None:
        self.endpoint_url = endpoint_url
        self.read_timeout_s = read_timeout_s
        self._connect_timeout_s = connect_timeout_s
        self._region = region
        self._config = s3_config(
            endpoint_url,
            addressing,
            max_pool_connections=connections,
            connect_timeout=connect_timeout_s,
            read_timeout=read_timeout_s,
            tcp_keepalive=True,
            retries={"mode": "standard", "total_max_attempts": 3},
        )
        self._clients: dict[int, S3Client] = {}
        try:
            self.get()
        except ValueError as error:
            raise ConfigError("store: the S3 server's URL or timeouts are not valid") from error
        except BotoCoreError as error:
            raise ConfigError(f"store: {sentence_of(type(error))}") from error

    def get(self) -> S3Client:
        """Return this process's client."""
        process = os.getpid()
        client = self._clients.get(process)
        if client is None:
            client = boto3.session.Session(botocore_session=timestamps.session()).client(
                "s3",
                endpoint_url=self.endpoint_url,
                region_name=self._region,
                config=self._config,
            )
            events = client.meta.events
            events.register_last("before-call.s3", _send_small_at_once)
            events.register_first("request-created.s3", self._limit_wait)
            give_up: Callable[..., Any] = _give_up  # the stubs deny that handlers may answer
            events.register_first("needs-retry.s3", give_up)
            _watch_connections(client)
            self._clients[process] = client
        return client

    def _limit_wait(self, request: Any, **_event: object) -> None:
        """Let one try wait no longer than the budget, of which connecting is a part."""
        shared = budget()
        if shared is not None:
            left = shared.check()
            wait = max(left - self._connect_timeout_s, left / 2)
            request.context["read_timeout"] = min(wait, self.read_timeout_s)


def _give_up(**_event: object) -> bool | None:
    """Return False to stop further tries; None leaves the decision to botocore."""
    shared = budget()
    return False if is_second() or (shared and shared.left_s < _LEAST_TRY_S) else None


def _send_small_at_once(params: dict[str, Any], **_event: object) -> None:
    """Drop `Expect: 100-continue`, a round trip, where it cannot spare a large body."""
    if not isinstance(params.get("body"), Tail):
        params["headers"].pop("Expect", None)


def _watch_connections(client: S3Client) -> None:
    # botocore has no setting for it; every manager of its session looks here, also those
    # for proxies, which are made when they are first needed.
    pools = client._endpoint.http_session._pool_classes_by_scheme  # type: ignore[attr-defined]
    for scheme, pool in pools.items():
        connection = type("Connection", (WatchedConnection, pool.ConnectionCls), {})
        pools[scheme] = type("ConnectionPool", (pool,), {"ConnectionCls": connection})
