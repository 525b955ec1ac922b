"""An index that is old or new, never wrong: killed, cut off from power, without room, damaged, read while written.

The short version of everything; SWSEARCH_STRESS=1 (`make stress`) runs all of it. What is promised and the figures of
the last long run stand in docs/reliability.md.
"""

import errno
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT
from stress import reading
from stress.faults import (
    NEW,
    OLD,
    World,
    damaged,
    failing_at,
    in_child,
    killed_at,
    orphans,
    page,
    power_cuts,
    problems,
    right_answers,
    said,
    verify_damage,
    watched,
    write_pages,
    write_state,
)

from swsearch import EngineError, IndexCorrupt, IndexLocked, IndexMissing, open_index, rebuild, search
from swsearch.engines.whoosh import codec, generations
from swsearch.engines.whoosh.storage import DurableStorage
from swsearch.engines.whoosh.store import WhooshEngine

LONG = bool(os.environ.get("SWSEARCH_STRESS"))
long_only = pytest.mark.skipif(not LONG, reason="behind make stress")
posix_only = pytest.mark.skipif(os.name != "posix", reason="signals, forks and limits of POSIX")
pytestmark = posix_only
SHIM = ROOT / "tests/stress/shim.py"


def short(number, long):
    return long if LONG else number


@pytest.fixture(scope="module")
def figures():
    """What the runs counted; `make stress` prints it for docs/reliability.md."""
    counted = {}
    yield counted
    if LONG:
        print("\n" + json.dumps(counted, indent=1, ensure_ascii=False))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World(tmp_path_factory.mktemp("world"))


# ---- killed


WORLDS = {"change": {}, "first": {"old": None}, "full": {"full": True}}


@pytest.mark.parametrize("kind", WORLDS)
def test_killed_at_every_operation(kind, tmp_path, figures):
    """Kill -9 before and after each write, fsync, rename and delete: the old index or the new one, and no leftovers."""
    world = World(tmp_path, **WORLDS[kind])
    ends = []
    for number in range(0, world.operations, short(13, 1)):
        for when in ("before", "after"):
            world.copy()
            assert killed_at(world, number, when) == signal.SIGKILL
            ends.append(world.verify())
    assert "old" in ends
    if LONG:
        assert "new" in ends
    figures[f"kills at operations, {kind}"] = {"kills": len(ends), "old": ends.count("old"), "new": ends.count("new")}


def test_killed_at_random_instants(world, figures):
    """Kill -9 at any moment of a rebuild, its start and its end included."""
    rng, ends = random.Random(5), []
    started = time.monotonic()
    world.copy()
    assert in_child(world.rebuild) == 0
    took = time.monotonic() - started
    for _ in range(short(12, 250)):
        world.copy()

        def kill(pid):
            time.sleep(rng.uniform(0, 1.2 * took))
            os.kill(pid, signal.SIGKILL)

        in_child(world.rebuild, wait=kill)
        ends.append(world.verify())
    figures["kills at random"] = {"kills": len(ends), "old": ends.count("old"), "new": ends.count("new")}


@pytest.mark.parametrize("kind", WORLDS)
def test_power_cuts(kind, tmp_path, figures):
    """After every operation: un-synced data lost or cut, un-synced names there or not, in every combination tried."""
    world = World(tmp_path, **WORLDS[kind])
    ends = []
    for number, (state, ended) in enumerate(power_cuts(world)):
        if LONG or ended or number % 3 == 0:
            write_state(world.index, state)
            ends.append(world.verify(rebuild=number % 10 == 0 or LONG))
            assert not ended or ends[-1] == "new", "a rebuild that had ended was lost"
    assert {"old", "new"} == set(ends)
    figures[f"power cuts, {kind}"] = {"states": len(ends), "old": ends.count("old"), "new": ends.count("new")}


# ---- no room, no disk


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_fails_once(code, world, figures):
    """Whichever operation fails: one sentence, the old index whole, nothing left behind, the lock free."""
    failed = 0
    for number in range(0, world.operations, short(5, 1)):
        world.copy()
        message = None
        with failing_at(number, code):
            try:
                world.rebuild()
            except EngineError as error:
                message = str(error)
        if message is None:  # a file that could not be removed: next time
            assert said(world.index) == world.new
        else:
            failed += 1
            assert re.search("cannot be (written|read): ", message)
            assert "\n" not in message
            visible = "the new one is there" in message
            assert said(world.index) == (world.new if visible else world.old), number
            assert visible or orphans(world.index) == set()
        world.verify()
    figures[f"failed operations, {errno.errorcode[code]}"] = {"operations": world.operations, "failed": failed}


def test_a_disk_that_stays_full(world):
    """Every later operation fails too, removing apart: still nothing is left behind."""
    for number in range(0, world.operations, short(9, 1)):
        world.copy()

        def full(at, name, storage, arguments, number=number):
            if at >= number and name in ("_create", "_write", "_sync"):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with watched(before=full):
            try:
                world.rebuild()
                assert said(world.index) == world.new
            except EngineError:
                assert said(world.index) == world.old
        assert not orphans(world.index)


def command(*arguments, mode=None, **options):
    """`swsearch …` in a process of its own; with `mode`, through the shim."""
    program = [sys.executable, str(SHIM)] if mode else [sys.executable, "-m", "swsearch"]
    environment = {**os.environ, "SHIM_MODE": mode or "", "PYTHONPATH": str(ROOT)}
    # A shell starts what runs in the background deaf to Ctrl-C, and children inherit that.
    options.setdefault("preexec_fn", lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    return subprocess.Popen(
        [*program, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
        **options,
    )


def test_a_real_limit_on_the_command_line(world):
    """RLIMIT_FSIZE: exit status 2, one line, the old index whole."""
    world.copy()
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))  # noqa: E731
    process = command("rebuild", world.seeds, "--index", world.index, preexec_fn=limit)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 2
    assert told.decode().count("\n") == 1, told
    assert "cannot be written: File too large" in told.decode()
    assert said(world.index) == world.old
    assert not orphans(world.index)
    world.verify()


# ---- damage


def test_every_damage_is_found(tmp_path, figures):
    """One bit of a byte, or the end of a file: `check` finds it; queries raise IndexCorrupt or answer right."""
    write_pages(tmp_path / "seeds", {"p.txt": page(1)})
    rebuild(tmp_path / "seeds", index=tmp_path / "index")
    right = right_answers(tmp_path / "index", "p:1")
    count = named = 0
    for what in damaged(tmp_path / "index", step=short(40, 1)):
        try:
            wrong = verify_damage(tmp_path / "index", right, "p:1")
        except BaseException as error:
            raise AssertionError(what) from error
        name = what.partition(":")[0]
        named += wrong is IndexCorrupt or any(name in problem and "--full" in problem for problem in wrong)
        count += 1
    assert named == count
    figures["damaged files"] = {"flips and cuts": count, "found": named}


def test_a_missing_file_is_named(tmp_path):
    write_pages(tmp_path / "seeds", OLD)
    rebuild(tmp_path / "seeds", index=tmp_path / "index")
    with open_index(tmp_path / "index") as index:
        (segment,) = (tmp_path / "index").glob("*.arrays")
        segment.rename(tmp_path / "elsewhere")
        assert index.check() == (f"{segment.name}: it is missing: run swsearch rebuild --full",)
    with pytest.raises(IndexCorrupt, match=f"{segment.name}: it is missing") as caught:
        search("社工站", index=tmp_path / "index")
    assert caught.value.files == (segment.name,)


def test_a_full_rebuild_mends_any_damage(tmp_path):
    """Wherever the damage is."""
    write_pages(tmp_path / "seeds", OLD)
    rebuild(tmp_path / "seeds", index=tmp_path / "index")
    right = said(tmp_path / "index")
    (segment,) = (tmp_path / "index").glob("*.arrays")
    whole = segment.read_bytes()
    for at in range(0, len(whole), short(997, 101)):
        shutil.rmtree(tmp_path / "torn", ignore_errors=True)
        shutil.copytree(tmp_path / "index", tmp_path / "torn")
        (tmp_path / "torn" / segment.name).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        rebuild(tmp_path / "seeds", index=tmp_path / "torn", full=True)
        assert said(tmp_path / "torn") == right
        assert not orphans(tmp_path / "torn")


@pytest.mark.parametrize("layout", [999, generations.LAYOUT - 1])
def test_a_foreign_or_older_index_is_told_apart(tmp_path, layout):
    """Another layout: one sentence on a query, and the next rebuild makes it anew by itself."""
    write_pages(tmp_path / "seeds", OLD)
    rebuild(tmp_path / "seeds", index=tmp_path / "index")
    right = said(tmp_path / "index")
    import zlib

    (toc,) = (tmp_path / "index").glob("*.toc")
    text = toc.read_bytes().rpartition(b"\n")[0].replace(b'"layout":%d' % generations.LAYOUT, b'"layout":%d' % layout)
    toc.write_bytes(text + b"\n%08x" % zlib.crc32(text))
    with pytest.raises(
        Exception, match=f"layout {layout}, this version reads {generations.LAYOUT}: run swsearch rebuild"
    ):
        search("社工站", index=tmp_path / "index")
    report = rebuild(tmp_path / "seeds", index=tmp_path / "index")
    assert f"layout {layout}" in report.full_because
    assert said(tmp_path / "index") == right
    assert not orphans(tmp_path / "index")


def test_nothing_is_unpickled(world, monkeypatch):
    """Files of an index may come from anywhere: no byte of them is ever given to pickle or marshal."""
    import marshal
    import pickle

    world.copy()
    for module, name in ((pickle, "loads"), (pickle, "load"), (pickle, "Unpickler"), (marshal, "load")):
        monkeypatch.setattr(module, name, lambda *_, **__: pytest.fail("unpickled"))
    world.rebuild()
    assert said(world.index) == world.new
    assert problems(world.index) == ()


# ---- readers beside a writer


def test_readers_see_whole_generations(tmp_path, figures):
    readers, commits = short(3, 8), short(15, 200)
    right, refreshed = reading.run(tmp_path, readers, commits, seconds=short(2, 60))
    assert right > commits
    figures["readers beside a writer"] = {
        "readers": readers, "commits": commits, "result sets": right, "refreshes": refreshed,
    }  # fmt: skip


def test_a_reader_keeps_its_generation(tmp_path):
    """Its files may be gone from the directory; it answers from them as long as it likes, and then moves on."""
    write_pages(tmp_path / "seeds", OLD)
    rebuild(tmp_path / "seeds", index=tmp_path / "index")
    with open_index(tmp_path / "index") as index:
        before = index.search("社工站", limit=0).to_dict()["hits"]
        write_pages(tmp_path / "seeds", NEW)
        rebuild(tmp_path / "seeds", index=tmp_path / "index", full=True)
        assert index.search("社工站", limit=0).to_dict()["hits"] == before
        assert index.article("p1:1").title == "河北加快建设第1座社工站"
        assert index.refresh()
        assert index.search("社工站", limit=0).to_dict()["hits"] != before
        assert index.check() == ()


def test_a_reader_notices_an_index_made_from_nothing(tmp_path):
    """The same number, but not the same generation."""
    write_pages(tmp_path / "seeds", OLD)
    rebuild(tmp_path / "seeds", index=tmp_path / "index")
    with open_index(tmp_path / "index") as index:
        shutil.rmtree(tmp_path / "index")
        with pytest.raises(IndexMissing):
            index.refresh()
        assert index.search("社工站").total == 4
        write_pages(tmp_path / "seeds", {"q.txt": page(9)})
        assert rebuild(tmp_path / "seeds", index=tmp_path / "index").generation == index._engine.generation()
        assert index.refresh()
        assert index.search("社工站").total == 1


def test_what_is_open_is_not_deleted_on_windows(tmp_path, monkeypatch):
    """Where the system refuses to delete what is open, a later commit does it."""
    write_pages(tmp_path / "seeds", OLD)
    rebuild(tmp_path / "seeds", index=tmp_path / "index")
    held = set(os.listdir(tmp_path / "index"))
    original = DurableStorage._remove

    def refuse(self, name):
        if name in held:
            raise PermissionError(errno.EACCES, "The process cannot access the file", name)
        original(self, name)

    monkeypatch.setattr(DurableStorage, "_remove", refuse)
    for pages in (NEW, OLD, NEW):
        write_pages(tmp_path / "seeds", pages)
        rebuild(tmp_path / "seeds", index=tmp_path / "index", full=pages is OLD)
        assert orphans(tmp_path / "index") <= held
        assert problems(tmp_path / "index") == ()
    held.clear()
    rebuild(tmp_path / "seeds", index=tmp_path / "index")
    assert not orphans(tmp_path / "index")


# ---- one writer


def test_the_second_writer_learns_who_is_at_work(tmp_path, monkeypatch):
    write_pages(tmp_path / "seeds", OLD)
    monkeypatch.setattr("swsearch.engines.whoosh.store.LOCK_SECONDS", 0.2)
    engine = WhooshEngine(str(tmp_path / "index"), write=True)
    try:
        with pytest.raises(IndexLocked, match=f"process {os.getpid()} is writing the index"):
            WhooshEngine(str(tmp_path / "index"), write=True, lock_timeout_s=0.2)
    finally:
        engine.close()
    assert rebuild(tmp_path / "seeds", index=tmp_path / "index").articles == 4


def test_a_writer_waits_for_the_other(tmp_path):
    """Two rebuilds at once: the second goes on where the first ended."""
    write_pages(tmp_path / "seeds", OLD)
    processes = [command("rebuild", tmp_path / "seeds", "--index", tmp_path / "index") for _ in range(3)]
    told = [process.communicate(timeout=60)[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], told
    assert sorted("4 new" in text for text in told) == [False, False, True]
    assert problems(tmp_path / "index") == ()


def test_a_removed_lock_file_does_not_let_two_writers_commit(tmp_path):
    write_pages(tmp_path / "seeds", OLD)
    rebuild(tmp_path / "seeds", index=tmp_path / "index")
    engine = WhooshEngine(str(tmp_path / "index"), write=True)
    (tmp_path / "index/write.lock").unlink()
    write_pages(tmp_path / "seeds", NEW)
    rebuild(tmp_path / "seeds", index=tmp_path / "index")
    right = said(tmp_path / "index")
    with pytest.raises(IndexLocked, match="was removed"):
        engine.commit(engine.meta())
    engine.close()
    assert said(tmp_path / "index") == right
    assert not orphans(tmp_path / "index")


# ---- incremental equals full


def some_change(rng, pages):
    """One page more, less, changed or renamed; ready-made articles whose ids others have too."""
    pages, names = dict(pages), sorted(pages)
    kind = rng.choice(["add", "add", "change", "rename", "remove", "ready", "touch"])
    if kind == "add" or not pages:
        pages[f"p{rng.randrange(40)}.txt"] = page(rng.randrange(99), rng.choice(["河北", "四川", "江西"]))
    elif kind == "ready":
        rows = [
            {
                "id": f"x:{rng.randrange(6)}",
                "title": f"社工站条例{rng.randrange(99)}",
                "body": "民政厅通知。\n年底前实现全覆盖。",
            }
            for _ in range(rng.randrange(1, 4))
        ]
        lines = [json.dumps(row, ensure_ascii=False) for row in {row["id"]: row for row in rows}.values()]
        pages[f"r{rng.randrange(4)}.jsonl"] = "\n".join(lines)
    elif kind == "touch":
        pass
    else:
        name = rng.choice(names)
        text = pages.pop(name)
        if kind == "change" and name.endswith(".txt"):
            pages[name] = page(rng.randrange(99), rng.choice(["河北", "四川"]), rng.choice(["实现全覆盖", "建成一批"]))
        elif kind == "rename":
            pages[f"{name[0]}{rng.randrange(40)}{name[-4:] if name[0] == 'p' else '.jsonl'}"] = text
    return pages


def asked(path):
    """Hits, scores, order and facets; not the hashes, since a seed that lost an id has none."""
    results, _, records = said(path)
    return results, records


def test_incremental_equals_full(tmp_path, monkeypatch, figures):
    """Whatever the changes: the same hits, scores and order as an index made from nothing; small segments too."""
    rng, checks = random.Random(11), 0
    for sequence in range(short(3, 60)):
        monkeypatch.setattr(generations, "TAIL_CHARS", rng.choice([0, 200, 1_000_000]))
        index, pages = tmp_path / f"index{sequence}", {}
        for _ in range(short(8, 15)):
            for _ in range(rng.randrange(1, 4)):
                pages = some_change(rng, pages)
            write_pages(tmp_path / "seeds", pages)
            rebuild(tmp_path / "seeds", index=index)
            shutil.rmtree(tmp_path / "full", ignore_errors=True)
            rebuild(tmp_path / "seeds", index=tmp_path / "full")
            assert asked(index) == asked(tmp_path / "full")
            assert problems(index) == ()
            assert not orphans(index)
            checks += 1
    figures["incremental equals full"] = {"sequences": sequence + 1, "comparisons": checks}


def test_an_id_goes_back_when_the_other_lets_go(tmp_path):
    """a.jsonl comes first, so the id is its; when it goes, b.jsonl has it, though nothing of b changed."""
    row = '{"id": "x:1", "title": "社工站%s", "body": "正文"}'
    write_pages(tmp_path / "seeds", {"b.jsonl": row % "乙"})
    build = lambda: rebuild(tmp_path / "seeds", index=tmp_path / "index")  # noqa: E731
    titles = lambda: [hit.title for hit in search("社工站", index=tmp_path / "index")]  # noqa: E731
    build()
    write_pages(tmp_path / "seeds", {"a.jsonl": row % "甲", "b.jsonl": row % "乙"})
    assert "the id x:1 is also in a.jsonl" in str(build().skipped[0])
    assert titles() == ["社工站甲"]
    again = build()
    assert len(again.skipped) == 1
    assert (again.new, again.changed, again.unchanged) == ((), (), 2)
    write_pages(tmp_path / "seeds", {"b.jsonl": row % "乙"})
    assert not build().skipped
    assert titles() == ["社工站乙"]
    assert problems(tmp_path / "index") == ()


def test_many_segments(tmp_path, monkeypatch):
    """Segments that are full: an article is found in whichever it is, after changes too."""
    monkeypatch.setattr(codec, "MOST_DOCS", 8)
    monkeypatch.setattr(generations, "MOST_DOCS", 8)
    pages = {f"p{n}.txt": page(n) for n in range(20)}
    write_pages(tmp_path / "seeds", pages)
    rebuild(tmp_path / "seeds", index=tmp_path / "index")
    assert len(list((tmp_path / "index").glob("*.arrays"))) > 3
    write_pages(tmp_path / "seeds", {**pages, "p3.txt": page(77)})
    rebuild(tmp_path / "seeds", index=tmp_path / "index")
    assert problems(tmp_path / "index") == ()
    assert search("社工站", index=tmp_path / "index").total == 20
    assert {hit.id for hit in search("“第77座”", index=tmp_path / "index")} == {"p3:1"}
    assert not orphans(tmp_path / "index")


def test_many_small_commits(tmp_path, monkeypatch, figures):
    """No orphans, few segments, and queries about as fast as on a fresh index."""
    if not LONG:
        monkeypatch.setattr(generations, "TAIL_CHARS", 1000)
    pages, commits = {}, short(60, 1000)
    for number in range(commits):
        pages[f"p{number}.txt"] = page(number)
        (tmp_path / "seeds").mkdir(exist_ok=True)
        (tmp_path / "seeds" / f"p{number}.txt").write_text(page(number), encoding="utf-8")
        rebuild(tmp_path / "seeds", index=tmp_path / "index")
    assert not orphans(tmp_path / "index")
    segments = len(list((tmp_path / "index").glob("*.arrays")))
    assert segments <= 4
    rebuild(tmp_path / "seeds", index=tmp_path / "fresh")
    assert said(tmp_path / "index") == said(tmp_path / "fresh")
    if LONG:
        ratio = speed(tmp_path / "index") / speed(tmp_path / "fresh")
        assert ratio < 1.5
        figures["small commits"] = {
            "commits": commits,
            "segments": segments,
            "query time, times fresh": round(ratio, 2),
        }


def speed(path):
    """Seconds of a round of queries, the best of many."""
    with open_index(path) as index:
        best = []
        for query in ("社工站", "第17座", "民政厅 通知", "region:河北 全覆盖", "座社工站 实现"):
            times = []
            for _ in range(60):
                started = time.perf_counter()
                index.search(query)
                times.append(time.perf_counter() - started)
            best.append(min(times))
    return sum(best)


# ---- interrupts


def children(pid):
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c(world, jobs):
    """The old index whole, the lock free, a sentence, exit status 130, no process left."""
    world.copy()
    process = command("rebuild", world.seeds, "--index", world.index, "--jobs", jobs, "--full", mode="waits")
    process.stderr.readline()
    workers = children(process.pid) if sys.platform == "linux" else []
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert [line for line in told.decode().splitlines() if line not in ("", "reading")] == [
        "swsearch: stopped; nothing was left half done"
    ]
    assert not any(map(running, workers))
    assert not orphans(world.index)
    assert world.verify() == "old"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
@pytest.mark.parametrize("mode", ["waits", "hangs"])
def test_workers_die_with_the_parent(world, mode):
    """Kill -9 of the parent, workers waiting or deep inside a regular expression."""
    world.copy()
    process = command("rebuild", world.seeds, "--index", world.index, "--jobs", 2, "--full", mode=mode)
    process.stderr.readline()
    deadline = time.monotonic() + 20
    while len(workers := children(process.pid)) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)  # the first says that it works before the second is there
    assert len(workers) == 2
    process.kill()
    process.wait()
    deadline = time.monotonic() + 5
    while any(map(running, workers)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(running, workers))
    process.communicate()
    assert world.verify() == "old"


@pytest.mark.parametrize(("mode", "reason"), [("dies", "the process that read it died"), ("fails", "please report it")])
def test_a_page_that_breaks_its_worker(tmp_path, mode, reason):
    """It is reported, the others go in."""
    write_pages(tmp_path / "seeds", {f"p{n}.txt": page(n) for n in range(9)})
    process = command("rebuild", tmp_path / "seeds", "--index", tmp_path / "index", "--jobs", 2, mode=mode)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 3
    first, *rest = told.decode().splitlines()
    assert "p2.txt" in first
    assert reason in first
    assert len(rest) == 1
    assert search("社工站", index=tmp_path / "index").total == 8


# ---- hostile pages


def test_hostile_pages(tmp_path):
    """Each is indexed or reported by name; none keeps the others out."""
    seeds = tmp_path / "seeds"
    write_pages(
        seeds,
        {
            "good.txt": page(1),
            "huge.txt": b"a" * (17 << 20),
            "every_byte.txt": bytes(range(256)) * 20,
            "controls.txt": page(2) + "".join(map(chr, range(1, 32))),
            "nul.txt": b"\0" * 5000,
            "empty.txt": b"",
            "escape\x1b]0;title\x07.txt": page(3, words="\x1b[31m红\x1b[0m"),
            "surrogate.jsonl": '{"id": "s:1", "title": "\\ud800社工站", "body": "\\udfff"}',
        },
    )
    with open(os.fsencode(seeds) + b"/\xe9\xff.txt", "wb") as stream:
        stream.write(page(4).encode())
    (seeds / "loop").symlink_to(seeds)
    (seeds / "self.txt").symlink_to("self.txt")
    os.mkfifo(seeds / "pipe.txt")
    deep = seeds
    for _ in range(60):
        deep = deep / "深深的目录"
    deep.mkdir(parents=True)
    (deep / "deep.txt").write_text(page(5), encoding="utf-8")
    report = rebuild(seeds, index=tmp_path / "index")
    names = {os.path.basename(error.path).split("\\")[0] for error in report.skipped}
    assert {"huge.txt", "every_byte.txt", "nul.txt", "self.txt", "pipe.txt"} <= names
    assert {"deep", "good", "escape"} <= {
        re.split(r"[:\\]", hit.id)[0].rpartition("/")[2] for hit in search("社工站", index=tmp_path / "index", limit=0)
    }
    assert problems(tmp_path / "index") == ()
    again = rebuild(seeds, index=tmp_path / "index")
    assert (again.new, again.changed, again.removed) == ((), (), ())
    for name in (seeds / os.fsdecode(b"\xe9\xff.txt"), deep / "deep.txt"):
        name.unlink()
    gone = rebuild(seeds, index=tmp_path / "index")
    assert len(gone.removed) == 2
    assert problems(tmp_path / "index") == ()


def test_files_that_vanish_or_change_while_they_are_read(tmp_path, monkeypatch):
    """What vanished is reported and goes with the next rebuild; what changed is read again with the next one."""
    import swsearch.index as module

    write_pages(tmp_path / "seeds", OLD)
    original, seeds = module.read_seed, tmp_path / "seeds"

    def read(seed):
        if seed.file == "p1.txt":
            seed.path.unlink()
        result = original(seed)
        if seed.file == "p2.txt":
            seed.path.write_text(page(55), encoding="utf-8")
        return result

    monkeypatch.setattr(module, "read_seed", read)
    report = rebuild(seeds, index=tmp_path / "index")
    assert [os.path.basename(error.path) for error in report.skipped] == ["p1.txt"]
    assert len(report.new) == 3
    monkeypatch.setattr(module, "read_seed", original)
    report = rebuild(seeds, index=tmp_path / "index")
    assert (report.changed, report.skipped) == (("p2.txt",), ())
    assert search("“第55座”", index=tmp_path / "index").total == 1


def test_escapes_are_never_sent_to_a_terminal(tmp_path):
    """Names and texts with terminal sequences, printed by every command to a real terminal."""
    import pty

    write_pages(
        tmp_path / "seeds",
        {"e\x1b]0;t\x07.txt": page(3, words="实现\x1b[31m红\x9b31m全覆盖"), "n\x1bn.txt": b"\0" * 99},
    )
    environment = {**os.environ, "NO_COLOR": "1", "TERM": "xterm", "COLUMNS": "80"}
    id = r"e\x1b]0;t\x07:1"
    for arguments in (["rebuild", "seeds"], ["query", "社工站"], ["show", id]):
        master, slave = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "swsearch", *arguments],
            cwd=tmp_path, stdin=slave, stdout=slave, stderr=slave, env=environment,
        )  # fmt: skip
        os.close(slave)
        shown = b""
        try:
            while block := os.read(master, 65536):
                shown += block
        except OSError:  # the end of a terminal, on Linux
            pass
        os.close(master)
        assert process.wait() in (0, 3), shown
        if arguments[0] == "rebuild":  # the bar moves the cursor
            shown = re.sub(rb"\x1b\[(\?25[lh]|\d*[AK]|2K)", b"", shown)
        assert b"\x1b" not in shown, (arguments, shown)
        assert "\x9b".encode() not in shown
        assert b"\x07" not in shown


# ---- memory


MEASURE = """
import sys
from bench.worker import peak_bytes
from swsearch import rebuild
report = rebuild(sys.argv[1], index=sys.argv[2])
print(report.articles, peak_bytes() >> 20, round(report.took_s, 1))
"""


@long_only
def test_memory(tmp_path, figures):
    """5,000 pages into nothing, and 500 into an index of many: the peak stays under 600 MB and does not grow."""
    rng = random.Random(3)
    sentences = [
        line for path in (ROOT / "seeds").glob("*.txt") for line in path.read_text("utf-8").splitlines() if line
    ]

    def pages(folder, count):
        folder.mkdir()
        for number in range(count):
            text = "\n".join(rng.choice(sentences) for _ in range(120)) + f"\n第{number}版"
            (folder / f"{folder.name}{number}.txt").write_text(text, encoding="utf-8")

    def measure(seeds, index):
        out = subprocess.run(
            [sys.executable, "-c", MEASURE, seeds, index], capture_output=True, check=True, text=True, cwd=ROOT
        )
        return [float(one) for one in out.stdout.split()]

    seeds = tmp_path / "seeds"
    seeds.mkdir()
    pages(seeds / "a", 500)
    alone = measure(seeds, tmp_path / "index")
    pages(seeds / "b", 5000)
    many = measure(seeds, tmp_path / "index")
    pages(seeds / "c", 500)
    more = measure(seeds, tmp_path / "index")
    figures["memory, MB"] = {"500 pages": alone[1], "5,000 more": many[1], "500 more": more[1], "seconds": many[2]}
    assert max(alone[1], many[1], more[1]) < 600
    assert more[1] < 1.5 * alone[1]
