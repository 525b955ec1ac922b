"""One writer at a time: a lock that the operating system frees when its owner dies, with the owner's pid in it."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from swsearch.errors import EngineError, IndexLocked
from swsearch.settings import LOCK_SECONDS


class WriteLock:
    """The lock file of an index directory; held from construction to `release`.

    Raises IndexLocked, naming the owner, when another process still holds it after `timeout_s`.
    """

    def __init__(self, directory: Path, timeout_s: float = LOCK_SECONDS) -> None:
        self._directory, self._path, self._fd = directory, directory / "write.lock", -1
        deadline = time.monotonic() + timeout_s
        try:
            while not self._acquire():
                if time.monotonic() >= deadline:
                    owner = _read_pid(self._path)
                    who = f"process {owner}" if owner else "another process"
                    raise IndexLocked(
                        f"{who} is writing the index {directory}: wait for it to end, then try again",
                        str(directory),
                        owner,
                    )
                time.sleep(0.05)
        except OSError as error:
            reason = error.strerror or error
            raise EngineError(f"the index {directory} cannot be locked for writing: {reason}", "whoosh") from error
        with suppress(OSError):  # on a full disk nobody learns who is at work, which is no reason to stop
            os.ftruncate(self._fd, 0)
            os.lseek(self._fd, 0, os.SEEK_SET)
            os.write(self._fd, str(os.getpid()).encode())

    def _acquire(self) -> bool:
        # Opened without truncation: until the lock is ours, the pid in it is the owner's.
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
        try:
            if _try_lock(fd) and self._is_at_path(fd):
                self._fd, fd = fd, -1
        finally:
            if fd >= 0:
                os.close(fd)
        return self._fd >= 0

    def _is_at_path(self, fd: int) -> bool:
        """Whether the file still has its name: who removes it lets the next writer make a new one."""
        try:
            return os.path.samestat(os.fstat(fd), os.stat(self._path))
        except FileNotFoundError:
            return False

    def verify(self) -> None:
        """Raises IndexLocked if the lock file was removed, so that somebody else may be writing by now."""
        if not self._is_at_path(self._fd):
            raise IndexLocked(
                f"the lock file {self._path} was removed while this process was writing: nothing was changed; "
                "run the rebuild again",
                str(self._directory),
                _read_pid(self._path),
            )

    def release(self) -> None:
        """Let the next writer in; the file stays, since removing it would let two writers in."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _read_pid(path: Path) -> int | None:
    try:
        return int(path.read_bytes()[:32])
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
