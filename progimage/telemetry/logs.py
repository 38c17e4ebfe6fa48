"""Structured logs on standard error: JSON for machines, colours for a terminal."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.processors import ExceptionRenderer
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

from progimage.config import Log

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
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def formatter(settings: Log) -> logging.Formatter:
    """Return a formatter that gives the lines of others, such as gunicorn, the same form."""
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
