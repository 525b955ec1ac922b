"""Which paragraphs make an article and which headline it has: the reading of a whole page that scores best.

A reading is a set of paragraphs that begin an article. Its score adds up the slots it cuts at, how well the credits of
the page fall to the bodies, how display lines stand as subheads, how the others do as headlines (one search for all of
them), and perhaps the lead of an article printed apart from it. Slots in doubt are flipped one by one as long as the
page gets better.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from swsearch.pages import assignment, credits
from swsearch.pages.kinds import BYLINE, SOURCE
from swsearch.pages.reading import Reading
from swsearch.pages.unwrap import weights

# Slots scored between these are tried both ways, the least certain first. True boundaries without any credit were as
# low as -2.3 (seed 001), slots inside articles as high as 1.5 (practice 024); wider bounds change nothing but the time.
LOWEST, HIGHEST = -2.6, 3.0
MAX_TRIES = 12
MAX_LEAD = 2  # paragraphs of a lead set apart
_DATED = re.compile(r"\d{4}年|\d{1,2}月\d{1,2}日|日前|近日|昨日|本[报報][讯訊]")
_SHORT_FORM = re.compile(r"以下[简簡]称[“《「『〈]{1,2}(.{2,8}?)[”》」』〉]")
_CONTINUED = re.compile(r"[（(【\[〔][上下]接")


@dataclass(frozen=True, slots=True)
class Plan:
    """A reading of a page: its total, the first paragraph of each body, the body of each free display line (-1: none).

    `lead` is (body that is the lead of another one, that other one) or None; `habit` whether headlines tend to stand
    before (0) or behind (1) their bodies.
    """

    total: float
    starts: tuple[int, ...]
    free: tuple[int, ...] = ()
    labels: tuple[int, ...] = ()
    lead: tuple[int, int] | None = None
    habit: int = 0

    def ends(self, count: int) -> tuple[int, ...]:
        """The paragraph behind the last one of each body, `count` being the number of paragraphs."""
        return (*self.starts[1:], count)[: len(self.starts)]


def best_plan(reading: Reading) -> Plan:
    """The best reading of the page that was found."""
    if not reading.paragraphs:
        return Plan(0.0, ())
    return _Planner(reading).search()


class _Planner:
    """The scores of one page's readings; those already known are kept."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.slots = reading.slots
        self.count = len(reading.paragraphs)
        self.w = weights()
        self.opened = [bool(credits.opening_byline(paragraph.text)) for paragraph in reading.paragraphs]
        self.continued = [bool(_CONTINUED.match(paragraph.text)) for paragraph in reading.paragraphs]
        self.lines = [self._lines(at) for at in range(self.count + 1)]
        self._known: dict[tuple[tuple[int, ...], int, bool], Plan | None] = {}
        self._known_bodies: dict[tuple[int, int], assignment.Body] = {}
        self._known_subheads: dict[tuple[int, int, assignment.Body], float] = {}

    def search(self) -> Plan:
        """The best plan over flips of the slots in doubt; displaced leads are looked for once bodies are settled."""
        scores = [slot.score for slot in self.slots]
        starts = (0, *(at for at in range(1, self.count) if scores[at] > 0))
        doubtful = sorted(
            (at for at in range(1, self.count) if LOWEST < scores[at] < HIGHEST), key=lambda at: abs(scores[at])
        )[:MAX_TRIES]
        best = self._score(starts, -1, False)
        if len(starts) > assignment.CROWD:
            return best
        best = self._climb(best, doubtful, False)
        leads = any(self._can_lead(best, body) for body in self._ends_of_page(best))
        if leads:
            best = self._climb(self._score(best.starts, -1, True), doubtful[: MAX_TRIES // 2], True)
        return self._better(best.starts, -1, leads, best.total - 1e-9) or best

    def _climb(self, best: Plan, doubtful: list[int], leads: bool) -> Plan:
        for _ in range(2):
            better = False
            for at in doubtful:
                starts = tuple(sorted({*best.starts} ^ {at}))
                found = self._better(starts, best.habit, leads, best.total + 1e-9)
                if found:
                    best, better = found, True
            if not better:
                break
        return best

    def _score(self, starts: tuple[int, ...], habit: int, leads: bool) -> Plan:
        found = self._better(starts, habit, leads, -inf)
        assert found is not None
        return found

    def _better(self, starts: tuple[int, ...], habit: int, leads: bool, floor: float) -> Plan | None:
        """The plan with these starts if its total is above `floor`, which no later call may lower."""
        key = (starts, habit, leads)
        if key not in self._known:
            self._known[key] = self._evaluate(starts, habit, leads, floor)
        found = self._known[key]
        return found if found and found.total > floor else None

    def _evaluate(self, starts: tuple[int, ...], habit: int, leads: bool, floor: float) -> Plan | None:
        begun = set(starts)
        inside = [at for at in range(1, self.count) if at not in begun]
        bodies = self._bodies(starts)
        lines = [
            line
            for at, lines in enumerate(self.lines)
            if (lines and not 0 < at < self.count) or at in begun
            for line in lines
        ]
        free = tuple(line.at for line in lines)
        base = sum(self.slots[at].score for at in starts if at) + self._credits(starts)
        base += self._subheads(inside, starts, bodies)
        best = Plan(floor, starts, free, (), None, habit)
        plain = (starts, habit, False)
        if plain in self._known:  # the same without a lead: nothing of it need be searched again
            found = self._known[plain]
            best = found if found and found.total > floor else best
        else:
            labels = assignment.assign(lines, bodies, self.reading.words, habit, floor - base)
            if labels:
                best = Plan(base + labels[0], starts, free, tuple(labels[1]), None, labels[2])
        if leads:
            for lead in self._ends_of_page(best):
                if self._can_lead(best, lead):
                    best = self._with_lead(best, bodies, lines, base, lead)
        return best if best.total > floor else None

    # --- parts of the score -------------------------------------------------------------------------------------------

    def _bodies(self, starts: tuple[int, ...]) -> list[assignment.Body]:
        bodies = []
        for key in zip(starts, (*starts[1:], self.count), strict=True):
            body = self._known_bodies.get(key)
            if body is None:
                start, end = key
                missing = self.w["head.missing_continued" if self.continued[start] else "head.missing"]
                body = assignment.Body(start, end, (1 << end) - (1 << start), start, missing)
                self._known_bodies[key] = body
            bodies.append(body)
        return bodies

    def _lines(self, at: int) -> list[assignment.Line]:
        """The display lines of slot `at`, for when no body goes on across it."""
        reading, heads = self.reading, self.slots[at].heads
        last = len(heads) - 1
        return [
            assignment.line_of(
                reading.rows[row],
                row,
                at,
                (rank == 0, rank == last),
                (at == 0 and rank == 0) or (at == self.count and rank == last),
                row in reading.words.quoted,
                reading.joins.get(row, -1e6),
            )
            for rank, row in enumerate(heads)
        ]

    def _credits(self, starts: tuple[int, ...]) -> float:
        """How well the credits of the page fall to the bodies: one each, where the page has credits at all."""
        bylines, sources = [0] * len(starts), [0] * len(starts)
        for kind, owner in share_credits(self.reading, starts).values():
            if kind == SOURCE:
                sources[owner] += 1
            else:
                bylines[owner] += 1
        for number, start in enumerate(starts):
            bylines[number] += self.opened[start]
        credited = sum(1 for a, b in zip(bylines, sources, strict=True) if a + b)
        if credited < 2:
            return 0.0
        score = self.w["credit.none"] * (len(starts) - credited) * credited / len(starts)
        for a, b in zip(bylines, sources, strict=True):
            if a > 1 or b > 1:
                score += self.w["credit.twice"]
            elif a and b:
                score += self.w["credit.both"]
        return score

    def _subheads(self, inside: list[int], starts: tuple[int, ...], bodies: list[assignment.Body]) -> float:
        """How well the display lines inside bodies stand as subheads.

        They get what a headline would get for standing near its body, for its words and its lines, so that a body is
        cut in two for what stands between its parts and not for having subheads.
        """
        score = 0.0
        with_heads = [at for at in inside if self.slots[at].heads]
        for at, next_one in zip(with_heads, (*with_heads[1:], self.count), strict=bool(with_heads)):
            body = bodies[bisect_left(starts, at) - 1]
            key = (at, min(body.after, next_one), body)
            found = self._known_subheads.get(key)
            if found is None:
                found = self._known_subheads[key] = self._subhead(*key)
            score += found
        return score

    def _subhead(self, at: int, end: int, body: assignment.Body) -> float:
        """How well the display lines of slot `at` stand as a subhead of `body`, for its paragraphs up to `end`."""
        reading, w, heads = self.reading, self.w, self.slots[at].heads
        for_section = reading.words.shares((1 << end) - (1 << at), at)
        for_body = reading.words.shares(body.paragraphs, body.first)
        score = w["head.near"] + w["sub.row"] * len(heads)
        score += sum([max(for_section[row], for_body[row]) for row in heads])
        score += sum(reading.joins[row] for row in heads[1:])
        here = reading.paragraphs[at]
        column = max(reading.look.columns[here.rows[0]], reading.paragraphs[at - 1].width, here.width)
        if any(reading.look.width[row] >= column + 3 for row in heads):
            score += w["sub.wide"]
        return score + w["sub.many"] * max(0, len(heads) - 2)

    # --- displaced leads ----------------------------------------------------------------------------------------------

    def _ends_of_page(self, plan: Plan) -> tuple[int, ...]:
        return (0, len(plan.starts) - 1) if len(plan.starts) > 1 else ()

    def _can_lead(self, plan: Plan, lead: int) -> bool:
        """Whether body `lead` can be the lead of another one: short, and no credit closes it."""
        start, end = plan.starts[lead], plan.ends(self.count)[lead]
        return end - start <= MAX_LEAD and not self.slots[end].credits

    def _with_lead(
        self, best: Plan, bodies: list[assignment.Body], lines: list[assignment.Line], base: float, lead: int
    ) -> Plan:
        """`best`, or a better plan in which body `lead` is the displaced lead of another one."""
        for target in range(len(best.starts)):
            if target == lead or target == lead + 1:
                continue
            gain = self._lead_gain(best, lead, target)
            if gain < 0:
                continue
            merged = list(bodies)
            both = bodies[target].paragraphs | bodies[lead].paragraphs
            merged[target] = bodies[target]._replace(paragraphs=both, first=bodies[lead].before)
            merged[lead] = assignment.Body(-9, -9, 0, 0, 0.0)
            found = assignment.assign(lines, merged, self.reading.words, best.habit, best.total - base - gain)
            if found:
                total, labels, habit = found
                best = Plan(base + gain + total, best.starts, best.free, tuple(labels), (lead, target), habit)
        return best

    def _lead_gain(self, plan: Plan, lead: int, target: int) -> float:
        """How much body `lead` looks like the lead of body `target`, printed apart from it; negative: not at all."""
        w, paragraphs, starts, ends = self.w, self.reading.paragraphs, plan.starts, plan.ends(self.count)
        text = paragraphs[ends[lead] - 1].text
        first = paragraphs[starts[target]]
        gain = w["lead.base"]
        if max(paragraph.width for paragraph in paragraphs[starts[lead] : ends[lead]]) >= 1.3 * first.width:
            gain += w["lead.wide"]
        short = _SHORT_FORM.search(text)
        if short and short[1] in first.text[:20]:
            rest = "".join(paragraph.text for paragraph in paragraphs[starts[target] : ends[target]])
            if not any(found[1] == short[1] for found in _SHORT_FORM.finditer(rest)):
                gain += w["lead.short_form"]
        gain -= max(-1.5, min(2.0, first.opener))
        if _DATED.search(first.text[:40]):
            gain += w["lead.dated"]
        if lead == target + 1:
            gain += w["lead.beside"]
        if gain <= -2.0:
            return gain
        bits = [(1 << end) - (1 << start) for start, end in zip(starts, ends, strict=True)]
        likeness = [self.reading.likeness(bits[lead], other) if at != lead else 0.0 for at, other in enumerate(bits)]
        others = max((value for at, value in enumerate(likeness) if at not in (lead, target)), default=0.0)
        return gain + max(-2.0, min(2.0, (likeness[target] - others) * w["lead.share"]))


def share_credits(reading: Reading, starts: Sequence[int]) -> dict[int, tuple[str, int]]:
    """The kind and the body of each credit row.

    A source closes the body before it. A byline closes the one before it too, unless that has its credit already or a
    display line stands between them: then it opens the next.
    """
    owners: dict[int, tuple[str, int]] = {}
    served: set[int] = set()
    for row, at, headed in reading.credits:
        kind = reading.kinds[row]
        right = bisect_left(starts, at)  # the body that begins at the slot or behind it
        if right and not (kind == BYLINE and at in starts and (headed or right - 1 in served)):
            owner = right - 1
        else:
            owner = right
        owners[row] = (kind, owner)
        served.add(owner)
    return owners
