"""Structured logs on standard error: JSON for machines, colours for a terminal."""

from __future__ import annotations

import logging
import sys
from functools import lru_cache
from typing import TextIO, cast

import structlog
from structlog.processors import ExceptionRenderer
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

from progimage.config import Log
from progimage.telemetry.line_writer import LineWriter

# Without the values of local variables, which may be secrets.
_tracebacks = ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
_COMMON: list[Processor] = [
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(settings: Log) -> None:
    """Set up structlog for this process."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            *_COMMON,
            *_renderers(settings),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.level.upper()]
        ),
        logger_factory=structlog.WriteLoggerFactory(file=stream()),
        cache_logger_on_first_use=True,
    )


def stream() -> TextIO:
    """Return the stream for log lines: standard error, through a writer that never blocks."""
    try:
        descriptor = sys.stderr.fileno()
    except OSError:
        return sys.stderr  # a replacement without a descriptor
    return cast(TextIO, _writer_to(descriptor))


@lru_cache
def _writer_to(descriptor: int) -> LineWriter:
    # Imported late: the Prometheus library reads an environment variable at import, and
    # gunicorn's configuration sets it after it has imported this module.
    from progimage.telemetry import metrics  # noqa: PLC0415

    return LineWriter(descriptor, metrics.log_lines_dropped)


def formatter(settings: Log) -> logging.Formatter:
    """Return a formatter that gives the lines of libraries, such as gunicorn, the same format."""
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *_renderers(settings),
        ],
        foreign_pre_chain=_COMMON,
    )


def _renderers(settings: Log) -> list[Processor]:
    if settings.format == "json" or (settings.format == "auto" and not sys.stderr.isatty()):
        return [_tracebacks, structlog.processors.JSONRenderer()]
    return [structlog.dev.ConsoleRenderer()]
