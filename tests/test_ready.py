"""Ready-made articles, pages mended by hand, and meta.csv: what is wrong is named, the rest goes in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swsearch.errors import PageError
from swsearch.pages import ready
from swsearch.pages.ready import Meta, iter_articles, read_articles, read_mended, read_meta
from swsearch.records import Facts, Notice, Page, Span


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def reasons(problems: list[PageError]) -> list[str]:
    return [problem.reason for problem in problems]


# ---- .jsonl


def test_an_article_as_it_comes(tmp_path: Path) -> None:
    line = {
        "id": "a1",
        "title": "社工站\n全覆盖",
        "body": "　　第一段 有空格。\r\n第二段渊冤。\n\n第三段",
        "byline": "皮磊",
        "source": "南昌日报",
        "regions": ["江西省/南昌市", "江西/南昌", "朝阳", "不知道的地方"],
        "places": ["北京"],
        "year": 2024,
        "years": [2025, "2024"],
        "agencies": ["南昌市民政局"],
        "paper": "公益时报",
        "date": "2024年11月5日",
        "page": "08",
        "anything": {"else": 1},
    }
    path = written(tmp_path / "a.jsonl", "\ufeff" + json.dumps(line, ensure_ascii=False) + "\n\n")
    (article,), problems = read_articles(path, tmp_path)
    assert not problems
    assert (article.id, article.file, article.title) == ("a1", "a.jsonl", "社工站 全覆盖")
    assert article.paragraphs == ("　　第一段 有空格。", "第二段渊冤。", "第三段")
    assert (article.byline, article.source, article.paper) == ("皮磊", "南昌日报", "公益时报")
    assert (article.date, article.page) == ("2024-11-05", 8)
    assert article.facts == Facts(
        regions=("江西省/南昌市", "朝阳", "不知道的地方"),
        places=("北京市",),
        year=2024,
        years=(2024, 2025),
        agencies=("南昌市民政局",),
    )
    assert (article.lines, article.spans, article.printed) == ((), (), "")


def test_paragraphs_instead_of_a_body(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.jsonl",
        '{"id": 7, "title": "", "paragraphs": ["甲", "乙\\n丙"], "subheads": ["乙"], "year": null}',
    )
    (article,), _ = read_articles(path)
    assert (article.id, article.paragraphs, article.subheads) == ("7", ("甲", "乙", "丙"), ("乙",))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "is not JSON (column 2: Expecting property name enclosed in double quotes)"),
        ("[" * 100_000, "is not JSON of this kind (nested too deeply, or a number too long)"),
        ('"text"', 'is "text", not a JSON object {…}'),
        ('{"title": "t", "body": "b"}', '"id" is null; give a short text or a number, no two the same'),
        ('{"id": "", "title": "t", "body": "b"}', '"id" is ""; give a short text or a number, no two the same'),
        ('{"id": "b", "body": "b"}', 'has no "title"; give one, "" if it is not known'),
        ('{"id": "b", "title": 5, "body": "b"}', '"title" is 5; write a text in quotes, or null'),
        ('{"id": "b", "title": "t"}', 'has neither a text "body" nor a list "paragraphs"; give one of them'),
        (
            '{"id": "b", "title": "t", "body": ["b"]}',
            'has neither a text "body" nor a list "paragraphs"; give one of them',
        ),
        ('{"id": "b", "title": "t", "paragraphs": "b"}', '"paragraphs" is "b"; write a list […]'),
        ('{"id": "b", "title": "t", "paragraphs": [1]}', '"paragraphs" has 1; write texts in quotes'),
        (
            '{"id": "b", "title": "t", "body": "b", "year": "最近"}',
            '"year" has "最近"; write a year of four digits, or null',
        ),
        (
            '{"id": "b", "title": "t", "body": "b", "years": [true]}',
            '"years" has true; write a year of four digits, or null',
        ),
        ('{"id": "b", "title": "t", "body": "b", "regions": "北京"}', '"regions" is "北京"; write a list […]'),
        (
            '{"id": "b", "title": "t", "body": "b", "date": "2024-02-30"}',
            '"date" is "2024-02-30"; write it like 2024-11-05, 2024-11 or 2024',
        ),
        ('{"id": "b", "title": "t", "body": "b", "page": "A"}', '"page" is "A"; write a number from 1 to 9999'),
        ('{"id": "a", "title": "t", "body": "b"}', 'the id "a" is that of line 1; give it one of its own'),
    ],
)
def test_a_bad_line_is_named_and_the_others_go_in(tmp_path: Path, line: str, reason: str) -> None:
    first, last = '{"id": "a", "title": "t", "body": "b"}', '{"id": "z", "title": "t", "body": "b"}'
    path = written(tmp_path / "a.jsonl", f"{first}\n\n{line}\n{last}\n")
    if line.startswith("[["):
        path = written(tmp_path / "a.jsonl", f'{first}\n\n{{"id": {line}\n{last}\n')
    articles, problems = read_articles(path)
    assert [article.id for article in articles] == ["a", "z"]
    assert reasons(problems) == [f"line 3: {reason}"]
    assert problems[0].path == str(path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    good = '{"id": "a", "title": "社会工作站", "body": "全市社会工作站全部建成。"}'
    path = written(tmp_path / "a.jsonl", b"\n".join([good.encode("gb18030"), b'{"id": "\xff\xff\xfe\xff"}', b""]))
    articles, problems = read_articles(path)
    assert [article.title for article in articles] == ["社会工作站"]
    assert len(problems) == 1
    assert problems[0].reason.startswith("line 2: is in no encoding that swsearch reads")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ('[\n{"id": 1}\n]', "is one JSON list"),
        ('[{"id": 1}]', "is one JSON list"),
        ("{}".encode("utf-16"), "is in UTF-16; save it again as UTF-8"),
    ],
)
def test_files_that_are_wrong_as_a_whole(tmp_path: Path, data: str | bytes, reason: str) -> None:
    with pytest.raises(PageError, match=reason):
        read_articles(written(tmp_path / "a.jsonl", data))


def test_halves_of_surrogate_pairs_become_one_sign(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.jsonl", r'{"id": "a", "title": "\ud83d", "body": "甲\udc00乙 \ud83d\ude00", "source": "\ud800"}'
    )
    (article,), _ = read_articles(path)
    assert (article.title, article.paragraphs, article.source) == ("\ufffd", ("甲\ufffd乙 😀",), "\ufffd")


def test_a_line_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready, "MAX_PAGE_BYTES", 100)
    good = '{"id": "%s", "title": "t", "body": "b"}'
    path = written(tmp_path / "a.jsonl", "\n".join([good % "a", good % ("x" * 1000), good % "z"]))
    articles, problems = read_articles(path)
    assert [article.id for article in articles] == ["a", "z"]
    assert reasons(problems)[0].startswith("line 2: is longer than")


def test_many_bad_lines_are_summed_up(tmp_path: Path) -> None:
    articles, problems = read_articles(written(tmp_path / "a.jsonl", "x\n" * 5000))
    assert not articles
    assert len(problems) == 101
    assert problems[-1].reason == "4900 more lines were left out; is each line one article as a JSON object?"


def test_articles_come_one_by_one(tmp_path: Path) -> None:
    line = '{"id": %d, "title": "t", "body": "b"}\n'
    path = written(tmp_path / "a.jsonl", "".join(line % number for number in range(30_000)))
    problems: list[PageError] = []
    stream = iter_articles(path, tmp_path, problems)
    assert next(stream).id == "0"
    assert sum(1 for _ in stream) == 29_999


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(PageError, match="does not exist"):
        read_articles(tmp_path / "a.jsonl")
    with pytest.raises(PageError, match="is a directory"):
        read_articles(tmp_path)


@given(st.lists(st.binary(max_size=40) | st.sampled_from([b'{"id": 1, "title": "t", "body": "b"}', b"{}", b"null"])))
@settings(max_examples=60)
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    path = written(tmp_path_factory.mktemp("any") / "a.jsonl", b"\n".join(lines))
    try:
        articles, problems = read_articles(path)
    except PageError:
        return
    assert len({article.id for article in articles}) == len(articles)
    assert all(problem.reason.startswith("line ") for problem in problems)


# ---- NAME.articles.json

PAGE = Page("2024/a.txt", "社工站全覆盖\n\n　日前，记者获悉。\n渊据叶南昌日报曳冤\n02 版\n")
ARTICLE = {
    "id": "2024/a:1",
    "title": "社工站全覆盖",
    "subheads": [],
    "paragraphs": ["日前，记者获悉。"],
    "byline": None,
    "byline_line": None,
    "source": "南昌日报",
    "regions": ["江西省/南昌市"],
    "places": [],
    "year": None,
    "years": [],
    "agencies": [],
    "lines": [[1, 4]],
}
NOTICE = {"kind": "teaser", "text": "02 版", "lines": [[5, 5]]}


def mended(tmp_path: Path, **changes: Any) -> Path:
    data = {"file": "2024/a.txt", "articles": [ARTICLE], "notices": [NOTICE], **changes}
    return written(tmp_path / "a.articles.json", json.dumps(data, ensure_ascii=False, indent=1))


def test_a_mended_page(tmp_path: Path) -> None:
    segmented = read_mended(mended(tmp_path), PAGE)
    (article,), (notice,) = segmented.articles, segmented.notices
    assert segmented.to_dict() == {"file": "2024/a.txt", "articles": [ARTICLE], "notices": [NOTICE]}
    assert article.spans == (Span(1, 1, 6), Span(3, 2, 9), Span(4, 1, 9))
    assert article.printed == "社工站全覆盖\n　日前，记者获悉。\n渊据叶南昌日报曳冤"
    assert notice == Notice("2024/a:n1", "2024/a.txt", "teaser", "02 版", ((5, 5),), (Span(5, 1, 4),), "02 版")


def test_little_is_needed(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.articles.json",
        '{"articles": [{"title": "甲", "paragraphs": ["乙"]}, {"title": "丙", "paragraphs": []}]}',
    )
    segmented = read_mended(path, PAGE)
    assert [(article.id, article.title) for article in segmented.articles] == [("2024/a:1", "甲"), ("2024/a:2", "丙")]
    assert segmented.notices == ()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"file": "b.txt"}, '"file" is "b.txt", but it stands next to 2024/a.txt; rename the file or mend "file"'),
        ({"article": []}, 'the key "article" is unknown; known are file, articles, notices'),
        ({"articles": {}}, '"articles" is {}; write a list […]'),
        ({"articles": ["x"]}, 'articles[0]: is "x", not an object {…}'),
        (
            {"articles": [{**ARTICLE, "autor": "x"}]},
            'articles[0]: the key "autor" is unknown; known are ' + ", ".join(ready.ARTICLE_KEYS),
        ),
        (
            {"articles": [{**ARTICLE, "lines": [[1, 99]]}]},
            'articles[0]: "lines" has [1, 99], but the page has lines 1 to 6; mend the numbers',
        ),
        (
            {"articles": [{**ARTICLE, "lines": [3]}]},
            'articles[0]: "lines" has 3; write pairs of line numbers like [[1, 5], [9, 9]]',
        ),
        (
            {"articles": [{**ARTICLE, "lines": [[4, 1]]}]},
            'articles[0]: "lines" has [4, 1], but the page has lines 1 to 6; mend the numbers',
        ),
        ({"articles": [{**ARTICLE, "id": "b:1"}]}, 'articles[0]: "id" is "b:1"; it must begin with 2024/a:'),
        ({"articles": [ARTICLE, ARTICLE]}, 'articles[1]: "id" "2024/a:1" is used twice; number the articles from 1'),
        (
            {"articles": [{**ARTICLE, "subheads": ["无"]}]},
            'articles[0]: the subhead "无" is not among the "paragraphs"; put it in its place there',
        ),
        ({"articles": [{"paragraphs": []}]}, 'articles[0]: has no "title"; give one'),
        (
            {"notices": [{**NOTICE, "kind": "ad"}]},
            'notices[0]: "kind" is "ad"; write one of page_header, teaser, caption, photo_credit, other',
        ),
        ({"notices": [{"kind": "other"}]}, 'notices[0]: has no "text"; give it or take the notice out'),
    ],
)
def test_a_mended_page_that_does_not_fit(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(PageError) as caught:
        read_mended(mended(tmp_path, **changes), PAGE)
    assert caught.value.reason == reason


def test_a_mended_page_that_is_no_json(tmp_path: Path) -> None:
    with pytest.raises(PageError, match=r"is not JSON \(line 2, column 1: .*\); print it anew with `swsearch segment"):
        read_mended(written(tmp_path / "a.articles.json", '{"articles": [\n'), PAGE)


# ---- meta.csv

NO_COLUMN = "has no column `file`, so nothing of it is used; begin the table with the line file,paper,date,page"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_meta(tmp_path: Path, codec: str) -> None:
    text = (
        "file,paper,date,page\r\n2024/a.txt,公益时报,2024-11-05,8\r\n\r\n./b.txt,,2024/11,第08版\r\n"
        'sub\\c.txt,"南昌日报，社会版",2024,\r\n'
    )
    metas, problems = read_meta(written(tmp_path / "meta.csv", text.encode(codec)))
    assert not problems
    assert metas == {
        "2024/a.txt": Meta("公益时报", "2024-11-05", 8),
        "b.txt": Meta(None, "2024-11", 8),
        "sub/c.txt": Meta("南昌日报，社会版", "2024", None),
    }


def test_columns_in_any_order(tmp_path: Path) -> None:
    metas, problems = read_meta(written(tmp_path / "meta.csv", "Page, FILE\n3,a.txt\n"))
    assert (metas, problems) == ({"a.txt": Meta(page=3)}, [])


@pytest.mark.parametrize(
    ("text", "metas", "wrong"),
    [
        ("", {}, []),
        (
            "a.txt,公益时报\n",
            {},
            [f"line 1: {NO_COLUMN}"],
        ),
        (
            "file,author,paper,paper\na.txt,x,甲,乙\n",
            {"a.txt": Meta("甲")},
            [
                'line 1: the column "author" is unknown and not used; known are file,paper,date,page',
                'line 1: the column "paper" is there twice; the first one counts',
            ],
        ),
        (
            "file,date\n\na.txt,2024-13-01\nb.txt,明天\n",
            {"a.txt": Meta(), "b.txt": Meta()},
            [
                'line 3: "date" is "2024-13-01"; write it like 2024-11-05, 2024-11 or 2024; it is left out',
                'line 4: "date" is "明天"; write it like 2024-11-05, 2024-11 or 2024; it is left out',
            ],
        ),
        (
            "file,page\na.txt,0\n",
            {"a.txt": Meta()},
            ['line 2: "page" is "0"; write a number from 1 to 9999; it is left out'],
        ),
        (
            "file,page\na.txt,1\na.txt,2\n",
            {"a.txt": Meta(page=1)},
            ["line 3: a.txt has its row on line 2 already; the first one counts"],
        ),
        ("file,page\n,2\n", {}, ["line 2: names no file; write its path in the column `file`"]),
        ("file,page\na.txt,1,x\n", {"a.txt": Meta(page=1)}, ["line 2: has 3 cells for 2 columns; mend its commas"]),
        ("file,page\na.txt\n", {"a.txt": Meta()}, []),
    ],
)
def test_meta_with_faults(tmp_path: Path, text: str, metas: dict[str, Meta], wrong: list[str]) -> None:
    found, problems = read_meta(written(tmp_path / "meta.csv", text))
    assert found == metas
    assert reasons(problems) == wrong


@given(st.text(max_size=200))
@settings(max_examples=60)
def test_any_meta(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = written(tmp_path_factory.mktemp("any") / "meta.csv", ("file,date,page\n" + text).encode("utf-8", "replace"))
    try:
        metas, _ = read_meta(path)
    except PageError:
        return
    assert all(isinstance(meta, Meta) for meta in metas.values())
