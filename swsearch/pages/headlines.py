"""Which headline belongs to which body: all display lines of a page against all its bodies at once.

Headlines stand before their body, behind it, or collected at an end of the page, in any mix. So each display line that
is no subhead gets the body, or none, that makes the whole page cheapest: nearness, the order of the page, words that
only this body shares, lines that belong together, and every body wanting one headline. A beam search over the lines in
page order, with the set of bodies already served, finds it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from functools import cache
from importlib import resources
from math import log, sqrt
from operator import itemgetter
from typing import Any, NamedTuple

from swsearch.pages.bodies import Paragraph, bigrams
from swsearch.pages.layout import TITLE_SPACE, Row, clean_title
from swsearch.pages.unwrap import weights

BEAM = 48  # states kept a line: on labelled pages 16 finds the same; on several pages in one file, 48 more than 32
CROWD = 24  # bodies above which a headline must stand beside its own; no labelled page has half as many
_OPEN_ENDS = frozenset("：:、和与與及的暨（《“「『")
_PAIRS = (("（", "）"), ("《", "》"), ("“", "”"), ("「", "」"), ("『", "』"))


class Body(NamedTuple):
    """A body as the assignment sees it: the slots before and behind it, its paragraphs as bits, the first of them, and
    what a missing headline costs.
    """

    before: int
    after: int
    paragraphs: int
    first: int
    missing: float


class Line(NamedTuple):
    """A display line that may be (part of) a headline: the index of its row, its slot, whether it is the first and the
    last one there, what it gets for going on the line before it and for being no headline.
    """

    at: int
    slot: int
    first: bool
    last: bool
    join: float
    none: float


def line_of(row: Row, at: int, slot: int, place: tuple[bool, bool], edge: bool, quoted: bool, join: float) -> Line:
    """The display row as a line of the assignment; `place`: first and last of its slot.

    `edge`: the first or last one of the page; `quoted`: a body has it word for word, as it has captions. The first one
    in two parts is a banner: a headline over the whole page.
    """
    w = weights()
    if quoted:
        none = w["head.none_quoted"]
    elif edge:
        none = 0.0 if slot == 0 and TITLE_SPACE.search(row.text) else w["head.none_edge"]
    else:
        none = w["head.none"]
    return Line(at, slot, *place, join, none)


Found = tuple[float, list[int], int]


def assign(lines: Sequence[Line], bodies: Sequence[Body], words: Words, habit: int, floor: float) -> Found | None:
    """The best score, for each line the index of its body or -1, and the habit of the page that gave it.

    Two habits are tried, headlines before (0) and headlines behind their bodies (1), unless `habit` names one; -1 tries
    both. None if no score is above `floor`.
    """
    if not lines:
        total = sum(body.missing for body in bodies)
        return (total, [], 0) if total > floor else None
    wanted = _candidates(lines, bodies)
    shares = [words.shares(body.paragraphs, body.first) for body in bodies]
    w = weights()
    best: Found | None = None
    for number, (near, far) in enumerate((("head.near", "head.far_side"), ("head.far_side", "head.near"))):
        if habit in (-1, number):
            bound, steps = _steps(lines, bodies, shares, wanted, w[near], w[far])
            quick = _beam(bound, steps, bodies, 2, floor)  # a floor for the search proper, near its result
            if quick:
                best, floor = (*quick, number), quick[0] + 1e-9
            found = _beam(bound, steps, bodies, BEAM, floor)
            if found:
                best, floor = (*found, number), found[0] + 1e-9
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
        for gram, mask in masks.items():
            rare = log((count + 1) / mask.bit_count()) / scale if count > 1 else 0.5
            extent = mask.bit_length() - ((mask & -mask).bit_length() - 1)
            worth[gram] = max(rare, 1 - extent / count)
        self._grams: dict[int, list[tuple[int, float]]] = {}
        for at, grams in wanted.items():
            found: dict[int, float] = {}
            for gram in grams & masks.keys():
                found[masks[gram]] = found.get(masks[gram], 0.0) + worth[gram]
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


class _Step(NamedTuple):
    """What can become of one line, each as what it costs against the best that could be hoped for (0 or less).

    `starts` has (body, its bit, cost) for a headline that begins here, the cheapest first; `goes_on` the cost of going
    on the headline of each body, `again` whether the line before stands in the same slot, `ends` whether the line
    behind does not. `drops` has (bit, cost) for the bodies that lose their best line if they do not take it.
    """

    slot: int
    none: float
    starts: list[tuple[int, int, float]]
    goes_on: dict[int, float]
    drops: list[tuple[int, float]]
    again: bool
    ends: bool


def _steps(
    lines: Sequence[Line],
    bodies: Sequence[Body],
    shares: Sequence[Mapping[int, float]],
    wanted: Sequence[Sequence[int]],
    near_before: float,
    near_after: float,
) -> tuple[float, list[_Step]]:
    """A score that no labels can exceed, and for each line what each label costs against it.

    The bound lets each line be what suits it best, if it begins no headline, and each body take the line that suits it
    best, whatever the others do. A state's bound is then the score of what it has decided plus the best that can come,
    so that states with different pasts compare, and those that cannot reach what is known already go at once.
    """
    w = weights()
    order, away = max(0.0, w["head.order"]), w["head.away"]
    bases: list[float] = []
    begins: list[list[tuple[int, float]]] = []
    follows: list[dict[int, float]] = []
    before = -1
    for (row, slot, first, last, join, none), numbers in zip(lines, wanted, strict=True):
        again, before = slot == before, slot
        best = none
        goes_on: dict[int, float] = {}
        begin = []
        for number in numbers:
            body, share = bodies[number], shares[number][row]
            place = 0.0
            if body.before == slot:
                if last:
                    place = near_before
                if first and body.after == slot and near_after > place:
                    place = near_after
            elif body.after == slot:
                if first:
                    place = near_after
            else:
                place = away
            begin.append((number, share + place))
            if again:
                value = join + share
                if last and body.before == slot:
                    value += near_before
                goes_on[number] = value
                if value > best:
                    best = value
        bases.append(best)
        begins.append(begin)
        follows.append(goes_on)
    bonus = [order if goes_on else 0.0 for goes_on in follows]
    prices = _prices(bases, begins, bonus, [body.missing for body in bodies])
    hopes = [body.missing - price for body, price in zip(bodies, prices, strict=True)]
    bound = sum(prices)
    steps: list[_Step] = []
    after = -1
    for line, base, begin, more, goes_on in zip(
        reversed(lines), reversed(bases), reversed(begins), reversed(bonus), reversed(follows), strict=True
    ):
        costs = [value - prices[number] for number, value in begin]
        best = max(base, max(costs) + more) if costs else base
        starts, drops = [], []
        for (number, _), cost in zip(begin, costs, strict=True):
            cost -= best
            hope = hopes[number]
            starts.append((number, 1 << number, cost - hope))
            if cost + more > hope:
                drops.append((1 << number, cost + more - hope))
                hopes[number] = cost + more
        starts.sort(key=itemgetter(2), reverse=True)
        costs_on = {number: value - best for number, value in goes_on.items()}
        steps.append(_Step(line.slot, line.none - best, starts, costs_on, drops, bool(goes_on), line.slot != after))
        bound += best
        after = line.slot
    steps.reverse()
    return bound + sum(hopes), steps


def _prices(
    bases: Sequence[float],
    begins: Sequence[Sequence[tuple[int, float]]],
    bonus: Sequence[float],
    least: Sequence[float],
) -> list[float]:
    """What each body is worth to the lines that want it, `least` or more: an auction, each line bidding for one body.

    With these prices, each line may take what suits it best, whatever the others do, and no two of them want the same
    body (D. Bertsekas, 1979). Any prices give a bound; these give one near the best score.
    """
    prices = list(least)
    owners: dict[int, int] = {}
    waiting = list(range(len(bases)))
    for _ in range(8 * len(bases)):
        if not waiting:
            break
        line = waiting.pop()
        best = second = bases[line]
        wanted = -1
        more = bonus[line]
        for number, value in begins[line]:
            value += more - prices[number]
            if value > best:
                best, second, wanted = value, best, number
            elif value > second:
                second = value
        if wanted >= 0:
            prices[wanted] += best - second + 0.01
            if wanted in owners:
                waiting.append(owners[wanted])
            owners[wanted] = line
    return prices


# One reading of the lines so far: its bound, the bodies that have a headline, the body of the last line (-1: none, or
# it matters no more), how many lines that headline has (3: or more), and the labels as a chain (rest, last).
_State = tuple[float, int, int, int, tuple[Any, ...]]


def _beam(
    bound: float, steps: Sequence[_Step], bodies: Sequence[Body], width: int, floor: float
) -> tuple[float, list[int]] | None:
    """The best score above `floor` and its labels, with at most `width` states kept a line; None if there is none."""
    if bound <= floor:
        return None
    w = weights()
    order, disorder, crossed, long_group = w["head.order"], w["head.disorder"], w["head.crossed"], w["head.long"]
    bonus = max(0.0, order, disorder) + max(0.0, crossed)
    states: list[_State] = [(bound, 0, -1, 0, ())]
    for slot, none, starts, goes_on, drops, again, ends in steps:
        new: dict[tuple[int, int, int], _State] = {}
        for score, used, label, size, chain in states:
            for bit, drop in drops:
                if not used & bit:
                    score -= drop
            follows = again and label >= 0
            least = floor
            if follows:
                least -= bonus
                value = score + goes_on[label] + (long_group if size == 3 else 0.0)
                if value > floor:
                    key = (used, -1, 0) if ends else (used, label, size + 1 if size < 3 else 3)
                    old = new.get(key)
                    if old is None or value > old[0]:
                        new[key] = (value, *key, (chain, label))
            value = score + none
            if value > floor:
                key = (used, -1, 0)
                old = new.get(key)
                if old is None or value > old[0]:
                    new[key] = (value, *key, (chain, -1))
            for body, bit, cost in starts:
                value = score + cost
                if value <= least:
                    break
                if used & bit:
                    continue
                if follows:
                    value += order if body == label + 1 else disorder if body < label else 0.0
                    if bodies[label].before == slot == bodies[body].after:
                        value += crossed
                    if value <= floor:
                        continue
                key = (used | bit, -1, 0) if ends else (used | bit, body, 1)
                old = new.get(key)
                if old is None or value > old[0]:
                    new[key] = (value, *key, (chain, body))
        states = list(new.values())
        if len(states) > width:
            states.sort(key=itemgetter(0), reverse=True)
            del states[width:]
    if not states:
        return None
    score, *_, chain = max(states, key=itemgetter(0))
    labels = []
    while chain:
        chain, label = chain
        labels.append(label)
    return score, labels[::-1]


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
