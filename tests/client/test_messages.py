"""Requests and responses."""

from __future__ import annotations

import httpx
import pytest

from progimage.client.errors import (
    InvalidCall,
    RateLimited,
    TimedOut,
    UnexpectedAnswer,
    Unreachable,
)
from progimage.client.messages import Response, translated

JSON = {"content-type": "application/problem+json"}


def test_a_problem_has_its_detail_and_when_to_come_back():
    headers = {**JSON, "retry-after": "7"}
    problem = Response(429, headers, b'{"title": "Too many", "detail": "wait"}').problem
    assert isinstance(problem, RateLimited)
    assert (problem.detail, problem.retry_after_s) == ("wait", 7.0)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("99999999", 3600.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("soon", None), ("-5", None)],
)
def test_times_to_come_back_are_bounded(text, seconds):
    assert Response(503, {"retry-after": text}, b"").problem.retry_after_s == seconds


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]"])
def test_a_body_that_is_no_object_is_an_unexpected_answer(body):
    with pytest.raises(UnexpectedAnswer, match="is it ProgImage"):
        _ = Response(200, {}, body).document


@pytest.mark.parametrize(
    ("error", "kind", "is_before_sending"),
    [
        (httpx.ConnectError("no"), Unreachable, True),
        (httpx.ConnectTimeout("no"), TimedOut, True),
        (httpx.ReadTimeout("no"), TimedOut, False),
        (httpx.ReadError("no"), Unreachable, False),
    ],
)
def test_lost_connections_tell_whether_anything_was_sent(error, kind, is_before_sending):
    found = translated(error, " via proxy")
    assert type(found) is kind
    assert found.is_before_sending is is_before_sending
    assert str(found) == "no via proxy"


def test_other_errors_are_the_callers_or_the_servers():
    assert isinstance(translated(httpx.UnsupportedProtocol("no")), InvalidCall)
    assert isinstance(translated(httpx.TooManyRedirects("no")), UnexpectedAnswer)
