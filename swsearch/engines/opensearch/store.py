"""OpenSearch as an engine: reading the index behind an alias, and building the next one beside it.

    articles                   the alias: what is read
    articles-g000012-5d0f3a1c  the generation it points to; blocked for writing
    articles-g000013-9b1e77d2  the next one while it is built; until the alias moves it has an alias of its own
    articles-lock              who is building

A rebuild clones the current generation (hard links), changes the clone, counts what is in it, and moves the alias in
one call, from the very index that it began with. Killed anywhere, readers see the old one; the next rebuild drops
what was left. A generation that was replaced stays until the next rebuild, or as long as it is being read.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from swsearch.engines.base import Found, Meta, Record, SeedFile, Sort
from swsearch.engines.opensearch import schema
from swsearch.engines.opensearch.client import ENGINE, Address, Cluster
from swsearch.engines.opensearch.lock import WriteLock
from swsearch.engines.opensearch.schema import ARTICLE, MAPPING, NOTICE, SEED
from swsearch.engines.opensearch.search import PointInTime, Reader, View, look
from swsearch.errors import EngineError, EngineUnavailable, IndexMissing, IndexStale, IndexStateError
from swsearch.query.nodes import BoundNode
from swsearch.settings import LOCK_SECONDS

T = TypeVar("T")

BULK_CHARS = 2_000_000
BULK_DOCUMENTS = 500
BULK_THREADS = 2
"""Two requests under way, the next being analysed meanwhile; more do not help while this process is the slower side."""

RECORDS_AT_ONCE = 100
"""Records fetched together when the hits of an answer are looked at one after the other."""

FILES_AT_ONCE = 1_000


class OpenSearchEngine:
    """One generation of an index in a cluster; with `write`, also the only writer of the next.

    Raises IndexMissing, IndexLocked, IndexStale (made by another version), IndexStateError (the name is somebody
    else's), EngineUnavailable.
    """

    name = ENGINE

    def __init__(
        self, url: str, *, write: bool = False, fresh: bool = False, lock_timeout_s: float = LOCK_SECONDS
    ) -> None:
        address = Address.of(url)
        self.path = address.url
        self._alias = address.alias
        self._address = address
        self._lock: WriteLock | None = None
        self._draft: _Draft | None = None
        self._removed: set[str] = set()
        self._cleared = fresh
        self._guard = threading.RLock()
        self._recent = threading.local()
        self._reader: Reader | None = None
        self._files: dict[str, SeedFile] | None = None
        self._cluster = Cluster(address)
        try:
            self._cluster.greet()
            self._load(write=write)
            if write:
                self._lock = WriteLock(self._cluster, lock_timeout_s)
                self._load(write=True)
                self._drop_leftovers()
        except BaseException:
            self.close()
            raise

    # ---- opening

    def _load(self, *, write: bool) -> None:
        """Look at the index behind the alias. A writer may find none, or one of another version, and begins anew."""
        found = self._behind_alias()
        view: View | None = None
        if found is not None:
            index, mapping = found
            if mapping == MAPPING:
                view = look(self._cluster, index, _generation(self._alias, index))
            elif not write:
                raise IndexStale(
                    f"the index {self.path} has mapping {mapping}, this version reads {MAPPING}: run swsearch rebuild",
                    self.path,
                    str(MAPPING),
                    str(mapping),
                )
        elif not write:
            raise IndexMissing(f"there is no index at {self.path}: make one with swsearch rebuild", self.path)
        with self._guard:
            self._current = found[0] if found else None
            self._reader = Reader(self._cluster, view) if view else None
            self._files = None

    def _behind_alias(self) -> tuple[str, Any] | None:
        """(index, its mapping's version) that the alias points to. Raises IndexStateError if it is not ours."""
        try:
            told = self._cluster.ask("GET", f"/{self._alias}")
        except IndexMissing:
            return None
        (index, described), *others = told.items()
        own = described.get("mappings", {}).get("_meta", {}).get("swsearch", {})
        if others or index == self._alias or own.get("alias") != self._alias:
            raise IndexStateError(
                f"{self.path}: {self._alias} is an index that swsearch did not make, so it is left alone: "
                "choose another name",
                self.path,
            )
        return index, own.get("mapping")

    def _generations(self) -> dict[str, dict[str, Any]]:
        """All indexes that swsearch made for this alias, with their descriptions."""
        told = self._cluster.ask("GET", f"/{self._alias}-g*", expand_wildcards="all", allow_no_indices=True)
        return {
            name: described
            for name, described in told.items()
            if _generation(self._alias, name)
            and described.get("mappings", {}).get("_meta", {}).get("swsearch", {}).get("alias") == self._alias
        }

    def _drop_leftovers(self) -> int:
        """Delete what older rebuilds left, but for what is being read; the highest number ever seen.

        A draft first loses its own alias, without which it cannot be published: so a writer that was thought dead
        and publishes at this very moment either comes first, and its index stays, or fails.
        """
        found = self._generations()
        for name, described in sorted(found.items()):
            aliases = described.get("aliases", {})
            if self._alias in aliases:
                continue
            with suppress(IndexMissing):
                if aliases:
                    try:
                        self._cluster.ask("POST", "/_aliases", {"actions": [_unname(name, one) for one in aliases]})
                    except EngineUnavailable:
                        raise
                    except EngineError:
                        continue
                told = self._cluster.ask("GET", f"/{name}/_stats/search")
                if not told["_all"]["total"].get("search", {}).get("point_in_time_current"):
                    self._cluster.ask("DELETE", f"/{name}")
        return max((_generation(self._alias, name) for name in found), default=0)

    # ---- writing

    def _writing(self) -> _Draft:
        if self._lock is None:
            raise EngineError("this index was opened for reading only", self.name)
        if self._draft is None:
            number = self._drop_leftovers() + 1
            source = None if self._cleared or self._reader is None else self._reader.view
            self._draft = _Draft(self._cluster, number, source)
        return self._draft

    def add(self, records: Iterable[Record], files: Iterable[SeedFile]) -> None:
        """See Engine."""
        draft = self._writing()
        for id, document in schema.record_documents(tuple(records)):
            draft.put(id, document)
        for seed in files:
            draft.put(*schema.seed_document(seed))

    def remove(self, files: Iterable[str]) -> None:
        """See Engine. It is what was committed that is removed."""
        if self._lock is None:
            raise EngineError("this index was opened for reading only", self.name)
        self._removed.update(files)

    def clear(self) -> None:
        """See Engine."""
        if self._lock is None:
            raise EngineError("this index was opened for reading only", self.name)
        self._cleared = True

    def commit(self, meta: Meta) -> None:
        """See Engine. The alias moves after everything is stored, counted and blocked for writing."""
        draft = self._writing()
        assert self._lock is not None
        draft.put(*schema.meta_document(meta))
        draft.finish(None if self._cleared else sorted(self._removed))
        self._lock.confirm()
        draft.publish(self._current)
        self._draft, self._cleared, self._removed = None, False, set()
        self._load(write=True)

    def rollback(self) -> None:
        """See Engine."""
        draft, self._draft = self._draft, None
        self._cleared, self._removed = False, set()
        if draft is not None:
            draft.drop()

    # ---- reading

    def _read(self, read: Callable[[Reader], T]) -> T:
        """What `read` returns. A generation that is gone is replaced by the newest, once."""
        reader = self._reader
        if reader is None:
            raise IndexMissing(f"there is no index at {self.path}: make one with swsearch rebuild", self.path)
        try:
            return read(reader)
        except IndexMissing:
            if not self.refresh() or self._reader is None:
                raise IndexMissing(
                    f"the index {self.path} was deleted while it was open: run swsearch rebuild", self.path
                ) from None
            return read(self._reader)

    def search(
        self,
        bound: BoundNode,
        *,
        limit: int | None = None,
        offset: int = 0,
        sort: Sort = "relevance",
        notices: bool = False,
        facets: bool = False,
    ) -> Found:
        """See Engine."""
        if self._reader is None:
            return Found(0, (), {"region": (), "year": (), "agency": (), "source": ()} if facets else {})

        def run(reader: Reader) -> tuple[Reader, Found, PointInTime | None]:
            return (reader, *reader.search(bound, limit, offset, sort, notices, facets))

        reader, found, point = self._read(run)
        self._forget_recent()
        self._recent.hits = _Hits(self._cluster, reader.view.index, [id for id, _ in found.hits], point)
        return found

    def body(self, bound: BoundNode) -> Mapping[str, Any]:
        """The body that is sent for `bound`, to be shown."""
        return self._read(lambda reader: reader.body(bound, "relevance", False, float("inf")))

    def df(self, form: str) -> int:
        """See Engine."""
        return self._read(lambda reader: reader.df(form)) if self._reader else 0

    def scores(self, bound: BoundNode, id: str) -> tuple[tuple[str, float], ...]:
        """See Engine."""
        return self._read(lambda reader: reader.parts(bound, id))

    def article(self, id: str) -> Record:
        """See Engine. The hits of the last search are fetched together, as they are asked for."""
        if self._reader is None:
            raise KeyError(id)
        hits: _Hits | None = getattr(self._recent, "hits", None)
        if hits is not None and id in hits:
            return hits.record(id)

        def read(reader: Reader) -> Record:
            found = _records(self._cluster, reader.view.index, [id])
            if id not in found:
                raise KeyError(id)
            return found[id]

        return self._read(read)

    def records(self, file: str) -> tuple[Record, ...]:
        """See Engine."""
        query = {"bool": {"filter": [{"term": {"file": schema.clean(file)}}, {"terms": {"kind": [ARTICLE, NOTICE]}}]}}
        if self._reader is None:
            return ()
        found = self._read(lambda reader: [schema.read_record(one) for one in reader.every(query, "id")])
        return tuple(sorted(found, key=lambda record: record.id))

    def files(self) -> Mapping[str, SeedFile]:
        """See Engine."""
        if self._reader is None:
            return {}
        if self._files is None:
            query = {"term": {"kind": SEED}}
            seeds = self._read(lambda reader: [schema.read_seed(one) for one in reader.every(query, "file")])
            self._files = {seed.file: seed for seed in seeds}
        return dict(self._files)

    def meta(self) -> Meta | None:
        """See Engine. Of an index with another mapping it is known only that it does not fit."""
        if self._reader is None:
            return Meta(0, {}) if self._current else None
        return self._reader.view.meta

    def counts(self) -> tuple[int, int]:
        """See Engine."""
        return (self._reader.view.articles, self._reader.view.notices) if self._reader else (0, 0)

    def generation(self) -> int:
        """See Engine."""
        return self._reader.view.generation if self._reader else 0

    def size_bytes(self) -> int:
        """What the generation takes on the disks of the cluster, without replicas."""
        told = self._read(lambda reader: self._cluster.ask("GET", f"/{reader.view.index}/_stats/store"))
        return int(told["_all"]["primaries"]["store"]["size_in_bytes"])

    def refresh(self) -> bool:
        """See Engine."""
        with self._guard:
            found = self._behind_alias()
            if found is None or found[0] == self._current:
                return False
            self._load(write=self._lock is not None)
            return True

    def check(self) -> tuple[str, ...]:
        """See Engine: shards are there, and the counts of each seed are what was indexed."""
        problems = []
        health = self._read(lambda reader: self._cluster.ask("GET", f"/_cluster/health/{reader.view.index}"))
        if health["status"] == "red":
            problems.append(f"{self.path}: shards are missing; start the nodes that hold them")
            return tuple(problems)
        held: dict[str, list[int]] = {}
        query = {"terms": {"kind": [ARTICLE, NOTICE]}}
        for record in self._read(lambda reader: list(map(schema.read_record, reader.every(query, "id")))):
            held.setdefault(record.file, [0, 0])[record.kind != ARTICLE] += 1
        for seed in self.files().values():
            found = held.pop(seed.file, [0, 0])
            if found != [seed.articles, seed.notices]:
                problems.append(
                    f"{seed.file}: {seed.articles} articles and {seed.notices} notices were indexed, "
                    f"{found[0]} and {found[1]} are there: run swsearch rebuild --full"
                )
        problems += [f"{file}: articles of a seed that the index does not know" for file in held]
        return tuple(problems)

    def _forget_recent(self) -> None:
        hits: _Hits | None = getattr(self._recent, "hits", None)
        self._recent.hits = None
        if hits is not None:
            hits.close()

    def close(self) -> None:
        """See Engine."""
        with suppress(EngineError, IndexMissing):
            self.rollback()
        self._forget_recent()
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        self._cluster.close()

    def __repr__(self) -> str:
        return f"<OpenSearchEngine {self.path!r}>"


class _Hits:
    """The hits of one answer, whose records are fetched when the first of them is asked for, many at a time."""

    def __init__(self, cluster: Cluster, index: str, ids: Sequence[str], point: PointInTime | None) -> None:
        self._cluster = cluster
        self._index = index
        self._ids = ids
        self._places = {id: at for at, id in enumerate(ids)}
        self._point = point
        self._held: dict[str, Record] = {}

    def __contains__(self, id: str) -> bool:
        return id in self._places

    def record(self, id: str) -> Record:
        """One of the records. Raises EngineError when two rebuilds took place since they were found."""
        if id not in self._held:
            at = self._places[id]
            wanted = self._ids[at : at + RECORDS_AT_ONCE]
            try:
                self._held = _records(self._cluster, self._index, wanted, self._point)
            except IndexMissing:
                self._held = {}
            if id not in self._held:
                raise EngineError("the index was rebuilt twice while an answer was read: ask again", ENGINE)
            if at + RECORDS_AT_ONCE >= len(self._ids):
                self.close()
        return self._held[id]

    def close(self) -> None:
        """Let go of the point in time, if the hits came of one."""
        if self._point is not None:
            self._point.close()
            self._point = None


def _records(cluster: Cluster, index: str, ids: Sequence[str], point: PointInTime | None = None) -> dict[str, Record]:
    """Records by id; those that do not exist are left out."""
    body = {"query": {"ids": {"values": [schema.record_id(id) for id in ids]}}, "_source": ["record"]}
    asked = {**body, "size": len(ids), "track_total_hits": False}
    told = point.search(asked) if point is not None else cluster.search(index, asked)
    found = [schema.read_record(hit["_source"]["record"]) for hit in told["hits"]["hits"]]
    return {record.id: record for record in found}


class _Draft:
    """The next generation while it is built, known by an alias of its own: when it is dropped from outside, storing
    fails instead of making a new index."""

    def __init__(self, cluster: Cluster, number: int, source: View | None) -> None:
        self._cluster = cluster
        self._number = number
        self._alias = cluster.address.alias
        self._index = f"{self._alias}-g{number:06d}-{uuid.uuid4().hex[:8]}"  # nobody else deletes or writes it
        self._own = f"{self._index}-draft"
        self._cloned = source is not None
        self._unsure = False
        self._before = 0
        self._created = 0
        self._put: set[str] = set()
        self._waiting: list[tuple[str, dict[str, Any]]] = []
        self._chars = 0
        self._pool = ThreadPoolExecutor(BULK_THREADS, "swsearch-bulk")
        self._flying: deque[Future[list[str]]] = deque()
        if source is not None:
            self._clone(source.index)
        else:
            self._create()

    def _create(self) -> None:
        address = self._cluster.address
        replicas = (
            {"auto_expand_replicas": "0-1"} if address.replicas is None else {"number_of_replicas": address.replicas}
        )
        settings = {"number_of_shards": address.shards, "refresh_interval": -1, **_UNSEEN, **replicas}
        body = {"settings": settings, "mappings": schema.mapping(self._alias), "aliases": {self._own: {}}}
        self._cluster.ask("PUT", f"/{self._index}", body)

    def _clone(self, source: str) -> None:
        body = {"settings": {"index.blocks.write": None, **_UNSEEN}, "aliases": {self._own: {}}}
        self._cluster.ask("POST", f"/{source}/_clone/{self._index}", body, wait_for_active_shards=1)
        self._cluster.ask("GET", f"/_cluster/health/{self._index}", wait_for_status="yellow", timeout="50s")
        self._before = self._count({"match_all": {}})

    # ---- storing

    def put(self, id: str, document: dict[str, Any]) -> None:
        """Store one document, soon. Raises what an earlier one was refused for."""
        self._put.add(id)
        self._waiting.append((id, {**document, "generation": self._number}))
        self._chars += sum(len(value) for value in document.values() if isinstance(value, str))
        if self._chars >= BULK_CHARS or len(self._waiting) >= BULK_DOCUMENTS:
            self._send()

    def _send(self) -> None:
        if self._waiting:
            self._flying.append(self._pool.submit(self._cluster.bulk, self._own, self._waiting))
        self._waiting, self._chars = [], 0
        while len(self._flying) > BULK_THREADS:
            self._landed()

    def _landed(self) -> None:
        self._created += self._flying.popleft().result().count("created")

    # ---- the end

    def finish(self, removed: Sequence[str] | None) -> None:
        """Everything stored, what came from the files `removed` before (None: from any) gone, and counted."""
        self._send()
        while self._flying:
            self._landed()
        self._refresh()
        deleted = 0
        if self._cloned:
            older = {"range": {"generation": {"lt": self._number}}}
            for query in [older] if removed is None else _of_files(removed):
                deleted += self._delete({"bool": {"filter": [older, query]}})
            self._refresh()
        own = self._count({"term": {"generation": self._number}})
        total = self._count({"match_all": {}})
        if own != len(self._put) or total != self._before + self._created - deleted:
            raise EngineError(
                f"{self._index} holds {total} documents, {own} of them new; {self._before + self._created - deleted} "
                f"and {len(self._put)} were expected: the old index stays, run swsearch rebuild again",
                ENGINE,
            )
        self._cluster.everywhere(f"/{self._index}/_flush")
        self._cluster.ask("PUT", f"/{self._index}/_settings", {"index.blocks.write": True})

    def publish(self, before: str | None) -> None:
        """Move the alias from the index that this one began with. Raises EngineError if it points elsewhere by now.

        When the answer to the first request was lost, the library asks again, which is refused, since it was done.
        """
        actions = [{"add": {"index": self._index, "alias": self._alias}}, _unname(self._index, self._own)]
        if before is not None:
            actions.insert(0, _unname(before, self._alias))
        try:
            self._cluster.ask("POST", "/_aliases", {"actions": actions})
        except (EngineError, IndexMissing) as error:
            self._unsure = True
            if not self._published():
                self._unsure = isinstance(error, EngineUnavailable)
                raise
        self._pool.shutdown()

    def _published(self) -> bool:
        """Whether the alias points to this index."""
        with suppress(IndexMissing):
            return self._index in self._cluster.ask("GET", f"/{self._alias}")
        return False

    def drop(self) -> None:
        """Delete it."""
        for future in self._flying:
            future.cancel()
        self._pool.shutdown(cancel_futures=True)
        if self._unsure:
            return  # the alias may have moved, or may yet: the next rebuild knows
        with suppress(IndexMissing):
            self._cluster.ask("DELETE", f"/{self._index}")

    def _refresh(self) -> None:
        self._cluster.everywhere(f"/{self._index}/_refresh")

    def _count(self, query: dict[str, Any]) -> int:
        told = self._cluster.search(self._index, {"query": query, "size": 0, "track_total_hits": True})
        return int(told["hits"]["total"]["value"])

    def _delete(self, query: dict[str, Any]) -> int:
        told = self._cluster.ask(
            "POST", f"/{self._own}/_delete_by_query", {"query": query}, timeout_s=600, conflicts="proceed"
        )
        if told["failures"] or told["timed_out"] or told["version_conflicts"]:
            raise EngineError(f"{self._index}: not all of the removed pages could be deleted: run it again", ENGINE)
        return int(told["deleted"])


_UNSEEN = {"index.translog.durability": "async"}
"""A draft need not survive a crash before it is flushed, which it is before it is published: no wait for the disk."""


def _of_files(files: Sequence[str]) -> Iterator[dict[str, Any]]:
    for at in range(0, len(files), FILES_AT_ONCE):
        yield {"terms": {"file": [schema.clean(file) for file in files[at : at + FILES_AT_ONCE]]}}


def _unname(index: str, alias: str) -> dict[str, Any]:
    return {"remove": {"index": index, "alias": alias, "must_exist": True}}


def _generation(alias: str, index: str) -> int:
    """The number in an index's name; 0 for one that is not named so."""
    found = re.fullmatch(rf"{re.escape(alias)}-g(\d{{6,}})-[0-9a-f]{{8}}", index)
    return int(found[1]) if found else 0
