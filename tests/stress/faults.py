"""Disks that fail, and what an index says: shared by tests/test_reliability.py and the long runs of `make stress`.

All that an index ever does to the disk it does by six methods of DurableStorage. `watched` puts something before and
after each call: a kill, an error, a record of it.
"""

import errno
import itertools
import os
import random
import shutil
import signal
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from swsearch import IndexCorrupt, IndexMissing, open_index, rebuild
from swsearch.engines.whoosh.storage import DurableStorage

OPERATIONS = ("_create", "_write", "_sync", "_sync_directory", "_rename", "_remove")
QUERIES = ("社工站", "民政厅 通知", "“实现全覆盖”", "社工站 -四川", "year:2023", "region:河北")


@contextmanager
def watched(before=None, after=None):
    """Call `before(number, operation, storage, arguments)`, and `after` alike, around all that is done to the disk."""
    originals = {name: getattr(DurableStorage, name) for name in OPERATIONS}
    numbers = itertools.count()

    def wrap(name):
        def call(self, *arguments):
            number = next(numbers)
            if before:
                before(number, name, self, arguments)
            result = originals[name](self, *arguments)
            if after:
                after(number, name, self, arguments)
            return result

        return call

    try:
        for name in OPERATIONS:
            setattr(DurableStorage, name, wrap(name))
        yield numbers
    finally:
        for name, original in originals.items():
            setattr(DurableStorage, name, original)


# ---- what is indexed


def page(number, province="河北", words="实现全覆盖"):
    """The text of a short page whose title says its number."""
    return (
        f"■ 本报记者 张三\n\n2023年，{province}省民政厅印发通知，要求各地加快建设第{number}座社工站。\n"
        f"通知明确，年底前{words}。\n\n{province}加快建设第{number}座社工站\n"
    )


def write_pages(folder, pages):
    """Make `folder` hold exactly `pages`, name -> text or bytes."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())


OLD = {f"p{n}.txt": page(n) for n in range(4)}
NEW = {**{f"p{n}.txt": page(n) for n in (0, 2)}, "p3.txt": page(3, "四川"), "p4.txt": page(4, "江西")}
"""One page removed, one changed, one new."""


def said(path):
    """Everything that an index answers, to be compared; "missing" where there is none."""
    try:
        with open_index(path) as index:
            results = [index.search(query, limit=0).to_dict() for query in QUERIES]
            files = {name: seed.sha256 for name, seed in index._engine.files().items()}
            records = [index.article(id).to_dict() for id, _ in index.ids(QUERIES[0], 0)[1]]
    except IndexMissing:
        return "missing"
    for result in results:
        del result["took_ms"]
    return results, files, records


def problems(path):
    """What `check` finds."""
    try:
        with open_index(path) as index:
            return index.check()
    except IndexMissing:
        return ()


def orphans(path):
    """Files in the directory of an index that its newest generation does not name."""
    from swsearch.engines.whoosh.generations import latest, read_generation, toc_name

    storage = DurableStorage(str(path))
    number = latest(storage)
    named = {segment.file for segment in read_generation(storage, number).segments} | {toc_name(number), "write.lock"}
    return set(os.listdir(path)) - named


class World:
    """Seeds, and what an index of them says, before and after a change. `copy()` is an index to be ill-treated."""

    def __init__(self, place, old=OLD, new=NEW, **options):
        self.place, self.seeds, self.options = Path(place), Path(place) / "seeds", options
        self.old_index, self.index = self.place / "old", self.place / "index"
        self.old = "missing"
        if old is not None:
            write_pages(self.seeds, old)
            rebuild(self.seeds, index=self.old_index)
            self.old = said(self.old_index)
        else:
            self.old_index.mkdir()
        write_pages(self.seeds, new)
        with watched() as numbers:
            self.rebuild_copy()
            self.operations = next(numbers)
        self.new = said(self.index)
        assert self.old != self.new
        assert problems(self.index) == ()
        assert not orphans(self.index)

    def copy(self):
        """The index as it was before the change, in `index`."""
        shutil.rmtree(self.index, ignore_errors=True)
        shutil.copytree(self.old_index, self.index)

    def rebuild(self):
        return rebuild(self.seeds, index=self.index, **self.options)

    def rebuild_copy(self):
        self.copy()
        return self.rebuild()

    def verify(self, rebuild=True):
        """Old or new and sound, whatever happened; the next rebuild gives the new one and leaves nothing behind."""
        now = said(self.index)
        assert now in (self.old, self.new), now
        assert problems(self.index) == ()
        if rebuild:
            self.rebuild()
            assert said(self.index) == self.new
            assert not orphans(self.index), orphans(self.index)
        return "new" if now == self.new else "old"


# ---- kills


def killed_at(world, number, when):
    """Rebuild in a process that is killed before or after the operation `number`; how it ended."""

    def kill(at, *_):
        if at == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def child():
        with watched(**{when: kill}):
            world.rebuild()

    return in_child(child)


def in_child(run, wait=None, wait_for=True):
    """Run something in a fork; `wait(pid)` may do something to it. Its wait status, if it is waited for."""
    pid = os.fork()
    if not pid:
        signal.alarm(300)  # whatever happens, it ends
        try:
            run()
            os._exit(0)
        except BaseException:
            os.write(2, traceback.format_exc().encode())
            os._exit(1)
    if wait:
        wait(pid)
    return os.waitpid(pid, 0)[1] if wait_for else None


# ---- errors


def failing_at(number, code=errno.ENOSPC, operations=OPERATIONS):
    """A disk whose operation `number` fails; a write has written half of it."""

    def fail(at, name, storage, arguments):
        if at == number and name in operations:
            if name == "_write":
                data = memoryview(arguments[2])
                arguments[1].write(data[: len(data) // 2])
            raise OSError(code, os.strerror(code), arguments[0] if arguments else None)

    return watched(before=fail)


# ---- power cuts


@dataclass
class Inode:
    written: bytes = b""
    synced: bytes = b""


@dataclass
class PowerCut:
    """A model of a disk with a cache: what was written but not synced may be there, cut short, or not at all; names
    that were not synced may be there or not, each for itself."""

    names: dict = field(default_factory=dict)  # as a process sees them
    kept: dict = field(default_factory=dict)  # as the disk has them
    pending: list = field(default_factory=list)  # (name, inode or None) in order; a rename is two that go together

    @classmethod
    def of(cls, folder):
        files = {path.name: Inode(path.read_bytes(), path.read_bytes()) for path in Path(folder).iterdir()}
        return cls(dict(files), dict(files), [])

    def do(self, name, arguments, data):
        """Follow one operation."""
        if name == "_create":
            self.names[arguments[0]] = Inode()
            self.pending.append([(arguments[0], self.names[arguments[0]])])
        elif name == "_write":
            self.names[arguments[0]].written += data
        elif name == "_sync":
            self.names[arguments[0]].synced = self.names[arguments[0]].written
        elif name == "_rename":
            old, new = arguments
            self.names[new] = self.names.pop(old)
            self.pending.append([(new, self.names[new]), (old, None)])
        elif name == "_remove":
            self.names.pop(arguments[0])
            self.pending.append([(arguments[0], None)])
        elif name == "_sync_directory":
            self.kept, self.pending = dict(self.names), []

    def states(self):
        """What may be on the disk after a power cut now: each a dict name -> bytes."""
        count = len(self.pending)
        chosen = {tuple(range(n)) for n in range(count + 1)}
        chosen |= {(n,) for n in range(count)}
        chosen |= {tuple(m for m in range(count) if m != n) for n in range(count)}
        for subset in chosen:
            names = dict(self.kept)
            for number in subset:
                for name, inode in self.pending[number]:
                    names.pop(name, None) if inode is None else names.__setitem__(name, inode)
            for cut in (0, 0.5, 1):
                yield {name: self._bytes(inode, cut) for name, inode in names.items()}

    @staticmethod
    def _bytes(inode, cut):
        rest = inode.written[len(inode.synced) :]
        return inode.synced + rest[: int(len(rest) * cut)]


def power_cuts(world):
    """Every different state that a power cut during a rebuild can leave; (state, whether the rebuild had ended)."""
    world.copy()
    disk, log = PowerCut.of(world.index), []

    def record(number, name, storage, arguments):
        log.append((name, arguments, bytes(arguments[2]) if name == "_write" else b""))

    with watched(before=record):
        world.rebuild()
    seen = set()
    for step, operation in enumerate([None, *log]):
        if operation:
            disk.do(*operation)
        for state in disk.states():
            key = (tuple(sorted(state.items())), step == len(log))
            if key not in seen:
                seen.add(key)
                yield state, step == len(log)


def write_state(folder, state):
    """Make a directory hold exactly these files."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, data in state.items():
        (folder / name).write_bytes(data)


# ---- damage


def damaged(folder, step=1, seed=1):
    """Damage each file of an index, one bit of each `step`th byte and each `step`th length; yields what was done.

    The damage is undone when the next is asked for. The lock file holds nothing that is read.
    """
    rng = random.Random(seed)
    for path in sorted(Path(folder).iterdir()):
        if path.name == "write.lock":
            continue
        whole = path.read_bytes()

        def put(data, path=path):
            path.unlink()  # a new file: nobody's map of the old one changes
            path.write_bytes(data)

        for at in range(rng.randrange(step), len(whole), step):
            torn = bytearray(whole)
            torn[at] ^= 1 << rng.randrange(8)
            put(torn)
            yield f"{path.name}: a bit of byte {at}"
        for at in range(rng.randrange(step), len(whole), step):
            put(whole[:at])
            yield f"{path.name}: cut to {at} bytes"
        put(whole)


def answer(ask):
    """What is answered, or IndexCorrupt; anything else is raised."""
    try:
        return ask()
    except IndexCorrupt as damage:
        if not damage.files:
            raise AssertionError("it names no file") from damage
        return IndexCorrupt


def verify_damage(folder, right, id):
    """What is damaged is found by `check`, and never shown; `right` is what the sound index says."""

    def ask(what):
        with open_index(folder) as index:
            return what(index)

    def article(index):
        return index.article(id).to_dict()

    def status(index):
        return replace(index.status(), size_bytes=0)

    wrong = answer(lambda: ask(lambda index: index.check()))
    assert wrong is IndexCorrupt or wrong, "check found nothing"
    assert answer(lambda: said(folder)) in (right[0], IndexCorrupt)
    assert answer(lambda: ask(article)) in (right[1], IndexCorrupt)
    assert answer(lambda: ask(status)) in (right[2], IndexCorrupt)
    return wrong


def right_answers(folder, id):
    with open_index(folder) as index:
        return said(folder), index.article(id).to_dict(), replace(index.status(), size_bytes=0)
