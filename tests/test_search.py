"""The seeds' queries against the sets that were derived by hand, and what search() says besides."""

import json
import threading
from pathlib import Path

import pytest

from swsearch import IndexMissing, QueryError, QuerySyntaxError, UnknownRegionError, open_index, rebuild, search

DATA = Path(__file__).parent / "data"
GOLD = json.loads((DATA / "seeds_queries.json").read_text(encoding="utf-8"))
FILES = {
    "000": "000_7b1ef790ba9b0d8b",
    "001": "001_9367f120725eee19",
    "002": "002_83e35d380ba95719",
    "003": "003_400df8b64a915a8b",
    "004": "004_4ffd5773b4f85cfa",
}


def short_ids():
    """Our id -> the label's id: articles are numbered in the order in which the labels list them."""
    names, seen = {}, {}
    for label in GOLD["article_ids"]:
        page = label[:3]
        seen[page] = seen.get(page, 0) + 1
        names[f"{FILES[page]}:{seen[page]}"] = label
    return names


NAMES = short_ids()


@pytest.fixture(scope="module")
def index(seed_index):
    with open_index(seed_index) as opened:
        yield opened


def as_typed(query):
    return query["query"].replace("region(any mention):", "place:").replace("year_mentioned:", "years:")


@pytest.mark.parametrize("query", GOLD["queries"], ids=lambda query: f"{query['qid']} {query['query']}")
@pytest.mark.parametrize("exact", [True, False])
def test_seed_queries(index, query, exact):
    """The set is exactly the expected one (optional articles may be in it), and the right article comes first.

    Relaxing changes none of them: what is in no article is not found by parts either.
    """
    text = as_typed(query)
    results = index.search(text, limit=0, exact=exact)
    found = [NAMES[hit.id] for hit in results]
    assert set(found) - set(query.get("optional", [])) == set(query["expected"]), text
    if query.get("top1"):
        assert found[0] == query["top1"]
    assert not results.warnings


def test_results_say_what_they_are(seed_index):
    results = search("社工站 全覆蓋", index=seed_index)
    assert results.total == 3
    assert results.relaxed == "no"
    assert [hit.rank for hit in results] == [1, 2, 3]
    assert {NAMES[hit.id] for hit in results} == {"001-tianjin", "003-guizhou", "004-hebei"}
    for hit in results:
        assert hit.kind == "article"
        assert hit.highlights
        marked = {hit.snippet[start:end].replace(" ", "") for start, end in hit.highlights}
        assert any("社工站" in text or "全覆盖" in text for text in marked)
    assert "社工站 全覆蓋" in repr(results)
    assert "<mark>" in results._repr_html_()
    assert results.to_dict()["hits"][0]["rank"] == 1
    assert {row["path"] for row in results.facets["region"]} >= {"天津市", "贵州省", "河北省"}


def test_filters(seed_index):
    results = search("社工站 全覆盖", region="天津", agency="民政局", limit=10, index=seed_index)
    assert [NAMES[hit.id] for hit in results] == ["001-tianjin"]
    assert search("社会工作", region=["江西", "贵州"], index=seed_index, limit=0).total == 3
    assert (
        search(region="江西", year=(2021, 2024), index=seed_index).total
        == search("", region="江西", year=(2021, 2024), index=seed_index).total
    )
    assert search("", source="南昌日报", index=seed_index).total == 1


def test_relaxing(index):
    assert index.search("社工站的全面覆盖情况").relaxed in ("words", "some")
    assert index.search("“社工站的全面覆盖情况”").total == 0
    assert index.search("社工站的全面覆盖情况", exact=True).total == 0
    assert index.search("区块链 社工站").relaxed == "no"
    results = index.search("湖南的社工站是怎么建设的")
    assert results.relaxed != "no"
    assert NAMES[results[0].id] == "000-national-review"
    assert index.search("社工站的全面覆盖情况 OR 区块链").relaxed == "no"
    exact, loose = index.search("社会工作发展", exact=True), index.search("社会工作发展", loose=True)
    assert (exact.relaxed, loose.relaxed) == ("no", "words")
    assert {hit.id for hit in exact} < {hit.id for hit in loose}


def test_some_asks_for_half_and_then_for_a_quarter(tmp_path):
    """A quarter counts only where no article has half, and one piece alone never does. Each word is in one article."""
    words = ["图书馆", "天文台", "游泳池", "博物馆", "体育场", "植物园", "火车站", "电影院", "幼儿园"]

    def found(*articles):
        lines = [
            {"id": str(n), "title": "", "body": "。".join(words[i] for i in has)} for n, has in enumerate(articles)
        ]
        (tmp_path / "seeds").mkdir(exist_ok=True)
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (tmp_path / "seeds/a.jsonl").write_text(text, encoding="utf-8")
        rebuild(tmp_path / "seeds", index=tmp_path / "index")
        with open_index(tmp_path / "index") as opened:
            query = " ".join(words[: 1 + max(map(max, articles))])
            results = opened.search(query)
            if results.total:
                assert f"1. {results[0].id}" in opened.explain(query)
            return results.relaxed, {hit.id for hit in results}

    assert found((0, 1), (2,), (3,), (4,)) == ("some", {"0"})
    assert found((0, 1), (2, 3, 4)) == ("some", {"1"})
    assert found((0, 1), (2,), (3,), (4,), (5,), (6,), (7,), (8,)) == ("no", set())
    assert found((0,), (1,), (2,)) == ("no", set())


def test_notices_only_when_asked_for(index):
    assert index.search("剪窗花", exact=True).total == 0
    results = index.search("剪窗花", notices=True)
    assert results.total == 1
    assert results[0].kind != "article"
    assert ":n" in results[0].id


def test_paging_is_stable(index):
    whole = [hit.id for hit in index.search("社会工作", limit=0)]
    assert len(whole) > 5
    pages = [hit.id for start in range(0, len(whole), 3) for hit in index.search("社会工作", limit=3, offset=start)]
    assert pages == whole
    total, pairs = index.ids("社会工作", limit=4)
    assert total == len(whole)
    assert [id for id, _ in pairs] == whole[:4]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"limit": -1}, QueryError),
        ({"offset": -1}, QueryError),
        ({"sort": "colour"}, QueryError),
        ({"region": "亚特兰蒂斯"}, UnknownRegionError),
        ({"exact": True, "loose": True}, QueryError),
    ],
)
def test_bad_options(index, options, error):
    with pytest.raises(error):
        index.search("社工站", **options)


def test_nothing_to_search_for(index):
    results = index.search("“”")
    assert results.total == 0
    assert results.warnings
    with pytest.raises(QuerySyntaxError):
        index.search("“”", strict=True)


def test_no_index(tmp_path):
    with pytest.raises(IndexMissing, match="swsearch rebuild"):
        search("社工站", index=tmp_path / "none")
    with pytest.raises(IndexMissing):
        open_index(tmp_path)


def test_threads_share_an_index(index):
    """Many threads get the answers that one gets."""
    queries = ["社工站", "社会工作 高质量", "region:江西", "天津 社工站"]
    alone = {query: index.search(query).to_dict()["hits"] for query in queries}
    wrong = []

    def ask():
        for query in queries * 5:
            if index.search(query).to_dict()["hits"] != alone[query]:
                wrong.append(query)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_explain_and_kwic(index):
    text = index.explain("社工站 全覆蓋")
    assert "社工站" in text
    assert " = " in text
    lines = index.kwic("社工站", limit=0)
    assert len(lines) > 20
    assert all(line.match.replace(" ", "") == "社工站" for line in lines)
    with pytest.raises(QueryError):
        index.article("nobody:1")
