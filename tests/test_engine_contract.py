"""One suite for every engine: the same sets as `scan`, the same scores to 1e-5, whatever the corpus and the query."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from swsearch.query.bind import bind, terms

from swsearch.engines.base import Meta, SeedFile
from swsearch.engines.scan import ScanEngine
from swsearch.engines.whoosh.store import WhooshEngine
from swsearch.query import nodes
from swsearch.records import Article, Facts, Notice
from swsearch.text.match import match_form, units

META = Meta(1, {"test": "1"})
CASES = 200
TABLE = json.loads((Path(__file__).parent / "data/match_table.json").read_text(encoding="utf-8"))["rows"]


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


# ---- what is generated: few characters, so that much matches

PIECES = st.sampled_from(
    [
        *"社工站全覆蓋盖着著务會会，。、“”（）—- \u200b𠮷①%",
        "24",
        "2024",
        "1,5",
        "A4",
        "ａ",
        "work",
        "社工站",
        "社会工作",
        "天津市",
    ]
)
TEXTS = st.lists(PIECES, max_size=14).map("".join)
NAMES = st.sampled_from(["民政局", "天津市民政局", "市民政厅", "民政部 社工司"])
PATHS = st.sampled_from(["天津市", "江西省", "江西省/南昌市", "江西省/南昌市/进贤县"])
YEARS = st.integers(2019, 2025)
FACTS = st.builds(
    Facts,
    regions=st.lists(PATHS, max_size=2, unique=True).map(tuple),
    places=st.lists(PATHS, max_size=2, unique=True).map(tuple),
    year=st.none() | YEARS,
    years=st.lists(YEARS, max_size=3, unique=True).map(tuple),
    agencies=st.lists(NAMES, max_size=2, unique=True).map(tuple),
)


@st.composite
def corpora(draw):
    """Up to eight articles and two notices from three files."""
    records = []
    for number in range(draw(st.integers(0, 8))):
        file = f"f{draw(st.integers(0, 2))}.txt"
        records.append(
            Article(
                id=f"{file[:-4]}:{number}",
                file=file,
                title=draw(TEXTS),
                paragraphs=tuple(draw(st.lists(TEXTS, max_size=3))),
                source=draw(st.none() | NAMES),
                byline=draw(st.none() | NAMES),
                paper=draw(st.none() | NAMES),
                facts=draw(FACTS),
                date=draw(st.sampled_from([None, "2024-11-01", "2024-11-15", "2023-01-31", "2024-11", "2023"])),
                page=draw(st.none() | st.integers(1, 12)),
            )
        )
    for number in range(draw(st.integers(0, 2))):
        records.append(Notice(id=f"f0:n{number}", file="f0.txt", kind="caption", text=draw(TEXTS)))
    return records


LEAVES = st.one_of(
    st.builds(nodes.Chunk, TEXTS.filter(match_form), st.booleans()),
    st.builds(nodes.Field, st.just("title"), TEXTS.filter(match_form), st.booleans()),
    st.builds(
        nodes.Near,
        st.lists(PIECES.filter(match_form), min_size=2, max_size=3).map(tuple),
        st.integers(1, 8),
    ),
    st.builds(
        nodes.Field, st.sampled_from(["agency", "source", "byline", "paper"]), st.sampled_from(["民政", "天津", "厅"])
    ),
    st.builds(
        nodes.Field, st.sampled_from(["region", "place"]), st.sampled_from(["江西", "南昌", "天津", "江西/南昌"])
    ),
    st.builds(
        nodes.Field, st.sampled_from(["year", "years"]), st.sampled_from(["2024", "2020..2023", ">=2022", "<2021"])
    ),
    st.builds(nodes.Field, st.just("date"), st.sampled_from(["2024-11", "2024-11-10..2024-12-01", "2023"])),
    st.builds(nodes.Field, st.just("page"), st.sampled_from(["3", "2..9"])),
)
QUERIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(nodes.Not, inner),
        st.builds(nodes.And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(nodes.Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=4,
)
SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@settings(SLOW, max_examples=CASES)
@given(
    corpus=corpora(), queries=st.lists(QUERIES, min_size=1, max_size=4), notices=st.booleans(), literal=st.booleans()
)
def test_same_as_scan(make_engine, corpus, queries, notices, literal):
    """Ids, order, scores, totals and facets of any query over any corpus."""
    oracle, engine = fill(ScanEngine(), corpus), fill(make_engine(), corpus)
    try:
        for query in queries:
            bound = bind(query, literal=literal).node
            for sort in ("relevance", "year", "date"):
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
    finally:
        engine.close()


@settings(SLOW, max_examples=CASES // 4)
@given(corpus=corpora(), query=QUERIES, other=QUERIES)
def test_algebra(make_engine, corpus, query, other):
    """A AND B is in A, A in A OR B, NOT the complement; longer strings match less."""
    engine = fill(make_engine(), corpus)
    try:
        one, two = bind(query).node, bind(other).node
        everything = ids(engine, nodes.Everything())
        assert everything == {record.id for record in corpus if isinstance(record, Article)}
        assert ids(engine, nodes.AllOf((one, two))) == ids(engine, one) & ids(engine, two)
        assert ids(engine, nodes.AnyOf((one, two))) == ids(engine, one) | ids(engine, two)
        assert ids(engine, nodes.Except(one)) == everything - ids(engine, one)
        if isinstance(one, nodes.Contains):
            for shorter in ("".join(units(one.form)[:-1]), "".join(units(one.form)[1:])):
                if shorter := shorter.strip("¶"):
                    assert ids(engine, nodes.Contains("", one.form)) <= ids(engine, nodes.Contains("", shorter))
    finally:
        engine.close()


@settings(SLOW, max_examples=CASES // 4)
@given(first=corpora(), second=corpora())
def test_incremental_equals_anew(make_engine, first, second):
    """Replacing the files of one corpus by those of another ends where a new index begins."""
    engine, anew = fill(make_engine(), first), fill(make_engine(), second)
    try:
        engine.remove({record.file for record in first})
        fill(engine, second)
        for text in ("社", "社工站", "24", "工作"):
            bound = bind(nodes.Chunk(text)).node
            assert engine.search(bound, notices=True, facets=True) == anew.search(bound, notices=True, facets=True)
        assert engine.counts() == anew.counts()
        assert dict(engine.files()) == dict(anew.files())
        assert not [problem for problem in engine.check() if "does not know" in problem]
    finally:
        engine.close()
        anew.close()


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
            for _ in range(200):
                start = random_.randrange(len(parts))
                form = "".join(parts[start : start + random_.randint(1, 8)]).strip("¶")
                if not form:
                    continue
                bound = nodes.Contains(form, form)
                expected = {id for id, text in forms.items() if form in text}
                assert record.id in expected
                assert ids(engine, bound) == expected
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
