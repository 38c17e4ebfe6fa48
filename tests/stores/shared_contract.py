"""What stores that processes share must do on top: the same promises between processes."""

from __future__ import annotations

from progimage.stores import ObjectStore
from tests.stores.contract import ObjectStoreContract, get, keys, put
from tests.stores.rival import run_rivals

MIB = 1 << 10  # in KiB


class SharedStoreContract(ObjectStoreContract):
    """Subclasses give `store` and the `url` by which another process opens the same."""

    def test_processes_that_create_one_key_get_one_success(self, store: ObjectStore, url: str):
        answers = run_rivals(url, *(["create", "key", f"{number}"] for number in range(3)))
        assert sorted(answers) == ["lost", "lost", "won"]
        assert get(store, "key") == b"%d" % answers.index("won")

    def test_processes_that_count_by_compare_and_swap_lose_no_count(
        self, store: ObjectStore, url: str
    ):
        put(store, "count", b"0")
        run_rivals(url, *[["count", "10"]] * 3)
        assert get(store, "count") == b"30"

    def test_processes_that_put_and_delete_neighbours_never_fail(
        self, store: ObjectStore, url: str
    ):
        run_rivals(url, *(["churn", f"a/b/{number}"] for number in range(3)))
        assert keys(store) == []

    def test_a_hundred_mebibytes_stream_both_ways_in_constant_memory(
        self, store: ObjectStore, url: str
    ):
        (grown_kib,) = run_rivals(url, ["stream", "100"])
        assert int(grown_kib) < 16 * MIB
        assert store.stat("large").size == 100 << 20
