"""Where multiprocessing's fork server listens: a folder that others may clean up.

The fork server listens on a socket in a temporary folder, and each new process is requested
there. A clean-up of temporary files removes the socket from under the living server; then no
process can be started any more. The folder of a web process that was killed would stay for
ever if no other process knew about it.

Source: Lib/multiprocessing/forkserver.py and util.py, the same from Python 3.11 to 3.14. There
is no public way to choose the folder, or to start the fork server again.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

from progimage.errors import ConfigError

# Where below the temporary folder it listens, and unix(7)'s limit.
_SOCKET = "/progimage-1234567-12345678/listener-12345678"
_MAX_SOCKET_PATH = 107

_lock = threading.Lock()


def can_start_processes() -> bool:
    """Return False if the fork server of this process lost its socket."""
    path = listener()
    return path is None or path.exists()


def listener() -> Path | None:
    """Return the socket at which the fork server listens, None if there is no fork server."""
    address = _server()._forkserver_address
    return None if address is None else Path(address)


def prepare(make_folder: Callable[[], Path]) -> None:
    """Give the fork server a folder, made by `make_folder`, unless it has one.

    A fork server that lost its socket is killed, with its processes; the next process is
    started by a new one.
    """
    with _lock:
        server = _server()
        if not can_start_processes() and server._forkserver_pid is not None:
            with suppress(ProcessLookupError):
                os.kill(server._forkserver_pid, signal.SIGKILL)
            os.waitid(os.P_PID, server._forkserver_pid, os.WEXITED | os.WNOWAIT)
            server._forkserver_address = None
        process: Any = multiprocessing.current_process()
        folder = process._config.get("tempdir")
        if folder is None or not Path(folder).is_dir():
            process._config["tempdir"] = os.fspath(make_folder())


def skip_main_script() -> None:
    """Let new processes of this one start without its main script.

    multiprocessing has each process import the main script first, since the function that it
    is to call may be defined there. Ours never is.

    Source: Lib/multiprocessing/spawn.py, get_preparation_data.
    """
    vars(sys.modules["__main__"]).pop("__file__", None)


def prove_sockets_fit() -> None:
    """Find out whether the fork server can listen where it will.

    Raises:
        ConfigError: the path of the temporary folder is too long for its socket's.
    """
    folder = tempfile.gettempdir()
    excess = len(os.fsencode(folder)) + len(_SOCKET) - _MAX_SOCKET_PATH
    if excess > 0:
        raise ConfigError(
            f"TMPDIR: the temporary folder's path is {excess} bytes too long for a socket in it; "
            "name a folder higher up, such as /tmp"
        )


def _server() -> Any:
    return vars(forkserver)["_forkserver"]
