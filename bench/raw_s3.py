"""What S3 alone costs: boto3 making the calls of a request, and nothing else.

As many processes and threads as the service has at work, each with a connection of its
own. Calls that the service makes side by side are made side by side here too.
"""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from bench.bench import Turn
from bench.ceph import Bucket
from bench.load import Load

NEW = "{new}"
"""In a key: 64 hex digits that no other request has."""

PROCESSES = 2
_HELPERS = 16
_FIRST_PAGE_KEYS, _PAGE_KEYS = 100, 1_000


class Call(NamedTuple):
    """One call: get, put, put-new (only if the key is free), head or list.

    `size` is what a put sends; a list reads so many pages, a short one first.
    """

    kind: str
    key: str
    size: int = 0
    pages: int = 1


Request = Sequence[Sequence[Call]]
"""Calls in the order they are made; those that stand together are made side by side."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What one process measured."""

    latencies_s: list[float]
    seconds: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Raw:
    """Processes that are ready to make calls."""

    bucket: Bucket
    processes: Executor
    threads: int

    def run(self, requests: Sequence[Request], seconds: float) -> Turn:
        """Make the calls of `requests` again and again for `seconds`."""
        parts = [
            self.processes.submit(
                _measure, self.bucket, requests, seconds, self.threads // PROCESSES, number
            )
            for number in range(PROCESSES)
        ]
        measured = [part.result() for part in parts]
        latencies = sorted(itertools.chain.from_iterable(part.latencies_s for part in measured))
        load = Load(
            requests=len(latencies),
            seconds=sum(part.seconds for part in measured) / len(measured),
            refused=0,
            p50_ms=1000 * latencies[len(latencies) // 2],
            p95_ms=1000 * latencies[len(latencies) * 95 // 100],
            p99_ms=1000 * latencies[len(latencies) * 99 // 100],
        )
        return Turn(load, sum(part.cpu_s for part in measured))


@contextmanager
def raw(bucket: Bucket, threads: int) -> Iterator[Raw]:
    """Start processes with so many threads in all."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as processes:
        yield Raw(bucket, processes, max(threads, PROCESSES))


def client(bucket: Bucket, threads: int) -> Any:
    """Return a client of boto3 as its documentation would have it for many small calls."""
    made = boto3.session.Session().client(
        "s3",
        endpoint_url=bucket.endpoint,
        region_name=bucket.region,
        aws_access_key_id=bucket.access_key,
        aws_secret_access_key=bucket.secret_key,
        config=Config(
            signature_version="s3v4",
            max_pool_connections=threads,
            tcp_keepalive=True,
            retries={"mode": "standard", "total_max_attempts": 3},
            s3={"addressing_style": "path"},
            parameter_validation=False,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    made.meta.events.register_last("before-call.s3", _send_at_once)
    return made


def _send_at_once(params: dict[str, Any], **_event: object) -> None:
    # Asking first whether a small body may come is a round trip for nothing.
    params["headers"].pop("Expect", None)


@lru_cache(1)
def _tools(bucket: Bucket, threads: int) -> tuple[Any, Executor, Executor]:
    """Return this process's client, its threads that make requests, and those that help."""
    return (
        client(bucket, threads + _HELPERS),
        ThreadPoolExecutor(threads),
        ThreadPoolExecutor(_HELPERS),
    )


def _measure(
    bucket: Bucket, requests: Sequence[Request], seconds: float, threads: int, number: int
) -> _Part:
    s3, asking, helping = _tools(bucket, threads)
    # Processes begin at different places of the list.
    places = itertools.count(number * len(requests) // PROCESSES)
    cpu_before, started = time.process_time(), time.perf_counter()
    deadline = started + seconds

    def ask() -> list[float]:
        latencies = []
        while (began := time.perf_counter()) < deadline:
            _make(s3, helping, bucket.name, requests[next(places) % len(requests)])
            latencies.append(time.perf_counter() - began)
        return latencies

    running = [asking.submit(ask) for _ in range(threads)]
    latencies = [latency for done in running for latency in done.result()]
    return _Part(latencies, time.perf_counter() - started, time.process_time() - cpu_before)


def _make(s3: Any, helping: Executor, bucket: str, request: Request) -> None:
    token = secrets.token_hex(32)
    for stage in request:
        calls = [call._replace(key=call.key.replace(NEW, token)) for call in stage]
        if len(calls) == 1:
            _call(s3, bucket, calls[0])
        else:
            for _ in helping.map(lambda call: _call(s3, bucket, call), calls):
                pass


def _call(s3: Any, bucket: str, call: Call) -> None:
    where = {"Bucket": bucket, "Key": call.key}
    if call.kind == "get":
        try:
            s3.get_object(**where)["Body"].read()
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
    elif call.kind == "put":
        s3.put_object(**where, Body=bytes(call.size), ContentType="application/octet-stream")
    elif call.kind == "put-new":
        s3.put_object(**where, Body=bytes(call.size), IfNoneMatch="*")
    elif call.kind == "head":
        s3.head_object(**where)
    else:
        _list(s3, bucket, call)


def _list(s3: Any, bucket: str, call: Call) -> None:
    after, limit = "", _FIRST_PAGE_KEYS
    for _ in range(call.pages):
        page = s3.list_objects_v2(Bucket=bucket, Prefix=call.key, StartAfter=after, MaxKeys=limit)
        if not page["IsTruncated"]:
            return
        after, limit = page["Contents"][-1]["Key"], _PAGE_KEYS
