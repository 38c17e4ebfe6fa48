"""Memory and processor time of a server's processes, read from /proc (Linux)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Memory:
    """One process: `rss` is resident now, `peak` the most it ever was, in MiB."""

    pid: int
    command: str
    rss_mib: float
    peak_mib: float

    @property
    def is_render_worker(self) -> bool:
        """True for the processes that decode: children of multiprocessing's server."""
        return "multiprocessing" in self.command


def family(root: int) -> list[Memory]:
    """Return `root` and all that descend from it and live."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (status := _status(int(folder.name))):
            parents[int(folder.name)] = int(status["PPid"])
    found = {root}
    while grown := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= grown
    return [memory for pid in sorted(found) if (memory := _memory(pid))]


def cpu_seconds(root: int) -> float:
    """Return the processor time used by `root` and all its descendants, dead ones too."""
    ticks = 0
    for memory in family(root):
        try:
            stat = (Path("/proc") / str(memory.pid) / "stat").read_text()
        except OSError:
            continue
        # proc(5): behind the command's bracket, fields 14 to 17 are utime, stime, and the
        # same of children that were waited for.
        ticks += sum(int(field) for field in stat.rpartition(")")[2].split()[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> Memory | None:
    status = _status(pid)
    if not status or "VmRSS" not in status:
        return None
    try:
        command = (Path("/proc") / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ")
    except OSError:
        return None
    return Memory(
        pid, command.decode(errors="replace"), _mib(status["VmRSS"]), _mib(status["VmHWM"])
    )


def _status(pid: int) -> dict[str, str]:
    try:
        lines = (Path("/proc") / str(pid) / "status").read_text().splitlines()
    except OSError:
        return {}
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def _mib(value: str) -> float:
    return int(value.split(maxsplit=1)[0]) / 1024
