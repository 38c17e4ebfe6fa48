"""Deletes pictures: moves them to the trash, or removes them if there is none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from progimage.api.components import Components
from progimage.errors import DamagedRecord, StoreFull
from progimage.model import Record, Viewer


class Deletion:
    """Deletes pictures as the settings say."""

    def __init__(self, parts: Components) -> None:
        self._library = parts.library
        self._keep_for = timedelta(days=parts.settings.trash.days)

    def delete(
        self,
        viewer: Viewer,
        image_id: str,
        is_expected: Callable[[Record], bool] = lambda _: True,
        *,
        for_good: bool = False,
    ) -> None:
        """Move a picture to the trash; remove it if there is no trash, or `for_good`.

        A picture with a damaged record is removed, since it could not be restored.

        Raises:
            NotFound: there is no such picture for this viewer.
            Forbidden: it belongs to another owner.
            PreconditionFailed: the current version is not the expected one.
            StoreFull: there is no room for the note in the trash.
        """
        if for_good or not self._keep_for:
            self._library.remove(viewer, image_id, is_expected)
            return
        try:
            self._library.trash.add(viewer, image_id, self._keep_for, is_expected)
        except DamagedRecord:
            self._library.remove(viewer, image_id, is_expected)
        except StoreFull as error:
            raise StoreFull(
                f"{error}; to remove the picture for good, without the trash, send "
                f"DELETE /images/{image_id}/?trash=false"
            ) from None
