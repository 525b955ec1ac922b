"""The directory of an index: what is written is on the disk before a name makes it count.

The order of a commit: every new file is written and synced; the directory is synced; the TOC, synced too, is renamed
to its name, which is the commit; the directory is synced again; only then what the new generation does not name is
removed. So whatever the disk keeps of this when the power goes, it is the old generation or the new one.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, BinaryIO

from whoosh.filedb.filestore import FileStorage, RamStorage


class DurableStorage(FileStorage):  # type: ignore[misc]
    """Files of an index. All that is ever done to the disk is done by the six methods at the end, one call each."""

    def create_file(self, name: str, **_: Any) -> NewFile:
        """A new file, to be written in a `with` statement; it is on the disk when that ends."""
        return NewFile(self, name)

    def publish(self, temporary: str, name: str, committed: Callable[[], None]) -> None:
        """Give a finished file the name that makes it count. `committed` is called as soon as it does.

        Raises FileExistsError rather than replace what is there.
        """
        self._sync_directory()
        if os.path.exists(self._fpath(name)):
            raise FileExistsError(errno.EEXIST, "another writer was here", name)
        self._rename(temporary, name)
        committed()
        self._sync_directory()

    def settle(self) -> None:
        """Make sure that the names which are seen now stay."""
        self._sync_directory()

    def delete_file(self, name: str) -> None:
        """Remove a file if the system lets us: what somebody reads on Windows goes with a later commit."""
        with suppress(OSError):
            self._remove(name)

    def temp_storage(self, name: str | None = None) -> RamStorage:
        """Where Whoosh would pool postings; no field is indexed in its sense, so nothing comes."""
        return RamStorage()

    def list(self) -> list[str]:
        """The names of all files. Raises OSError."""
        return os.listdir(self.folder)

    # ---- what is done to the disk

    def _create(self, name: str) -> BinaryIO:
        return open(self._fpath(name), "wb", buffering=0)

    def _write(self, name: str, stream: BinaryIO, data: memoryview | bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[stream.write(rest) :]

    def _sync(self, name: str, stream: BinaryIO) -> None:
        _fsync(stream.fileno())

    def _sync_directory(self) -> None:
        sync_directory(self.folder)

    def _rename(self, old: str, new: str) -> None:
        os.replace(self._fpath(old), self._fpath(new))

    def _remove(self, name: str) -> None:
        os.remove(self._fpath(name))


class NewFile:
    """A file that is being written. Used in a `with` statement: when that ends well, the bytes are on the disk."""

    def __init__(self, storage: DurableStorage, name: str) -> None:
        self._storage, self._name = storage, name
        self._stream = storage._create(name)

    def write(self, data: memoryview | bytes) -> None:
        """Write all of `data`."""
        self._storage._write(self._name, self._stream, data)

    def __enter__(self) -> NewFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stream:
            if kind is None:
                self._storage._sync(self._name, self._stream)


def sync_directory(path: str) -> None:
    """Put the names in a directory on the disk. Windows cannot open one, and needs no such sync."""
    if os.name != "posix":
        return
    fd = os.open(path, os.O_RDONLY)
    try:
        _fsync(fd)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems: they have no such thing
            raise
    finally:
        os.close(fd)


def _fsync(fd: int) -> None:
    # On macOS fsync stops at the disk's own cache.
    full = getattr(_fcntl, "F_FULLFSYNC", None)
    if full is None:
        os.fsync(fd)
        return
    try:
        _fcntl.fcntl(fd, full)
    except OSError:  # not on this file system
        os.fsync(fd)


try:
    import fcntl

    _fcntl: Any = fcntl
except ImportError:  # Windows
    _fcntl = None
