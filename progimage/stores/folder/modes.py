"""File modes of objects: which users may read them. The umask can only take more away.

    secrets (accounts, the development key)        the user of the service
    cached renditions of public pictures           every user: nginx serves them by itself
    all else                                       that user and the group of the folder

With `delivery.mode = "x-accel"` nginx reads originals too: its user has to be in the
group of the service.
"""

from __future__ import annotations

from progimage import keys

_SECRETS = (keys.USERS, keys.DEVELOPMENT_KEY)
_FOR_ALL = (keys.PUBLIC_RENDERS, keys.FOREIGN + keys.PUBLIC_RENDERS)


def mode_of(key: str) -> int:
    """Return the mode that the file of an object is made with."""
    if key.startswith(_SECRETS):
        return 0o600
    return 0o644 if key.startswith(_FOR_ALL) else 0o640
