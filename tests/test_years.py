"""Years: all spellings, the one the article reports on, and those that never are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swsearch.pages.years import Role, find_mentions, find_years

CASES = Path(__file__).parent / "data" / "years_cases.tsv"


def cases() -> list[tuple[int | None, tuple[int, ...], str, list[str]]]:
    rows = [row.split("\t") for row in CASES.read_text("utf-8").splitlines() if not row.startswith("#")]
    return [
        (
            None if year == "-" else int(year),
            tuple(int(value) for value in years.split(",") if value),
            title,
            paragraphs.split("¶"),
        )
        for year, years, title, paragraphs in rows
    ]


@pytest.mark.parametrize(("year", "years", "title", "paragraphs"), cases())
def test_newspaper_sentences(year: int | None, years: tuple[int, ...], title: str, paragraphs: list[str]) -> None:
    found, named, _ = find_years(title, paragraphs)
    assert (found, named) == (year, years)


def test_evidence_points_at_the_text() -> None:
    title, paragraphs = "２０２４ 年工作回顾", ["今年 3 月启动。", "较2023年增长；去年，二〇二三年。"]
    year, years, evidence = find_years(title, paragraphs)
    assert (year, years) == (2024, (2023, 2024))
    parts = {"title": title, **{f"p{n}": text for n, text in enumerate(paragraphs, 1)}}
    seen = [(item.field, item.value, item.part, parts[item.part][item.start : item.end]) for item in evidence]
    assert seen == [
        ("year", "2024", "title", "２０２４ 年"),
        ("years", "2024", "title", "２０２４ 年"),
        ("years", "2023", "p2", "2023年"),
    ]


def test_relative_years_need_an_anchor_in_the_article() -> None:
    assert find_years("今年新建社工站", ["去年20个，今年30个，明年40个。"]) == (None, (), ())
    assert find_years("今年新建社工站", ["2024年3月获悉：去年20个，今年30个，明年40个。"])[:2] == (
        2024,
        (2023, 2024, 2025),
    )


def test_a_target_elsewhere_in_the_article_stays_one() -> None:
    year, years, _ = find_years("", ["力争到2027年年底，机制更加健全。", "2027年全区社工站100个。"])
    assert (year, years) == (None, (2027,))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("到2027年年底，总量达到1.5万人", "target"),
        ("《人才规划（2021—2025年）》", "span"),
        ("自2016年成立以来", "founding"),
        ("较2023年增长26%", "base of comparison"),
        ("新民规发〔2022〕1号", "number of a document"),
        ("《条例》（2018年修订）", "version of a law"),
    ],
)
def test_why_a_year_never_counts(text: str, why: str) -> None:
    mentions = find_mentions("p1", text)
    assert {mention.why for mention in mentions} == {why}
    assert all(mention.role == Role.NEVER for mention in mentions)


FRAGMENTS = """
2024年 ２０２４年 二〇二四年 民國113年 113年 今年 去年 明年 到 截至 力争 底 前 11月 5日 — - 至 《 》 〔 〕 号 “十四五”末
较 自
成立以来 ， 。 年 0 会 會國為 臺灣 社會局
"""
fragments = st.sampled_from(FRAGMENTS.split())
written = st.lists(fragments, max_size=12).map("".join)


@given(
    st.lists(fragments, max_size=12).map("".join),
    st.lists(st.text(max_size=30) | st.lists(fragments, max_size=12).map("".join)),
)
def test_any_text(title: str, paragraphs: list[str]) -> None:
    year, years, evidence = find_years(title, paragraphs)
    assert list(years) == sorted(set(years))
    assert year is None or year in years
    parts = {"title": title, **{f"p{n}": text for n, text in enumerate(paragraphs, 1)}}
    for item in evidence:
        assert 0 <= item.start < item.end <= len(parts[item.part])
    assert {int(item.value) for item in evidence if item.field == "years"} == set(years)
