"""Which headline belongs to which body: all display lines of a page against all its bodies at once.

Headlines stand before their body, behind it, or collected at an end of the page, in any mix. So each display line that
is no subhead gets the body, or none, that makes the whole page cheapest: nearness, the order of the page, words that
only this body shares, lines that belong together, and every body wanting one headline. A beam search over the lines in
page order, with the set of bodies already served, finds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from swsearch.pages.bodies import bigrams
from swsearch.pages.layout import Row
from swsearch.pages.unwrap import weights

BEAM = 24  # states kept a line; 12 loses one headline of practice 014, 24 and 48 find the same on all pages
_OPEN_ENDS = frozenset("：:、和与與及的暨（《“「『")
_PAIRS = (("（", "）"), ("《", "》"), ("“", "”"), ("「", "」"), ("『", "』"))


@dataclass(frozen=True, slots=True)
class Body:
    """A body as the assignment sees it: the slots before and behind it, its words, and what a missing headline costs."""

    before: int
    after: int
    grams: frozenset[str]
    missing: float


@dataclass(frozen=True, slots=True)
class Line:
    """A display line that may be (part of) a headline: its row, its slot and its rank there."""

    row: Row
    slot: int
    first: bool
    last: bool
    edge: bool


def assign(lines: Sequence[Line], bodies: Sequence[Body], says: float) -> tuple[float, list[int]]:
    """The best score and, for each line, the index of its body or -1.

    Two habits of pages are tried, headlines before and headlines behind their bodies; the better one counts.
    """
    if not lines:
        return sum(body.missing for body in bodies), []
    shares = shares_of([line.row for line in lines], bodies)
    joins = [0.0] + [_join(a, b, says) for a, b in zip(lines, lines[1:], strict=False)]
    w = weights()
    tries = [
        _search(lines, bodies, shares, joins, w[near], w[far])
        for near, far in (("head.near", "head.far_side"), ("head.far_side", "head.near"))
    ]
    return max(tries, key=lambda found: found[0])


def shares_of(rows: Sequence[Row], bodies: Sequence[Body]) -> list[list[float]]:
    """For each row and body, how much the words of the row point to this body rather than to the others."""
    w = weights()
    count = len(bodies)
    out: list[list[float]] = []
    for row in rows:
        points = [0.0] * count
        for gram in bigrams(row.clean):
            having = [at for at, body in enumerate(bodies) if gram in body.grams]
            if having and len(having) < count or count == 1:
                worth = log((count + 0.5) / max(len(having), 1))
                for at in having:
                    points[at] += worth
        out.append([min(w["head.share_cap"], value * w["head.share"]) for value in points])
    return out


def _join(a: Line, b: Line, says: float) -> float:
    """How much two lines that follow each other look like lines of one headline."""
    w = weights()
    if a.slot != b.slot:
        return -1e6
    score = w["head.join_gap"] * (0.3 + 0.7 * says) if b.row.gap else w["head.join"]
    if b.row.indent:
        score += w["head.join_box"]
    text = a.row.clean
    if text[-1:] in _OPEN_ENDS or any(text.count(x) > text.count(y) for x, y in _PAIRS):
        score += w["head.join_open"]
    if b.row.clean[:1] in "暨及的和与與":
        score += w["head.join_open"]
    return score


def _search(
    lines: Sequence[Line],
    bodies: Sequence[Body],
    shares: Sequence[Sequence[float]],
    joins: Sequence[float],
    near_before: float,
    near_after: float,
) -> tuple[float, list[int]]:
    w = weights()
    count = len(bodies)
    # state: (used bodies as bits, label of the last line, lines in its group) -> (score, labels)
    states: dict[tuple[int, int, int], tuple[float, tuple[int, ...]]] = {(0, -1, 0): (0.0, ())}
    for at, line in enumerate(lines):
        new: dict[tuple[int, int, int], tuple[float, tuple[int, ...]]] = {}
        same_slot = at > 0 and lines[at - 1].slot == line.slot
        for (used, label, size), (score, labels) in states.items():
            if label >= 0 and same_slot:
                value = score + joins[at] + shares[at][label] + (w["head.long"] if size >= 3 else 0.0)
                if line.last and bodies[label].before == line.slot:
                    value += near_before
                _keep(new, (used, label, min(size + 1, 4)), value, labels + (label,))
            none = score + (w["head.none_edge"] if line.edge else w["head.none"])
            _keep(new, (used, -1, 0), none, labels + (-1,))
            for body in range(count):
                if used >> body & 1:
                    continue
                value = score + shares[at][body] + _place(line, bodies[body], near_before, near_after)
                if same_slot and label >= 0:
                    value += w["head.order"] if body == label + 1 else (w["head.disorder"] if body < label else 0.0)
                    if bodies[label].before == line.slot and bodies[body].after == line.slot:
                        value += w["head.crossed"]
                _keep(new, (used | 1 << body, body, 1), value, labels + (body,))
        states = dict(sorted(new.items(), key=lambda item: -item[1][0])[:BEAM]) if len(new) > BEAM else new
    best_score, best_labels = -1e9, [-1] * len(lines)
    for (used, _, _), (score, labels) in states.items():
        total = score + sum(body.missing for at, body in enumerate(bodies) if not used >> at & 1)
        if total > best_score:
            best_score, best_labels = total, list(labels)
    return best_score, best_labels


def _keep(
    states: dict[tuple[int, int, int], tuple[float, tuple[int, ...]]],
    key: tuple[int, int, int],
    score: float,
    labels: tuple[int, ...],
) -> None:
    old = states.get(key)
    if old is None or score > old[0]:
        states[key] = (score, labels)


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
