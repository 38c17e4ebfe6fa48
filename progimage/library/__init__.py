"""The pictures in the store: add, find, edit, remove."""

from progimage.library.library import (
    Candidate,
    Library,
    PictureFacts,
    can_edit,
    can_see,
    read_record,
)

__all__ = ["Candidate", "Library", "PictureFacts", "can_edit", "can_see", "read_record"]
