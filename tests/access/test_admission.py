"""Places for slow work are bounded, and no client can take all of them."""

from __future__ import annotations

from contextlib import ExitStack
from contextvars import copy_context

import pytest

from progimage.access.admission import Admission, current_client
from progimage.errors import Overloaded


@pytest.fixture(autouse=True)
def no_client():
    """Work for no client, whatever an earlier test has noted."""
    token = current_client.set("")
    yield
    current_client.reset(token)


def as_client(name, function):
    """Call a function in the name of a client."""

    def run():
        current_client.set(name)
        return function()

    return copy_context().run(run)


def test_places_are_bounded_and_given_back():
    admission = Admission(2, "uploads")
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(admission.admit())
        with pytest.raises(Overloaded), admission.admit():
            pass
    with admission.admit():
        pass


def test_one_client_leaves_half_of_the_places_to_others():
    admission = Admission(4, "uploads")
    with ExitStack() as stack:

        def enter():
            stack.enter_context(admission.admit())

        for _ in range(2):
            as_client("a", enter)
        with pytest.raises(Overloaded, match="of this client"):
            as_client("a", enter)
        assert admission.turned_away == 0
        for _ in range(2):
            as_client("b", enter)
        with pytest.raises(Overloaded, match="of all clients"):
            as_client("c", enter)
        assert admission.turned_away == 1


def test_work_for_no_client_has_no_share():
    admission = Admission(3, "items of jobs")
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(admission.admit())


def test_a_client_can_always_have_one_place():
    with Admission(1, "renders").admit():
        pass
    as_client("a", lambda: Admission(1, "renders").admit().__enter__())
