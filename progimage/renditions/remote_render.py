"""Renders by worker processes: requested by message, answered by an object in the store.

    web node   message: token, owner, picture, pipeline, format → waits for asks/<token>.json
    worker     makes the rendition and stores it in the cache, then writes asks/<token>.json
    web node   reads and removes that → serves the rendition from the cache, or raises the
               error that the worker met

The web node has authorised the request: a worker renders what the picture's owner may see.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from typing import Any, ClassVar

import structlog
from pydantic import Field

from progimage import errors, keys
from progimage.errors import Conflict, Overloaded, ProgImageError
from progimage.imaging.codecs import formats
from progimage.imaging.codecs.format import Format
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline import Pipeline
from progimage.imaging.pipeline_parser import parse
from progimage.imaging.render import Rendered
from progimage.model import Record, Viewer
from progimage.renditions.remote_renderer import RemoteResult
from progimage.renditions.renditions import Renditions
from progimage.stores import ObjectStore, json_objects

# Pauses between looks for an answer: they grow from the first to the longest.
_FIRST_PAUSE_S = 0.01
_LONGEST_PAUSE_S = 0.25

_RETRY_AFTER_S = 5

log = structlog.get_logger()


class RemoteAnswer(json_objects.JsonObject):
    """The answer to a request: timings of the render, or the class and message of an error.

    `made` has the timings; it is empty if the cache had the rendition already.
    """

    noun: ClassVar[str] = "render"

    made: dict[str, Any] = Field(default_factory=dict)
    error: str = ""
    detail: str = ""


class BrokerRenderer:
    """Has renders made by workers.

    Args:
        send: sends the arguments of a render as a message that expires after so many
            seconds; False if it could not be sent.
        timeout_s: how long a worker may take, its queue included.
    """

    def __init__(
        self,
        store: ObjectStore,
        send: Callable[[tuple[str, ...], float], bool],
        timeout_s: float,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._send = send
        self._timeout_s = timeout_s
        self._sleep = sleep
        self._clock = clock

    def render(self, record: Record, pipeline: Pipeline, form: Format) -> RemoteResult | None:
        """Have a worker render and cache a rendition; return None if it must be rendered here.

        Raises: what the render raised, and
            Overloaded: no worker answered in time.
        """
        token = keys.new_token()
        deadline = self._clock() + self._timeout_s
        ask = (token, record.owner, record.id, str(pipeline), form.extension)
        if not self._send(ask, self._timeout_s):
            return None
        answer = self._wait(token, deadline)
        self._store.delete(keys.remote_render(token))
        if answer.error:
            raise _error(answer)
        return RemoteResult(_timings(answer))

    def _wait(self, token: str, deadline: float) -> RemoteAnswer:
        pause_s = _FIRST_PAUSE_S
        while (
            answer := json_objects.find(self._store, keys.remote_render(token), RemoteAnswer)
        ) is None:
            left_s = deadline - self._clock()
            if left_s <= 0:
                raise Overloaded(
                    f"no render worker answered within {self._timeout_s:g} s; try again later",
                    _RETRY_AFTER_S,
                )
            self._sleep(min(pause_s, left_s))
            pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
        return answer


def answer(store: ObjectStore, renders: Renditions, limits: Limits, ask: tuple[str, ...]) -> None:
    """Make the rendition that a message asks for, in a worker, and store the result."""
    is_whole = len(ask) == 5 and all(isinstance(part, str) for part in ask)
    if not is_whole or not (keys.is_token(ask[0]) and keys.is_image_id(ask[2])):
        log.warning("a message asks for no render")
        return
    token, owner, image_id, pipeline, extension = ask
    try:
        form = formats.by_name(extension)
        found = renders.find_or_render(
            Viewer(name=owner), image_id, parse(pipeline, limits=limits), form
        )
        found.reader.close()
        answered = RemoteAnswer(made=asdict(found.timings) if found.timings else {})
    except ProgImageError as error:
        answered = RemoteAnswer(error=type(error).__name__, detail=str(error))
    except Exception:
        log.exception("unexpected error in a render", picture=image_id)
        detail = "an unexpected error; its details are in the worker's log"
        answered = RemoteAnswer(error="RenderFailed", detail=detail)
    with suppress(Conflict):  # the message came twice
        json_objects.create(store, keys.remote_render(token), answered)


def _timings(answer: RemoteAnswer) -> Rendered | None:
    try:
        return Rendered(**answer.made) if answer.made else None
    except TypeError:  # a worker of another version
        return None


def _error(answer: RemoteAnswer) -> ProgImageError:
    kind = getattr(errors, answer.error, None)
    if not (isinstance(kind, type) and issubclass(kind, ProgImageError)):
        kind = errors.RenderFailed
    error: ProgImageError = kind(answer.detail)
    return error
