"""Where one article's body ends and the next begins: paragraphs, the slots between them, and a score for each slot.

A slot holds what stands between two paragraphs: display lines and credits. Its score, in log-odds, says how much a new
article begins behind it: a source closes an article, 本报讯 opens one, 此外 and a subject known from the text before
carry one on, paragraphs that share no words belong apart.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from math import log
from operator import or_

from swsearch.pages.kinds import BYLINE, FLOW, HEAD, PARA, SOURCE
from swsearch.pages.layout import TITLE_SPACE, Row, join
from swsearch.pages.unwrap import Unwrapper, weights

_WORDS = re.compile(r"[\u3400-\u9fffA-Za-z0-9]+")


@cache
def opener_rules() -> tuple[tuple[re.Pattern[str], float], ...]:
    """Patterns of `data/openers.tsv` with their weights."""
    text = resources.files("swsearch.pages").joinpath("data/openers.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return tuple((re.compile(row[0]), float(row[1])) for row in rows)


@cache
def strong_opener_pattern() -> re.Pattern[str]:
    """One pattern for what stands nowhere but at the start of a body: weight of 4 or more."""
    return re.compile("|".join(f"(?:{rule.pattern})" for rule, weight in opener_rules() if weight >= 4))


@cache
def opener_pattern() -> re.Pattern[str]:
    """One pattern for all that opens a body with a weight of 2 or more; a date alone opens sentences too."""
    return re.compile("|".join(f"(?:{rule.pattern})" for rule, weight in opener_rules() if weight >= 2))


@cache
def _any_opener_pattern() -> re.Pattern[str]:
    """One pattern for all rules, so that most paragraphs need not be asked for each."""
    return re.compile("|".join(f"(?:{rule.pattern})" for rule, _ in opener_rules()))


def opener_score(text: str) -> float:
    """What the first words of a paragraph say: the strongest rule for a start plus the strongest against it."""
    if not _any_opener_pattern().match(text):
        return 0.0
    best = worst = 0.0
    for rule, weight in opener_rules():
        if not worst <= weight <= best and rule.match(text):
            best, worst = max(best, weight), min(worst, weight)
    return best + worst


def bigrams(text: str) -> frozenset[int]:
    """The pairs of neighbouring characters of `text`, marks left out, each as a number: quicker to make than strings.

    A character outside the BMP counts as the two surrogates it is in UTF-16.
    """
    units = "".join(_WORDS.findall(text)).encode("utf-16-le", "surrogatepass")
    even, odd = len(units) & ~3, (len(units) - 2) & ~3
    if odd < 0:
        return frozenset()
    return frozenset(array("I", units[:even] + units[2 : 2 + odd]))


@dataclass(slots=True)
class Paragraph:
    """Rows of one paragraph, by index, and what is asked of it.

    `kept` are the grams that another paragraph has too, `opener` is what its first words say.
    """

    rows: list[int]
    text: str = ""
    grams: frozenset[int] = frozenset()
    kept: frozenset[int] = frozenset()
    width: int = 0
    opener: float = 0.0


@dataclass(slots=True)
class Slot:
    """What stands before a paragraph (the last slot: behind the last one), by row index, in the order of the page."""

    heads: list[int] = field(default_factory=list)
    credits: list[int] = field(default_factory=list)
    score: float = 0.0
    why: list[tuple[str, float]] = field(default_factory=list)


def build(rows: Sequence[Row], kinds: Sequence[str]) -> tuple[list[Paragraph], list[Slot]]:
    """Paragraphs in the order of the page and the slots around them: slot i stands before paragraph i."""
    paragraphs: list[Paragraph] = []
    slots = [Slot()]
    for at, kind in enumerate(kinds):
        if kind == PARA or (kind == FLOW and not paragraphs):
            paragraphs.append(Paragraph([at]))
            slots.append(Slot())
        elif kind == FLOW:
            if slots[-1].heads or slots[-1].credits:
                paragraphs.append(Paragraph([at]))
                slots.append(Slot())
            else:
                paragraphs[-1].rows.append(at)
        elif kind == HEAD:
            slots[-1].heads.append(at)
        elif kind in (BYLINE, SOURCE):
            slots[-1].credits.append(at)
    for paragraph in paragraphs:
        paragraph.text = join([rows[at].clean for at in paragraph.rows])
        paragraph.grams = bigrams(paragraph.text)
    return paragraphs, slots


def score_slots(
    look: Unwrapper, kinds: Sequence[str], paragraphs: Sequence[Paragraph], slots: Sequence[Slot]
) -> dict[int, float]:
    """How rare each pair of characters is; `score` and `why` of every slot between two paragraphs are filled in."""
    w = weights()
    for paragraph in paragraphs:
        paragraph.opener = opener_score(paragraph.text)
        full = [look.width[at] for at in paragraph.rows if not look.short[at]]
        paragraph.width = (
            max(dict.fromkeys(full), key=full.count) if full else max([look.width[at] for at in paragraph.rows])
        )
    idf = _mark_kept(paragraphs)
    cohesion = _cohesion(paragraphs, idf)
    count = len(paragraphs)
    for at in range(1, count):
        slot, here = slots[at], paragraphs[at]
        why: list[tuple[str, float]] = [("prior", w["slot.prior"])]
        credit_kinds = {kinds[row] for row in slot.credits}
        if SOURCE in credit_kinds:
            why.append(("source", w["slot.source"]))
        if BYLINE in credit_kinds:
            why.append(("byline", w["slot.byline"]))
        opener = here.opener
        if opener:
            why.append(("opener", opener))
        if slot.heads:
            why += _look_of_heads([look.rows[row] for row in slot.heads])
            if opener > 0:
                told = max([share_of_pairs(look.rows[row].clean, here.text[:LEAD_CHARS]) for row in slot.heads])
                if told > w["slot.told_from"]:
                    why.append(("told again", w["slot.told"]))
            column = max(look.columns[here.rows[0]], paragraphs[at - 1].width)
            if any(look.width[row] >= column + 3 for row in slot.heads):
                why.append(("wide head", w["slot.wide_head"]))
        why += cohesion[at]
        before = paragraphs[at - 1]
        if len(before.rows) > 2 and len(here.rows) > 2 and abs(before.width - here.width) >= 2:
            why.append(("column", w["slot.column"]))
        if not look.closed[before.rows[-1]] and opener < 3:
            why.append(("open", w["slot.open_head" if slot.heads else "slot.open"]))
        slot.why = why
        slot.score = sum([value for _, value in why])
    return idf


LEAD_CHARS = 110  # of a paragraph are searched for the words of a headline
MOST_HEAD_CHARS = 40  # of a display line are searched for


def share_of_pairs(text: str, other: str) -> float:
    """The share of the pairs of neighbouring characters of `text` that `other` has; 0 for a text of few of them."""
    text = text[:MOST_HEAD_CHARS]
    if len(text) < 6:
        return 0.0
    pairs = {text[at : at + 2] for at in range(len(text) - 1)}
    return sum(map(other.__contains__, pairs)) / len(pairs)


def _look_of_heads(rows: Sequence[Row]) -> list[tuple[str, float]]:
    """How much display lines in a slot look like a headline, which stands between articles, and not like a subhead."""
    w = weights()
    why = [("heads", w["slot.heads"])]
    if len(rows) > 2:
        why.append(("many heads", w["slot.many_heads"]))
    longest = max(row.width for row in rows)
    if longest >= 25:
        why.append(("long head", w["slot.long_head"]))
    elif longest <= 17:
        why.append(("short head", w["slot.short_head"]))
    if any("，" in row.clean or "," in row.clean for row in rows):
        why.append(("comma in head", w["slot.comma_head"]))
    if any(TITLE_SPACE.search(row.text) for row in rows):
        why.append(("parted head", w["slot.parted_head"]))
    return why


def _mark_kept(paragraphs: Sequence[Paragraph]) -> dict[int, float]:
    """How rare each pair of characters is that two paragraphs have; `kept` of each paragraph is filled in."""
    once: set[int] = set()
    again: list[int] = []  # each pair as often as there are paragraphs that have it, but the first
    for paragraph in paragraphs:
        again += once & paragraph.grams
        once |= paragraph.grams
    more = Counter(again)
    shared = frozenset(more)
    for paragraph in paragraphs:
        paragraph.kept = paragraph.grams & shared
    count = len(paragraphs)
    logs = [0.0, *(log(count / seen) for seen in range(1, count + 1))]
    return {gram: logs[seen + 1] for gram, seen in more.items()}


def _cohesion(paragraphs: Sequence[Paragraph], idf: Mapping[int, float]) -> list[list[tuple[str, float]]]:
    """For each slot how little the text behind it shares with the text before it, as a whole and in its first words.

    Before are four paragraphs, behind are three. Swept on seeds, practice and gold/real: the whole alone tells
    boundaries from other slots with an AUC of 0.81, the first thirty characters with 0.81.
    """
    w = weights()
    worth = idf.__getitem__
    kept = [paragraph.kept for paragraph in paragraphs]
    sizes = [len(paragraph.grams) for paragraph in paragraphs]
    pairs = [kept[0], *map(or_, kept, kept[1:])] if kept else []  # pairs[i]: of paragraphs i - 1 and i
    out: list[list[tuple[str, float]]] = [[]]
    for at in range(1, len(paragraphs)):
        left = pairs[at - 1] | pairs[at - 3] if at > 2 else pairs[at - 1]
        right = pairs[at + 1] if at + 1 < len(pairs) else kept[at]
        if at + 2 < len(kept):
            right = right | kept[at + 2]
        size = 0.92 * min(sum(sizes[max(0, at - 4) : at]), sum(sizes[at : at + 3])) or 1.0
        share = 10 * sum(map(worth, left & right)) / size  # 0.92: about a tenth occurs twice
        first = bigrams(paragraphs[at].text[:30])
        known = sum(map(worth, first & left)) / (len(first) or 1)
        whole = max(-1.5, min(1.5, (w["slot.share_mid"] - share) * w["slot.share"]))
        start = max(-1.5, min(1.2, (w["slot.known_mid"] - known) * w["slot.known"]))
        out.append([("apart", whole), ("new words", start)])
    return out
