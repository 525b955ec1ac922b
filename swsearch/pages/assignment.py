"""Which headline belongs to which body: all display lines of a page against all its bodies at once.

Headlines stand before their body, behind it, or collected at an end of the page, in any mix. So each display line that
is no subhead gets the body, or none, that makes the whole page cheapest: nearness, the order of the page, words that
only this body shares, lines that belong together, and every body wanting one headline. A beam search over the lines in
page order, with the set of bodies already served, finds it. It knows a bound of what is still to come, so that most of
a page's readings are given up before they are searched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from swsearch.pages.headlines import Words
from swsearch.pages.layout import TITLE_SPACE, Row
from swsearch.pages.unwrap import weights

BEAM = 48  # states kept a line: on labelled pages 16 finds the same; on several pages in one file, 48 more than 32
MOST_STATES = 500  # states times bodies: with more than ten bodies, fewer states are kept
CROWD = 24  # bodies above which a headline must stand beside its own; no labelled page has half as many


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
    wanted = _candidates(lines, bodies, words)
    w = weights()
    best: Found | None = None
    for number, (near, far) in enumerate((("head.near", "head.far_side"), ("head.far_side", "head.near"))):
        if habit in (-1, number):
            points = _points(lines, wanted, w[near], w[far])
            bound, steps = _steps(lines, bodies, points, floor)
            # Where no floor is known, a narrow search gives one for the search proper, near its result.
            widest = max(16, min(BEAM, MOST_STATES // len(bodies)))
            for width in (2, widest) if floor < -1e8 else (widest,):
                found = _beam(bound, steps, bodies, width, floor)
                if found:
                    best, floor = (*found, number), found[0] + 1e-9
    return best


# A body that a line may belong to: its number, the slots before and behind it, what the words of each row say for it.
_Candidate = tuple[int, int, int, Mapping[int, float]]


def _candidates(lines: Sequence[Line], bodies: Sequence[Body], words: Words) -> list[Sequence[_Candidate]]:
    """The bodies each line may belong to: all of them, or where there is a crowd those beside its slot."""
    alive = [
        (at, body.before, body.after, words.shares(body.paragraphs, body.first))
        for at, body in enumerate(bodies)
        if body.paragraphs
    ]
    if len(bodies) <= CROWD:
        return [alive] * len(lines)
    beside: dict[int, list[_Candidate]] = {}
    for body in alive:
        beside.setdefault(body[1], []).append(body)
        beside.setdefault(body[2], []).append(body)
    return [beside.get(line.slot, []) for line in lines]


# What becomes of one line, each as what it costs against the best that could be hoped for (0 or less): its slot, what
# being no headline costs; (body, its bit, cost) for a headline that begins here, the cheapest first; the cost of going
# on the headline of each body; (bit, cost) for the bodies that lose their best line if they do not take it; whether the
# line before stands in the same slot, whether the line behind does not.
_Step = tuple[int, float, list[tuple[int, int, float]], dict[int, float], list[tuple[int, float]], bool, bool]
# What a line gets: as the best that begins no headline, for beginning that of a body, for going on that of a body
# (nothing where it is the first of its slot).
_Points = tuple[float, list[tuple[int, float]], dict[int, float]]


def _points(
    lines: Sequence[Line], wanted: Sequence[Sequence[_Candidate]], near_before: float, near_after: float
) -> list[_Points]:
    """The points of each line for each body it may belong to, whatever the other lines do."""
    away = weights()["head.away"]
    out: list[_Points] = []
    before = -1
    for (row, slot, first, last, join, none), candidates in zip(lines, wanted, strict=True):
        again, before = slot == before, slot
        best = none
        goes_on: dict[int, float] = {}
        begins = []
        for number, opens, closes, shares in candidates:
            share = shares[row]
            if opens == slot:
                place = near_before if last else 0.0
            elif closes == slot:
                place = near_after if first else 0.0
            else:
                place = away
            begins.append((number, share + place))
            if again:
                value = join + share
                if last and opens == slot:
                    value += near_before
                goes_on[number] = value
                if value > best:
                    best = value
        out.append((best, begins, goes_on))
    return out


def _steps(
    lines: Sequence[Line], bodies: Sequence[Body], points: Sequence[_Points], floor: float
) -> tuple[float, list[_Step]]:
    """A score that no labels can exceed, and for each line what each label costs against it (nothing under `floor`).

    The bound lets each line be what suits it best at the prices of the bodies. A state's bound is then the score of
    what it has decided plus the best that can come, so that states with different pasts compare, and those that cannot
    reach what is known already go at once.
    """
    order = max(0.0, weights()["head.order"])
    bonus = [order if goes_on else 0.0 for _, _, goes_on in points]
    prices = _prices(points, bonus, [body.missing for body in bodies])
    bests = [
        max(base, max([value - prices[number] for number, value in begins]) + more) if begins else base
        for (base, begins, _), more in zip(points, bonus, strict=True)
    ]
    bound = sum(prices) + sum(bests)
    if bound <= floor:
        return bound, []
    # Of each body: the best that the lines to come can do for it, against having been the one that a line wants.
    hopes = [body.missing - price for body, price in zip(bodies, prices, strict=True)]
    steps: list[_Step] = []
    after = -1
    for at in range(len(lines) - 1, -1, -1):
        line, best, more = lines[at], bests[at], bonus[at]
        _, begins, goes_on = points[at]
        starts, drops = [], []
        for number, value in begins:
            cost = value - prices[number] - best
            hope = hopes[number]
            starts.append((number, 1 << number, cost - hope))
            if cost + more > hope:
                drops.append((1 << number, cost + more - hope))
                hopes[number] = cost + more
        starts.sort(key=itemgetter(2), reverse=True)
        costs_on = {number: value - best for number, value in goes_on.items()}
        steps.append((line.slot, line.none - best, starts, costs_on, drops, bool(goes_on), line.slot != after))
        after = line.slot
    steps.reverse()
    return bound + sum(hopes), steps


def _prices(points: Sequence[_Points], bonus: Sequence[float], least: Sequence[float]) -> list[float]:
    """What each body is worth to the lines that want it, `least` or more: an auction, each line bidding for one body.

    With these prices, each line may take what suits it best, whatever the others do, and no two of them want the same
    body (D. Bertsekas, 1979). Any prices give a bound; these give one near the best score.
    """
    prices = list(least)
    owners: dict[int, int] = {}
    waiting = list(range(len(points)))
    for _ in range(8 * len(points)):
        if not waiting:
            break
        line = waiting.pop()
        base, begins, _ = points[line]
        best = second = base
        wanted = -1
        more = bonus[line]
        for number, value in begins:
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
