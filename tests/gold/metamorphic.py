"""Variants of labelled real pages that print the same articles in another way: what comes out must stay the same.

A variant is made from the labels, not from the software under test: every line of the page belongs to a block (title,
body run, byline, source, header, teaser, caption), and seeded changes are made to blocks and lines: columns wrapped at
another width, blank lines dropped or added, lines split or joined at layout spaces, articles in another order,
headlines before, behind or away from their bodies, Founder mojibake put in or taken out, Windows line ends.

    python tests/gold/metamorphic.py [COUNT] [-v]      prints the share of variants whose articles come out the same
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
SEEDS = HERE.parent.parent / "seeds"
_MARKS = frozenset("，。、；：！？“”‘’（）《》「」『』")


def squeeze(text: str | None) -> str:
    """`text` without white space."""
    return re.sub(r"\s+", "", text or "")


@dataclass(frozen=True)
class Expected:
    """What an article must come out as, without white space; `body` has subheads in their place."""

    title: str
    body: str
    byline: str
    source: str


@dataclass(frozen=True)
class Block:
    """Lines of the page that belong together: `article` is -1 for notices; a body run is a list of paragraphs."""

    kind: str
    article: int
    paragraphs: tuple[tuple[str, ...], ...]
    gaps: tuple[tuple[int, ...], ...] = ()


@dataclass
class Labelled:
    """A page as blocks in the order of the file, and the articles that must come out."""

    file: str
    blocks: list[Block]
    expected: list[Expected]
    says: str = "kept"
    notes: list[str] = field(default_factory=list)


def load() -> list[Labelled]:
    """The five seed pages with their hand labels."""
    gold = json.loads((HERE / "seeds_gold.json").read_text(encoding="utf-8"))
    return [_labelled(page, gold["mojibake_repairs"].get(page["file"], {})) for page in gold["seeds"]]


def expected_of(segment: dict[str, object]) -> Expected:
    """The label of one article in the form that is compared."""
    paragraphs = list(segment["paragraphs"])  # type: ignore[call-overload]
    for rank, at in reversed(list(enumerate(segment["subhead_before_paragraph"]))):  # type: ignore[arg-type]
        paragraphs.insert(at, segment["subheads"][rank])  # type: ignore[index]
    names = re.sub(r"本报记者|\s", "", str(segment["byline"] or ""))
    return Expected(squeeze(str(segment["title"])), squeeze("".join(paragraphs)), names, squeeze(segment["source"]))  # type: ignore[arg-type]


def _labelled(page: dict[str, object], repairs: dict[str, dict[str, str]]) -> Labelled:
    lines = (SEEDS / str(page["file"])).read_text(encoding="utf-8").split("\n")
    clean = {n: "".join(repairs.get(str(n), {}).get(c, c) for c in text) for n, text in enumerate(lines, 1)}
    pieces: list[tuple[int, int, int, str, int, int]] = []  # line, start, end (squeezed), kind, article, paragraph
    for number, segment in enumerate(page["segments"]):  # type: ignore[arg-type, var-annotated]
        trace = segment["trace"]
        for kind in ("title", "byline", "source"):
            pieces += [(*part, kind, number, 0) for part in trace[kind] or ()]
        for kind in ("subheads", "paragraphs"):
            for rank, parts in enumerate(trace[kind]):
                pieces += [(*part, kind, number, rank) for part in parts]
    for rank, notice in enumerate(page["non_article"]):  # type: ignore[arg-type, var-annotated]
        pieces += [(*part, notice["kind"], -1, rank) for part in notice["trace"]]
    pieces.sort()
    blocks: list[Block] = []
    last: tuple[str, int, int] | None = None
    for line, start, end, kind, article, rank in pieces:
        text = _columns(clean[line], start, end)
        gap = _gap_before(lines, line) if start == 0 else -1
        role = "body" if kind in ("subheads", "paragraphs") else kind
        same_block = blocks and last is not None and (blocks[-1].kind, blocks[-1].article) == (role, article)
        if same_block and (role == "body" or last == (kind, article, rank)):
            block = blocks[-1]
            if last == (kind, article, rank):
                blocks[-1] = replace(
                    block,
                    paragraphs=(*block.paragraphs[:-1], (*block.paragraphs[-1], text)),
                    gaps=(*block.gaps[:-1], (*block.gaps[-1], gap)),
                )
            else:
                blocks[-1] = replace(block, paragraphs=(*block.paragraphs, (text,)), gaps=(*block.gaps, (gap,)))
        else:
            blocks.append(Block(role, article, ((text,),), ((gap,),)))
        last = (kind, article, rank)
    expected = [expected_of(segment) for segment in page["segments"]]  # type: ignore[arg-type, attr-defined, union-attr]
    return Labelled(str(page["file"]), blocks, expected)


def _columns(text: str, start: int, end: int) -> str:
    """The part of a line between two columns of its squeezed form, with the spaces inside it."""
    seen = 0
    out = []
    for char in text:
        if char.isspace():
            if out and seen < end:
                out.append(char)
            continue
        if start <= seen < end:
            out.append(char)
        seen += 1
    return "".join(out).strip()


def _gap_before(lines: Sequence[str], line: int) -> int:
    at = line - 2
    while at >= 0 and not lines[at].strip():
        at -= 1
    return line - 2 - at


# --- changes ----------------------------------------------------------------------------------------------------------

Change = Callable[[Labelled, random.Random], None]


def _cells(text: str) -> float:
    return sum(0.5 if c.isspace() else 1 if c < "\x80" or c in _MARKS else 2 for c in text)


def _is_subhead(paragraph: Sequence[str]) -> bool:
    return len(paragraph) <= 2 and paragraph[-1][-1:] not in "。！？”—）"


def rewrap(page: Labelled, rng: random.Random) -> None:
    """Every column at another width, first lines set in by two characters as in print; wide leads stay wide."""
    subheads = [
        _cells(line) for b in page.blocks if b.kind == "body" for p in b.paragraphs if _is_subhead(p) for line in p
    ]
    width = 2 * rng.randint(max(10, -int(-max(subheads, default=0) // 2)), 24)
    column = _mode(
        [round(_cells(line)) for b in page.blocks if b.kind == "body" for p in b.paragraphs for line in p[1:-1]]
    )
    for at, block in enumerate(page.blocks):
        if block.kind != "body":
            continue
        paragraphs = []
        for paragraph in block.paragraphs:
            if _is_subhead(paragraph):
                paragraphs.append(paragraph)
                continue
            own = max(_cells(line) for line in paragraph)
            target = width if own < 1.6 * column else round(width * own / column)
            paragraphs.append(tuple(_wrap("".join(paragraph), target)))
        page.blocks[at] = replace(block, paragraphs=tuple(paragraphs), gaps=tuple(() for _ in paragraphs))


def _mode(values: Sequence[int]) -> int:
    return max(set(values), key=lambda value: (values.count(value), value)) if values else 26


def _wrap(text: str, width: float) -> Iterator[str]:
    line, used = "", 4.0
    for char in text:
        size = _cells(char)
        hangs = char in "，。、；：！？”’）》」』" and used < width + 2
        opens_late = char in "“‘（《「『" and used + size >= width
        if line and not hangs and (used + size > width or opens_late):
            yield line.strip()
            line, used = "", 0.0
        if line or not char.isspace():
            line += char
            used += size
    if line.strip():
        yield line.strip()


def no_blanks(page: Labelled, _: random.Random) -> None:
    """No blank line at all."""
    page.says = "none"


def double_blanks(page: Labelled, _: random.Random) -> None:
    """A blank line after every line of body, as in pages 000 and 001."""
    page.says = "double"


def block_blanks(page: Labelled, _: random.Random) -> None:
    """A blank line between paragraphs, headlines and credits only."""
    page.says = "blocks"


def random_blanks(page: Labelled, _: random.Random) -> None:
    """Blank lines as printed, a tenth of them dropped and a tenth of the lines with one more."""
    page.says = "random"


def drop_spaces(page: Labelled, _: random.Random) -> None:
    """No layout spaces around digits and behind marks; those between two parts of a headline stay."""
    _map_lines(
        page,
        lambda text, kind: re.sub(
            r"(?<=[\x21-\x7e，。、；：！？）》”]) +| +(?=[\x21-\x7e，。、；：！？）》”])", "", text
        ),
    )


def add_spaces(page: Labelled, _: random.Random) -> None:
    """A space on both sides of every number."""

    def spaced(text: str, kind: str) -> str:
        return re.sub(r"(?<=[\u3400-\u9fff])(?=\d)|(?<=\d)(?=[\u3400-\u9fff])", " ", text)

    _map_lines(page, spaced)


def split_at_spaces(page: Labelled, rng: random.Random) -> None:
    """Some lines of body broken in two at a layout space, as where a number is set in another font."""

    def cut(lines: tuple[str, ...]) -> tuple[str, ...]:
        out: list[str] = []
        for text in lines:
            places = [m.start() for m in re.finditer(r"(?<=\S) (?=\S)", text)]
            if places and len(lines) > 2 and rng.random() < 0.25:
                at = rng.choice(places)
                out += [text[:at].strip(), text[at:].strip()]
            else:
                out.append(text)
        return tuple(out)

    _map_paragraphs(page, cut)


def join_lines(page: Labelled, rng: random.Random) -> None:
    """Some neighbouring lines of a paragraph on one line, a layout space between them."""

    def glue(lines: tuple[str, ...]) -> tuple[str, ...]:
        out: list[str] = []
        for at, text in enumerate(lines):
            if out and 1 < at < len(lines) - 1 and rng.random() < 0.1:
                out[-1] += " " + text
            else:
                out.append(text)
        return tuple(out)

    _map_paragraphs(page, glue)


def _map_lines(page: Labelled, change: Callable[[str, str], str]) -> None:
    for at, block in enumerate(page.blocks):
        page.blocks[at] = replace(
            block, paragraphs=tuple(tuple(change(line, block.kind) for line in p) for p in block.paragraphs)
        )


def _map_paragraphs(page: Labelled, change: Callable[[tuple[str, ...]], tuple[str, ...]]) -> None:
    for at, block in enumerate(page.blocks):
        if block.kind == "body":
            paragraphs = tuple(p if _is_subhead(p) else change(p) for p in block.paragraphs)
            same = [len(a) == len(b) for a, b in zip(paragraphs, block.paragraphs, strict=True)]
            gaps = tuple(g if ok else () for g, ok in zip(block.gaps or [()] * len(same), same, strict=True))
            page.blocks[at] = replace(block, paragraphs=paragraphs, gaps=gaps)


def reorder(page: Labelled, rng: random.Random) -> None:
    """Whole articles in another order, each with its headline and credits as they stood to it."""
    bodies = [at for at, block in enumerate(page.blocks) if block.kind == "body"]
    order = list(dict.fromkeys(page.blocks[at].article for at in bodies))
    if len(order) < 2 or len(bodies) > len(order):
        return
    head = [block for block in page.blocks[: bodies[0]] if block.article < 0]
    tail = [block for block in page.blocks[bodies[0] :] if block.article < 0]
    new = order[:]
    while new == order:
        rng.shuffle(new)
    page.blocks = head + [block for number in new for block in page.blocks if block.article == number] + tail


def headlines_before(page: Labelled, _: random.Random) -> None:
    """Every headline directly before its body."""
    _place_headlines(page, {block.article: "before" for block in page.blocks})


def headlines_behind(page: Labelled, _: random.Random) -> None:
    """Every headline directly behind its article."""
    _place_headlines(page, {block.article: "behind" for block in page.blocks})


def headlines_last(page: Labelled, _: random.Random) -> None:
    """All headlines at the end of the page, in the order of the articles."""
    _place_headlines(page, {block.article: "last" for block in page.blocks})


def headlines_first(page: Labelled, _: random.Random) -> None:
    """All headlines at the head of the page, in the order of the articles."""
    _place_headlines(page, {block.article: "first" for block in page.blocks})


def one_headline(page: Labelled, rng: random.Random) -> None:
    """One headline before, behind or away from its body; the others where they are."""
    number = rng.choice([block.article for block in page.blocks if block.kind == "title"])
    _place_headlines(page, {number: rng.choice(["before", "behind", "last", "first"])})


def _place_headlines(page: Labelled, where: dict[int, str]) -> None:
    titles = [b for b in page.blocks if b.kind == "title" and b.article in where]
    rest = [b for b in page.blocks if b not in titles]
    for title in titles:
        number, place = title.article, where[title.article]
        own = [at for at, b in enumerate(rest) if b.article == number and b.kind != "title"]
        wide_lead = len([at for at in own if rest[at].kind == "body"]) > 1
        main = max((at for at in own if rest[at].kind == "body"), key=lambda at: sum(map(len, rest[at].paragraphs)))
        if place == "before":
            opening = main - 1 if main - 1 in own and rest[main - 1].kind == "byline" else main
            rest.insert(opening, title)
        elif place == "behind":
            end = main
            while end + 1 < len(rest) and end + 1 in own and not (wide_lead and rest[end + 1].kind == "body"):
                end += 1
            rest.insert(end + 1, title)
        elif place == "last":
            rest.append(title)
        else:
            firsts = [at for at, b in enumerate(rest) if b.kind == "body"]
            rest.insert(min(firsts), title)
    page.blocks = rest


def mojibake_in(page: Labelled, _: random.Random) -> None:
    """Founder mojibake in headlines, credits and captions, as in pages 000 and 001."""

    def broken(text: str, kind: str) -> str:
        return text if kind == "body" else "".join(_broken(char) for char in text)

    _map_lines(page, broken)


def _broken(char: str) -> str:
    if char not in "（）《》“”，、。■":
        return char
    code = char.encode("gb2312")
    return bytes([code[0] + 0x31, code[1]]).decode("gb2312")


def windows(page: Labelled, _: random.Random) -> None:
    """Windows line ends."""
    page.notes.append("windows")


CHANGES: tuple[tuple[Change, ...], ...] = (
    (rewrap,),
    (no_blanks, double_blanks, block_blanks, random_blanks),
    (drop_spaces, add_spaces, split_at_spaces, join_lines),
    (reorder,),
    (headlines_before, headlines_behind, headlines_last, headlines_first, one_headline),
    (mojibake_in,),
    (windows,),
)


# --- printing ---------------------------------------------------------------------------------------------------------


def print_page(page: Labelled, rng: random.Random) -> str:
    """The text of the page with its blank lines as `page.says`."""
    out: list[str] = []
    before: Block | None = None
    for block in page.blocks:
        for rank, paragraph in enumerate(block.paragraphs):
            gaps = block.gaps[rank] if rank < len(block.gaps) else ()
            for at, text in enumerate(paragraph):
                starts_block = at == 0 and rank == 0
                start = at == 0
                kept = gaps[at] if at < len(gaps) and len(gaps) == len(paragraph) else (1 if start else 0)
                if starts_block and before is not None and before.article != block.article:
                    kept = max(kept, 1)
                blank = {
                    "kept": kept > 0,
                    "none": False,
                    "double": start or block.kind == "body",
                    "blocks": start,
                    "random": (kept > 0) != (rng.random() < 0.1),
                }[page.says]
                if out and blank:
                    out.append("")
                out.append(text)
        before = block
    return ("\r\n" if "windows" in page.notes else "\n").join(out) + "\n"


def variant(number: int) -> tuple[Labelled, str, list[str]]:
    """Variant `number`: the labelled page, its text, and the names of the changes made; the same every time."""
    rng = random.Random(number)
    pages = load()
    page = pages[number % len(pages)]
    groups = rng.sample(CHANGES, rng.choice([1, 1, 2, 2, 3]))
    names = []
    for group in sorted(groups, key=CHANGES.index):
        change = rng.choice(group)
        change(page, rng)
        names.append(change.__name__)
    return page, print_page(page, rng), names


def differences(page: Labelled, text: str) -> list[str]:
    """What does not come out as it should; empty if all articles are the same."""
    from swsearch.pages.segment import segment
    from swsearch.records import Page

    found = [
        Expected(squeeze(a.title), squeeze("".join(a.paragraphs)), squeeze(a.byline), squeeze(a.source))
        for a in segment(Page(page.file, text.replace("\r\n", "\n"))).articles
    ]
    wrong = []
    for want in page.expected:
        if want in found:
            found.remove(want)
            continue
        near = next((f for f in found if f.body[:40] == want.body[:40] or f.title == want.title), None)
        parts = [
            name
            for name in ("title", "body", "byline", "source")
            if near and getattr(near, name) != getattr(want, name)
        ]
        seen = (
            f" got {near.title[:24]} {near.body[:10]}…{near.body[-10:]} ({len(near.body)} for {len(want.body)})"
            if near
            else ""
        )
        wrong.append(f"{want.title[:20]}: {', '.join(parts) or 'missing'}{seen}")
    return wrong + ([f"{len(page.expected)} articles, found more"] if not wrong and found else [])


def main(count: int, verbose: bool) -> float:
    """The share of `count` variants whose articles come out the same."""
    good = 0
    tally: dict[str, list[int]] = {}
    for number in range(count):
        page, text, names = variant(number)
        wrong = differences(page, text)
        good += not wrong
        for name in names:
            tally.setdefault(name, []).append(not wrong)
        if wrong and verbose:
            print(number, page.file[:3], "+".join(names), "|", "; ".join(wrong))
    for name, results in sorted(tally.items()):
        print(f"{name:18} {sum(results):4} of {len(results)}")
    print(f"the same articles: {good} of {count} = {good / count:.3f}")
    return good / count


if __name__ == "__main__":
    numbers = [int(arg) for arg in sys.argv[1:] if arg.isdigit()]
    main(numbers[0] if numbers else 200, "-v" in sys.argv)
