"""Which headline belongs to which body: all display lines of a page against all its bodies at once.

Headlines stand before their body, behind it, or collected at an end of the page, in any mix. So each display line that
is no subhead gets the body, or none, that makes the whole page cheapest: nearness, the order of the page, words that
only this body shares, lines that belong together, and every body wanting one headline. A beam search over the lines in
page order, with the set of bodies already served, finds it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import log

from swsearch.pages.bodies import Paragraph, bigrams
from swsearch.pages.layout import TITLE_SPACE, Row, clean_title
from swsearch.pages.unwrap import weights

BEAM = 32  # states kept a line: 20 loses three of 200 variants, 48 finds the same as 32
CROWD = 24  # bodies above which a headline must stand beside its own; no labelled page has half as many
MARGIN = 6.0  # states this far behind the best one are dropped: more than any two lines can make up for
_OPEN_ENDS = frozenset("：:、和与與及的暨（《“「『")
_PAIRS = (("（", "）"), ("《", "》"), ("“", "”"), ("「", "」"), ("『", "』"))


@dataclass(frozen=True, slots=True)
class Body:
    """A body as the assignment sees it: the slots before and behind it, its paragraphs as bits, the first of them, and
    what a missing headline costs.
    """

    before: int
    after: int
    paragraphs: int
    first: int
    missing: float


@dataclass(frozen=True, slots=True)
class Line:
    """A display line that may be (part of) a headline: its row and the index of that, its slot and its rank there.

    `edge`: the first or last one of the page; `quoted`: a body has it word for word, as it has captions.
    """

    row: Row
    at: int
    slot: int
    first: bool
    last: bool
    edge: bool
    quoted: bool = False

    @property
    def banner(self) -> bool:
        """Whether the line can be a headline over the whole page: its first, in two parts."""
        return self.edge and self.slot == 0 and bool(TITLE_SPACE.search(self.row.text))


def assign(
    lines: Sequence[Line], bodies: Sequence[Body], words: Words, joins: Mapping[int, float], habit: int = -1
) -> tuple[float, list[int], int]:
    """The best score, for each line the index of its body or -1, and the habit of the page that gave it.

    `joins` says for each row but the first of a slot how much it looks like going on the line before it. Two habits are
    tried, headlines before (0) and headlines behind their bodies (1), unless `habit` names one.
    """
    if not lines:
        return sum(body.missing for body in bodies), [], 0
    share = words.share
    wanted = _candidates(lines, bodies)
    shares = [
        {body: share(line.at, bodies[body].paragraphs, bodies[body].first) for body in numbers}
        for line, numbers in zip(lines, wanted, strict=True)
    ]
    joined = [joins.get(line.at, -1e6) for line in lines]
    w = weights()
    best: tuple[float, list[int], int] = (-1e9, [], 0)
    for number, (near, far) in enumerate((("head.near", "head.far_side"), ("head.far_side", "head.near"))):
        if habit in (-1, number):
            score, labels = _search(lines, bodies, shares, joined, w[near], w[far])
            if score > best[0]:
                best = (score, labels, number)
    return best


def _candidates(lines: Sequence[Line], bodies: Sequence[Body]) -> list[Sequence[int]]:
    """The bodies each line may belong to: all of them, or where there is a crowd those beside its slot."""
    alive = [at for at, body in enumerate(bodies) if body.paragraphs]
    if len(bodies) <= CROWD:
        return [alive] * len(lines)
    beside: dict[int, list[int]] = {}
    for at in alive:
        beside.setdefault(bodies[at].before, []).append(at)
        beside.setdefault(bodies[at].after, []).append(at)
    return [beside.get(line.slot, []) for line in lines]


def _is_quoted(text: str, paragraphs: Sequence[Paragraph]) -> bool:
    """Whether a body has the line word for word, which is the way of captions; headlines tell things in other words."""
    return len(text) >= 13 and "《" not in text and any(text in paragraph.text for paragraph in paragraphs)


class Words:
    """How much the words of a display line point to a body, for all lines of a page; answers are kept.

    A pair of characters counts the more, the fewer paragraphs have it and the closer together they stand, and the more
    of the body it covers; words of the body's first paragraph count nearly in full, as headlines tell what leads do.
    Neither number depends on how the page is cut into bodies, so that a cut cannot pay by making words look rare.
    """

    def __init__(self, rows: Sequence[Row], heads: Sequence[int], paragraphs: Sequence[Paragraph]) -> None:
        count = len(paragraphs)
        self.quoted = frozenset(at for at in heads if _is_quoted(rows[at].clean, paragraphs))
        masks: dict[str, int] = {}
        wanted = {at: bigrams(rows[at].clean) for at in heads}
        for gram in frozenset().union(*wanted.values()):
            mask = 0
            for at, paragraph in enumerate(paragraphs):
                if gram in paragraph.grams:
                    mask |= 1 << at
            if mask:
                masks[gram] = mask
        scale = log(count + 1.0)
        worth = {}
        for gram, mask in masks.items():
            rare = log((count + 1) / mask.bit_count()) / scale if count > 1 else 0.5
            extent = mask.bit_length() - ((mask & -mask).bit_length() - 1)
            worth[gram] = max(rare, 1 - extent / count)
        self._grams = {
            at: [(masks[gram], worth[gram]) for gram in grams if gram in masks] for at, grams in wanted.items()
        }
        self._known: dict[tuple[int, int, int], float] = {}

    def share(self, row: int, body: int, first: int) -> float:
        """The points of display row `row` for the paragraphs in the bits of `body`, which begins with `first`."""
        key = (row, body, first)
        found = self._known.get(key)
        if found is None:
            w = weights()
            size = body.bit_count()
            lead = 1 << first
            total = 0.0
            for mask, worth in self._grams[row]:
                inside = mask & body
                if inside:
                    cover = (inside.bit_count() / size) ** 0.5
                    total += worth * (max(0.8, cover) if mask & lead else cover)
            if row in self.quoted:
                total *= w["head.quoted_share"]
            found = self._known[key] = min(w["head.share_cap"], total * w["head.share"])
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
    else:
        score = w["head.join"] if says >= 0 else w["head.join_blind"]
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


def _search(
    lines: Sequence[Line],
    bodies: Sequence[Body],
    shares: Sequence[Mapping[int, float]],
    joins: Sequence[float],
    near_before: float,
    near_after: float,
) -> tuple[float, list[int]]:
    """The best labels of the lines. A state of the beam: (bodies used, label of the last line, size of its group)."""
    w = weights()
    order, disorder, crossed, long_group = w["head.order"], w["head.disorder"], w["head.crossed"], w["head.long"]
    before, after = [body.before for body in bodies], [body.after for body in bodies]
    states: dict[tuple[int, int, int], tuple[float, tuple[int, ...]]] = {(0, -1, 0): (0.0, ())}
    for at, line in enumerate(lines):
        slot, share = line.slot, shares[at]
        same_slot = at > 0 and lines[at - 1].slot == slot
        starts = [
            (body, 1 << body, points + _place(line, bodies[body], near_before, near_after))
            for body, points in share.items()
        ]
        none = (
            w["head.none_quoted"]
            if line.quoted
            else 0.0
            if line.banner
            else w["head.none_edge"]
            if line.edge
            else w["head.none"]
        )
        # A state that falls behind by more than MARGIN is not even made; where few are made, all of them stay.
        floor = -1e9
        if sum(not used & bit for used, _, _ in [next(iter(states))] for _, bit, _ in starts) > 3:
            floor = max(score for score, _ in states.values()) + none - MARGIN
        prune = floor > -1e9
        most = max((points for _, _, points in starts), default=0.0) + max(0.0, order, disorder) + max(0.0, crossed)
        check = 2 * BEAM
        new: dict[tuple[int, int, int], tuple[float, tuple[int, ...], int]] = {}
        for (used, label, size), (score, labels) in states.items():
            follows = same_slot and label >= 0
            if follows:
                value = score + joins[at] + share[label] + (long_group if size >= 3 else 0.0)
                if line.last and before[label] == slot:
                    value += near_before
                if value >= floor:
                    key = (used, label, size + 1 if size < 4 else 4)
                    old = new.get(key)
                    if old is None or value > old[0]:
                        new[key] = (value, labels, label)
                        if prune and value - MARGIN > floor:
                            floor = value - MARGIN
            value = score + none
            if value >= floor:
                key = (used, -1, 0)
                old = new.get(key)
                if old is None or value > old[0]:
                    new[key] = (value, labels, -1)
            if len(new) >= check:  # nor one that BEAM others are better than
                floor = max(floor, sorted([found[0] for found in new.values()])[-BEAM])
                check = len(new) + BEAM
            if score + most + 1e-9 < floor:
                continue
            crossing = follows and before[label] == slot
            for body, bit, points in starts:
                if used & bit:
                    continue
                value = score + points
                if follows:
                    value += order if body == label + 1 else disorder if body < label else 0.0
                    if crossing and after[body] == slot:
                        value += crossed
                if value < floor:
                    continue
                key = (used | bit, body, 1)
                old = new.get(key)
                if old is None or value > old[0]:
                    new[key] = (value, labels, body)
                    if prune and value - MARGIN > floor:
                        floor = value - MARGIN
        kept = list(new.items())
        if len(kept) > 4:
            floor = max(found[0] for found in new.values()) - MARGIN
            kept = [item for item in kept if item[1][0] >= floor]
            if len(kept) > BEAM:
                kept = sorted(kept, key=_by_score, reverse=True)[:BEAM]
        states = {key: (value, (*labels, label)) for key, (value, labels, label) in kept}
    best_score, best_labels = -1e9, (-1,) * len(lines)
    for (used, _, _), (score, labels) in states.items():
        total = score + sum(body.missing for at, body in enumerate(bodies) if not used >> at & 1)
        if total > best_score:
            best_score, best_labels = total, labels
    return best_score, list(best_labels)


def _by_score(item: tuple[tuple[int, int, int], tuple[float, tuple[int, ...], int]]) -> float:
    return item[1][0]


def _place(line: Line, body: Body, near_before: float, near_after: float) -> float:
    """How well a headline that begins with `line` stands to `body`."""
    score = 0.0
    if line.first and body.after == line.slot:
        score = near_after
    if line.last and body.before == line.slot:
        score = max(score, near_before)
    if body.before != line.slot and body.after != line.slot:
        score += weights()["head.away"]
    return score


@cache
def _verbs() -> re.Pattern[str]:
    text = resources.files("swsearch.pages").joinpath("data/headline_verbs.txt").read_text(encoding="utf-8")
    words = {word for line in text.splitlines() if not line.startswith("#") for word in line.split()}
    return re.compile("|".join(sorted(words, key=len, reverse=True)))


def title_of(rows: Sequence[Row], body: str = "") -> str:
    """A headline from its rows: printed parts joined by one space, lines merely wrapped inside a part by nothing."""
    out, part = "", ""
    for row in rows:
        if part and not _wrapped(part, row.clean, body):
            out, part = out + " ", ""
        out += clean_title(row.text)
        part += row.clean
    return out


_BOUND = frozenset("暨及和与與的等之")
_QUOTES = re.compile(r"[“”‘’「」]")


def _wrapped(a: str, b: str, body: str) -> bool:
    """Whether headline line `b` goes on inside the part that `a` began.

    It does behind a colon or an open bracket, before 暨, where the body has the two halves as neighbours (社会|工作),
    and where `a` is only the subject (甘肃兰州社会工作专业人才队伍|再添新活力).
    """
    if a.endswith(("：", ":")) or any(a.count(x) > a.count(y) for x, y in _PAIRS):
        return True
    if b[:1] in _BOUND or a[-1:] in _BOUND or (a[-1:].isdigit() and b[:1] > "\x7f"):
        return True
    left, right = _QUOTES.sub("", a)[-1:], _QUOTES.sub("", b)[:1]
    quoted = f"{re.escape(left)}[“”‘’「」]{{1,2}}{re.escape(right)}"
    if left and right and (left + right in body or re.search(quoted, body)):
        return True
    return len(a) >= 9 and len(b) >= 4 and not _verbs().search(a)
