"""Where a document first has a bigram, as it is stored, and what is judged by it: `in` on match forms decides."""

import itertools
import json
import math
import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import swsearch.engines.whoosh.search as search_module
import swsearch.engines.whoosh.segment as segment_module
from swsearch import IndexCorrupt, open_index, rebuild
from swsearch.engines.base import TITLE_WEIGHT, Meta, SeedFile, searched_texts
from swsearch.engines.whoosh.invert import FAR, PLACE_UNITS
from swsearch.engines.whoosh.schema import read_record
from swsearch.engines.whoosh.search import Asked, compile_plan, run
from swsearch.engines.whoosh.store import WhooshEngine
from swsearch.query.nodes import Contains
from swsearch.records import Article, Notice
from swsearch.text.match import BREAK, match_form, units

META = Meta(1, {})
PIECES = st.sampled_from([*"社工站社工甲乙𠮷👍。，「」\n", "24", "a1", "１,5", "\n\n", "社工站", "工站社"])
SHORT = st.lists(PIECES, max_size=12).map("".join)
LONG = st.tuples(SHORT, st.sampled_from(["社", "甲乙", "𠮷", "工a1。"]), st.integers(200, 1100), SHORT).map(
    lambda parts: parts[0] + parts[1] * parts[2] + parts[3]
)
TEXTS = st.one_of(SHORT, SHORT, SHORT, LONG)
CORPORA = st.lists(st.tuples(st.booleans(), SHORT, TEXTS), min_size=1, max_size=12)
SLOW = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck), print_blob=True)


@pytest.fixture
def make_engine(tmp_path_factory):
    """A new, empty index, to be closed by the caller."""
    return lambda: WhooshEngine(str(tmp_path_factory.mktemp("index")), write=True)


@pytest.fixture(params=[(0, 1), (0, 40), (3, 1 << 17)])
def always_beside(request, monkeypatch):
    """However few documents, they are judged around the first places of bigrams, some at a time."""
    few, window_units = request.param
    for module in (segment_module, search_module):
        monkeypatch.setattr(module, "FEW", few)
    monkeypatch.setattr(segment_module, "FEW_JUDGED", few)
    monkeypatch.setattr(segment_module, "WINDOWS_UNITS", window_units)


def holds(form):
    return Contains(form, form)


def records_of(corpus, file):
    for number, (is_article, title, text) in enumerate(corpus):
        id = f"{file[:-4]}:{number}"
        if is_article:
            yield Article(id=id, file=file, title=title.replace("\n", " "), paragraphs=tuple(text.split("\n")))
        else:
            yield Notice(id=id, file=file, kind="caption", text=text)


def fill(engine, corpus, file):
    engine.add(list(records_of(corpus, file)), [SeedFile(file, "0")])
    engine.commit(META)


def utf16(text):
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def slow_places(record):
    """Bigram -> its weighted count, and the place where it first is; made unit by unit."""
    title, body = searched_texts(record)
    form = match_form(title)
    held, at = {}, 0
    parts = [form, *filter(None, map(match_form, body.split("\n")))]
    if not any(parts):
        return {}
    found = units(BREAK.join(parts) + BREAK)
    for left, right in itertools.pairwise(found):
        if at or left != BREAK:
            count, place = held.get((left, right), (0, min(at // PLACE_UNITS, FAR)))
            held[left, right] = count + (TITLE_WEIGHT if at < utf16(form) else 1), place
        at += utf16(left)
    return held


def live_documents(engine):
    for segment in engine._snapshot.segments:
        for doc in np.flatnonzero(segment.articles | segment.notices).tolist():
            yield segment, doc, read_record(segment.record(doc))


def verify_places(engine):
    """Each bigram of each document has its count and its first place."""
    for segment, doc, record in live_documents(engine):
        for (left, right), wanted in slow_places(record).items():
            having = segment.postings(left, right)
            at = having.docs.tolist().index(doc)
            assert (int(having.counts[at]), int(having.places[at])) == wanted


@SLOW
@given(first=CORPORA, second=CORPORA, gone=st.booleans())
def test_places_are_those_of_the_text(make_engine, first, second, gone):
    """When written, after a merge, and when documents before others were deleted."""
    engine = make_engine()
    try:
        fill(engine, first, "f0.txt")
        verify_places(engine)
        fill(engine, second, "f1.txt")
        if gone:
            engine.remove(["f0.txt"])
            engine.commit(META)
        assert len(engine._snapshot.segments) == 1
        verify_places(engine)
    finally:
        engine.close()


def test_a_count_of_any_size_keeps_its_place(make_engine):
    """Counts beyond one byte and beyond two, merged too: both stay what they are."""
    engine = make_engine()
    try:
        for number, size in enumerate((254, 255, 256, 70_000)):
            fill(engine, [(True, "", "甲" * 24 + "社" * size), (True, "甲社", "乙")], f"f{number}.txt")
            verify_places(engine)
    finally:
        engine.close()


def cut(data, texts):
    """A string between units of some text, of two units or more."""
    parts = units(match_form(data.draw(st.sampled_from(texts))))
    start = data.draw(st.integers(0, max(0, len(parts) - 2)))
    size = data.draw(st.integers(2, 24))
    return "".join(parts[start : start + size]).strip(BREAK)


@SLOW
@given(corpus=CORPORA, others=CORPORA, gone=st.booleans(), data=st.data())
def test_judged_as_in(make_engine, always_beside, corpus, others, gone, data):
    """Forms that some document has, and forms that are nearly there, in a merged segment with deleted documents."""
    engine = make_engine()
    try:
        fill(engine, others, "f0.txt")
        fill(engine, corpus, "f1.txt")
        if gone:
            engine.remove(["f0.txt"])
            engine.commit(META)
        texts = ["\n".join(searched_texts(record)) for *_, record in live_documents(engine)]
        forms = [match_form(text) for text in texts]
        for _ in range(8):
            wanted = cut(data, texts)
            if data.draw(st.booleans()):
                wanted += cut(data, texts)
            if not wanted:
                continue
            found = engine.search(holds(wanted), notices=True)
            assert found.total == sum(wanted in form for form in forms), wanted
    finally:
        engine.close()


def test_a_window_ends_with_its_document(make_engine, always_beside):
    """What begins in the next document, a few units behind a bigram, is not in this one; nor what begins before it."""
    corpus = [
        (False, "", text) for text in ("站社工。工站社", "社工站", "站社工", "工站社工", "社工站社", "社工。工站")
    ]
    for order in itertools.permutations(corpus, 2):
        engine = make_engine()
        try:
            fill(engine, list(order), "f.txt")
            for form in ("社工站", "工站社", "站社工", "社工站社", f"工{BREAK}工站"):
                found = engine.search(holds(form), notices=True).total
                assert found == sum(form in match_form(text) for *_, text in order), (form, order)
        finally:
            engine.close()


def test_many_documents_are_judged_like_few(make_engine, monkeypatch):
    """Around rare bigrams, and then one by one: what has the form elsewhere is found too."""
    chance = random.Random(5)
    texts = []
    for _ in range(600):
        rest = "".join(chance.choice("甲乙丙丁。，\n") for _ in range(chance.choice((3, 6, 20, 400))))
        at = chance.randrange(len(rest) + 1)
        texts.append(rest[:at] + chance.choice(("社工站。", "社工、工站", "工站社工站")) + rest[at:])
    engine = make_engine()
    try:
        fill(engine, [(True, "题", text) for text in texts], "f.txt")
        forms = [match_form(f"题\n{text}") for text in texts]
        for chunk in ("社工站", "工站。甲", "甲社工站", "甲乙丙", "丙丁。甲", "社工、工站", "题。甲", "甲。乙。丙。丁"):
            form = match_form(chunk)
            for few in (12, 32, 700):
                monkeypatch.setattr(segment_module, "FEW_JUDGED", few)
                assert engine.search(holds(form)).total == sum(form in one for one in forms), (chunk, few)
    finally:
        engine.close()


def test_the_last_place_has_all_that_follows(make_engine, always_beside):
    """Around the 2,040th unit and far behind it: what is there only once may be anywhere from there on."""
    sizes = [*range(2030, 2060), 5_000]
    texts = ["丁" * size + end for size in sizes for end in ("社工站", "工站社工")]
    engine = make_engine()
    try:
        fill(engine, [(False, "", text) for text in texts], "f.txt")
        for form in ("社工站", "丁社工站", "站社工", "丁社工社"):
            found = engine.search(holds(form), notices=True).total
            assert found == sum(form in text for text in texts), form
    finally:
        engine.close()


@pytest.mark.parametrize("few", [12, 700])
def test_judging_stops_at_the_deadline(make_engine, monkeypatch, few):
    """Around bigrams, and one by one."""
    monkeypatch.setattr(segment_module, "FEW_JUDGED", few)
    engine = make_engine()
    try:
        fill(engine, [(True, "", "甲乙丙丁")] * 300, "f.txt")
        (segment,) = engine._snapshot.segments
        plan = compile_plan(holds("甲乙丙"))
        assert len(run(plan, Asked(segment), segment.articles, math.inf)) == 300
        with pytest.raises(TimeoutError):
            run(plan, Asked(segment), segment.articles, -math.inf)
    finally:
        engine.close()


@pytest.mark.parametrize("array", ["gram_places", "form"])
@pytest.mark.parametrize("articles", [5, 3000])
def test_damaged_places_are_never_used(tmp_path, array, articles):
    """Whether documents are judged one by one or many at once: a byte that is not what was written is named."""
    (tmp_path / "seeds").mkdir()
    lines = [json.dumps({"id": str(n), "title": "题", "body": f"甲乙丙{'丁戊' * 40}"}) for n in range(articles)]
    (tmp_path / "seeds" / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    rebuild(tmp_path / "seeds", index=tmp_path / "index")
    with open_index(tmp_path / "index") as index:
        assert index.ids('"甲乙丙"', 0)[0] == articles
        _, offset, length = index._engine._readers[0].file._arrays[array]
    (path,) = (tmp_path / "index").glob("*.arrays")
    torn = bytearray(path.read_bytes())
    torn[offset + length // 2] ^= 4
    path.unlink()
    path.write_bytes(torn)

    def ask_all():
        with open_index(tmp_path / "index") as index:
            for chunk in ("甲乙丙", "题。甲乙", "丁戊丁", "丙丁戊", "戊丁戊丁", "戊。"):
                index.ids(f'"{chunk}"', 0)

    with pytest.raises(IndexCorrupt):
        ask_all()
