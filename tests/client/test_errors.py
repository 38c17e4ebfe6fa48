"""Errors of the server as exceptions."""

from __future__ import annotations

import pytest

from progimage.client import errors


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.Invalid),
        (401, errors.Unauthorized),
        (404, errors.NotFound),
        (410, errors.Gone),
        (412, errors.Changed),
        (418, errors.Invalid),
        (422, errors.NotAPicture),
        (429, errors.RateLimited),
        (500, errors.ServerError),
        (503, errors.Unavailable),
        (599, errors.ServerError),
    ],
)
def test_each_status_has_its_class(status, kind):
    assert type(errors.problem(status, {})) is kind


def test_a_problem_says_what_and_where():
    problem = errors.problem(400, {"title": "Invalid request", "detail": "w: too large"}, 5.0)
    assert str(problem) == "Invalid request: w: too large"
    assert problem.retry_after_s == 5.0
    assert str(errors.problem(500, {})) == "HTTP 500"


def test_related_errors_can_be_caught_together():
    assert issubclass(errors.Gone, errors.NotFound)
    assert issubclass(errors.Changed, errors.Conflict)
    assert issubclass(errors.Unavailable, errors.ServerError)
    assert issubclass(errors.TimedOut, errors.Unreachable)
