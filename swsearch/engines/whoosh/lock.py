"""One writer at a time: a lock that the operating system frees when its owner dies, with the owner's pid in it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from swsearch.errors import IndexLocked
from swsearch.settings import LOCK_SECONDS


class WriteLock:
    """The lock file of an index directory; held from construction to `release`.

    Raises IndexLocked, naming the owner, when another process still holds it after `timeout_s`.
    """

    def __init__(self, directory: Path, timeout_s: float = LOCK_SECONDS) -> None:
        path = directory / "write.lock"
        # Opened without truncation: until the lock is ours, the pid in it is the owner's.
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        deadline = time.monotonic() + timeout_s
        while not _try_lock(self._fd):
            if time.monotonic() >= deadline:
                owner = _read_pid(self._fd)
                os.close(self._fd)
                who = f"process {owner}" if owner else "another process"
                raise IndexLocked(
                    f"{who} is writing the index {directory}: wait for it to end, then try again",
                    str(directory),
                    owner,
                )
            time.sleep(0.05)
        os.ftruncate(self._fd, 0)
        os.lseek(self._fd, 0, os.SEEK_SET)
        os.write(self._fd, str(os.getpid()).encode())

    def release(self) -> None:
        """Let the next writer in; the file stays, since removing it would let two writers in."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _read_pid(fd: int) -> int | None:
    os.lseek(fd, 0, os.SEEK_SET)
    try:
        return int(os.read(fd, 32))
    except (OSError, ValueError):
        return None


if sys.platform == "win32":
    import msvcrt

    def _try_lock(fd: int) -> bool:
        # A byte far behind the pid: Windows locks are mandatory, and the pid must stay readable.
        os.lseek(fd, 1 << 20, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(fd, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _try_lock(fd: int) -> bool:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
