"""A file of named arrays: written once, memory-mapped, read without copying, every byte under a checksum.

Layout: the arrays one after another, each aligned to ALIGN bytes; the CRC-32 of every BLOCK bytes of that; a JSON
directory (name -> dtype, offset, bytes); and a tail of fixed size with the lengths of both, their CRC-32 and MAGIC.
It is written front to back, so that a file that was cut off has no tail. A reader verifies a block when it first reads
from it.
"""

from __future__ import annotations

import json
import mmap
import struct
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

MAGIC = b"swsarr01"
ALIGN = 64
BLOCK = 4096
"""Bytes under one checksum: a posting list is rarely longer, and 4 bytes in 4096 are nothing."""

_TAIL = struct.Struct("<QQQI8s")  # bytes of arrays, of checksums, of directory; CRC-32 of the last two; MAGIC

Array = NDArray[Any]


class DamagedFile(Exception):
    """The bytes are not those that were written; the text says which."""


class ArrayWriter:
    """Writes a file of arrays, one after the other, to `stream`, which has `write`."""

    def __init__(self, stream: Any) -> None:
        import hashlib  # a query, which only reads, need not load it

        self._stream = stream
        self._hash = hashlib.sha256()
        self._directory: dict[str, list[Any]] = {}
        self._crcs: list[int] = []
        self._rest = b""
        self._at = 0

    def add(self, name: str, array: Array | bytes) -> None:
        """Write one array; bytes are an array of bytes."""
        data = memoryview(array if isinstance(array, bytes) else np.ascontiguousarray(array).data).cast("B")
        dtype = "|u1" if isinstance(array, bytes) else array.dtype.newbyteorder("<").str
        self._directory[name] = [dtype, self._at, len(data)]
        self._put(data)
        self._put(bytes(-len(data) % ALIGN))

    def _put(self, data: memoryview | bytes) -> None:
        self._write(data)
        self._at += len(data)
        if self._rest:
            head = BLOCK - len(self._rest)
            self._rest += bytes(data[:head])
            data = data[head:]
            if len(self._rest) < BLOCK:
                return
            self._crcs.append(zlib.crc32(self._rest))
        whole = len(data) - len(data) % BLOCK
        self._crcs += [zlib.crc32(data[at : at + BLOCK]) for at in range(0, whole, BLOCK)]
        self._rest = bytes(data[whole:])

    def _write(self, data: memoryview | bytes) -> None:
        self._stream.write(data)
        self._hash.update(data)

    def finish(self, about: Mapping[str, Any]) -> tuple[str, int]:
        """Write the checksums, the directory with `about` (anything that JSON can hold), and the tail.

        Returns the SHA-256 of the file and its size.
        """
        if self._rest:
            self._crcs.append(zlib.crc32(self._rest))
        crcs = np.array(self._crcs, dtype="<u4").tobytes()
        about_text = json.dumps(
            {"about": about, "arrays": self._directory}, ensure_ascii=False, separators=(",", ":")
        ).encode()
        self._write(crcs)
        self._write(about_text)
        crc = zlib.crc32(about_text, zlib.crc32(crcs))
        self._write(_TAIL.pack(self._at, len(crcs), len(about_text), crc, MAGIC))
        return self._hash.hexdigest(), self._at + len(crcs) + len(about_text) + _TAIL.size


class ArrayFile:
    """A file that ArrayWriter wrote. Raises DamagedFile when its directory or its checksums are not whole."""

    def __init__(self, stream: BinaryIO) -> None:
        """Map `stream`, an open file; it may be closed afterwards."""
        stream.seek(0, 2)
        size = stream.tell()
        if size < _TAIL.size:
            raise DamagedFile("it is too short")
        self._map = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        self._view = memoryview(self._map)
        arrays, crcs, about, crc, magic = _TAIL.unpack(self._view[size - _TAIL.size :])
        if magic != MAGIC or arrays + crcs + about + _TAIL.size != size or crcs != -(-arrays // BLOCK) * 4:
            raise DamagedFile("its end is missing")
        if zlib.crc32(self._view[arrays : size - _TAIL.size]) != crc:
            raise DamagedFile("its directory is wrong")
        directory = json.loads(bytes(self._view[arrays + crcs : size - _TAIL.size]))
        self._size = arrays
        self._crcs = self._view[arrays : arrays + crcs].cast("I")
        self._verified = bytearray(len(self._crcs))
        self.about: dict[str, Any] = directory["about"]
        self._arrays: dict[str, tuple[str, int, int]] = {
            name: (dtype, offset, length) for name, (dtype, offset, length) in directory["arrays"].items()
        }

    def array(self, name: str) -> Array:
        """The array `name`, verified, read-only."""
        dtype, offset, length = self._arrays[name]
        self._verify(offset, offset + length)
        return np.frombuffer(self._view[offset : offset + length], dtype=dtype)

    def part(self, name: str) -> Part:
        """The array `name`, to be read and verified in parts."""
        return Part(self, *self._arrays[name])

    def _verify(self, start: int, end: int) -> None:
        last = -(-end // BLOCK)
        block = self._verified.find(0, start // BLOCK, last)
        while block >= 0:
            at = block * BLOCK
            if zlib.crc32(self._view[at : min(at + BLOCK, self._size)]) != self._crcs[block]:
                raise DamagedFile(f"the bytes from {at} on are not those that were written")
            self._verified[block] = 1
            block = self._verified.find(0, block + 1, last)

    def verify(self) -> None:
        """Read every byte anew. Raises DamagedFile."""
        self._verified = bytearray(len(self._crcs))
        self._verify(0, self._size)

    def close(self) -> None:
        """Unmap the file; arrays that are still in use keep it mapped until they go."""
        self._crcs.release()
        self._view.release()
        try:
            self._map.close()
        except BufferError:
            return


class Part:
    """An array of a file, read slice by slice; only what is read is verified."""

    __slots__ = ("_array", "_file", "_offset", "_width")

    def __init__(self, file: ArrayFile, dtype: str, offset: int, length: int) -> None:
        self._file = file
        self._offset = offset
        self._array: Array = np.frombuffer(file._view[offset : offset + length], dtype=dtype)
        self._width = self._array.itemsize

    @property
    def array(self) -> Array:
        """All items, to be read by those who verify what they read."""
        return self._array

    def items(self, start: int, stop: int) -> Array:
        """The items from `start` up to `stop`."""
        self.verify(start, stop)
        return self._array[start:stop]

    def read(self, start: int, stop: int) -> bytes:
        """The bytes of the items from `start` up to `stop`."""
        return self.read_each([(start, stop)])[0]

    def read_each(self, spans: Iterable[tuple[int, int]]) -> list[bytes]:
        """The bytes of several stretches of items."""
        offset, width, data, find = self._offset, self._width, self._file._map, self._file._verified.find
        found = []
        for start, stop in spans:
            first, last = offset + start * width, offset + stop * width
            if find(0, first // BLOCK, -(-last // BLOCK)) >= 0:
                self._file._verify(first, last)
            found.append(data[first:last])
        return found

    def verify(self, start: int, stop: int) -> None:
        """Read the items from `start` up to `stop` once. Raises DamagedFile."""
        first, last = self._offset + start * self._width, self._offset + stop * self._width
        if self._file._verified.find(0, first // BLOCK, -(-last // BLOCK)) >= 0:
            self._file._verify(first, last)

    def verify_each(self, starts: Array, width: int) -> None:
        """Read `width` items from each of `starts` once, as far as there are so many. Raises DamagedFile."""
        low, high = int(starts.min()), int(starts.max()) + width
        if low < 0 or high > len(self._array):
            low, high = max(low, 0), min(high, len(self._array))
            starts = np.minimum(np.maximum(starts, 0), max(0, high - width))
        first, last = self._offset + low * self._width, self._offset + high * self._width
        if self._file._verified.find(0, first // BLOCK, -(-last // BLOCK)) < 0:
            return
        known = np.frombuffer(self._file._verified, np.bool_)
        begins, size = starts * self._width + self._offset, min(width, high) * self._width
        for more in (*range(0, size - 1, BLOCK), size - 1):
            blocks = (begins + more) // BLOCK
            for block in set(blocks[~known[blocks]].tolist()):
                self._file._verify(block * BLOCK, (block + 1) * BLOCK)
