"""The generated files of the client, as they should be: `make client` writes them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import unasync

import progimage
from progimage.access.transform_policy import TransformPolicy
from progimage.api.resources.transforms import Transforms
from progimage.imaging.limits import Limits
from tools import client_operations, typescript_operations

CLIENT = Path(progimage.__file__).parent / "client"

TYPESCRIPT = CLIENT.parents[1] / "docs" / "typescript" / "src" / "operations.ts"

HEAD = "# Generated from progimage/client/asynchronous by `make client`. Do not edit.\n"

# Names of the asynchronous client and of its libraries, and what stands there when blocking.
NAMES = {
    "AsyncAccountCalls": "AccountCalls",
    "AsyncAlbumCalls": "AlbumCalls",
    "AsyncCalls": "Calls",
    "AsyncClient": "Client",
    "AsyncFile": "File",
    "AsyncImage": "Image",
    "AsyncJob": "Job",
    "AsyncJobCalls": "JobCalls",
    "AsyncPage": "Page",
    "AsyncRendition": "Rendition",
    "AsyncSession": "Session",
    "AsyncUploaded": "Uploaded",
    "aclose": "close",
    "aclosing": "closing",
    "aiter_bytes": "iter_bytes",
    "aread": "read",
    "async_in_parallel": "in_parallel",
    "async_pause": "pause",
    "asynchronous": "blocking",
    "asyncio": "threading",
}


class _Response:
    media: dict[str, object]

    def set_header(self, name: str, value: str) -> None:
        pass


def operations() -> str:
    """Return `operations.py`."""
    return _formatted(client_operations.source(_transforms()))


def typescript() -> str:
    """Return `operations.ts`."""
    return typescript_operations.source(_transforms())


def _transforms() -> dict[str, object]:
    response = _Response()
    Transforms({}, TransformPolicy("open", {}, Limits())).on_get(None, response)
    return response.media


def blocking() -> dict[str, str]:
    """Return the modules of `blocking`, by file name."""
    sources = [path for path in CLIENT.glob("asynchronous/*.py") if path.name != "__init__.py"]
    with tempfile.TemporaryDirectory() as folder:
        rule = unasync.Rule(f"{CLIENT}/asynchronous/", f"{folder}/", NAMES)
        unasync.unasync_files([str(path) for path in sources], [rule])
        return {path.name: _formatted(HEAD + path.read_text()) for path in Path(folder).iterdir()}


def _formatted(source: str) -> str:
    ruff = Path(sys.executable).with_name("ruff")
    for arguments in (["check", "--select", "I", "--fix", "-q"], ["format"]):
        command = [ruff, *arguments, "--stdin-filename", "progimage/client/x.py", "-"]
        run = subprocess.run(command, input=source, capture_output=True, text=True, check=True)
        source = run.stdout
    return source


if __name__ == "__main__":
    (CLIENT / "operations.py").write_text(operations())
    TYPESCRIPT.write_text(typescript())
    for name, text in blocking().items():
        (CLIENT / "blocking" / name).write_text(text)
