"""Pages made of the labelled articles in other layouts: headlines before, behind or collected, other columns, frames.

A layout of `LAYOUTS` is printed over seeded choices of the articles of seeds and practice pages and of a few short ones
of other subjects (`made_articles.json`): what a page must come out as is known, whatever the layout. The metamorphic
variants keep the layout of the seeds and change one thing; here nothing of theirs is kept.

    python tests/gold/layouts.py [COUNT] [-v]      articles, titles, credits of COUNT pages of each layout
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import metamorphic

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Layout:
    """How a page is printed; `width` in characters, `inset` what the first line of a paragraph is short of.

    `headlines`: before, behind, first or last (collected at an end of the page). `blanks`: none, before paragraphs, or
    before every line (double). `spaces`: around numbers and behind marks. `credit`: on a row of its own, or at the end
    of the last line; bylines stand below the headline or behind the body. `frame`, `caption`: rows of them.
    """

    headlines: str
    width: tuple[int, int] = (12, 24)
    inset: int = 0
    indent: str = ""
    blanks: str = "none"
    spaces: bool = False
    credit: str = "row"
    byline: str = "behind"
    frame: tuple[str, ...] = ()
    caption: tuple[str, ...] = ()


_DAILY = ("A12 深圳·民生 2021年3月2日 星期二 南方都市报",)
_FRAMES = (
    ("04", "民生", "2022.08.16 星期二 责任编辑/陈静 电话:010-65369393"),
    ("综合新闻", "第 6 版", "本版编辑 张力 版式 赵欣"),
    ("要闻 A02", "2024年11月19日 星期二", "责编：李敏 美编：周舟 校对：王芳"),
)
_PHOTO = ("图为志愿者在社区为老人理发。 本报记者 张帆 摄",)
_SAID = ("11月16日，小学生在科技馆体验机器人项目。 王强摄（人民视觉）",)

LAYOUTS: dict[str, Layout] = {
    "number-spaces": Layout("before", (14, 22), blanks="double", spaces=True, frame=("社会工作·SOCIAL WORK",)),
    "mark-spaces": Layout("before", (15, 22), blanks="paragraphs", spaces=True, credit="inline"),
    "behind": Layout("behind", (14, 22), blanks="paragraphs", spaces=True),
    "collected": Layout("last", (14, 22), inset=2, frame=_FRAMES[0]),
    "collected-first": Layout("first", (14, 22), blanks="double", spaces=True),
    "daily": Layout("before", (13, 20), inset=2, byline="below", frame=_DAILY, caption=_PHOTO),
    "captions": Layout("before", (12, 22), blanks="paragraphs", frame=_FRAMES[1], caption=_SAID),
    "plain": Layout("before", (10, 26), frame=_FRAMES[2]),
    "indented": Layout("before", (12, 24), indent="\u3000\u3000", byline="below"),
    "one-line": Layout("before", (0, 0), byline="below", frame=_FRAMES[0]),
}


def articles() -> list[dict[str, object]]:
    """Articles to print: title lines, kicker, paragraphs, subheads by the paragraph they stand before, credits."""
    out: list[dict[str, object]] = []
    for page in json.loads((HERE / "practice" / "gold.json").read_text(encoding="utf-8")):
        for item in page["segments"]:
            subs: dict[int, str] = {}
            paragraphs: list[str] = []
            heads = {metamorphic.squeeze(head) for head in item["subheads"]}
            for text in item["paragraphs"]:
                if metamorphic.squeeze(text) in heads:
                    subs[len(paragraphs)] = text
                else:
                    paragraphs.append(text)
            byline = item["byline"] or ""
            out.append(
                {
                    "title": item["title_lines"],
                    "kicker": item["kicker"],
                    "paragraphs": paragraphs,
                    "subheads": subs,
                    "byline": f"■ {byline}" if byline.startswith("本") else None,
                    "names": item["byline_names"],
                    "source": item["source"],
                }
            )
    made = json.loads((HERE / "made_articles.json").read_text(encoding="utf-8"))
    return out + [{**item, "subheads": {int(at): text for at, text in item["subheads"].items()}} for item in made]


_ARTICLES = articles()


def page(name: str, number: int) -> tuple[str, list[dict[str, object]]]:
    """Page `number` of the layout `name` and its articles in the order of the page; the same every time."""
    rng = random.Random(f"{name} {number}")
    layout = LAYOUTS[name]
    width = rng.randint(*layout.width)
    chosen = rng.sample(_ARTICLES, rng.randint(2, 5))
    heads = [_head_lines(article, layout, rng) for article in chosen]
    bodies = [_body_lines(article, layout, width, rng) for article in chosen]
    lines = [(text, True) for text in layout.frame]
    if layout.headlines == "first":
        lines += [line for head in heads for line in head]
    for rank, (head, body) in enumerate(zip(heads, bodies, strict=True)):
        if layout.headlines == "before":
            lines += head
        lines += body
        if layout.headlines == "behind":
            lines += head
        if layout.caption and rank == 0:
            lines += [(text, at == 0) for at, text in enumerate(layout.caption)]
    if layout.headlines == "last":
        lines += [line for head in heads for line in head]
    out: list[str] = []
    for text, gap in lines:
        if gap and out and layout.blanks != "none":
            out.append("")
        out.append(text)
    return "\n".join(out) + "\n", chosen


_Lines = list[tuple[str, bool]]


def _head_lines(article: dict[str, object], layout: Layout, rng: random.Random) -> _Lines:
    title: Sequence[str] = article["title"]  # type: ignore[assignment]
    rows = [str(article["kicker"])] if article["kicker"] else []
    return [(text, at == 0) for at, text in enumerate([*rows, *title])]


def _body_lines(article: dict[str, object], layout: Layout, width: int, rng: random.Random) -> _Lines:
    """The lines of one article without its headline, each with whether a blank line may stand before it."""
    paragraphs: Sequence[str] = article["paragraphs"]  # type: ignore[assignment]
    subheads: dict[int, str] = article["subheads"]  # type: ignore[assignment]
    lines: _Lines = []
    byline = str(article["byline"]) if article["byline"] else ""
    if byline and layout.byline == "below":
        lines.append((re.sub("^■ ?", "", byline), False))
    for at, text in enumerate(paragraphs):
        if at in subheads:
            lines.append((subheads[at], True))
        rows = _wrapped(_spaced(text, rng) if layout.spaces else text, width, layout.inset)
        for rank, row in enumerate(rows):
            joined = rank and (row[:1].isdigit() or rows[rank - 1][-1:].isdigit())
            lines.append((layout.indent * (not rank) + row, not rank or (layout.blanks == "double" and not joined)))
    if lines and layout.headlines == "before":
        lines[0] = (lines[0][0], False)
    if article["source"]:
        credit = f"（据《{article['source']}》）"
        if layout.credit == "inline" and len(lines[-1][0]) < width - 1:
            lines[-1] = (f"{lines[-1][0]} {credit}", lines[-1][1])
        else:
            lines.append((credit, True))
    return lines + [(byline, True)] * (bool(byline) and layout.byline == "behind")


def _spaced(text: str, rng: random.Random) -> str:
    text = re.sub(r"(?<=[\u4e00-\u9fff])(?=\d)|(?<=\d)(?=[\u4e00-\u9fff])", " ", text)
    return re.sub("(?<=[，。、；])(?=[\u4e00-\u9fff])", lambda _: " " * (rng.random() < 0.2), text)


def _wrapped(text: str, width: int, inset: int) -> list[str]:
    """`text` in lines of `width` characters; no number is broken, no mark begins a line; 0: one line."""
    if not width:
        return [text]
    rows: list[str] = []
    row, used = "", 2 * inset
    for token in re.findall(r"[0-9.%]+|.", text):
        size = sum(1 if char < "\u0250" else 2 for char in token)
        hangs = token in "，。、；：！？）》”」』" and used <= 2 * width
        if row and used + size > 2 * width and not hangs:
            rows.append(row.strip())
            row, used = "", 0
        row += token
        used += size
    return [row for row in [*rows, row.strip()] if row]


def differences(name: str, number: int) -> tuple[int, int, list[str]]:
    """(articles that came out exact, articles printed, what is wrong with the others) of one page."""
    from swsearch.pages.segment import segment
    from swsearch.records import Page

    text, chosen = page(name, number)
    found = {}
    for article in segment(Page(f"{name}{number}.txt", text)).articles:
        found[metamorphic.squeeze("".join(article.paragraphs))] = article
    wrong = []
    for item in chosen:
        title = metamorphic.squeeze("".join(item["title"]))  # type: ignore[arg-type]
        body = "".join(
            metamorphic.squeeze(item["subheads"].get(at, "") + text)  # type: ignore[attr-defined]
            for at, text in enumerate(item["paragraphs"])  # type: ignore[arg-type]
        )
        got = found.get(body)
        if got is None:
            wrong.append(f"{title[:16]}: body")
            continue
        titles = (title, metamorphic.squeeze(str(item["kicker"] or "")) + title)
        names = metamorphic.squeeze("".join(item["names"]))  # type: ignore[arg-type]
        if metamorphic.squeeze(got.title) not in titles:
            wrong.append(f"{title[:16]}: title {got.title[:30]}")
        elif sorted(metamorphic.squeeze(got.byline)) != sorted(names):
            wrong.append(f"{title[:16]}: byline {got.byline}")
    return len(chosen) - len(wrong), len(chosen), wrong


def share_exact(name: str, count: int, verbose: bool = False) -> float:
    """The share of the articles of `count` pages of a layout that come out with body, title and byline exact."""
    good = every = 0
    for number in range(count):
        exact, printed, wrong = differences(name, number)
        good, every = good + exact, every + printed
        if wrong and verbose:
            print(f"  {name} {number}: {'; '.join(wrong)}")
    return good / every


if __name__ == "__main__":
    numbers = [int(arg) for arg in sys.argv[1:] if arg.isdigit()]
    for layout_name in LAYOUTS:
        print(f"{layout_name:16} {share_exact(layout_name, numbers[0] if numbers else 20, '-v' in sys.argv):.3f}")
