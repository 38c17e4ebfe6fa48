"""Changes of an account: whole or not at all whenever the process dies, and one at a time."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from progimage import keys
from progimage.access.accounts.access_tokens import key_ring
from progimage.access.accounts.administration import MAX_API_KEYS, Administration
from progimage.access.accounts.authenticate import REMEMBERED_S, Authenticator
from progimage.access.accounts.sign_in import MAX_SESSIONS, SignIn
from progimage.access.accounts.users import Users
from progimage.config import Auth
from progimage.errors import BadCredentials, InvalidField, NameTaken, NotFound
from progimage.maintenance.check import Check
from progimage.stores import ObjectStore
from progimage.stores.memory import MemoryStore
from tests.people import AUTH, PASSWORD
from tests.schedules import every_schedule, play
from tests.stores.dying import Died, DyingStore

ANOTHER = "another good password"


class PlainPasswords:
    """Stands in for Argon2, which is slow on purpose."""

    def hash(self, password: str) -> str:
        return f"plain {password}"

    def match(self, password_hash: str | None, password: str) -> bool:
        return password_hash == f"plain {password}"


@dataclass
class People:
    """Everything about accounts over one store."""

    store: ObjectStore

    def __post_init__(self) -> None:
        self.users = Users(self.store)
        self.ring = key_ring(Auth.model_validate(AUTH), self.store)
        self.administration = Administration(self.users, PlainPasswords())
        self.sign_in = SignIn(
            self.users, PlainPasswords(), self.ring, access_lifetime_s=60, refresh_lifetime_s=600
        )
        self.authenticator = Authenticator(self.users, self.ring)

    def signed_in(self):
        return self.sign_in.by_password("ann", PASSWORD, "192.0.2.1")

    def knows(self, credential: str) -> bool:
        try:
            return self.authenticator.identify(credential).user.name == "ann"
        except BadCredentials:
            return False


@pytest.fixture
def people() -> People:
    people = People(MemoryStore())
    people.administration.add("ann", PASSWORD)
    return people


CHANGES: dict[str, Callable[[People], object]] = {
    "add": lambda people: people.administration.add("bob", PASSWORD),
    "sign in": lambda people: people.signed_in(),
    "sign out": lambda people: people.sign_in.end_all("ann"),
    "password": lambda people: people.administration.set_password("ann", ANOTHER, PASSWORD),
    "disable": lambda people: people.administration.set_disabled("ann", True),
    "key": lambda people: people.administration.add_api_key("ann", "new"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_one_write_so_that_a_crash_leaves_all_of_it_or_nothing(change):
    def prepared() -> MemoryStore:
        store = MemoryStore()
        people = People(store)
        people.administration.add("ann", PASSWORD)
        people.signed_in()
        return store

    rehearsal = DyingStore(prepared())
    CHANGES[change](People(rehearsal))
    writes = [what for what in rehearsal.history if what[0] not in ("open", "stat", "list")]
    assert len(writes) == 1
    for n in range(1, rehearsal.operations + 1):
        for after in (False, True):
            store = prepared()
            before = Users(store).find("ann").generation
            with pytest.raises(Died):
                CHANGES[change](People(DyingStore(store, n, after=after)))
            for user in Users(store).all():
                assert user.revision in (1, 2, 3)
                # What is disabled or has a new password has no session of before.
                if user.is_disabled or user.password_hash.endswith(ANOTHER):
                    assert user.sessions == ()
                    assert user.generation == before + 1
            try:
                CHANGES[change](People(store))
            except (NameTaken, BadCredentials):
                assert after
                assert change in ("add", "password")


def test_of_two_who_use_one_refresh_token_none_is_left_with_a_session():
    """One of them is a thief, and it is unknown which."""

    def run(choices: list[int]) -> list[int]:
        store = MemoryStore()
        people = People(store)
        people.administration.add("ann", PASSWORD)
        token = people.signed_in().refresh_token
        grants = []

        def refresh(actors: ObjectStore) -> None:
            grants.append(People(actors).sign_in.by_refresh_token(token))

        width = play(store, (refresh, refresh), choices)
        assert len(grants) == 1
        assert people.users.find("ann").sessions == ()
        with pytest.raises(BadCredentials):
            people.sign_in.by_refresh_token(grants[0].refresh_token)
        return width

    assert every_schedule(run) > 2


def test_a_sign_in_that_a_new_password_overtakes_fails():
    def run(choices: list[int]) -> list[int]:
        store = MemoryStore()
        people = People(store)
        people.administration.add("ann", PASSWORD)
        width = play(
            store,
            (
                lambda actors: People(actors).signed_in(),
                lambda actors: People(actors).administration.set_password("ann", ANOTHER),
            ),
            choices,
        )
        assert people.users.find("ann").sessions == ()
        assert people.users.find("ann").password_hash.endswith(ANOTHER)
        return width

    assert every_schedule(run) > 2


def test_two_who_take_one_name_get_one_account():
    def run(choices: list[int]) -> list[int]:
        store, made = MemoryStore(), []

        def add(actors: ObjectStore) -> None:
            made.append(People(actors).administration.add("ann", PASSWORD))

        width = play(store, (add, add), choices)
        assert len(made) == 1
        assert [stat.key for stat in store.list("")] == [keys.user("ann")]
        return width

    assert every_schedule(run) > 1


def test_sessions_and_keys_are_bounded(people):
    first = people.signed_in()
    for _ in range(MAX_SESSIONS):
        people.signed_in()
    assert len(people.users.find("ann").sessions) == MAX_SESSIONS
    with pytest.raises(BadCredentials):
        people.sign_in.by_refresh_token(first.refresh_token)
    for _ in range(MAX_API_KEYS):
        people.administration.add_api_key("ann", "x")
    with pytest.raises(InvalidField, match="20 API keys"):
        people.administration.add_api_key("ann", "x")


def test_a_disabled_account_is_out_on_other_nodes_when_they_look_again(people, monkeypatch):
    now = [0.0]
    other = Authenticator(people.users, people.ring, lambda: now[0])
    token = people.signed_in().access_token
    assert other.identify(token).user.name == "ann"
    people.administration.set_disabled("ann", True)
    assert other.identify(token).user.name == "ann"
    now[0] = REMEMBERED_S
    with pytest.raises(BadCredentials):
        other.identify(token)


def test_a_key_works_at_once_where_the_account_was_remembered_without_it(people):
    assert people.knows(people.signed_in().access_token)
    _, text = people.administration.add_api_key("ann", "new")
    assert people.knows(text)
    assert not people.knows(text[:-1] + ("a" if text[-1] != "a" else "b"))


def test_fields_of_a_newer_version_in_an_account_survive_a_change(people):
    people.users.change("ann", lambda user: user.model_copy(update={"badge": "gold"}))
    people.signed_in()
    assert people.users.find("ann").model_extra == {"badge": "gold"}


def test_an_invalid_name_has_no_account(people):
    for name in ("bob", "../ann", "", "ANN"):
        with pytest.raises(NotFound):
            people.users.find(name)


def test_check_knows_accounts_and_names_those_that_are_damaged(people):
    store = people.store
    assert list(Check(store).run()) == []
    store.put(keys.user("bob"), io.BytesIO(b"{"), media_type="")
    with store.open(keys.user("ann")) as reader:
        store.put(keys.user("eve"), io.BytesIO(reader.read()), media_type="")
    found = {(finding.kind, finding.key) for finding in Check(store, repair=True).run()}
    assert found == {("damaged record", "users/bob.json"), ("unknown key", "users/eve.json")}
