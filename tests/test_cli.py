"""The command line with a fake index behind it: options, formats, streams, exit statuses. The real one: test_docs."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from swsearch import errors
from swsearch.cli import cli
from swsearch.printing import article_lines, citation, csv_cell, facet_lines, hit_lines, kwic_lines, region_tree
from swsearch.records import Article, Facts, Hit, Notice, Results, Segmented
from swsearch.shell import mark_text
from swsearch.snippets import KwicLine
from swsearch.terminal import Screen, cells, fit, safe, wrap

HIT = Hit(
    1, "001:2", "article", 2.5, "=河北：社工站全覆盖", "001.txt", ((1, 3), (5, 5)), 2024, (2024, 2025),
    ("河北省/廊坊市", "北京市"), ("河北省民政厅",), "河北日报", "皮磊",
    None, None, None, "力争实现社工站全覆盖。", ((4, 10),),
)  # fmt: skip
FACETS = {
    "region": ({"path": "河北省", "count": 2}, {"path": "北京市", "count": 1}, {"path": "河北省/廊坊市", "count": 1}),
    "year": ({"year": 2024, "count": 2},),
    "agency": (),
    "source": ({"source": "河北日报", "count": 1},),
}
FOUND = Results("社工站", 3, "no", 12.3, (), FACETS, (HIT, replace(HIT, rank=2, id="001:3", title="北京", year=None)))
NONE = Results("没有", 0, "no", 1.0, (), {}, ())
ARTICLE = Article(
    "001:2", "001.txt", "河北：社工站全覆盖", ("小题", "正文有社工站。"), ("小题",), "皮磊", "■ 本报记者 皮磊",
    "河北日报", Facts(("河北省",), ("河北省", "北京市"), 2024, (2024,), ("河北省民政厅",)), "公益时报", "2024-11-05", 8,
    ((1, 3),), (), "河北：\n社工站全覆盖",
)  # fmt: skip
NOTICE = Notice("001:n1", "001.txt", "teaser", "五社联动 09 版", ((9, 9),))


class FakeIndex:
    """Answers from a table, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.results: dict[str, Results | Exception] = {}
        self.problems: tuple[str, ...] = ()

    def __enter__(self) -> FakeIndex:
        return self

    def __exit__(self, *_: object) -> None: ...

    def search(self, query: str, **options: Any) -> Results:
        self.asked.append((query, options))
        answer = self.results.get(query, FOUND)
        if isinstance(answer, BaseException):
            raise answer
        return replace(answer, query=query)

    def explain(self, query: str, **options: Any) -> str:
        self.asked.append((query, options))
        return "chunk 社工站\n001:2 = 2.5\n"

    def kwic(self, query: str, **options: Any) -> list[KwicLine]:
        self.asked.append((query, options))
        return [
            KwicLine("001:2", "title", "河北：", "社工站", "全"),
            KwicLine("001:12", "p1", "=正文有", "社工站", "。"),
        ]

    def article(self, id: str) -> Article | Notice:
        if id not in ("001:2", "001:n1"):
            raise errors.QueryError(f"there is no article {id!r}")
        return ARTICLE if id == "001:2" else NOTICE

    def check(self) -> tuple[str, ...]:
        return self.problems


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> FakeIndex:
    fake = FakeIndex()
    module = ModuleType("swsearch.search")
    module.open_index = lambda path=None, **_: fake  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "swsearch.search", module)
    return fake


def run(*args: str, stdin: bytes | str | None = None, status: int | None = 0) -> Result:
    result = CliRunner().invoke(cli, list(args), input=stdin)
    assert "Traceback" not in result.output
    if status is not None:
        assert result.exit_code == status, result.output
    return result


# ---- query: what is asked


@pytest.mark.parametrize(
    ("args", "text", "options"),
    [
        (["社工站", "全覆盖"], "社工站 全覆盖", {}),
        (["社工站 全覆盖"], "社工站 全覆盖", {}),
        (["社工站", "-招聘"], "社工站 -招聘", {}),
        (["-招聘 社工站"], "-招聘 社工站", {}),
        (["-NGO 社工站", "-2024"], "-NGO 社工站 -2024", {}),
        (["--", "-NGO", "--json"], "-NGO --json", {}),
        (["--region", "江西"], "", {"region": "江西"}),
        (["x", "--region", "江西", "--region", "-粤"], "x", {"region": ["江西", "-粤"]}),
        (["x", "--year", "2021..2024", "--agency", "民政厅"], "x", {"year": "2021..2024", "agency": "民政厅"}),
        (["x", "--limit", "0", "--offset", "20"], "x", {"limit": 0, "offset": 20}),
        (["x", "--sort", "date", "--notices", "--strict"], "x", {"sort": "date", "notices": True, "strict": True}),
        (["x", "--literal", "--exact"], "x", {"literal": True, "exact": True, "loose": False}),
        (["x", "--json"], "x", {"facets": True, "limit": 10}),
        (["x"], "x", {"facets": False, "limit": 10}),
        (["x", "--facets"], "x", {"facets": True}),
        (["x", "--kwic"], "x", {"limit": 0, "sort": "position"}),
        (["x", "--kwic", "--kwic-sort", "left", "--limit", "3"], "x", {"limit": 3, "sort": "left"}),
        (["x", "--count", "--offset", "5"], "x", {"limit": 1, "offset": 0, "facets": False}),
        (["x", "--explain", "--place", "北京"], "x", {"place": "北京", "limit": 10}),
    ],
)
def test_query_asks(index: FakeIndex, args: list[str], text: str, options: dict[str, Any]) -> None:
    run("query", *args)
    asked, given = index.asked[0]
    assert asked == text
    assert {name: given[name] for name in options} == options


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], "give a query"),
        (["  "], "give a query"),
        (["x", "--limit", "-1"], ": -1 is no whole number from 0 on"),
        (["x", "--limit", "many"], "many is no whole number from 0 on"),
        (["x", "--offset", "-2"], "-2 is no whole number"),
        (["x", "--json", "--csv"], "--json and --csv do not go together"),
        (["x", "--count", "--kwic"], "--count and --kwic do not go together"),
        (["x", "--count", "--json"], "--count and --json do not go together"),
        (["x", "--facets", "--csv"], "--facets goes with"),
        (["x", "-q", "@f"], "-q goes with"),
        (["-q", "@f", "--csv"], "-q goes with"),
        (["x", "--regoin", "江西"], "No such option"),
        (["x", "-NGO"], 'Text that begins with "-" goes after `--`.'),
        (["x", "--sort", "age"], "is not one of"),
        (["-q", "@/nowhere/at/all"], "the queries cannot be read"),
    ],
)
def test_a_wrong_option_is_a_sentence(index: FakeIndex, args: list[str], words: str) -> None:
    result = run("query", *args, status=2)
    assert words in result.stderr
    assert result.stdout == ""


def test_mark_text_stops_at_two_dashes() -> None:
    assert mark_text(["-", "--x", "-q", "-q@a b", "--", "-招"]) == ["-", "--x", "-q", "-q@a b", "--", "-招"]


# ---- query: what is printed


def test_json_has_the_keys_of_the_design(index: FakeIndex) -> None:
    line = run("query", "社工站", "--json").stdout
    printed = json.loads(line)
    assert line.count("\n") == 1
    assert list(printed) == ["query", "total", "relaxed", "took_ms", "warnings", "facets", "hits"]
    assert list(printed["facets"]) == ["region", "year", "agency", "source"]
    assert printed["facets"]["region"][0] == {"path": "河北省", "count": 2}
    assert list(printed["hits"][0]) == [
        "rank", "id", "kind", "score", "title", "file", "lines", "year", "years", "regions", "agencies", "source",
        "byline", "paper", "date", "page", "snippet", "highlights",
    ]  # fmt: skip
    assert printed["hits"][0]["lines"] == [[1, 3], [5, 5]]
    assert printed["hits"][0]["highlights"] == [[4, 10]]


def test_jsonl_is_a_hit_a_line(index: FakeIndex) -> None:
    result = run("query", "社工站", "--jsonl")
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["001:2", "001:3"]
    assert "2 of 3 articles, 12 ms" in result.stderr


def test_csv_opens_in_excel(index: FakeIndex) -> None:
    text = run("query", "社工站", "--csv").stdout_bytes.decode("utf-8")
    assert text.startswith("\ufeffrank,id,kind,score,title,")
    assert text.count("\r\n") == 3
    row = next(csv.DictReader(io.StringIO(text[1:])))
    assert row["title"] == "'=河北：社工站全覆盖"
    assert row["regions"] == "河北省/廊坊市; 北京市"
    assert row["lines"] == "1..3; 5"
    assert row["paper"] == ""


@pytest.mark.parametrize(
    ("value", "safe_value"),
    [("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("\t=1", "'\t=1"), ("\r=1", "'\r=1"),
     ("＝1", "'＝1"), ("社=工", "社=工"), (-2.5, -2.5), (None, ""), ("", "")],
)  # fmt: skip
def test_a_cell_is_no_formula(value: object, safe_value: object) -> None:
    assert csv_cell(value) == safe_value


def test_hits_are_plain_when_piped(index: FakeIndex) -> None:
    result = run("query", "社工站")
    assert result.stdout == (
        "1. =河北：社工站全覆盖\n   河北省/廊坊市、北京市 · 2024 · 河北日报 · 001:2\n   力争实现社工站全覆盖。\n\n"
        "2. 北京\n   河北省/廊坊市、北京市 · 河北日报 · 001:3\n   力争实现社工站全覆盖。\n"
    )
    assert result.stderr == "2 of 3 articles, 12 ms\n"


def test_later_pages_say_which_hits_they_show(index: FakeIndex) -> None:
    index.results["x"] = replace(FOUND, total=57, hits=(replace(HIT, rank=11), replace(HIT, rank=12)))
    assert run("query", "x", "--offset", "10").stderr == "11 to 12 of 57 articles, 12 ms\n"
    index.results["x"] = replace(FOUND, total=1, hits=())
    assert run("query", "x", "--offset", "10").stderr == "0 of 1 article, 12 ms\n"


def test_count_is_the_number_alone(index: FakeIndex) -> None:
    assert run("query", "社工站", "--count").output == "3\n"


def test_facets_are_printed_as_a_tree(index: FakeIndex) -> None:
    assert run("query", "社工站", "--facets").stdout.endswith(
        "region\n  河北省    2\n    廊坊市  1\n  北京市    1\nyear\n  2024  2\nsource\n  河北日报  1\n"
    )


def test_kwic_lines_up(index: FakeIndex) -> None:
    result = run("query", "社工站", "--kwic")
    assert result.stdout == (
        "001:2 title   河北： 社工站 全\n001:12 p1    =正文有 社工站 。\n"
    )  # fmt: skip
    assert result.stderr == "2 occurrences\n"
    assert json.loads(run("query", "x", "--kwic", "--jsonl").stdout.splitlines()[1])["part"] == "p1"
    assert list(json.loads(run("query", "x", "--kwic", "--json").stdout)) == ["query", "lines"]
    assert "'=正文有" in run("query", "x", "--kwic", "--csv").stdout


def test_explain_is_printed(index: FakeIndex) -> None:
    assert run("query", "x", "--explain").stdout == "chunk 社工站\n001:2 = 2.5\n"


@pytest.mark.parametrize("form", [[], ["--json"], ["--jsonl"], ["--csv"], ["--count"], ["--facets"]])
def test_nothing_found_is_status_1(index: FakeIndex, form: list[str]) -> None:
    index.results["没有"] = NONE
    run("query", "没有", *form, status=1)


def test_notes_go_to_stderr(index: FakeIndex) -> None:
    index.results["x"] = replace(FOUND, relaxed="some", warnings=("“ is not closed",))
    result = run("query", "x", "--count")
    assert result.stdout == "3\n"
    assert result.stderr.startswith("warning: “ is not closed\nnothing has all of its words; ")
    index.results["x"] = replace(FOUND, relaxed="words")
    assert "showing articles that have its words" in run("query", "x").stderr


def test_many_queries_give_a_line_each(index: FakeIndex, tmp_path: Path) -> None:
    index.results |= {"没有": NONE, "坏": errors.QueryError("it is too long")}
    file = tmp_path / "q.txt"
    file.write_text("\ufeff社工站\n\n没有\r\n  全覆盖 \n", "utf-8")
    lines = [json.loads(line) for line in run("query", "-q", f"@{file}", "--region", "江西").stdout.splitlines()]
    assert [(line["query"], line["total"]) for line in lines] == [("社工站", 3), ("没有", 0), ("全覆盖", 3)]
    assert index.asked[0][1]["region"] == "江西"
    result = run("query", "--queries", "-", "--count", stdin="坏\n社工站\n", status=2)
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"query": "坏", "error": "it is too long"},
        {"query": "社工站", "total": 3},
    ]
    run("query", "-q", "-", stdin="没有", status=1)
    assert "not UTF-8" in run("query", "-q", "-", stdin="社".encode("gbk"), status=2).stderr


# ---- failures


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (errors.IndexMissing("no index at index; run `swsearch rebuild`"), 2, "no index at index; run"),
        (errors.QuerySyntaxError("a bracket is open", "社工 (", 3), 2, "a bracket is open\n社工 (\n     ^\n"),
        (errors.QuerySyntaxError("oh", "x" * 500 + "\x1b\n(", 502), 2, "x␛ (\n"),
        (OSError(28, "No space left on device", "/index/x"), 2, "/index/x: No space left on device"),
        (RuntimeError("boom"), 2, "Please report it"),
        (RecursionError("deep"), 2, "Please report it"),
        (MemoryError(), 2, "not enough memory"),
        (KeyboardInterrupt(), 130, "stopped"),
        (errors.SwsearchError("bad \x1b[31m name\udcff"), 2, "bad ␛[31m name\\udcff"),
    ],
)  # fmt: skip
def test_a_failure_is_a_sentence(index: FakeIndex, error: Exception, status: int, words: str) -> None:
    index.results["x"] = error
    result = run("query", "x", status=status)
    assert words in result.stderr
    assert result.stdout == ""
    assert "\x1b" not in result.stderr


def test_the_traceback_is_there_for_who_asks(index: FakeIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWSEARCH_DEBUG", "1")
    index.results["x"] = RuntimeError("boom")
    result = CliRunner().invoke(cli, ["query", "x"])
    assert "Traceback" in result.stderr
    assert result.exit_code == 2


def test_a_broken_pipe_is_no_error(index: FakeIndex) -> None:
    index.results["x"] = BrokenPipeError()
    assert run("query", "x").output == ""


# ---- the other commands


def test_show(index: FakeIndex) -> None:
    assert run("show", "001:2").stdout == (
        "河北：社工站全覆盖\n001:2 · 河北省 · 2024 · 河北日报 · 皮磊\n河北省民政厅\n公益时报 · 2024-11-05 · p. 8\n\n"
        "小题\n正文有社工站。\n"
    )
    assert run("show", "001:2", "--as-printed").stdout == "河北：\n社工站全覆盖\n"
    assert run("show", "001:2", "--cite").stdout == "皮磊. 河北：社工站全覆盖[N]. 公益时报, 2024-11-05(8).\n"
    printed = json.loads(run("show", "001:2", "--json").stdout)
    assert list(printed) == ["file", "kind", *ARTICLE.to_dict(), "paper", "date", "page"]
    assert json.loads(run("show", "001:n1", "--json").stdout) == {
        "file": "001.txt", "kind": "teaser", "text": "五社联动 09 版", "lines": [[9, 9]], "id": "001:n1",
    }  # fmt: skip
    assert run("show", "001:n1").stdout == "001:n1 · teaser\n五社联动 09 版\n"
    assert "no article '9:9'" in run("show", "9:9", status=2).stderr
    assert "is a notice" in run("show", "001:n1", "--cite", status=2).stderr
    assert "do not go together" in run("show", "001:2", "--cite", "--json", status=2).stderr


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "皮磊. 河北：社工站全覆盖[N]. 公益时报, 2024-11-05(8)."),
        ({"page": None}, "皮磊. 河北：社工站全覆盖[N]. 公益时报, 2024-11-05."),
        ({"paper": None, "date": None, "page": None}, "皮磊. 河北：社工站全覆盖[N]."),
        ({"byline": None, "date": None, "page": None}, "河北：社工站全覆盖[N]. 公益时报."),
        ({"byline": "甲一、乙二 丙三，丁四"}, "甲一, 乙二, 丙三, 等. 河北：社工站全覆盖[N]. 公益时报, 2024-11-05(8)."),
        ({"byline": "王 明"}, "王明. 河北：社工站全覆盖[N]. 公益时报, 2024-11-05(8)."),
    ],
)
def test_a_citation_leaves_out_what_is_not_known(changes: dict[str, Any], expected: str) -> None:
    assert citation(replace(ARTICLE, **changes)) == expected


def test_check(index: FakeIndex) -> None:
    assert run("check").stderr == "the index is sound\n"
    index.problems = ("seg_1.post: 3 bytes are wrong",)
    result = run("check", status=2)
    assert result.stdout == "seg_1.post: 3 bytes are wrong\n"
    assert "rebuild --full" in result.stderr


def test_fields_lists_every_field() -> None:
    from swsearch.query.fields import FIELDS

    printed = run("fields").stdout
    assert all(field.name in printed and all(alias in printed for alias in field.aliases) for field in FIELDS)


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("swsearch.pages.segment")
    module.segment = lambda page: Segmented(page.file, (ARTICLE,), (NOTICE,))  # type: ignore[attr-defined]
    module.explain = lambda page: [  # type: ignore[attr-defined]
        SimpleNamespace(
            lines=(2, 2), what="the article goes on", score=-1.25, parts=(("prior", -3.0), ("apart", 1.75))
        ),
        SimpleNamespace(lines=(0, 0), what="page: total", score=10.0, parts=()),
    ]
    monkeypatch.setitem(sys.modules, "swsearch.pages.segment", module)
    monkeypatch.setattr("swsearch.pages.segment", module, raising=False)


@pytest.mark.usefixtures("pipeline")
def test_segment(tmp_path: Path) -> None:
    file = tmp_path / "001.txt"
    file.write_text("河北：\n社工站全覆盖", "utf-8")
    printed = json.loads(run("segment", str(file), "--json").stdout)
    assert list(printed) == ["file", "articles", "notices"]
    assert list(printed["articles"][0]) == [
        "id", "title", "subheads", "paragraphs", "byline", "byline_line", "source", "regions", "places", "year",
        "years", "agencies", "lines",
    ]  # fmt: skip
    assert list(printed["notices"][0]) == ["kind", "text", "lines"]
    assert run("segment", "-", "--json", stdin="社工".encode("gb18030")).stdout.startswith('{"file": "-"')
    assert run("segment", str(file), str(file), "--json").stdout.count("\n") == 2
    assert run("segment", str(file)).stdout.startswith("001.txt\n\n河北：社工站全覆盖\n")
    assert run("segment", str(file), "--explain").stdout == (
        "001.txt\npage         +10.0  page: total\n2             -1.2  the article goes on · 社工站全覆盖\n"
        "                    prior -3.0, apart +1.8\n"
    )
    assert "do not go together" in run("segment", str(file), "--explain", "--json", status=2).stderr
    binary = tmp_path / "x.txt"
    binary.write_bytes(b"\x7fELF\x00\x01")
    result = run("segment", str(binary), str(tmp_path), "/nowhere", str(file), "--json", status=2)
    assert result.stdout.count("\n") == 1
    assert result.stderr.count("swsearch: ") == 3
    run("segment", status=2)


@pytest.mark.usefixtures("pipeline")
def test_segment_names_a_page_as_a_rebuild_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that what it prints can be kept as NAME.articles.json."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seeds" / "2024").mkdir(parents=True)
    for name in ("seeds/a.txt", "seeds/2024/b.txt", "c.txt"):
        (tmp_path / name).write_text("社工", "utf-8")
    lines = run("segment", "seeds/a.txt", "seeds/2024/b.txt", "c.txt", "--json").stdout.splitlines()
    assert [json.loads(line)["file"] for line in lines] == ["a.txt", "2024/b.txt", "c.txt"]


def test_rebuild_says_what_it_did(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, dict[str, Any]]] = []
    report = SimpleNamespace(
        index="index", new=("a.txt", "b.txt"), changed=(), removed=("c.txt",), unchanged=5, skipped=(), articles=14,
        notices=10, full_because=None, took_s=1.25, generation=2, notes=(),
    )  # fmt: skip

    def fake(seeds: Any, **options: Any) -> Any:
        asked.append((seeds, options))
        return report

    module = ModuleType("swsearch.index")
    module.rebuild = fake  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "swsearch.index", module)
    result = run("rebuild", "seeds", "--jobs", "2", "--index", "i")
    assert result.output == "2 new, 1 removed, 5 unchanged; 14 articles and 10 notices in index, 1.2 s\n"
    assert result.stdout == ""
    assert asked[0][0] == ("seeds",)
    assert (asked[0][1]["jobs"], asked[0][1]["index"], asked[0][1]["full"]) == (2, "i", False)
    report.skipped = (errors.PageError("x\x1b.txt", "is a PDF file"),)
    report.full_because = "the dictionary changed"
    result = run("rebuild", status=3)
    assert "skipped: x␛.txt: is a PDF file" in result.stderr
    assert "everything was read anew: the dictionary changed" in result.stderr
    assert "0 is no whole number from 1 on" in run("rebuild", "--jobs", "0", status=2).stderr


@pytest.mark.parametrize("args", [["--help"], ["query", "-h"], ["rebuild", "--help"], ["--version"]])
def test_help(args: list[str]) -> None:
    assert run(*args).stdout


def test_no_command_shows_the_help() -> None:
    assert "Commands:" in run(status=2).stderr
    assert "No such command" in run("serach", status=2).stderr


# ---- a terminal


TTY = Screen(tty=True, colour=True, width=40)


def test_a_terminal_gets_colours_and_wrapped_lines() -> None:
    lines = hit_lines(replace(HIT, snippet="力争实现社工站全覆盖，" * 4, highlights=((4, 10),)), TTY, ("社工站",))
    assert lines[0] == "1. \x1b[1m=河北：\x1b[0m\x1b[1;31m社工站\x1b[0m\x1b[1m全覆盖\x1b[0m"
    assert "\x1b[1;31m社工站全覆盖\x1b[0m" in lines[3]
    assert all(line.startswith("   ") for line in lines[1:])
    plain = [line.replace("\x1b[1;31m", "").replace("\x1b[0m", "").replace("\x1b[2m", "") for line in lines[1:]]
    assert max(map(cells, plain)) <= 40
    assert not any(line.strip().startswith("，") for line in plain)


def test_nothing_drives_the_terminal() -> None:
    evil = "a\x1b]0;x\x07\x9b31m\u202eb\rc\td"
    assert safe(evil) == "a␛]0;x␇\ufffd31m\ufffdb␍c d"
    assert len(safe(evil)) == len(evil)
    hit = replace(HIT, id=evil, title=evil, source=evil, regions=(evil,), snippet=evil, highlights=((1, 3),))
    article = replace(ARTICLE, id=evil, title=evil, paragraphs=(evil,), byline=evil, paper=evil)
    screen = Screen(tty=True, width=60)
    texts = [*hit_lines(hit, screen), *article_lines(article, screen), *kwic_lines([KwicLine(*[evil] * 5)], screen)]
    texts += facet_lines({"source": ({"source": evil, "count": 1},), "region": ({"path": evil, "count": 1},)}, screen)
    assert not set("".join(texts)) & set("\x1b\x07\x9b\u202e\r\t")


def test_kwic_fits_the_terminal() -> None:
    line = KwicLine("001:2", "p1", "左" * 30, "社工站", "右" * 30)
    (printed,) = kwic_lines([line], Screen(tty=True, width=60))
    assert cells(printed) <= 60
    assert "左左 社工站 右右" in printed


def test_region_tree_puts_children_below_their_parents() -> None:
    rows = [("乙/丙", 2), ("甲", 5), ("乙/丁/戊", 1), ("甲/己", 1)]
    assert list(region_tree(rows)) == [
        (0, "乙", 0), (1, "丙", 2), (1, "丁", 0), (2, "戊", 1), (0, "甲", 5), (1, "己", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("社工站全覆盖", 6, ["社工站", "全覆盖"]),
        ("社工站，全覆盖", 6, ["社工", "站，全", "覆盖"]),
        ("“社工”站", 4, ["“社", "工”", "站"]),
        ("in 2024 年", 5, ["in", "2024", "年"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("甲\n\n乙", 10, ["甲", "", "乙"]),
        ("", 10, [""]),
        ("e\u0301e\u0301e", 2, ["e\u0301e\u0301", "e"]),
        ("，，，，", 4, ["，，", "，，"]),
    ],
)
def test_wrap(text: str, width: int, lines: list[str]) -> None:
    assert [text[s:e] for s, e in wrap(text, width)] == lines


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="社工，“”（）。 ab1\n\u0301\u3000", max_size=60), st.integers(2, 20))
def test_wrapping_loses_nothing_but_spaces(text: str, width: int) -> None:
    lines = list(wrap(text, width))
    assert "".join(text[s:e] for s, e in lines).replace(" ", "") == text.replace("\n", "").replace(" ", "")
    assert lines == sorted(lines)
    assert all(cells(text[s:e]) <= width for s, e in lines)


def test_cells_and_fit() -> None:
    assert [cells(text) for text in ("abc", "社工", "e\u0301", "ｶﾞ", "Ａ", "𠀀", "")] == [3, 4, 1, 2, 2, 2, 0]
    assert fit("社工站", 5) == "社工"
    assert fit("社工站", 5, right=True) == "工站"
    assert fit("ae\u0301", 1, right=True) == "e\u0301"


@pytest.mark.parametrize(
    ("environment", "tty", "colour"),
    [({}, True, True), ({}, False, False), ({"NO_COLOR": "1"}, True, False), ({"TERM": "dumb"}, True, False)],
)
def test_colours(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], tty: bool, colour: bool) -> None:
    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return tty

    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert Screen.of(Stream()).colour is colour
    assert not Screen.of(None).tty


# ---- a real process


def process(
    args: list[str | bytes], stdout: Any = subprocess.PIPE, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))}
    return subprocess.run(
        [sys.executable, "-m", "swsearch", *args],  # type: ignore[list-item]
        stdout=stdout, stderr=subprocess.PIPE, env=clean | environment, check=False, timeout=60,
    )  # fmt: skip


LOCALES = pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "cp1252"},
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=["cp1252", "C", "ascii"],
)


@LOCALES
def test_utf8_whatever_the_locale(environment: dict[str, str], tmp_path: Path) -> None:
    done = process(["fields"], **environment)
    assert "标题".encode() in done.stdout
    assert done.returncode == 0
    done = process(["query", "社工站", "--limit", "社工".encode()], **environment)
    assert done.returncode == 2
    done = process(["segment", str(tmp_path / "没有.txt").encode()], **environment)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


def test_no_argument_crashes_it() -> None:
    for arg in (b"\xff\xfe", b"\xed\xa0\x80", b"-\xff", b"--\xff", b"\x1b[31m"):
        done = process(["query", arg, b"--index", b"/nowhere/\xff"])
        assert done.returncode == 2
        assert b"Traceback" not in done.stderr
        assert b"\x1b" not in done.stderr


def test_closed_streams() -> None:
    for command in ("segment - <&-", "query -q - --index /nowhere <&-", "fields >&-", "segment /nowhere 2>&-"):
        done = subprocess.run(["sh", "-c", f"{sys.executable} -m swsearch {command}"], capture_output=True, check=False)
        assert done.returncode in (0, 2)
        assert b"Traceback" not in done.stderr
        assert b"should not" not in done.stderr
    read, write = os.pipe()
    os.close(read)
    try:
        assert process(["fields"], stdout=write).returncode == 0
        assert process(["--help"], stdout=write).returncode == 0
    finally:
        os.close(write)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_is_a_sentence() -> None:
    with open("/dev/full", "wb") as full:
        done = process(["fields"], stdout=full)
    assert done.returncode == 2
    assert done.stderr.startswith(b"swsearch: No space left on device")


def test_the_command_line_loads_nothing_heavy() -> None:
    heavy = {"rich", "jieba", "rjieba", "whoosh", "numpy", "lark", "opencc", "importlib.metadata"}
    code = f"import sys, swsearch.cli; print(sorted(set(sys.modules) & {heavy}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def run_main(code: str, tmp_path: Path) -> list[str]:
    """What `code` prints after the entry point has answered a query."""
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "a.jsonl").write_text('{"id": "a", "title": "社工站", "body": "全覆盖"}\n', encoding="utf-8")
    index = str(tmp_path / "index")
    assert process(["rebuild", str(tmp_path / "seeds"), "--index", index]).returncode == 0
    program = (
        "import gc, os, sys\n"
        f"sys.argv = ['swsearch', 'query', '社工站 全覆盖', '--jsonl', '--index', {index!r}]\n"
        "from swsearch.cli import main\n"
        f"try: main()\nexcept SystemExit as end: print(end.code, {code})"
    )
    clean = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=clean)
    return done.stdout.splitlines()[-1].split()


def test_a_query_loads_only_what_it_needs(tmp_path: Path) -> None:
    """Whatever takes a millisecond and more to load, and a query of a few words can be answered without."""
    needless = {
        "html",
        "hashlib",
        "email",
        "importlib.metadata",
        "lark",
        "jieba",
        "rjieba",
        "opencc",
        "multiprocessing",
    }
    assert run_main(f"*sorted(set(sys.modules) & {needless})", tmp_path) == ["0"]


def test_the_command_line_is_not_held_up_by_garbage_and_threads(tmp_path: Path) -> None:
    """Modules are not searched for garbage while they are loaded and when the process ends; BLAS starts no threads."""
    shown = "gc.get_freeze_count() > 10_000, gc.get_threshold()[0] > 10_000, os.environ['OPENBLAS_NUM_THREADS']"
    assert run_main(shown, tmp_path) == ["0", "True", "True", "1"]


# ---- the whole way, on seeds with hostile names


NAMES = [
    b"-rf.txt",
    b"a\x1b[31mb.txt",
    "新闻 版.txt".encode(),
    b"\xff\xfe.txt",
    b"a\nb.txt",
    b"=cmd.txt",
    b"a'b\"c$d.txt",
]
PAGE = "扬州举办社工培训\n近日，扬州市民政局举办社工站培训班，全市社工站负责人参加。\n（据《扬州日报》）\n"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("hostile")
    folder = os.path.join(os.fsencode(root), b"seeds")
    os.mkdir(folder)
    for name in NAMES:
        try:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(PAGE.encode())
        except OSError:  # a file system that does not have such names
            continue
    (root / "seeds" / "program.txt").write_bytes(b"\x7fELF\x00")
    done = process(["rebuild", str(root / "seeds"), "--index", str(root / "index")])
    assert done.returncode == 3, done.stderr
    assert b"program.txt" in done.stderr
    assert b"\x1b" not in done.stderr
    return root


@pytest.mark.parametrize("args", [[], ["--json"], ["--jsonl"], ["--csv"], ["--kwic"], ["--facets"], ["--explain"]])
def test_hostile_names_are_found_and_printed(hostile: Path, args: list[str]) -> None:
    done = process(["query", "社工站", "--limit", "0", *args, "--index", str(hostile / "index")])
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode("utf-8")
    assert "=cmd:1" in text
    if args == ["--csv"]:
        ids = [row["id"] for row in csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))]
        assert "'=cmd:1" in ids
        assert "'-rf:1" in ids
    if args == ["--jsonl"]:
        for hit in map(json.loads, text.splitlines()):
            run("show", "--index", str(hostile / "index"), "--", hit["id"])


@LOCALES
def test_a_query_is_utf8_whatever_the_locale(hostile: Path, environment: dict[str, str]) -> None:
    done = process(
        ["query", "社工站", "--agency", "民政局", "--json", "--index", str(hostile / "index")], **environment
    )
    printed = json.loads(done.stdout.decode("utf-8"))
    assert printed["query"] == "社工站"
    assert printed["total"] > 0
    assert printed["hits"][0]["agencies"] == ["扬州市民政局"]


@pytest.mark.parametrize(
    "text",
    [
        "“”", "\x00", "\x1b[31m", "(" * 5000, "社" * 100_000, "OR " * 1000, "\u202e社", "e\u0301", "，。！", "AND", "-",
        "#", "~3", ":", "region:湖喃", "year:x", "\ud800", "*", "社工站 AND", '"社工站', "title:", "𠀀",
    ],
)  # fmt: skip
@pytest.mark.parametrize("args", [[], ["--strict"], ["--explain"], ["--kwic"]], ids="-".join)
def test_any_query_is_answered_or_explained(hostile: Path, text: str, args: list[str]) -> None:
    result = run("query", "--index", str(hostile / "index"), *args, "--", text, status=None)
    assert result.exit_code in (0, 1, 2)
    assert "should not" not in result.stderr
    assert "\x1b" not in result.stderr
    assert result.exit_code != 2 or result.stderr


@pytest.mark.parametrize(
    "option", ["region", "place", "year", "years", "agency", "source", "byline", "paper", "date", "page"]
)
@pytest.mark.parametrize("value", ["", "“”", "\ud800", "x" * 5000, "0", "-", "..", "\x1b"])
def test_any_filter_is_answered_or_explained(hostile: Path, option: str, value: str) -> None:
    result = run("query", "社工站", f"--{option}", value, "--index", str(hostile / "index"), status=None)
    assert result.exit_code in (0, 1, 2)
    assert "should not" not in result.stderr
    assert "\x1b" not in result.stderr


def test_the_other_commands_work_on_it(hostile: Path) -> None:
    index = str(hostile / "index")
    assert (
        json.loads(run("status", "--json", "--index", index).stdout)["files"] == len(os.listdir(hostile / "seeds")) - 1
    )
    assert "articles" in run("status", "--index", index).stdout
    run("check", "--index", index)
    files = [name for name in os.listdir(hostile / "seeds") if name != "program.txt"]
    lines = run("segment", "--json", "--", *(str(hostile / "seeds" / name) for name in files)).stdout.splitlines()
    assert [json.loads(line)["articles"][0]["title"] for line in lines] == ["扬州举办社工培训"] * len(files)


def test_no_index_is_a_sentence(tmp_path: Path) -> None:
    for command in (["query", "社工"], ["show", "a:1"], ["status"], ["check"]):
        result = run(*command, "--index", str(tmp_path / "none"), status=2)
        assert "swsearch rebuild" in result.stderr
        assert result.stderr.count("\n") == 1
    (tmp_path / "empty").mkdir()
    assert "empty" in run("rebuild", str(tmp_path / "empty"), "--index", str(tmp_path / "i"), status=None).stderr
    assert "no such" in run("rebuild", str(tmp_path / "nowhere"), "--index", str(tmp_path / "i"), status=2).stderr
