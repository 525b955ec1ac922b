"""One writer at a time: a document that says who writes and that keeps beating while they do.

It keeps rebuilds out of each other's way. That no rebuild is lost does not hang on it: the alias is moved only from
the very index that the rebuild began with (`store`).
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from contextlib import suppress
from typing import Any

from swsearch.engines.opensearch.client import Cluster
from swsearch.errors import EngineError, EngineUnavailable, IndexLocked, IndexMissing
from swsearch.settings import LOCK_SECONDS

BEAT_SECONDS = 2.0
STILL_SECONDS = 15.0
"""A writer whose document did not change for so long, as we see it, is dead: seven beats were left out."""

WRITER = "writer"


class WriteLock:
    """Held from construction to `release`. Raises IndexLocked while another process writes."""

    def __init__(self, cluster: Cluster, timeout_s: float = LOCK_SECONDS) -> None:
        self._cluster = cluster
        self._index = f"{cluster.address.alias}-lock"
        self._me = {"owner": uuid.uuid4().hex, "host": _host(), "pid": os.getpid()}
        self._beats = 0
        self._version: tuple[int, int] | None = None
        self._lost: str | None = None
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._make_index()
        self._acquire(timeout_s)
        self._thread = threading.Thread(target=self._beat_on, name="swsearch-lock", daemon=True)
        self._thread.start()

    def confirm(self) -> None:
        """Make sure that the lock is still ours. Raises IndexLocked when somebody else took it over."""
        with self._guard:
            if self._lost is None:
                self._beat()
            if self._lost is not None:
                raise IndexLocked(
                    f"another rebuild of {self._cluster.address.url} took over while this one was silent; nothing "
                    "of this one was kept: run swsearch rebuild again",
                    self._cluster.address.url,
                )

    def release(self) -> None:
        """Let others write."""
        self._stop.set()
        self._thread.join(timeout=5)
        with self._guard:
            if self._version is not None and self._lost is None:
                with suppress(EngineError, IndexMissing):
                    self._cluster.ask("DELETE", f"/{self._index}/_doc/{WRITER}", timeout_s=10, **self._condition())
            self._version = None

    # ---- inside

    def _acquire(self, timeout_s: float) -> None:
        started = time.monotonic()
        seen: tuple[int, int] | None = None
        since = started
        while not self._create():
            told = self._holder()
            if told is None:
                continue
            version, holder = told
            now = time.monotonic()
            if version != seen:
                beats, seen, since = seen is not None, version, now
                if beats and now - started >= timeout_s:
                    raise self._held_by(holder)
            if (_is_dead(holder) or now - since >= STILL_SECONDS) and self._take_over(version):
                return
            if holder.get("host") == _host() and not _is_dead(holder) and now - started >= timeout_s:
                raise self._held_by(holder)
            time.sleep(0.2)

    def _held_by(self, holder: dict[str, Any]) -> IndexLocked:
        pid = holder.get("pid")
        return IndexLocked(
            f"process {pid} on {str(holder.get('host', '')).partition(' ')[0]} is rebuilding "
            f"{self._cluster.address.url}: wait for it to end",
            self._cluster.address.url,
            pid if isinstance(pid, int) else None,
        )

    def _create(self) -> bool:
        return self._write(op_type="create")

    def _take_over(self, version: tuple[int, int]) -> bool:
        return self._write(if_seq_no=version[0], if_primary_term=version[1])

    def _write(self, **condition: Any) -> bool:
        """Store our name on a condition; whether it held."""
        body = {**self._me, "beats": self._beats}
        path = f"/{self._index}/_doc/{WRITER}"
        try:
            told = self._cluster.ask("PUT", path, body, timeout_s=10, **condition)
        except EngineError as error:
            if getattr(error.__cause__, "status_code", None) != 409:
                raise
            holder = self._holder()
            if holder is None or holder[1].get("owner") != self._me["owner"] or holder[1]["beats"] != self._beats:
                return False
            self._version = holder[0]  # it was stored; the first answer was lost on its way
            return True
        self._version = (told["_seq_no"], told["_primary_term"])
        return True

    def _make_index(self) -> None:
        """Storing into an index that is not there would make one with the cluster's defaults."""
        with suppress(IndexMissing):
            self._cluster.ask("HEAD", f"/{self._index}")
            return
        body = {
            "settings": {"number_of_shards": 1, "auto_expand_replicas": "0-1"},
            "mappings": {"dynamic": False, "_meta": {"swsearch": {"lock": self._cluster.address.alias}}},
        }
        try:
            self._cluster.ask("PUT", f"/{self._index}", body)
        except EngineError as error:
            if "exists" not in str(error):
                raise

    def _holder(self) -> tuple[tuple[int, int], dict[str, Any]] | None:
        """(version, who holds the lock), or None when nobody does."""
        try:
            told = self._cluster.ask("GET", f"/{self._index}/_doc/{WRITER}", timeout_s=10)
        except IndexMissing:
            return None
        return (told["_seq_no"], told["_primary_term"]), told["_source"]

    def _condition(self) -> dict[str, int]:
        assert self._version is not None
        return {"if_seq_no": self._version[0], "if_primary_term": self._version[1]}

    def _beat_on(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            with self._guard, suppress(EngineUnavailable):  # it may come back; `confirm` asks again
                if self._lost is None and self._version is not None:
                    try:
                        self._beat()
                    except EngineUnavailable:
                        raise
                    except (EngineError, IndexMissing) as error:
                        self._lost = str(error)

    def _beat(self) -> None:
        self._beats += 1
        if not self._write(**self._condition()):
            self._lost = "somebody else holds the lock"


def _host() -> str:
    """The machine and, where Linux tells, its boot and our process namespace: where all are equal, pids compare."""
    marks = [socket.gethostname()]
    with suppress(OSError), open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        marks.append(file.read().strip())
    with suppress(OSError):
        marks.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(marks)


def _is_dead(holder: dict[str, Any]) -> bool:
    """Whether the holder was a process of this very machine that is gone."""
    pid = holder.get("pid")
    if holder.get("host") != _host() or len(_host().split()) < 3 or not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
