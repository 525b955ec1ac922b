"""Other processes that do one thing after the other, die with this one, and may die without it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import connection
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 16
"""Items per process that may be done before an earlier one is: bounds what waits in memory behind a slow one."""


def run(
    task: Callable[[Item], Result], items: Iterable[Item], jobs: int, died: Callable[[Item], Result]
) -> Generator[tuple[Item, Result], None, None]:
    """Each item with what `task` gave for it, in order; with what `died` gives if the process died of it.

    `items` are taken one by one while others are worked on: making them may take its time. What that raises ends the
    run. `task` must be importable, and raise nothing. Close the iterator to end the processes early.
    """
    source = iter(items)
    here: dict[int, Item] = {}  # taken and not given back
    ready: deque[int] = deque()  # of them, those that nobody works on yet
    done: dict[int, Result] = {}
    taken = emitted = 0
    more = True
    workers: list[_Worker] = []
    with _interrupts() as interrupts:
        try:
            while more or here:
                idle = [worker for worker in workers if worker.at is None]
                while ready and (idle or len(workers) < jobs):
                    if not idle:
                        workers.append(_Worker(task))
                        idle.append(workers[-1])
                    worker = idle.pop()
                    if worker.take(ready[0], here[ready[0]]):
                        ready.popleft()
                    else:
                        worker.kill()
                        workers.remove(worker)
                # One item for each process is made while they work, so that none waits for its next one.
                room = more and len(ready) < jobs and taken < emitted + AHEAD * jobs
                for worker in _answering(workers, interrupts, wait=not room):
                    at = worker.at
                    assert at is not None
                    try:
                        done[at] = worker.result()
                    except (EOFError, OSError):
                        done[at] = died(here[at])
                        worker.kill()
                        workers.remove(worker)
                    room = False
                while emitted in done:
                    yield here.pop(emitted), done.pop(emitted)
                    emitted += 1
                if room:
                    try:
                        here[taken] = next(source)
                    except StopIteration:
                        more = False
                    else:
                        ready.append(taken)
                        taken += 1
        finally:
            for worker in workers:
                worker.kill()


class _Worker:
    """One process; `at` is the number of the item that it works on."""

    def __init__(self, task: Callable[[Any], Any]) -> None:
        self.at: int | None = None
        self._new = True
        self.pipe, theirs = multiprocessing.Pipe()
        # A daemon: multiprocessing ends it with this process where the system does not.
        self._process = multiprocessing.Process(target=_serve, args=(theirs, task), daemon=True)
        with _interrupts_later():  # a child inherits this, and ignores them before it looks
            self._process.start()
        theirs.close()  # so that the pipe ends when the process does

    def take(self, at: int, item: Any) -> bool:
        """Begin with an item; False if the process has died since its last one, which is not this item's fault.

        One that dies before its first item is not replaced without end: `result` will tell that it is dead.
        """
        try:
            self.pipe.send(item)
        except OSError:
            if not self._new:
                return False
        self.at, self._new = at, False
        return True

    def result(self) -> Any:
        """What it gave. Raises EOFError or OSError if the process died."""
        value = self.pipe.recv()
        self.at = None
        return value

    def kill(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.join()
        self.pipe.close()


@contextmanager
def _interrupts_later() -> Iterator[None]:
    """Ctrl-C waits until the end of the block, where the system can make it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_heard: list[socket.socket] = []  # that of the run under way, which runs within it share


@contextmanager
def _interrupts() -> Iterator[socket.socket | None]:
    """What can be read once there was a Ctrl-C; None where it would not be a KeyboardInterrupt here.

    Until the end of the block it is no exception, which would be lost in `__del__` or in a hook of `os.fork`, and come
    late if the signal does between the last look at signals and the beginning of a wait: those who wait raise it.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or _heard or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield _heard[0] if main and _heard else None
        return
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        before = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGINT, lambda *_: None)
        _heard.append(ours)
        try:
            yield ours
        finally:
            _heard.clear()
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.set_wakeup_fd(before)
        with suppress(BlockingIOError):
            if signal.SIGINT in ours.recv(1024):
                raise KeyboardInterrupt


def _answering(workers: Sequence[_Worker], interrupts: socket.socket | None, *, wait: bool) -> list[_Worker]:
    """Those that have an answer, as soon as one has, or at once. Raises KeyboardInterrupt."""
    pipes = [worker.pipe for worker in workers if worker.at is not None]
    ready = connection.wait(pipes if interrupts is None else [*pipes, interrupts], None if wait and pipes else 0)
    if interrupts in ready and signal.SIGINT in interrupts.recv(1024):
        raise KeyboardInterrupt
    return [worker for worker in workers if worker.pipe in ready]


def _serve(pipe: Any, task: Callable[[Any], Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; the parent ends us
    _die_with_parent()
    with suppress(EOFError, OSError):
        while True:
            pipe.send(task(pipe.recv()))


def _die_with_parent() -> None:
    """End this process when its parent ends, even by kill -9 and even in the middle of a task."""
    if sys.platform == "linux":
        import ctypes

        pr_set_pdeathsig = 1
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
