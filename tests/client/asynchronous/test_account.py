"""The account of the client."""

from __future__ import annotations

from progimage.client import (
    Account,
    Quota,
)


def test_an_account_has_a_quota_where_the_server_has_quotas():
    limited = {"pictures": 3, "size_bytes": 70, "max_pictures": 9, "max_size_bytes": 0}
    answered = {"username": "ann", "is_admin": False, "quota": limited}
    assert Account.of(answered) == Account("ann", quota=Quota(3, 70, 9, 0))
    assert Account.of({"username": "ann", "quota": None}).quota is None
