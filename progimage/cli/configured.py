"""The store that the settings of this machine name, for commands that work on it."""

from __future__ import annotations

from progimage import config
from progimage.config import Settings
from progimage.stores import ObjectStore, open_store


def configured_store(threads: int | None = None) -> tuple[Settings, ObjectStore]:
    """Return the settings and the store that they name.

    Args:
        threads: that use the store at the same time; None for the usual number.

    Raises:
        ConfigError: a setting is wrong, or there is no such store.
    """
    settings, _ = config.load()
    if threads is None:
        return settings, open_store(settings.store, **settings.s3.options)
    return settings, open_store(settings.store, threads=threads, **settings.s3.options)
