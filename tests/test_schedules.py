"""Orders that are left off lead to nothing that the others do not lead to."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from progimage.errors import KeyMissing
from progimage.stores.memory import MemoryStore
from tests.schedules import Actor, every_schedule, play

Operation = tuple[str, str]

OPERATIONS = st.tuples(
    st.sampled_from(["put", "open", "list", "delete"]), st.sampled_from(["a", "ab", "b", "free"])
)


def actor(name: str, operations: list[Operation], log: list[object]) -> Actor:
    """Return an actor that writes what it has seen, so that each mistake goes on."""

    def act(store) -> None:
        for number, (operation, key) in enumerate(operations):
            if operation == "put":
                seen = repr((name, number, log)).encode()
                store.put(key, io.BytesIO(seen), media_type="")
            elif operation == "list":
                log.append([(stat.key, stat.etag) for stat in store.list(key[0])])
            elif operation == "delete":
                store.delete(key)
            else:
                try:
                    log.append(store.open(key).read())
                except KeyMissing:
                    log.append(None)

    return act


def outcomes(programs: list[list[Operation]], switches: int, *, leaves_off: bool) -> list[str]:
    """Return what each order of the programs led to that was played to its end."""
    found = []

    def run(choices: list[int]) -> list[int]:
        store = MemoryStore()
        logs: list[list[object]] = [[] for _ in programs]
        actors = [
            actor(f"actor {number}", operations, logs[number])
            for number, operations in enumerate(programs)
        ]
        width = play(store, actors, choices, lambda key: key != "free", leaves_off=leaves_off)
        objects = [(stat.key, stat.etag) for stat in store.list("")]
        found.append(repr((objects, logs)))
        return width

    every_schedule(run, switches)
    return found


@pytest.mark.parametrize(("actors", "length", "switches"), [(2, 5, 3), (3, 3, 2)])
def test_every_outcome_of_some_switches_is_found(actors, length, switches):
    @settings(max_examples=25)
    @given(st.lists(st.lists(OPERATIONS, max_size=length), min_size=actors, max_size=actors))
    def check(programs: list[list[Operation]]) -> None:
        every = outcomes(programs, switches, leaves_off=False)
        fewer = outcomes(programs, switches, leaves_off=True)
        assert set(fewer) == set(every)
        assert len(fewer) <= len(every)

    check()


def test_what_is_independent_is_played_once():
    reads = [("open", "a"), ("open", "b"), ("list", "a")]
    assert len(outcomes([reads, reads], 3, leaves_off=True)) == 1
    assert len(outcomes([reads, reads], 3, leaves_off=False)) > 10


def test_an_actor_is_stopped_wherever_the_other_makes_a_difference():
    found = outcomes([[("open", "a")] * 3, [("put", "a")]], 2, leaves_off=True)
    assert len(set(found)) == len(found) == 4
