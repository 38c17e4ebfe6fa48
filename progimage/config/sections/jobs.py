"""Settings of work in the background."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from progimage.config.sections.base import Section


class Jobs(Section):
    """Jobs, and the runner in each web process that does them."""

    runner: Literal["embedded", "none"] = Field(
        default="embedded",
        description='"embedded": every web process works on jobs beside its requests. "none": '
        "only other processes do.",
    )
    broker: str = Field(
        default="",
        pattern=r"^((redis|rediss|amqp|amqps|sqs)://\S*)?$",
        description="With a broker, `progimage worker` processes do the jobs: "
        "redis://host:6379/0, amqp://user:password@host// (RabbitMQ) or sqs://. Needs the extra "
        "`celery` (or `sqs`).",
    )
    threads: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Items at the same time in each process; one job gets at most half of them "
        "there. Their renders have a process of their own at the lowest priority.",
    )
    max_items: int = Field(
        default=10_000,
        ge=1,
        le=10_000,
        description="Most items of one job: URLs, or pictures times transforms.",
    )
    max_waiting: int = Field(
        default=1_000,
        ge=1,
        le=100_000,
        description="Most unfinished jobs, of all owners together; the next one gets 503.",
    )
    streams: int = Field(
        default=4,
        ge=1,
        le=256,
        description="Clients of one web process that may follow a job (text/event-stream) at the "
        "same time; each holds a request thread.",
    )
    attempts: int = Field(
        default=4,
        ge=1,
        le=20,
        description="Times that one URL is tried, if trying again may help. The pauses between "
        "double from one second, or are what the other server asks for, up to a minute.",
    )
    per_host: int = Field(
        default=2,
        ge=1,
        le=64,
        description="Downloads from one host at the same time, in each process.",
    )
    host_pause_s: float = Field(
        default=0.1,
        ge=0,
        le=60,
        description="Shortest time between the starts of two downloads from one host.",
    )
    lease_s: float = Field(
        default=15.0,
        ge=1,
        le=3600,
        description="The work of a process that died is taken over after this time.",
    )
    poll_s: float = Field(
        default=5.0,
        ge=0.1,
        le=600,
        description="How often a process looks for work from other nodes; on S3 each look is one "
        "LIST request.",
    )
    keep_days: float = Field(
        default=30.0,
        ge=0,
        description="`progimage gc` removes jobs this long after their end. Their pictures stay.",
    )


class Publish(Section):
    """Services that jobs can send pictures to."""

    imgur_client_id: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9]{0,64}$",
        description="The client id of an application registered with Imgur. With it, jobs may "
        'contain "publish": "imgur".',
    )
    imgur_api: str = Field(
        default="https://api.imgur.com",
        pattern=r"^https?://[^/?#\s@]+/?$",
        description="The address of Imgur's API.",
    )
    timeout_s: float = Field(
        default=30.0,
        gt=0,
        le=600,
        description="Longest time that the other service may take for one picture.",
    )
