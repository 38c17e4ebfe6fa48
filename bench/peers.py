"""Installing the peers, each in a separate environment."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

THUMBOR = "thumbor==7.8.0"
IPX = "ipx@3.1.1"
SHARP = "sharp@0.34.5"
IIIF = "iiif-processor@7.0.0"
VIPS = ("pyvips==3.2.0", "pyvips-binary==8.18.7")

_HERE = Path(__file__).parent
_FOLDER = _HERE / ".peers"


class PeerMissing(Exception):
    """A peer or a tool is not here and could not be installed; says what would help."""


def tool(name: str) -> str:
    """Return the path of a system program, `wrk` or `nginx`.

    Raises:
        PeerMissing: it is not installed. Nothing is installed system-wide for you.
    """
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if not found:
        package = "nginx-light" if name == "nginx" else name
        raise PeerMissing(f"{name} is missing; on Debian or Ubuntu: sudo apt-get install {package}")
    return found


def thumbor() -> Path:
    """Install thumbor where it is missing; return its executable."""
    folder = _FOLDER / "thumbor"
    program = folder / "bin" / "thumbor"
    if not program.exists():
        _run("thumbor", [sys.executable, "-m", "venv", str(folder)])
        pip = [str(folder / "bin" / "pip"), "install", "-q", "--disable-pip-version-check"]
        _run("thumbor", [*pip, THUMBOR])
    return program


def vips() -> Path:
    """Install pyvips with its libvips where they are missing; return their Python."""
    folder = _FOLDER / "vips"
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        _run("pyvips", [sys.executable, "-m", "venv", str(folder)])
        pip = [str(folder / "bin" / "pip"), "install", "-q", "--disable-pip-version-check"]
        _run("pyvips", [*pip, *VIPS])
        (folder / "installed").touch()
    return python


def ipx() -> Path:
    """Install ipx with sharp where they are missing; return the server's script."""
    folder = _FOLDER / "ipx"
    if not (folder / "node_modules" / "ipx").exists():
        if not shutil.which("npm"):
            raise PeerMissing("ipx needs node and npm; on Debian: sudo apt-get install nodejs npm")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}')
        npm = ["npm", "install", "--no-fund", "--no-audit", "--silent", "--prefix", str(folder)]
        _run("ipx", [*npm, IPX, SHARP])
    # Modules resolve from the folder of the script.
    return Path(shutil.copy(_HERE / "ipx.mjs", folder / "server.mjs"))


def iiif() -> Path:
    """Install iiif-processor with sharp where they are missing; return the server's script."""
    folder = _FOLDER / "iiif"
    if not (folder / "node_modules" / "iiif-processor").exists():
        if not shutil.which("npm"):
            raise PeerMissing("iiif-processor needs node and npm: apt-get install nodejs npm")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}')
        npm = ["npm", "install", "--no-fund", "--no-audit", "--silent", "--prefix", str(folder)]
        _run("iiif-processor", [*npm, IIIF, SHARP])
    return Path(shutil.copy(_HERE / "iiif.mjs", folder / "server.mjs"))


def iipsrv() -> Path:
    """Return the program of Debian's IIPImage server."""
    program = Path("/usr/lib/iipimage-server/iipsrv.fcgi")
    if not program.exists():
        raise PeerMissing("iipsrv is missing; on Debian: sudo apt-get install iipimage-server")
    return program


def _run(name: str, command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PeerMissing(f"{name} could not be installed: {done.stderr.strip()[-400:]}")
