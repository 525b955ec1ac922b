"""Many readers beside one writer: each result set must be that of the generation it was read from."""

import os
import random
import time
from pathlib import Path

from stress.faults import in_child, page, write_pages

from swsearch import open_index, rebuild

PAGES = 5


def pages_of(commit):
    """The pages after so many commits: each commit gives one page its own number."""
    last = {n: max((m for m in range(1, commit + 1) if m % PAGES == n), default=1000 + n) for n in range(PAGES)}
    return {f"p{n}.txt": page(number) for n, number in last.items()}


def titles_of(commit):
    return {f"{name[:-4]}:1": text.strip().rpartition("\n")[2] for name, text in pages_of(commit).items()}


def read_until(index_path, stop, counts):
    """Open and refresh in turn until the file `stop` is there; the number of result sets that were right."""
    right = refreshed = 0
    rng = random.Random(os.getpid())
    while not stop.exists():
        with open_index(index_path) as index:
            for _ in range(rng.randrange(1, 20)):
                found = {hit.id: hit.title for hit in index.search("社工站", limit=0)}
                commit = index._engine.generation() - 1
                assert found == titles_of(commit), (commit, found)
                right += 1
                refreshed += index.refresh()
    counts.write_text(f"{right} {refreshed}")


def run(place, readers, commits, seconds=0.0):
    """Readers in processes of their own while one writer commits; (right result sets, refreshes) of them all."""
    place, index, stop = Path(place), Path(place) / "index", Path(place) / "stop"
    write_pages(place / "seeds", pages_of(0))
    rebuild(place / "seeds", index=index)
    pids = []
    for number in range(readers):
        in_child(
            lambda number=number: read_until(index, stop, place / f"count{number}"), wait=pids.append, wait_for=False
        )
    started = time.monotonic()
    try:
        for commit in range(1, commits + 1):
            write_pages(place / "seeds", pages_of(commit))
            rebuild(place / "seeds", index=index)
            time.sleep(max(0.0, started + seconds * commit / commits - time.monotonic()))
    finally:
        stop.touch()
        failed = [pid for pid in pids if os.waitpid(pid, 0)[1]]
    assert not failed, f"{len(failed)} of {readers} readers saw what was never committed"
    totals = [tuple(map(int, (place / f"count{n}").read_text().split())) for n in range(readers)]
    return sum(right for right, _ in totals), sum(moved for _, moved in totals)
