"""What the client's `operations.py` has to be, from the operations that the service has."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from progimage.access.transform_policy import TransformPolicy
from progimage.api.resources.transforms import Transforms
from progimage.client import generate
from progimage.imaging.limits import Limits


class _Response:
    media: dict[str, object]

    def set_header(self, name: str, value: str) -> None:
        pass


def operations() -> str:
    """Return the module as it should be."""
    response = _Response()
    Transforms({}, TransformPolicy("open", {}, Limits())).on_get(None, response)
    ruff = Path(sys.executable).with_name("ruff")
    return subprocess.run(
        [ruff, "format", "--stdin-filename", "operations.py", "-"],
        input=generate.source(response.media),
        capture_output=True,
        text=True,
        check=True,
    ).stdout


if __name__ == "__main__":
    sys.stdout.write(operations())
