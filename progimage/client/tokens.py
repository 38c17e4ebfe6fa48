"""The tokens of a login."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from progimage.client.errors import UnexpectedAnswer


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """The result of a login: an access token, and a refresh token that gives the next one."""

    access_token: str
    refresh_token: str = ""
    session: str = ""

    @classmethod
    def of(cls, document: Mapping[str, Any], before: Tokens | None = None) -> Tokens:
        """Read the answer of `POST /tokens/`; what it leaves out is as it was `before`.

        Raises:
            UnexpectedAnswer: there is no access token.
        """
        if not document.get("access_token"):
            raise UnexpectedAnswer("the server sent no access token")
        return cls(
            str(document["access_token"]),
            str(document.get("refresh_token") or (before.refresh_token if before else "")),
            str(document.get("session") or (before.session if before else "")),
        )

    def __repr__(self) -> str:
        return f"Tokens(session={self.session!r})"
