"""Passwords: hashed by Argon2id, few at a time."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from progimage.access.accounts.names import normal_password
from progimage.access.admission import Admission
from progimage.config import SIGN_INS

_AT_A_TIME = 2
_TIME_COST, _MEMORY_KIB = 1, 46 * 1024

# Made with these costs of a password that nobody has.
_NOBODYS = (
    "$argon2id$v=19$m=47104,t=1,p=1$CyOk6r7MVu09FWLGYGXuuA"
    "$E1wCprXY/oJh32T0B6j/n9ztDmBkiU6ARStIQLS6J5Q"
)


class Passwords:
    """Hashes and compares passwords.

    Argon2id with 46 MiB and one pass (OWASP Password Storage Cheat Sheet): about 40 ms,
    so two at a time cost a web process at most 92 MiB and two cores.
    """

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=_TIME_COST, memory_cost=_MEMORY_KIB, parallelism=1)
        self._waiting = Admission(SIGN_INS, "sign-ins")
        self._working = threading.Semaphore(_AT_A_TIME)

    def hash(self, password: str) -> str:
        """Return what to keep of a new password; raises `Overloaded` if too many wait."""
        with self._waiting.admit(), self._working:
            return self._hasher.hash(password)

    def match(self, password_hash: str | None, password: str) -> bool:
        """True if the hash is of this password.

        Without a hash, for a name that nobody has, it takes as long to say no.

        Raises:
            Overloaded: too many wait already.
        """
        with self._waiting.admit(), self._working:
            try:
                self._hasher.verify(password_hash or _NOBODYS, normal_password(password))
            except (Argon2Error, InvalidHashError):
                return False
        return password_hash is not None
