"""The worked example of docs/ranking.md, computed by hand, against every engine; and what the ranking promises."""

import math
import re
from importlib.resources import files
from pathlib import Path

import pytest

from swsearch.engines.base import Meta, SeedFile
from swsearch.engines.scan import ScanEngine
from swsearch.engines.whoosh.store import WhooshEngine
from swsearch.query.bind import bind
from swsearch.query.nodes import Chunk
from swsearch.query.parse import parse
from swsearch.records import Article
from swsearch.text.fold import fold

DOC = Path(__file__).parent.parent / "docs/ranking.md"


@pytest.fixture(params=["scan", "whoosh"])
def engine(request, tmp_path):
    engine = ScanEngine() if request.param == "scan" else WhooshEngine(str(tmp_path / "index"), write=True)
    yield engine
    engine.close()


def fill(engine, *articles):
    engine.add(
        [Article(id, f"{id}.txt", title, tuple(body)) for id, title, *body in articles], [SeedFile("a.txt", "0")]
    )
    engine.commit(Meta(1, {}))


def scores(engine, query, **options):
    return dict(engine.search(bind(parse(query).node, **options).node).hits)


def test_worked_example(engine):
    fill(engine, ("a", "社工站", "社工站建设"), ("b", "养老", "社工站建设和服务"))
    idf = math.log(1 + (2 - 2 + 0.5) / (2 + 0.5))
    by_hand = {
        "a": idf * 2.2 * 4 / (4 + 1.2 * (0.25 + 0.75 * 5 / 6)),
        "b": idf * 2.2 * 1 / (1 + 1.2 * (0.25 + 0.75 * 7 / 6)),
    }
    printed = [float(figure) for figure in re.findall(r"\*\*(0\.\d{6})\*\*", DOC.read_text(encoding="utf-8"))]
    assert list(by_hand.values()) == pytest.approx(printed, abs=1e-6)
    assert scores(engine, "社工站") == pytest.approx(by_hand, abs=1e-6)


def test_the_word_itself_comes_before_its_mere_characters(engine):
    fill(engine, ("a", "", "十分完全覆盖"), ("b", "", "实现了全覆盖"))
    found = scores(engine, "全覆盖")
    assert found["b"] > found["a"] > 0


def test_a_title_counts_three_times(engine):
    fill(engine, ("a", "养老服务", "社工站建设"), ("b", "社工站建设", "养老服务"))
    found = scores(engine, "社工站")
    assert found["b"] > found["a"]


def test_a_variant_ranks_below_the_literal_form(engine):
    fill(engine, ("a", "", "招募志工服務老人"), ("b", "", "招募志愿者服务老人"), ("c", "", "其他"))
    for query, first in (("志工", "a"), ("志愿者", "b")):
        found = scores(engine, query)
        assert set(found) == {"a", "b"}
        assert max(found, key=found.get) == first
        assert set(scores(engine, query, literal=True)) == {first}


def reviewed_pairs():
    """(what is asked for, what the other side says) for each line of the list, both ways where it has both."""
    text = (files("swsearch.text") / "data/strait_variants.tsv").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            mainland, way, others = line.split("\t")
            one, other = mainland.split()[0], others.split()[0]
            if fold(one) not in fold(other) and fold(other) not in fold(one):
                yield other, one
                if way == "=":
                    yield one, other


def test_every_reviewed_variant_ranks_below_the_literal_form():
    pairs = list(reviewed_pairs())
    assert len(pairs) > 400
    for literal, other in pairs:
        engine = ScanEngine()
        text = "会议在河北召开，{}方面的工作由各单位负责。"
        fill(engine, ("b", "", text.format(literal)), ("a", "", text.format(other)), ("c", "", "其他"))
        found = scores(engine, literal)
        assert found["b"] > found["a"] > 0, (literal, other, found)


def test_ties_are_broken_by_id(engine):
    fill(engine, *((id, "", "社工站") for id in ("c", "a", "b")))
    assert [id for id, _ in engine.search(bind(Chunk("社工站")).node).hits] == ["a", "b", "c"]
