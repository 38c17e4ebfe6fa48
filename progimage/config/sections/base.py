"""The base class of the sections."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A section of the settings: frozen, and unknown names are an error.

    A field has its default, its range and its description here and nowhere else:
    settings/default.toml and docs/reference/settings.md are generated from them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
