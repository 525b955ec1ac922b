"""Rebuilds: what changed is processed, what is gone goes, what cannot be read is reported and kept."""

import json
import os
import shutil
import sys
import threading
import time
from pathlib import Path

import pytest

from swsearch import IndexCorrupt, IndexLocked, PageError, SettingError, open_index, rebuild, search
from swsearch.engines.whoosh.store import WhooshEngine
from swsearch.stale import stale_because

SEEDS = Path(__file__).parent.parent / "seeds"
PAGE = (
    "■ 本报记者 张三\n\n日前，河北省民政厅印发通知，要求各地加快建设示范社工站。\n"
    "通知明确，年底前实现全覆盖。\n\n河北加快建设示范社工站\n"
)


@pytest.fixture
def place(tmp_path):
    """A folder with seeds/ of two real pages and a path for the index."""
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for name in ("002_83e35d380ba95719.txt", "004_4ffd5773b4f85cfa.txt"):
        shutil.copy(SEEDS / name, seeds)
    return tmp_path


def build(place, **options):
    return rebuild(place / "seeds", index=place / "index", **options)


def found(place, query="社工站", **options):
    return {hit.id for hit in search(query, index=place / "index", limit=0, **options)}


def test_new_changed_removed_unchanged(place):
    first = build(place)
    assert (len(first.new), first.changed, first.removed, first.unchanged) == (2, (), (), 0)
    assert first.articles == 6
    same = build(place)
    assert (same.new, same.changed, same.removed, same.unchanged) == ((), (), (), 2)
    assert same.generation == first.generation
    assert not same.skipped

    (place / "seeds/new.txt").write_text(PAGE, encoding="utf-8")
    report = build(place)
    assert (report.new, report.unchanged) == (("new.txt",), 2)
    assert report.generation > same.generation
    assert found(place, "“示范社工站”") == {"new:1"}

    (place / "seeds/new.txt").write_text(PAGE.replace("河北", "四川"), encoding="utf-8")
    assert build(place).changed == ("new.txt",)
    assert found(place, "四川省民政厅") == {"new:1"}
    assert not found(place, "河北加快建设", exact=True)

    os.remove(place / "seeds/new.txt")
    assert build(place).removed == ("new.txt",)
    assert not found(place, "“示范社工站”")
    assert found(place) == {hit for hit in found(place) if not hit.startswith("new")}


def test_touching_processes_nothing(place, monkeypatch):
    """A new modification time is no new content."""
    build(place)
    for path in (place / "seeds").iterdir():
        os.utime(path, (1, 1))
    import swsearch.index as module

    monkeypatch.setattr(module, "read_seed", lambda seed: pytest.fail(f"{seed.file} was read"))
    report = build(place)
    assert (report.new, report.changed, report.unchanged) == ((), (), 2)


def test_full_gives_the_same(place):
    build(place)
    before = search("社工站", index=place / "index", limit=0).to_dict()["hits"]
    report = build(place, full=True)
    assert report.full_because
    assert search("社工站", index=place / "index", limit=0).to_dict()["hits"] == before


def test_jobs_give_the_same(place):
    build(place)
    before = search("社工站", index=place / "index", limit=0).to_dict()["hits"]
    assert rebuild(place / "seeds", index=place / "other", jobs=2).articles == 6
    assert search("社工站", index=place / "other", limit=0).to_dict()["hits"] == before


def article(number, text="试点站全覆盖"):
    return json.dumps(
        {"id": f"law{number}", "title": f"第{number}号", "body": f"{text}{number}\n末段"}, ensure_ascii=False
    )


def stored(index):
    """All that an index holds of its seeds."""
    with open_index(index) as opened:
        assert opened.check() == ()
        engine = opened._engine
        return {
            seed.file: (seed, [record.to_dict() for record in engine.records(seed.file)])
            for seed in engine.files().values()
        }


@pytest.fixture
def streamed(monkeypatch):
    """Every .jsonl is large, and a segment is full after a few articles."""
    import swsearch.engines.whoosh.codec as codec
    import swsearch.index as module

    monkeypatch.setattr(module, "LARGE_BYTES", 0)
    monkeypatch.setattr(codec, "MOST_CHARS", 2_000)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_large_jsonl_is_the_same_when_it_is_written_while_it_is_read(place, monkeypatch, jobs):
    """With ids that are there twice or in another seed, lines that are wrong, and what meta.csv says."""
    lines = [article(number) for number in range(400)]
    lines[50:50] = ["{", article(7), '{"id": "x"}', ""]
    (place / "seeds/laws.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (place / "seeds/more.jsonl").write_text("\n".join(map(article, range(390, 700))), encoding="utf-8")
    (place / "seeds/meta.csv").write_text("file,paper\nmore.jsonl,公益时报\n", encoding="utf-8")
    whole = rebuild(place / "seeds", index=place / "whole")
    before = stored(place / "whole")
    monkeypatch.setattr("swsearch.index.LARGE_BYTES", 0)
    monkeypatch.setattr("swsearch.engines.whoosh.codec.MOST_CHARS", 2_000)
    report = rebuild(place / "seeds", index=place / "other", jobs=jobs)
    assert list(map(str, report.skipped)) == list(map(str, whole.skipped))
    assert len(report.skipped) == 13
    assert (report.new, report.articles) == (whole.new, whole.articles)
    assert stored(place / "other") == before
    hits = [
        [(hit.id, hit.score) for hit in search("试点站 全覆盖", index=place / name, limit=0)]
        for name in ("whole", "other")
    ]
    assert hits[0] == hits[1]
    # More is added to it, and one of its ids goes to a seed that comes before it.
    (place / "seeds/a.jsonl").write_text(article(500), encoding="utf-8")
    rebuild(place / "seeds", index=place / "other", jobs=jobs)
    rebuild(place / "seeds", index=place / "whole", full=True)
    assert stored(place / "other") == stored(place / "whole")


def test_jobs_write_the_same_bytes(tmp_path, monkeypatch):
    """Postings sorted by threads, arrays written behind: nothing depends on who is quicker."""
    monkeypatch.setattr("swsearch.engines.whoosh.collect.RANGE_POSTINGS", 1_000)
    monkeypatch.setattr("swsearch.index.LARGE_BYTES", 0)
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds/laws.jsonl").write_text("\n".join(map(article, range(600))), encoding="utf-8")
    written = []
    for jobs in (1, 3):
        rebuild(tmp_path / "seeds", index=tmp_path / str(jobs), jobs=jobs)
        with open_index(tmp_path / str(jobs)) as opened:
            assert opened.check() == ()
            (reader,) = opened._engine._readers
            names = sorted(set(reader.file._arrays) - {"record", "record_at"})  # when it was built is in one
            written.append({name: bytes(reader.file.array(name).data) for name in names})
    assert written[0] == written[1]


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PageError("laws.jsonl", "cannot be read: Input/output error"), "Input/output error"),
        (RuntimeError("broken"), "please report it"),
        (MemoryError(), "not enough memory"),
    ],
)
def test_of_a_large_jsonl_that_cannot_be_read_to_its_end_nothing_is_written(
    place, streamed, monkeypatch, jobs, error, reason
):
    """What was there of it before stays, and says so."""
    import swsearch.pages.ready as module

    original = module.iter_articles

    def breaks(path, root, problems):
        for number, one in enumerate(original(path, root, problems)):
            if number == 250 and path.name == "laws.jsonl":
                raise error
            yield one

    (place / "seeds/laws.jsonl").write_text("\n".join(map(article, range(300))), encoding="utf-8")
    (place / "seeds/more.jsonl").write_text("\n".join(map(article, range(300, 400))), encoding="utf-8")
    monkeypatch.setattr(module, "iter_articles", breaks)
    report = build(place, jobs=jobs)
    (skipped,) = report.skipped
    assert "laws.jsonl" in skipped.path
    assert reason in skipped.reason
    assert set(stored(place / "index")) == {"002_83e35d380ba95719.txt", "004_4ffd5773b4f85cfa.txt", "more.jsonl"}
    assert len(found(place, "“试点站全覆盖”", literal=True)) == 100
    assert not found(place, "“试点站全覆盖200”")

    monkeypatch.setattr(module, "iter_articles", original)
    assert build(place, jobs=jobs).new == ("laws.jsonl",)
    assert len(found(place, "“试点站全覆盖”", literal=True)) == 400
    (place / "seeds/laws.jsonl").write_text("\n".join(article(n, "五社联动") for n in range(300)), encoding="utf-8")
    monkeypatch.setattr(module, "iter_articles", breaks)
    for full in (False, True):
        assert reason in str(build(place, jobs=jobs, full=full).skipped[0])
        assert stored(place / "index")["laws.jsonl"][0].stale
        assert len(found(place, "“试点站全覆盖”", literal=True)) == 400
        assert not found(place, "“五社联动1”")


def test_unreadable_pages_are_reported_and_the_others_go_in(place):
    build(place)
    (place / "seeds/picture.txt").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0" * 50)
    good = "002_83e35d380ba95719.txt"
    kept = found(place, "宁夏", exact=True)
    (place / "seeds" / good).write_bytes(b"\0\1\2" * 100)
    (place / "seeds/new.txt").write_text(PAGE, encoding="utf-8")
    report = build(place)
    assert report.new == ("new.txt",)
    assert {os.path.basename(error.path) for error in report.skipped} == {"picture.txt", good}
    assert found(place, "宁夏", exact=True) == kept
    with open_index(place / "index") as index:
        assert len(index.status().stale_files) == 1
        assert not index.check()
    again = build(place)
    assert len(again.skipped) == 2
    assert again.generation == report.generation
    full = build(place, full=True)
    assert len(full.skipped) == 2
    assert found(place, "宁夏", exact=True) == kept
    shutil.copy(SEEDS / good, place / "seeds")
    assert build(place).changed == (good,)
    with open_index(place / "index") as index:
        assert not index.status().stale_files


def test_two_seeds_of_one_name(place):
    (place / "seeds/a.txt").write_text(PAGE, encoding="utf-8")
    (place / "seeds/a.jsonl").write_text('{"id": "x", "title": "标题", "body": "正文"}\n', encoding="utf-8")
    report = build(place)
    assert len(report.new) == 3
    assert isinstance(report.skipped[0], PageError)
    assert "ids" in report.skipped[0].reason


def test_ready_made_articles(place):
    rows = [
        {"id": "law:1", "title": "社会工作条例", "body": "第一条\n为了发展社会工作，制定本条例。", "year": 2019},
        {"id": "law:2", "title": "志愿服务条例", "paragraphs": ["第一条", "为了发展志愿服务。"]},
        {"id": "law:1", "title": "重复", "body": "重复"},
    ]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows] + ["{broken"]
    (place / "seeds/laws.jsonl").write_text("\n".join(lines), encoding="utf-8")
    report = build(place)
    assert len(report.skipped) == 2
    assert found(place, "“制定本条例”") == {"law:1"}
    assert found(place, "条例 year:2019") == {"law:1"}


def test_meta_csv(place):
    (place / "seeds/meta.csv").write_text(
        "file,paper,date,page\n002_83e35d380ba95719.txt,公益时报,2022-12-20,7\nnobody.txt,x,,\n", encoding="utf-8"
    )
    report = build(place)
    assert [os.path.basename(error.path) for error in report.skipped] == ["meta.csv"]
    assert len(found(place, "paper:公益时报")) == 3
    assert found(place, "date:2022-12 page:7") == found(place, "paper:公益时报")
    os.remove(place / "seeds/meta.csv")
    assert build(place).changed == ("002_83e35d380ba95719.txt",)
    assert not found(place, "paper:公益时报")


def test_missing_and_empty_seeds(tmp_path):
    with pytest.raises(SettingError, match="no such"):
        rebuild(tmp_path / "none", index=tmp_path / "index")
    (tmp_path / "seeds").mkdir()
    report = rebuild(tmp_path / "seeds", index=tmp_path / "index")
    assert "no pages" in report.notes[0]
    assert search("社工站", index=tmp_path / "index").total == 0


def test_one_writer(place):
    build(place)
    engine = WhooshEngine(str(place / "index"), write=True)
    try:
        with pytest.raises(IndexLocked) as caught:
            WhooshEngine(str(place / "index"), write=True, lock_timeout_s=0)
        assert caught.value.owner == os.getpid()
    finally:
        engine.close()
    assert build(place).unchanged == 2


def test_readers_stay_on_their_generation(place):
    build(place)
    with open_index(place / "index") as index:
        (place / "seeds/new.txt").write_text(PAGE, encoding="utf-8")
        build(place)
        assert index.search("“示范社工站”").total == 0
        assert index.refresh()
        assert index.search("“示范社工站”").total == 1
        assert not index.refresh()


def test_a_torn_index_is_corrupt_and_can_be_rebuilt(place):
    build(place)
    for path in (place / "index").glob("*.toc"):
        path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(IndexCorrupt, match="--full"):
        search("社工站", index=place / "index")
    with pytest.raises(IndexCorrupt):
        build(place)
    assert build(place, full=True).articles == 6
    assert found(place)


def test_another_pipeline_means_a_full_rebuild(place, monkeypatch):
    build(place)
    from swsearch import index, stale

    now = dict(stale.fingerprints())
    for module in (index, stale):
        monkeypatch.setattr(module, "fingerprints", lambda: {**now, "the page pipeline": "other", stale.SEEN: "other"})
    monkeypatch.setattr(stale, "_seen", lambda: "other")
    with open_index(place / "index") as index:
        assert any("page pipeline" in warning for warning in index.search("社工站").warnings)
        assert index.status().stale
    report = build(place)
    assert "page pipeline" in report.full_because
    with open_index(place / "index") as index:
        assert not index.search("社工站").warnings
        assert stale_because(index._meta) is None


def test_links_that_loop_and_odd_names(place):
    os.symlink(place / "seeds", place / "seeds/loop")
    os.symlink(place / "seeds/nowhere", place / "seeds/broken.txt")
    (place / "seeds/.hidden.txt").write_text(PAGE, encoding="utf-8")
    with open(os.fsencode(place / "seeds") + b"/\xff\xfe.txt", "wb") as stream:
        stream.write(PAGE.encode())
    report = build(place)
    assert report.articles == 7
    assert [os.path.basename(error.path) for error in report.skipped] == ["broken.txt"]


def test_a_follower_moves_on_by_itself(place):
    """Each question looks for a newer generation first; the directory's time is trusted only once it has settled."""
    build(place)
    with open_index(place / "index", follow=True) as index:
        for number in range(4):
            (place / f"seeds/new{number}.txt").write_text(PAGE, encoding="utf-8")
            build(place)
            if number % 2:
                time.sleep(0.06)
            assert index.search("“示范社工站”").total == number + 1
            assert index.ids("“示范社工站”")[0] == number + 1
            assert index.status().files == 3 + number
            assert index.article(f"new{number}:1")
            assert "示范社工站" in index.explain("“示范社工站”")


def test_the_function_search_always_asks_the_newest_generation(place):
    build(place)
    assert search("“示范社工站”", index=place / "index").total == 0
    (place / "seeds/new.txt").write_text(PAGE, encoding="utf-8")
    build(place)
    assert search("“示范社工站”", index=place / "index").total == 1


def test_no_answer_is_of_two_generations(tmp_path):
    """Threads that share a handle while one of them moves it on: hits whose articles are gone would be a KeyError."""

    def put(number):
        lines = [{"id": f"g{number}-{n}", "title": f"第{number}版", "body": "社工站建设"} for n in range(40)]
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (tmp_path / "seeds/a.jsonl").write_text(text, encoding="utf-8")
        build(tmp_path)

    answers, over, interval = [], threading.Event(), sys.getswitchinterval()

    def ask(index):
        while not over.is_set():
            try:
                answers.append({hit.title for hit in index.search("社工站", limit=0)})
            except Exception as error:
                answers.append(error)

    (tmp_path / "seeds").mkdir()
    put(0)
    with open_index(tmp_path / "index") as index:
        threads = [threading.Thread(target=ask, args=(index,)) for _ in range(3)]
        sys.setswitchinterval(1e-5)
        try:
            for thread in threads:
                thread.start()
            for number in range(1, 12):
                put(number)
                assert index.refresh()
        finally:
            over.set()
            for thread in threads:
                thread.join()
            sys.setswitchinterval(interval)
    assert answers
    assert all(isinstance(answer, set) and len(answer) == 1 for answer in answers), answers
