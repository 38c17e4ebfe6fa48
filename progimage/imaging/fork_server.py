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
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

_lock = threading.Lock()


def can_start_processes() -> bool:
    """Return False if the fork server of this process lost its socket."""
    address = _server()._forkserver_address
    return address is None or Path(address).exists()


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


def _server() -> Any:
    return vars(forkserver)["_forkserver"]
