"""The pictures in the store: add, find, edit, remove."""

from progimage.library.candidate import Candidate, PictureFacts
from progimage.library.library import Library
from progimage.library.records import can_edit, can_see, read_record

__all__ = ["Candidate", "Library", "PictureFacts", "can_edit", "can_see", "read_record"]
