"""Many threads ask one open index; when may it move on to a newer generation, and has it got to?"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

CLOCK_NS = 50_000_000
"""Changes of a directory nearer to each other may carry the same time: the clocks of file systems tick 4 to 20 ms."""


class Turns:
    """Questions go on side by side, moves between them, so that no answer is made of two generations."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._asking = 0
        self._moving = False
        self._mine = threading.local()

    @property
    def asked_here(self) -> bool:
        """Whether this very thread is at a question."""
        return getattr(self._mine, "asks", False)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """While this holds nobody moves; within a question the same thread may ask another."""
        if self.asked_here:
            yield
            return
        with self._changed:
            self._changed.wait_for(lambda: not self._moving)
            self._asking += 1
        self._mine.asks = True
        try:
            yield
        finally:
            self._mine.asks = False
            with self._changed:
                self._asking -= 1
                self._changed.notify_all()

    @contextmanager
    def moving(self) -> Iterator[None]:
        """While this holds nobody asks; what was being asked is answered first."""
        with self._changed:
            self._changed.wait_for(lambda: not self._moving)
            self._moving = True
        try:
            with self._changed:
                self._changed.wait_for(lambda: not self._asking)
            yield
        finally:
            with self._changed:
                self._moving = False
                self._changed.notify_all()


def last_change(path: str) -> int:
    """A number that changes when an index may have; 0 while its last change is so young that another may hide in it.

    Of a directory it is the time of its last change. For what is none, such as a cluster's address, it is the second,
    so that one look a second is taken.
    """
    try:
        changed = os.stat(path).st_mtime_ns
    except OSError:
        return int(time.monotonic()) + 1
    return changed if time.time_ns() - changed > CLOCK_NS else 0
