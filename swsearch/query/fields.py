"""The fields of the query language: their names, their Chinese aliases, and what a word that is nearly one meant.

`swsearch fields` prints FIELDS; the reader of query text and the binder look names up here and nowhere else.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

Kind = Literal["text", "region", "range", "name"]


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """One field: `name` is canonical, `aliases` mean the same, `near` are words that people type for it by mistake.

    `kind` says how its value is read: "text" as a chunk, "region" in the gazetteer, "range" as numbers or dates,
    "name" by containment with short forms expanded.
    """

    name: str
    aliases: tuple[str, ...]
    kind: Kind
    help: str
    near: tuple[str, ...] = ()


FIELDS: tuple[FieldInfo, ...] = (
    FieldInfo(
        "title",
        ("标题", "標題"),
        "text",
        "in the title: title:全覆盖, 标题：“社工站”, title:(甲 OR 乙)",
        ("题目", "題目", "表题", "标提", "题名", "headline"),
    ),
    FieldInfo(
        "region",
        ("地区", "地區", "省份"),
        "region",
        "about this region or any place in it: region:江西, 地区：粤, region:江西/南昌",
        ("区域", "區域", "地域", "省分", "地去", "城市", "province"),
    ),
    FieldInfo(
        "place",
        ("地点", "地點"),
        "region",
        "about this region or mentions it: place:北京",
        ("地典", "location"),
    ),
    FieldInfo(
        "year",
        ("年份", "年"),
        "range",
        "the year the article reports on: year:2024, year:2021..2024, 年份：2021-2024, year:>=2022, 近三年",
        ("年分", "年度"),
    ),
    FieldInfo(
        "years",
        ("提及年份",),
        "range",
        "any year the text names, target years too: years:2025",
        ("提及年分", "提到年份"),
    ),
    FieldInfo(
        "agency",
        ("机构", "機構", "部门", "部門", "单位", "單位", "发文机关", "發文機關"),
        "name",
        "an agency whose name contains it, short forms too: agency:民政厅, 机构：人社厅",
        ("机够", "布门", "发文单位", "机关", "機關"),
    ),
    FieldInfo(
        "source",
        ("来源", "來源"),
        "name",
        "the paper or office credited: source:南昌日报",
        ("来原", "出处", "出處"),
    ),
    FieldInfo(
        "byline",
        ("作者", "记者", "記者"),
        "name",
        "the name of an author: byline:皮磊, 记者：皮磊",
        ("记着", "作着", "author", "reporter"),
    ),
    FieldInfo(
        "date",
        ("日期",),
        "range",
        "the day of the paper: date:2024-11, date:2024-11-01..2024-11-15 (from seeds/meta.csv or a .jsonl)",
        ("日其",),
    ),
    FieldInfo(
        "paper",
        ("报纸", "報紙"),
        "name",
        "the newspaper: paper:公益时报 (from seeds/meta.csv or a .jsonl)",
        ("报指", "报刊", "newspaper"),
    ),
    FieldInfo(
        "page",
        ("版", "版面"),
        "range",
        "the page of the paper: page:8, page:1..4 (from seeds/meta.csv or a .jsonl)",
        ("板面", "版次", "页码"),
    ),
)


def find_field(name: str) -> FieldInfo | None:
    """The field of this name or alias in any width and case, or None."""
    return _by_name().get(_plain(name))


@lru_cache(maxsize=256)
def near_field(word: str) -> str | None:
    """The field's name that `word` nearly is, or None.

    Latin words by one edit (two from six letters on, a swap of neighbours counting one); in Chinese one edit
    changes half of a two-character word (日记 is no mistyped 日期), so those come from a list.
    """
    plain = _plain(word)
    listed = _by_near().get(plain)
    if listed or not plain.isascii() or len(plain) < 4:
        return listed
    allowed = 2 if len(plain) >= 6 else 1
    distance, name = min((_edits(plain, name), name) for name in _by_name() if name.isascii())
    return name if distance <= allowed else None


@cache
def _by_name() -> dict[str, FieldInfo]:
    return {_plain(name): field for field in FIELDS for name in (field.name, *field.aliases)}


@cache
def _by_near() -> dict[str, str]:
    """Latin mistakes lead to the English name, Chinese ones to the first Chinese alias."""
    return {near: field.name if near.isascii() else field.aliases[0] for field in FIELDS for near in field.near}


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _edits(one: str, two: str) -> int:
    """The optimal string alignment distance (Damerau, each place edited once)."""
    rows = [list(range(len(two) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(two, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == two[j - 2] and b == one[i - 2]:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
