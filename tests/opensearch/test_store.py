"""The life of an index in a cluster: what is seen, what is left, who may write, and what is never touched."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from swsearch import open_index, rebuild
from swsearch.engines.base import Meta, SeedFile
from swsearch.engines.opensearch import lock, search, store
from swsearch.engines.opensearch.store import OpenSearchEngine
from swsearch.errors import EngineError, IndexLocked, IndexMissing, IndexStale, IndexStateError
from swsearch.query.bind import bind
from swsearch.query.nodes import Chunk, Everything
from swsearch.query.parse import parse
from swsearch.records import Article

ROOT = Path(__file__).parent.parent.parent
SEEDS = ROOT / "seeds"
KILLS = int(os.environ.get("SWSEARCH_KILLS", "8"))
META = Meta(1, {})


def article(number, text="社工站", file="a.jsonl"):
    return Article(f"{file[:-6]}:{number:06d}", file, "标题", (text,))


def put(url, records, **options):
    engine = OpenSearchEngine(url, write=True, **options)
    try:
        files = sorted({record.file for record in records})
        engine.remove(files)
        engine.add(records, [SeedFile(file, "0", sum(one.file == file for one in records)) for file in files])
        engine.commit(META)
    finally:
        engine.close()


def ids(engine, text="社工站"):
    return {id for id, _ in engine.search(bind(Chunk(text)).node).hits}


def indexes(ask, url):
    name = url.rpartition("/")[2]
    return sorted(ask("GET", f"/{name}*", expand_wildcards="all", allow_no_indices="true"))


def generation(ask, url, number):
    """The index of a generation."""
    (found,) = [one for one in indexes(ask, url) if f"-g{number:06d}-" in one]
    return found


def name_of(url):
    return url.rpartition("/")[2]


# ---- the same answers


def test_seeds_are_answered_as_by_the_embedded_engine(url, tmp_path):
    """All seed queries, relaxed ones among them, to the last score and snippet."""
    for place in (url, tmp_path / "index"):
        rebuild(SEEDS, index=place)
    asked = json.loads((ROOT / "tests/data/seeds_queries.json").read_text("utf-8"))
    texts = [one["query"] for one in asked["queries"] if isinstance(one.get("query"), str)]
    texts += [
        "社会工作者服务能力提升行动方案",
        "基层社工站服务项目三年行动提质升级方案的全面推进",
        '"社工站 服务"~30 -江西',
    ]
    with open_index(url) as cluster, open_index(tmp_path / "index") as embedded:
        for text in texts:
            for options in ({}, {"notices": True}, {"sort": "year", "region": "江西"}):
                one, two = (index.search(text, limit=0, **options) for index in (cluster, embedded))
                assert [(hit.id, hit.snippet, hit.highlights) for hit in one] == [
                    (hit.id, hit.snippet, hit.highlights) for hit in two
                ], text
                assert (one.total, one.relaxed, one.facets) == (two.total, two.relaxed, two.facets)
                assert [hit.score for hit in one] == pytest.approx([hit.score for hit in two], abs=1e-5)
        for hit in embedded.search("社工站 全覆盖"):
            assert cluster.article(hit.id) == embedded.article(hit.id)
            bound = bind(Chunk("社工站")).node
            ours, theirs = (dict(index._engine.scores(bound, hit.id)) for index in (cluster, embedded))
            assert ours == pytest.approx(theirs, abs=1e-5)
        assert cluster.check() == ()


def test_pages_and_facets_are_whole_however_small(url, monkeypatch):
    """Far paging and facets of many values give what one answer gives."""
    records = [
        Article(f"a:{at}", "a.jsonl", "社工站" * (at % 5), ("社工站",), source=f"报{at % 50}") for at in range(230)
    ]
    put(url, records)
    bound = bind(Chunk("社工站")).node
    engine = OpenSearchEngine(url)
    at_once = engine.search(bound, facets=True)
    monkeypatch.setattr(search, "WINDOW", 20)
    monkeypatch.setattr(search, "PAGE", 7)
    monkeypatch.setattr(search, "FACET_VALUES", 3)
    assert engine.search(bound, facets=True) == at_once
    assert engine.search(bound, limit=10, offset=200).hits == at_once.hits[200:210]
    assert engine.search(bound, limit=0, offset=500).hits == ()
    for id, _ in at_once.hits:
        assert engine.article(id).id == id
    engine.close()


def test_proximity_beside_different_strings(url):
    """The same `"…"~n` twice in a query, each time narrowed by something else."""
    put(url, [article(1, "甲，社工服务站"), article(2, "乙，社工服务站"), article(3, "丙，社工服务站")])
    engine = OpenSearchEngine(url)
    bound = bind(parse('(甲 "社工 站"~5) OR (乙 "社工 站"~5)').node).node
    assert {id for id, _ in engine.search(bound).hits} == {"a:000001", "a:000002"}
    engine.close()


COMMANDS = [
    ["query", "社工站 全覆盖", "--count"],
    ["query", "社工站", "--sort", "year", "--jsonl", "--limit", "0"],
    ["query", "社工站", "--kwic"],
    ["query", "社工站 region:江西", "--facets"],
    ["query", "社工站", "--csv", "--notices"],
    ["query", "这句话哪里都没有出现过"],
    ["check"],
]


def swsearch(*arguments, **environment):
    """(exit status, stdout, stderr) of the command."""
    env = {**os.environ, "NO_COLOR": "1", **environment}
    run = subprocess.run([sys.executable, "-m", "swsearch", *arguments], capture_output=True, text=True, env=env)
    return run.returncode, run.stdout, re.sub(r"\b\d+ ms", "… ms", run.stderr)


def test_commands_print_what_they_print_of_the_embedded_index(url, tmp_path):
    embedded = str(tmp_path / "index")
    for place in (url, embedded):
        assert swsearch("rebuild", str(SEEDS), "--index", place)[0] == 0
    for command in COMMANDS:
        one, two = (swsearch(*command, "--index", place) for place in (url, embedded))
        assert [text.replace(url, embedded) for text in one[1:]] == list(two[1:]), command
        assert one[0] == two[0]
    status, out, _ = swsearch("query", "社工站", "--explain", "--index", url)
    (sent,) = [line for line in out.splitlines() if line.startswith("sent to opensearch: ")]
    assert json.loads(sent.partition(": ")[2])["sort"] == [{"_score": "desc"}, {"id": "asc"}]
    assert status == 0
    out = swsearch("status", "--json", "--index", url)[1]
    assert json.loads(out)["size_bytes"] > 10_000


def test_what_goes_wrong_is_one_line_on_the_terminal(url, base_url):
    nothing = "opensearch+http://127.0.0.1:9/x"
    for command in (["query", "社工站"], ["status"], ["check"], ["rebuild", str(SEEDS)]):
        for place in (nothing, *([url] if command[0] != "rebuild" else [])):
            status, out, error = swsearch(
                *command, "--index", place, SWSEARCH_OPENSEARCH_USER="me", SWSEARCH_OPENSEARCH_PASSWORD="geheim-49"
            )
            assert (status, out) == (2, "")
            assert error.startswith("swsearch: nothing answers" if place == nothing else "swsearch: there is no index")
            assert error.count("\n") == 1
            assert "geheim" not in error


# ---- generations


def test_readers_stay_on_their_generation_until_they_refresh(url, ask):
    put(url, [article(1)])
    reader = OpenSearchEngine(url)
    put(url, [article(2)])
    assert ids(reader) == {"a:000001"}
    assert reader.refresh()
    assert not reader.refresh()
    assert ids(reader) == {"a:000002"}
    assert reader.generation() == 2
    reader.close()


def test_a_reader_whose_generation_is_gone_moves_on(url):
    put(url, [article(1)])
    reader = OpenSearchEngine(url)
    put(url, [article(2)])
    put(url, [article(3)])
    assert ids(reader) == {"a:000003"}
    reader.close()


def test_two_generations_and_the_lock_are_all_there_is(url, ask):
    for number in range(4):
        put(url, [article(number)])
    assert [one.removeprefix(name_of(url))[:8] for one in indexes(ask, url)] == ["-g000003", "-g000004", "-lock"]


def test_the_generation_that_is_read_cannot_be_written(url, ask):
    put(url, [article(1)])
    with pytest.raises(Exception, match="blocked by"):
        ask("POST", f"/{name_of(url)}/_doc", {"kind": "article"})


def test_a_full_rebuild_keeps_nothing(url):
    put(url, [article(1), article(2, file="b.jsonl")])
    engine = OpenSearchEngine(url, write=True)
    engine.clear()
    engine.add([article(3)], [SeedFile("a.jsonl", "1", 1)])
    engine.commit(META)
    assert ids(engine) == {"a:000003"}
    assert set(engine.files()) == {"a.jsonl"}
    engine.close()


def test_clearing_after_adding_keeps_what_was_added(url):
    put(url, [article(1)])
    engine = OpenSearchEngine(url, write=True)
    engine.add([article(2)], [])
    engine.clear()
    engine.commit(META)
    assert ids(engine) == {"a:000002"}
    engine.close()


def test_an_index_of_another_mapping_is_built_anew(url, ask):
    rebuild(SEEDS, index=url)
    name = name_of(url)
    ask("PUT", f"/{generation(ask, url, 1)}/_settings", {"index.blocks.write": None})
    ask("PUT", f"/{generation(ask, url, 1)}/_mapping", {"_meta": {"swsearch": {"mapping": 0, "alias": name}}})
    with pytest.raises(IndexStale, match="mapping 0, this version reads 1"):
        open_index(url)
    report = rebuild(SEEDS, index=url)
    assert report.full_because
    assert report.articles == 14


# ---- what is somebody else's


def test_a_plain_index_of_that_name_is_left_alone(url, ask):
    ask("PUT", f"/{name_of(url)}", {})
    for write in (False, True):
        with pytest.raises(IndexStateError, match="left alone"):
            OpenSearchEngine(url, write=write)
    assert indexes(ask, url) == [name_of(url)]


def test_indexes_with_names_like_ours_are_left_alone(url, ask):
    other = f"{name_of(url)}-g000007-01234567"
    ask("PUT", f"/{other}", {})
    for number in range(3):
        put(url, [article(number)])
    assert other in indexes(ask, url)


def test_an_alias_of_somebody_else_is_left_alone(url, ask):
    name = name_of(url)
    ask("PUT", f"/{name}-theirs", {"aliases": {name: {}}})
    with pytest.raises(IndexStateError, match="left alone"):
        rebuild(SEEDS, index=url)
    assert indexes(ask, url) == [f"{name}-theirs"]


def test_an_index_that_is_deleted_meanwhile_is_told(url, ask):
    put(url, [article(1)])
    reader = OpenSearchEngine(url)
    ask("DELETE", f"/{generation(ask, url, 1)}")
    with pytest.raises(IndexMissing, match="was deleted"):
        ids(reader)
    with pytest.raises(IndexMissing, match="swsearch rebuild"):
        open_index(url)
    reader.close()


# ---- one writer


def test_a_second_writer_waits_and_is_told_who_writes(url):
    engine = OpenSearchEngine(url, write=True)
    with pytest.raises(IndexLocked, match=f"process {os.getpid()}") as caught:
        OpenSearchEngine(url, write=True, lock_timeout_s=0.5)
    assert caught.value.owner == os.getpid()
    engine.close()
    OpenSearchEngine(url, write=True, lock_timeout_s=0.5).close()


def test_a_silent_writer_is_taken_over_and_loses(url, monkeypatch, ask):
    """It is on another machine as far as anybody can tell, and does not beat; what it then commits is refused."""
    put(url, [article(1)])
    monkeypatch.setattr(lock, "BEAT_SECONDS", 1000)
    monkeypatch.setattr(lock, "STILL_SECONDS", 1)
    monkeypatch.setattr(lock, "_host", lambda: "elsewhere")
    silent = OpenSearchEngine(url, write=True)
    silent.add([article(2)], [])
    monkeypatch.setattr(lock, "_host", lambda: "here")
    put(url, [article(3)])
    with pytest.raises((IndexLocked, EngineError, IndexMissing)):
        silent.commit(META)
    silent.close()
    reader = OpenSearchEngine(url)
    assert ids(reader) == {"a:000003"}
    reader.close()


def test_a_rebuild_that_lost_the_alias_changes_nothing(url, ask):
    """Two writers in spite of the lock: the later one moves the alias from where it is not, and fails."""
    put(url, [article(1)])
    one = OpenSearchEngine(url, write=True)
    one.add([article(2)], [])
    one._lock.release()
    one._lock.confirm = lambda: None
    name, first = name_of(url), generation(ask, url, 1)
    other = f"{name}-g000009-01234567"
    ask("POST", f"/{first}/_clone/{other}", {"settings": {"index.blocks.write": None}})
    moves = [{"remove": {"index": first, "alias": name}}, {"add": {"index": other, "alias": name}}]
    ask("POST", "/_aliases", {"actions": moves})
    with pytest.raises((EngineError, IndexMissing)):
        one.commit(META)
    one._lock = None
    one.close()
    reader = OpenSearchEngine(url)
    assert ids(reader) == {"a:000001"}
    reader.close()


def test_a_draft_that_is_deleted_from_outside_is_not_made_again(url, ask):
    put(url, [article(1)])
    engine = OpenSearchEngine(url, write=True)
    engine.add([article(2)], [])
    ask("DELETE", f"/{generation(ask, url, 2)}")
    with pytest.raises((EngineError, IndexMissing)):
        engine.commit(META)
    engine.close()
    assert indexes(ask, url) == [generation(ask, url, 1), f"{name_of(url)}-lock"]


def test_an_alias_that_moved_though_nobody_said_so_has_moved(url, monkeypatch):
    """The answer was lost, so the library asked again, and what was done cannot be done twice."""
    put(url, [article(1)])
    engine = OpenSearchEngine(url, write=True)
    ask = engine._cluster.ask

    def twice(method, path, *arguments, **options):
        if path == "/_aliases":
            ask(method, path, *arguments, **options)
        return ask(method, path, *arguments, **options)

    engine.add([article(2)], [])
    monkeypatch.setattr(engine._cluster, "ask", twice)
    engine.commit(META)
    engine.close()
    reader = OpenSearchEngine(url)
    assert ids(reader) == {"a:000001", "a:000002"}
    reader.close()


def test_a_full_disk_is_told_and_the_old_index_stays(url, ask):
    put(url, [article(1)])
    engine = OpenSearchEngine(url, write=True)
    engine.add([article(2)], [])
    ask("PUT", f"/{generation(ask, url, 2)}/_settings", {"index.blocks.read_only_allow_delete": True})
    with pytest.raises(EngineError, match="a disk is nearly full: make room"):
        engine.commit(META)
    engine.close()
    reader = OpenSearchEngine(url)
    assert ids(reader) == {"a:000001"}
    reader.close()


def test_a_record_that_is_refused_is_named_and_the_old_index_stays(url):
    put(url, [article(1)])
    engine = OpenSearchEngine(url, write=True)
    engine.add([Article("x" * 40_000, "a.jsonl", "标题", ("社工站",))], [])
    with pytest.raises(EngineError, match="was not stored"):
        engine.commit(META)
    engine.close()
    reader = OpenSearchEngine(url)
    assert ids(reader) == {"a:000001"}
    reader.close()


# ---- killed, and while others read

REBUILD = "import sys; from swsearch import rebuild; rebuild(sys.argv[1], index=sys.argv[2])"


def test_a_killed_rebuild_leaves_the_old_index_or_the_new(url, ask, tmp_path):
    """Killed at random instants; the next rebuild goes through at once and leaves no stray index."""
    chance = random.Random(1)

    def seeds(version):
        lines = [
            json.dumps({"id": f"{version}-{at}", "title": "题", "body": f"社工站第{version}版{at}"}, ensure_ascii=False)
            for at in range(300)
        ]
        (tmp_path / "a.jsonl").write_text("\n".join(lines), "utf-8")
        return {f"{version}-{at}" for at in range(300)}

    old = seeds(0)
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", REBUILD, tmp_path, url], check=True)
    whole = time.monotonic() - started
    seen = []
    for version in range(1, KILLS + 1):
        new = seeds(version)
        process = subprocess.Popen([sys.executable, "-c", REBUILD, tmp_path, url])
        time.sleep(chance.uniform(0.2, 1.0) * whole)
        process.send_signal(signal.SIGKILL)
        process.wait()
        reader = OpenSearchEngine(url)
        found = ids(reader)
        reader.close()
        assert found in (old, new)
        seen.append(found == new)
        started = time.monotonic()
        rebuild(tmp_path, index=url)
        assert time.monotonic() - started < 10
        left = [one for one in indexes(ask, url) if not one.endswith("-lock")]
        assert len(left) <= 2
        reader = OpenSearchEngine(url)
        assert ids(reader) == new
        assert generation(ask, url, reader.generation()) in left
        reader.close()
        old = new
    print(
        f"{KILLS} kills, {whole:.1f} s a rebuild: {seen.count(False)} times the old index, {seen.count(True)} the new"
    )


def test_25000_matches_come_out_whole_while_rebuilds_go_on(url, ask, monkeypatch):
    """Each once, of one generation, through the point in time; and their texts after it."""
    count = 25_000
    put(url, [article(number) for number in range(count)])
    pages = search.PointInTime.pages

    def disturbed(point, body, size):
        for number, page in enumerate(pages(point, body, size)):
            put(url, [article(count + number, file="b.jsonl")])
            yield page

    monkeypatch.setattr(search.PointInTime, "pages", disturbed)
    reader = OpenSearchEngine(url)
    found = reader.search(Everything())
    assert found.total == count
    assert sorted(id for id, _ in found.hits) == [f"a:{number:06d}" for number in range(count)]
    put(url, [article(count, "别的")])
    for id, _ in found.hits[:: store.RECORDS_AT_ONCE * 10]:
        assert reader.article(id).paragraphs == ("社工站",)
    newest = OpenSearchEngine(url)
    assert newest.generation() >= count // search.PAGE
    assert ids(newest) == {f"b:{count + count // search.PAGE:06d}"}
    newest.close()
    assert generation(ask, url, 1)
    reader.close()
    put(url, [article(count)])
    left = [one for one in indexes(ask, url) if not one.endswith("-lock")]
    assert len(left) == 2
