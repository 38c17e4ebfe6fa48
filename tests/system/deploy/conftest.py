"""The app, to hold what is shipped against."""

from tests.api.conftest import client, make_client, store

__all__ = ["client", "make_client", "store"]
