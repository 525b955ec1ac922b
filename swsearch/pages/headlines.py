"""What headlines say: how much their words point to a body, which lines make one headline, and how it is written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from functools import cache
from importlib import resources
from math import log, sqrt

from swsearch.pages.bodies import Paragraph, bigrams
from swsearch.pages.layout import TITLE_SPACE, Row, clean_title
from swsearch.pages.unwrap import weights

_OPEN_ENDS = frozenset("：:、和与與及的暨（《“「『")
_PAIRS = (("（", "）"), ("《", "》"), ("“", "”"), ("「", "」"), ("『", "』"))


class Words:
    """How much the words of a display line point to a body, for all lines of a page; answers are kept.

    A pair of characters counts the more, the fewer paragraphs have it and the closer together they stand, and the more
    of the body it covers; words of the body's first paragraph count nearly in full, as headlines tell what leads do.
    Neither number depends on how the page is cut into bodies, so that a cut cannot pay by making words look rare.
    """

    def __init__(self, rows: Sequence[Row], heads: Sequence[int], paragraphs: Sequence[Paragraph]) -> None:
        count = len(paragraphs)
        masks: dict[int, int] = {}
        wanted = {at: bigrams(rows[at].clean) for at in heads}
        asked = frozenset().union(*wanted.values())
        for at, paragraph in enumerate(paragraphs):
            bit = 1 << at
            for gram in asked & paragraph.grams:
                masks[gram] = masks.get(gram, 0) | bit
        scale = log(count + 1.0)
        worth = {}
        for mask in set(masks.values()):
            rare = log((count + 1) / mask.bit_count()) / scale if count > 1 else 0.5
            extent = mask.bit_length() - ((mask & -mask).bit_length() - 1)
            worth[mask] = max(rare, 1 - extent / count)
        self._grams: dict[int, list[tuple[int, float]]] = {}
        for at, grams in wanted.items():
            found: dict[int, float] = {}
            for gram in grams & masks.keys():
                mask = masks[gram]
                found[mask] = found.get(mask, 0.0) + worth[mask]
            self._grams[at] = list(found.items())
        self.quoted = frozenset(at for at in heads if _is_quoted(rows[at].clean, wanted[at], masks, paragraphs))
        self._known: dict[tuple[int, int], _Shares] = {}

    def shares(self, body: int, first: int) -> Mapping[int, float]:
        """The points of each display row for the paragraphs in the bits of `body`, which begins with `first`."""
        key = (body, first)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = _Shares(self._grams, self.quoted, body, first)
        return found


def _is_quoted(text: str, grams: Set[int], masks: Mapping[int, int], paragraphs: Sequence[Paragraph]) -> bool:
    """Whether a paragraph has the line word for word, which is the way of captions; headlines tell things otherwise."""
    if len(text) < 13 or "《" in text or not grams:
        return False
    inside = (1 << len(paragraphs)) - 1  # the paragraphs that have all its pairs of characters
    for gram in grams:
        inside &= masks.get(gram, 0)
        if not inside:
            return False
    while inside:
        last = inside.bit_length() - 1
        if text in paragraphs[last].text:
            return True
        inside ^= 1 << last
    return False


class _Shares(dict[int, float]):
    """The points of the display rows for one body, each found when it is first asked for."""

    def __init__(
        self, grams: Mapping[int, Sequence[tuple[int, float]]], quoted: Set[int], body: int, first: int
    ) -> None:
        self._grams, self._quoted, self._body, self._lead = grams, quoted, body, 1 << first

    def __missing__(self, row: int) -> float:
        w = weights()
        body, lead = self._body, self._lead
        size = body.bit_count()
        total = 0.0
        for mask, worth in self._grams[row]:
            inside = mask & body
            if inside:
                cover = sqrt(inside.bit_count() / size)
                total += worth * (0.8 if mask & lead and cover < 0.8 else cover)
        if row in self._quoted:
            total *= w["head.quoted_share"]
        found = self[row] = min(w["head.share_cap"], total * w["head.share"])
        return found


def join_scores(rows: Sequence[Row], slots: Sequence[Sequence[int]], says: float) -> dict[int, float]:
    """For each display row that follows another one in its slot, how much the two look like lines of one headline.

    `says` is how much a blank line says among them, -1 where there is none. Where some lines begin with a space, which
    marks the first line of a box, a line without one is a little more likely to go on.
    """
    pairs = [(heads[at - 1], heads[at]) for heads in slots for at in range(1, len(heads))]
    boxes = sum(rows[b].indent for _, b in pairs) > 1
    more = weights()["head.join_no_box"] if boxes else 0.0
    scores = {b: join_score(rows[a], rows[b], says) + (more if not rows[b].indent else 0.0) for a, b in pairs}
    top = next(iter(slots), ())
    if len(top) > 1 and rows[top[1]].gap and TITLE_SPACE.search(rows[top[0]].text):
        scores[top[1]] += weights()["head.join_banner"]
    return scores


def join_score(a: Row, b: Row, says: float) -> float:
    """How much two display lines that follow each other look like lines of one headline."""
    w = weights()
    if b.gap:
        score = w["head.join_gap"] * (0.3 + 0.7 * says)
        if b.width <= 0.75 * a.width:
            score += w["head.join_down"]
        elif a.width <= 0.75 * b.width:
            score += w["head.join_up"]
    elif says >= 0:
        score = w["head.join"]
    else:
        score = w["head.join_blind"]
        if 2 * b.width <= a.width:
            score += w["head.join_down"]
        elif 2 * a.width <= b.width:
            score += w["head.join_up"]
    if b.indent:
        score += w["head.join_box"]
    text = a.clean
    if text[-1:] in _OPEN_ENDS or any(text.count(x) > text.count(y) for x, y in _PAIRS):
        score += w["head.join_open"]
    elif b.clean[-1:] in "：:" and len(b.clean) <= 8:
        score += w["head.join_colon"]
    if b.clean[:1] in "暨及的和与與":
        score += w["head.join_open"]
    return score


@cache
def _verbs() -> re.Pattern[str]:
    text = resources.files("swsearch.pages").joinpath("data/headline_verbs.txt").read_text(encoding="utf-8")
    words = {word for line in text.splitlines() if not line.startswith("#") for word in line.split()}
    return re.compile("|".join(sorted(words, key=len, reverse=True)))


def title_of(rows: Sequence[Row], body: str = "") -> str:
    """A headline from its rows: printed parts joined by one space, lines merely wrapped inside a part by nothing."""
    if len(rows) == 1:
        return clean_title(rows[0].text)
    body = _QUOTES.sub("", body)
    out: list[str] = []
    part = ""
    for row in rows:
        if part and not _wrapped(part, row.clean, body):
            out.append(" ")
            part = ""
        out.append(clean_title(row.text))
        part = (part + row.clean)[-_PART_CHARS:]
    return "".join(out)


_PART_CHARS = 200  # of a part count; longer ones are no headlines
_BOUND = frozenset("暨及和与與的等之")
_QUOTES = re.compile(r"[“”‘’「」]")


def _wrapped(a: str, b: str, body: str) -> bool:
    """Whether headline line `b` goes on inside the part that `a` began; `body` is without quotes.

    It does behind a colon or an open bracket, before 暨, where the body has the two halves as neighbours (社会|工作),
    and where `a` is only the subject (甘肃兰州社会工作专业人才队伍|再添新活力).
    """
    if a.endswith(("：", ":")) or any(a.count(x) > a.count(y) for x, y in _PAIRS):
        return True
    if b[:1] in _BOUND or a[-1:] in _BOUND or (a[-1:].isdigit() and b[:1] > "\x7f"):
        return True
    left, right = _QUOTES.sub("", a)[-1:], _QUOTES.sub("", b)[:1]
    if left and right and left + right in body:
        return True
    return len(a) >= 9 and len(b) >= 4 and not _verbs().search(a)
