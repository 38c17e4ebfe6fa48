"""Password hashes (Argon2id), at most two at a time in a process."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from progimage.access.accounts.names import normal_password
from progimage.access.admission import Admission
from progimage.config import SIGN_INS

_AT_A_TIME = 2
_TIME_COST, _MEMORY_KIB = 1, 46 * 1024

# Of a random password, with the same costs; compared where no account has the name.
UNUSED_HASH = (
    "$argon2id$v=19$m=47104,t=1,p=1$CyOk6r7MVu09FWLGYGXuuA"
    "$E1wCprXY/oJh32T0B6j/n9ztDmBkiU6ARStIQLS6J5Q"
)


class Passwords:
    """Hashes and checks passwords.

    Argon2id with 46 MiB and one pass (OWASP Password Storage Cheat Sheet): about 40 ms,
    so two at a time cost a web process at most 92 MiB and two cores.
    """

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=_TIME_COST, memory_cost=_MEMORY_KIB, parallelism=1)
        self._waiting = Admission(SIGN_INS, "sign-ins")
        self._working = threading.Semaphore(_AT_A_TIME)

    def hash(self, password: str) -> str:
        """Return the hash of a new password.

        Raises:
            Overloaded: too many sign-ins are waiting.
        """
        with self._waiting.admit(), self._working:
            return self._hasher.hash(password)

    def match(self, password_hash: str | None, password: str) -> bool:
        """Return True if the password has this hash.

        If the hash is None, because no account has the name, the check takes the same time.

        Raises:
            Overloaded: too many sign-ins are waiting.
        """
        with self._waiting.admit(), self._working:
            try:
                self._hasher.verify(password_hash or UNUSED_HASH, normal_password(password))
            except (Argon2Error, InvalidHashError):
                return False
        return password_hash is not None
