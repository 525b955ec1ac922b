"""The benchmark runs and counts right: on 200 made-up articles, in a few seconds."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.dom import minidom

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # bench/ is beside the package, not in it

from bench import __main__ as command  # noqa: E402
from bench import corpus, measure, queries, report, worker  # noqa: E402
from bench.plot import svg  # noqa: E402
from bench.systems import make  # noqa: E402


@pytest.fixture(scope="module")
def docs():
    return list(corpus.stand_in(200))


def test_made_up_articles_are_the_same_every_time(docs):
    assert list(corpus.stand_in(50)) == docs[:50]
    assert len({doc.id for doc in docs}) == 200
    assert 400 < sum(len(doc.body) for doc in docs) / 200 < 1600


def test_files_are_read_as_written(docs, tmp_path):
    corpus.write(tmp_path / "corpus.jsonl", docs)
    assert list(corpus.read(tmp_path / "corpus.jsonl")) == docs


def test_growth_exchanges_characters_only(docs):
    grown = list(corpus.grown(docs, 3))
    assert grown[:200] == docs
    assert len({doc.id for doc in grown}) == 600
    assert [len(doc.text) for doc in grown[200:400]] == [len(doc.text) for doc in docs]
    assert grown[200].body != docs[0].body != grown[400].body


def test_parts_lie_within_one_another(docs):
    assert set(measure._part(docs, 1 / 8)) < set(measure._part(docs, 1 / 4)) < set(docs)


def test_every_query_has_an_answer(docs, tmp_path):
    drawn = queries.draw(docs, 20, seed=1)
    assert drawn == queries.draw(docs, 20, seed=1)
    corpus.write(tmp_path / "corpus.jsonl", docs)
    truth = make("truth")
    truth.open(tmp_path / "corpus.jsonl", tmp_path)
    for name in queries.SETS:
        assert len(set(drawn[name])) == 20
        assert all(truth.exactly(query)[0] for query in drawn[name])
    known = frozenset(query for one in drawn.values() for query in one)
    others = queries.draw(docs, 20, seed=1, without=known)
    assert known.isdisjoint(query for one in others.values() for query in one)


@pytest.mark.parametrize(
    ("ms", "expected"),
    [([], (0, 0)), ([5], (5, 5)), ([1, 2, 3], (2, 3)), (range(1, 101), (50.5, 96))],
)
def test_percentiles(ms, expected):
    found = measure.spread(list(ms))
    assert (found["p50"], found["p95"]) == expected


def test_a_ratio_knows_its_better_side():
    most, least = report.Ratio("", 0.6, 0.5, True), report.Ratio("", 0.6, 0.5, False)
    assert (most.met, least.met) == (False, True)
    assert most.worse(0.5) == pytest.approx(0.2)
    assert least.worse(0.9) == pytest.approx(0.5)
    assert most.worse(0.7) < 0 < most.worse(0.5)


def test_comparing_names_what_became_worse():
    old, new = {"cold": {"ratio": 1.5}}, {"cold": {"ratio": 1.8}}
    assert report.worse(new, old, 0.25) == []
    assert report.worse(new, old, 0.1) == [
        "cold query / imports of numpy, whoosh, click: 1.5 -> 1.8×, more than 10% worse"
    ]


def test_pages_are_timed_by_folder():
    folders = [str(ROOT / name) for name in measure.PAGES]
    found = worker.pages(None, folders, 0.0)
    assert (found["pages"], found["passes"], len(found["rates"])) == (19, 1, 2)
    assert min(found["rates"]) <= found["rate"] <= max(found["rates"])
    assert 1000 / found["slowest_ms"] <= max(found["rates"])


def test_unknown_names_are_refused():
    with pytest.raises(SystemExit, match="tantivy-words: known are swsearch"):
        command.main(["--only", "tantivy-words"])


def test_a_small_run(docs, tmp_path, monkeypatch, capsys):
    pytest.importorskip("tantivy")
    small = measure.Plan(12, 3, 2, 1, 1, 0.1, 50, 200, (1 / 2, 1), 5)
    monkeypatch.setattr(measure.Plan, "quick", lambda: small)
    articles, out = tmp_path / "corpus.jsonl", tmp_path / "run.json"
    corpus.write(articles, docs)
    only = "swsearch,tantivy-characters,fts5-trigram,indexing,queries,growth"
    assert command.main([str(articles), "--quick", "--only", only, "--out", str(out)]) == 0
    run = json.loads(out.read_text("utf-8"))
    for found in run["correct"]["swsearch"].values():
        assert (found["n"], found["recall"], found["precision"]) == (12, 1, 1)
    assert run["correct"]["fts5-trigram"]["title words"]["recall"] < 1
    assert all(one["size_bytes"] and one["peak_bytes"] for one in run["indexing"].values())
    assert str(tmp_path) not in out.read_text("utf-8")
    shown = capsys.readouterr().out
    assert "| ids, substrings, p50 / tantivy, single characters |" in shown
    assert "A million articles" in shown

    minidom.parseString(svg(run["growth"]))
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{command.START}\nold\n{command.END}\nafter\n", "utf-8")
    command.write_readme(run, readme)
    text = readme.read_text("utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text.split()
    assert (tmp_path / "growth.svg").exists()

    assert command.main(["--show", str(out), "--compare", str(out)]) == 0
    assert "nothing became worse" in capsys.readouterr().err
