"""One suite for every engine: the same sets as `scan`, the same scores to 1e-5, whatever the corpus and the query."""

import functools
import json
import os
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import corpora, corpora_and_queries

from swsearch.engines.base import Meta, SeedFile
from swsearch.engines.scan import ScanEngine
from swsearch.engines.whoosh.store import WhooshEngine
from swsearch.query import nodes
from swsearch.query.bind import bind, terms
from swsearch.records import Article
from swsearch.text.match import BREAK, map_form, match_form, units

META = Meta(1, {"test": "1"})
DATA = Path(__file__).parent / "data"
TABLE = [
    row
    for name in ("match_table.json", "match_table_own.json")
    for row in json.loads((DATA / name).read_text(encoding="utf-8"))["rows"]
]


@pytest.fixture(params=["whoosh"])
def make_engine(request, tmp_path_factory):
    """A new, empty engine of each kind, to be closed by the caller."""

    def make():
        return WhooshEngine(str(tmp_path_factory.mktemp("index")), write=True)

    return make


def fill(engine, records):
    files = sorted({record.file for record in records})
    engine.add(records, [SeedFile(file, "0") for file in files])
    engine.commit(META)
    return engine


def ids(engine, bound, **options):
    return {id for id, _ in engine.search(bound, **options).hits}


# What `cases` examples each test takes its share of; `make stress` gives more.
CASES = int(os.environ.get("SWSEARCH_CASES", "200"))
ANSWERED, SCORED = 0.3, 0.2
"""The least shares of generated queries that must find something, and something with a score: equal empty sets prove
little, and NOT and fields alone find much but rank nothing."""
SLOW = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)


def test_same_as_scan(make_engine):
    """Ids, order, scores, totals, facets and df of any query over any corpus."""
    asked = Counter()

    @settings(SLOW, max_examples=CASES)
    @given(
        case=corpora_and_queries(),
        sort=st.sampled_from(["relevance", "year", "date"]),
        notices=st.booleans(),
        literal=st.booleans(),
    )
    def check(case, sort, notices, literal):
        corpus, queries = case
        oracle, engine = fill(ScanEngine(), corpus), fill(make_engine(), corpus)
        try:
            for query in queries:
                bound = bind(query, literal=literal).node
                expected = oracle.search(bound, sort=sort, notices=notices, facets=True)
                found = engine.search(bound, sort=sort, notices=notices, facets=True)
                assert found.total == expected.total, str(query)
                assert {id for id, _ in found.hits} == {id for id, _ in expected.hits}, str(query)
                assert found.facets == expected.facets
                for (id, score), (other, wanted) in zip(found.hits, expected.hits, strict=True):
                    assert score == pytest.approx(wanted, abs=1e-5)
                    assert id == other
                assert engine.search(bound, limit=2, offset=1, sort=sort, notices=notices).hits == found.hits[1:3]
                for term in terms(bound):
                    assert engine.df(term.form) == oracle.df(term.form)
                asked[found.total > 0] += 1
                asked["scored"] += any(score for _, score in found.hits)
        finally:
            engine.close()

    check()
    total = asked[True] + asked[False]
    print(f"{total} queries: {asked[True] / total:.0%} find something, {asked['scored'] / total:.0%} with scores")
    assert asked[True] >= ANSWERED * total
    assert asked["scored"] >= SCORED * total


@settings(SLOW, max_examples=CASES // 4)
@given(case=corpora_and_queries(least=2))
def test_algebra(make_engine, case):
    """A AND B is in A, A in A OR B, NOT the complement; longer strings match less."""
    corpus, (query, other, *_) = case
    engine = fill(make_engine(), corpus)
    try:
        one, two = bind(query).node, bind(other).node
        everything = ids(engine, nodes.Everything())
        assert everything == {record.id for record in corpus if isinstance(record, Article)}
        assert ids(engine, nodes.AllOf((one, two))) == ids(engine, one) & ids(engine, two)
        assert ids(engine, nodes.AnyOf((one, two))) == ids(engine, one) | ids(engine, two)
        assert ids(engine, nodes.Except(one)) == everything - ids(engine, one)
        for leaf in nodes.positive_leaves(nodes.AllOf((one, two))):
            for shorter in ("".join(units(leaf.form)[:-1]), "".join(units(leaf.form)[1:])):
                if shorter := shorter.strip(BREAK):
                    longer = nodes.Contains("", leaf.form, title_only=leaf.title_only)
                    assert ids(engine, longer) <= ids(engine, longer._replace(form=shorter))
    finally:
        engine.close()


@settings(SLOW, max_examples=CASES // 4)
@given(corpus=corpora(at_least=1), data=st.data())
def test_cut_strings_are_found(make_engine, corpus, data):
    """A string cut out of an article between two units finds it, as it is, in other scripts and within a longer query.

    What OpenCC makes of a string in a script of its own is the same to an engine as the string.
    """
    texts = {record.id: record.text for record in corpus if isinstance(record, Article) and match_form(record.text)}
    if not texts:
        return
    engine = fill(make_engine(), corpus)
    try:
        id = data.draw(st.sampled_from(sorted(texts)))
        form, offsets = map_form(texts[id])
        parts = units(form)
        first = data.draw(st.integers(0, len(parts) - 1))
        last = data.draw(st.integers(first, len(parts) - 1))
        start, end = len("".join(parts[:first])), len("".join(parts[: last + 1]))
        chunk = texts[id][offsets[start] : offsets[end - 1] + 1]
        if not match_form(chunk):
            return
        # As strings: with variants a word may have another counterpart where OpenCC's phrases chose its characters.
        found = ids(engine, bind(nodes.Chunk(chunk), literal=True).node)
        assert id in found
        for script in ("s2t", "s2tw", "s2hk", "t2s"):
            other = converter(script).convert(chunk)
            assert ids(engine, bind(nodes.Chunk(other), literal=True).node) == found, (script, chunk, other)
        assert found <= ids(engine, bind(nodes.Chunk(chunk)).node)
    finally:
        engine.close()


@settings(SLOW, max_examples=CASES // 4)
@given(first=corpora(), case=corpora_and_queries())
def test_incremental_equals_anew(make_engine, first, case):
    """Replacing the files of one corpus by those of another ends where a new index begins."""
    second, queries = case
    engine, anew = fill(make_engine(), first), fill(make_engine(), second)
    try:
        engine.remove({record.file for record in first})
        fill(engine, second)
        for query in [*map(nodes.Chunk, ("社", "社工站", "24", "工作")), *queries]:
            bound = bind(query).node
            assert engine.search(bound, notices=True, facets=True) == anew.search(bound, notices=True, facets=True)
        assert engine.counts() == anew.counts()
        assert dict(engine.files()) == dict(anew.files())
        assert not [problem for problem in engine.check() if "does not know" in problem]
    finally:
        engine.close()
        anew.close()


@functools.cache
def converter(script):
    import opencc

    return opencc.OpenCC(script)


def test_match_table(make_engine):
    """Every row of the hand-written table, by scan and by each engine."""
    records = [Article(f"t:{at}", "t.jsonl", "", tuple(row["text"].split("\n"))) for at, row in enumerate(TABLE)]
    oracle, engine = fill(ScanEngine(), records), fill(make_engine(), records)
    try:
        for at, row in enumerate(TABLE):
            bound = nodes.Contains(row["query"], match_form(row["query"]))
            for one in (oracle, engine):
                assert (f"t:{at}" in ids(one, bound)) is row["found"], row
            assert ids(oracle, bound) == ids(engine, bound)
    finally:
        engine.close()


def test_seed_substrings(make_engine, seed_articles):
    """200 strings of 1 to 8 units cut out of every seed article: exactly the articles that scan finds."""
    oracle, engine = fill(ScanEngine(), seed_articles), fill(make_engine(), seed_articles)
    forms = {
        record.id: "".join(match_form(part) + "¶" for part in (record.title, *record.paragraphs))
        for record in seed_articles
    }
    random_ = random.Random(1)
    try:
        for record in seed_articles:
            parts = units(forms[record.id])
            for number in range(200):
                start = random_.randrange(len(parts))
                form = "".join(parts[start : start + random_.randint(1, 8)]).strip("¶")
                if not form:
                    continue
                bound = nodes.Contains(form, form)
                expected = {id for id, text in forms.items() if form in text}
                assert record.id in expected
                assert ids(engine, bound) == expected
                if number % 50 == 0:  # reading and weighing everything takes the oracle 20 ms
                    assert ids(oracle, bound) == expected
    finally:
        engine.close()


def test_nothing_is_seen_before_commit(make_engine):
    engine = make_engine()
    try:
        article = Article("a:1", "a.txt", "标题", ("正文",))
        fill(engine, [article])
        engine.add([Article("b:1", "b.txt", "标题", ("正文",))], [SeedFile("b.txt", "1")])
        engine.remove(["a.txt"])
        assert ids(engine, nodes.Everything()) == {"a:1"}
        engine.rollback()
        assert engine.article("a:1") == article
        assert ids(engine, nodes.Everything()) == {"a:1"}
        engine.clear()
        engine.commit(META)
        assert ids(engine, nodes.Everything()) == set()
        with pytest.raises(KeyError):
            engine.article("a:1")
    finally:
        engine.close()
