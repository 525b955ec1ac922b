"""A process per system, pinned to one core: commands come in as lines of JSON, answers go out as such.

`python -m bench.worker NAME CORE` is started by `Worker`, the other end.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from bench import corpus
from bench.systems import System, fresh, make, size_bytes

ROOT = Path(__file__).parent.parent
WARMING_ARTICLES = 20


class Worker:
    """The parent's end: a context manager; `ask` waits for the answer."""

    def __init__(self, name: str, core: int | None) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.worker", name, "" if core is None else str(core)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )

    def ask(self, command: str, **values: Any) -> Any:
        """What the process answers. Raises RuntimeError with its traceback."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"command": command, **values}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name}: its process ended with {self._process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{self.name}: {answer['error']}")
        return answer["answer"]

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def pin(core: int | None) -> None:
    """Keep this process and what it starts on one core, where the system can."""
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def peak_bytes() -> int:
    """The most memory this process has held. Not ru_maxrss, which a child inherits from whoever started it."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


# ---- commands


def build(system: System, articles: str, index: str) -> dict[str, Any]:
    """Seconds, processor seconds, bytes and peak memory of making an index."""
    system.warm()
    with tempfile.TemporaryDirectory() as folder:
        few = Path(folder) / "few.jsonl"
        corpus.write(few, (doc for doc, _ in zip(corpus.read(Path(articles)), range(WARMING_ARTICLES), strict=False)))
        system.build(few, Path(folder) / "index")
    gc.collect()
    before = peak_bytes()
    place = fresh(Path(index))
    started, processor = time.perf_counter(), time.process_time()
    system.build(Path(articles), place)
    seconds, processor = time.perf_counter() - started, time.process_time() - processor
    return {
        "seconds": seconds,
        "cpu_seconds": processor,
        "size_bytes": size_bytes(place),
        "peak_bytes": peak_bytes(),
        "peak_before_bytes": before,
    }


def opened(system: System, articles: str, index: str, warming: list[str]) -> None:
    """Open the index, and ask it queries that are not measured."""
    system.warm()
    system.open(Path(articles), Path(index))
    for query in warming:
        system.ids(query, 10)
        system.search(query, 10)
    gc.collect()
    gc.freeze()


def timed(system: System, queries: list[str], mode: str, limit: int) -> list[int]:
    """Nanoseconds of each query, one after the other."""
    ask: Callable[[str, int], Any] = system.ids if mode == "ids" else system.search
    clock = time.perf_counter_ns
    system.forget()
    gc.collect()
    out = []
    for query in queries:
        started = clock()
        ask(query, limit)
        out.append(clock() - started)
    return out


def all_ids(system: System, queries: list[str]) -> list[list[str]]:
    """Every match of each query. Raises RuntimeError where the total says otherwise."""
    out = []
    for query in queries:
        total, hits = system.exactly(query)
        if total != len(hits):
            raise RuntimeError(f"{query!r}: {total} in all, {len(hits)} given")
        out.append([id for id, _ in hits])
    return out


def pages(system: System, folders: list[str], seconds: float) -> dict[str, Any]:
    """Pages a second of processor time that the page pipeline takes, facts and all; not a matter of systems.

    `rate` is that of all folders together, `rates` that of each; `slowest_ms` the best time of the slowest page. All
    pages are read once before, so that loading gazetteer and word lists is in no figure.
    """
    from swsearch import read_page, segment

    paths = [(number, path) for number, folder in enumerate(folders) for path in sorted(Path(folder).glob("*.txt"))]
    for _, path in paths:
        segment(read_page(path))
    spent, best, passes = [0.0] * len(folders), [float("inf")] * len(paths), 0
    while not passes or sum(spent) < seconds:
        for at, (number, path) in enumerate(paths):
            started = time.process_time()
            segment(read_page(path))
            taken = time.process_time() - started
            spent[number] += taken
            best[at] = min(best[at], taken)
        passes += 1
    counts = [sum(number == at for at, _ in paths) for number in range(len(folders))]
    return {
        "pages": len(paths),
        "passes": passes,
        "rate": passes * len(paths) / sum(spent),
        "rates": [passes * count / cpu for count, cpu in zip(counts, spent, strict=True)],
        "slowest_ms": max(best) * 1000,
    }


COMMANDS: dict[str, Callable[..., Any]] = {
    "build": build,
    "open": opened,
    "time": timed,
    "all": all_ids,
    "pages": pages,
}


def main() -> None:
    name, core = sys.argv[1:]
    pin(int(core) if core else None)
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no answer
    system = make(name)
    for line in sys.stdin:
        values = json.loads(line)
        try:
            answer = {"answer": COMMANDS[values.pop("command")](system, **values)}
        except Exception:
            answer = {"error": traceback.format_exc()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
