"""A process that works on a store beside others; run with `python -m`.

    rival URL create KEY BODY     create KEY; print "won" or "lost"
    rival URL count TIMES         add to the number under `count`
    rival URL churn KEY           put and delete KEY again and again
    rival URL stream SIZE_MIB     put and read an object; print by how many KiB the
                                  process's peak memory grew

It prints "ready", waits for a line, acts and prints its answer.
"""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

from progimage.errors import Conflict
from progimage.stores import ABSENT, ObjectStore, open_raw
from tests.stores.contract import count_up, put


def act(store: ObjectStore, action: str, *args: str) -> str:
    match action:
        case "create":
            try:
                put(store, args[0], args[1].encode(), ABSENT)
            except Conflict:
                return "lost"
            return "won"
        case "count":
            count_up(store, int(args[0]))
        case "churn":
            for _ in range(15):
                put(store, args[0])
                store.delete(args[0])
        case "stream":
            return str(stream(store, int(args[0]) << 20))
    return "done"


def stream(store: ObjectStore, size: int) -> int:
    # Warm up, so that code loaded for the first request does not count.
    put(store, "large", bytes(2 << 20))
    before = peak_kib()
    store.put("large", io.BufferedReader(Zeros(size)), media_type="text/plain")
    read = 0
    with store.open("large") as reader:
        while chunk := reader.read(1 << 16):
            read += len(chunk)
    if read != size:
        raise RuntimeError(f"read {read} of {size} bytes")
    return peak_kib() - before


class Zeros(io.RawIOBase):
    """`size` zero bytes, in no memory."""

    def __init__(self, size: int) -> None:
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        count = min(self._left, len(buffer))
        buffer[:count] = bytes(count)
        self._left -= count
        return count


def peak_kib() -> int:
    """Return this process's peak memory; ru_maxrss would count the parent's, before exec."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def run_rivals(url: str, *actions: list[str]) -> list[str]:
    """Run each action in a process of its own, all at once; return their answers."""
    rivals = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.stores.rival", url, *action],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for action in actions
    ]
    for rival in rivals:
        assert rival.stdout.readline() == "ready\n"
    for rival in rivals:
        rival.stdin.write("go\n")
        rival.stdin.flush()
    answers = [rival.communicate()[0].strip() for rival in rivals]
    assert [rival.returncode for rival in rivals] == [0] * len(rivals)
    return answers


if __name__ == "__main__":
    opened = open_raw(sys.argv[1], creates=True)
    list(opened.list("warm-up"))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    sys.stdout.write(act(opened, *sys.argv[2:]) + "\n")
