"""A page as articles and notices: the rooms of this package put in a row.

1. lines -> rows (layout), rows whose grammar tells what they are (kinds), paragraphs and display lines (unwrap)
2. paragraphs -> bodies: a score for each slot between two paragraphs (bodies)
3. headlines -> bodies, all at once (headlines); slots in doubt are tried both ways, the cheaper page wins
4. what is left -> notices; credits are read, facts found, records made
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from swsearch.errors import PageError
from swsearch.pages import credits, headlines, kinds
from swsearch.pages.bodies import (
    Paragraph,
    Slot,
    bigrams,
    build,
    opener_pattern,
    opener_score,
    score_slots,
    strong_opener_pattern,
)
from swsearch.pages.kinds import BYLINE, CAPTION, FLOW, HEAD, HEADER, PARA, PHOTO, SOURCE, TEASER
from swsearch.pages.headlines import title_of
from swsearch.pages.layout import blank_lines, join, line_runs, rows_of
from swsearch.pages.unwrap import Unwrapper, weights
from swsearch.records import Article, Facts, Notice, NoticeKind, Page, Segmented

DOUBT = 4.0  # slots whose score lies within this of zero are tried both ways; 3 misses one page, 6 changes nothing
MAX_TRIES = 24


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision on a page: about which lines, what was decided, its score and the parts of the score."""

    lines: tuple[int, int]
    what: str
    score: float
    parts: tuple[tuple[str, float], ...] = ()


@dataclass(slots=True)
class Draft:
    """A body on its way to an article: paragraphs (by index), headline rows, subhead rows, credit rows."""

    paragraphs: list[int]
    heads: list[int] = field(default_factory=list)
    credits: list[int] = field(default_factory=list)
    lead: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Plan:
    """A whole reading of a page: its total, the first paragraph of each body, the body of each free display line."""

    total: float
    starts: list[int]
    lead: tuple[int, int] | None  # (body that is a displaced lead, body it belongs to)
    free: list[int]
    labels: list[int]


class Reading:
    """Everything that is known of one page while it is read."""

    def __init__(self, page: Page) -> None:
        self.page = page
        raw = page.text.split("\n")
        self.rows = kinds.cut_rows(rows_of(raw, _repair(raw)))
        self.look = Unwrapper(self.rows, opener_pattern(), strong_opener_pattern())
        self.kinds = self.look.kinds(kinds.fixed_kinds(self.rows))
        self._gather_teasers()
        self.paragraphs, self.slots = build(self.rows, self.kinds)
        self.idf = score_slots(self.look, self.kinds, self.paragraphs, self.slots)
        heads = [row for slot in self.slots for row in slot.heads]
        self.says = self.look.says if any(self.rows[row].gap for row in heads) else -1.0  # -1: no gaps among headlines
        self.words = headlines.Words(self.rows, heads, [paragraph.grams for paragraph in self.paragraphs])

    def likeness(self, a: int, b: int) -> float:
        """How much two sets of paragraphs (bits) share words that few paragraphs have, whatever their length."""
        left = self._grams_of(a)
        right = self._grams_of(b)
        shared = sum(self.idf.get(gram, 0.0) for gram in left & right)
        return 10 * shared / ((len(left) * len(right)) ** 0.5 or 1.0)

    def _grams_of(self, bits: int) -> frozenset[str]:
        return frozenset().union(*(p.grams for at, p in enumerate(self.paragraphs) if bits >> at & 1))

    def _gather_teasers(self) -> None:
        """A display line just above the line with the page number is the first line of the same teaser."""
        for at in range(1, len(self.rows)):
            if self.kinds[at] == TEASER and self.kinds[at - 1] == HEAD and not self.rows[at].gap:
                before = self.rows[at - 1]
                self.kinds[at - 1] = "T1"
                if (
                    self.look.says > 0.5
                    and not before.gap
                    and at > 1
                    and self.kinds[at - 2] == HEAD
                    and before.line != self.rows[at - 2].line
                ):
                    self.kinds[at - 2] = "T1"


def _repair(lines: Sequence[str]) -> Sequence[str]:
    try:
        from swsearch.pages.mojibake import repair_page
    except ImportError:
        return lines
    return repair_page(lines)


def plan(reading: Reading) -> Plan:
    """The best reading of the page found: slots in doubt are flipped one by one as long as the page gets better."""
    slots, count = reading.slots, len(reading.paragraphs)
    if not count:
        return Plan(0.0, [], None, [], [])
    starts = {0} | {at for at in range(1, count) if slots[at].score > 0}
    doubtful = sorted(
        (at for at in range(1, count) if abs(slots[at].score) < DOUBT), key=lambda at: abs(slots[at].score)
    )[:MAX_TRIES]
    best = _evaluate(reading, sorted(starts))
    for _ in range(2):
        better = False
        for at in doubtful:
            trial = starts ^ {at}
            found = _evaluate(reading, sorted(trial))
            if found.total > best.total + 1e-9:
                best, starts, better = found, trial, True
        if not better:
            break
    return best


def _evaluate(reading: Reading, starts: list[int]) -> Plan:
    """The total of the page if bodies begin at these paragraphs: slots, subheads, headlines, perhaps a displaced lead."""
    slots, paragraphs = reading.slots, reading.paragraphs
    inside = set(range(1, len(paragraphs))) - set(starts)
    base = sum(slots[at].score for at in starts if at) + _credits(reading, starts)
    free = [row for at, slot in enumerate(slots) if at not in inside for row in slot.heads]
    lines = _lines(reading, inside)
    bodies = _bodies(reading, starts)
    base += _subheads(reading, inside, starts, bodies)
    total, labels = headlines.assign(lines, bodies, reading.words, reading.says)
    best = Plan(base + total, starts, None, free, labels)
    for lead in {0, len(starts) - 1} if len(starts) > 1 else ():
        best = _try_leads(reading, starts, bodies, lines, free, lead, base, best)
    return best


def _try_leads(
    reading: Reading,
    starts: list[int],
    bodies: list[headlines.Body],
    lines: list[headlines.Line],
    free: list[int],
    lead: int,
    base: float,
    best: Plan,
) -> Plan:
    """`best`, or a better plan in which body `lead`, at an end of the page, is the displaced lead of another one."""
    ends = [*starts[1:], len(reading.paragraphs)]
    if (
        ends[lead] - starts[lead] > 2
        or reading.slots[ends[lead]].credits
        or (lead and reading.slots[starts[lead]].heads and False)
    ):
        return best
    for target in range(len(starts)):
        if target == lead or abs(target - lead) == 1 and lead < target:
            continue
        gain = _lead_gain(reading, starts, ends, lead, target)
        if gain < 0:
            continue
        merged = list(bodies)
        both = bodies[target].paragraphs | bodies[lead].paragraphs
        merged[target] = replace(bodies[target], paragraphs=both, first=starts[lead])
        merged[lead] = headlines.Body(-9, -9, 0, 0, 0.0)
        total, labels = headlines.assign(lines, merged, reading.words, reading.says)
        if lead in labels:
            continue
        if base + gain + total > best.total:
            best = Plan(base + gain + total, starts, (lead, target), free, labels)
    return best


_DATED = re.compile(r"\d{4}年|\d{1,2}月\d{1,2}日|日前|近日|昨日|本[报報][讯訊]")
_SHORT_FORM = re.compile(r"以下[简簡]称[“《「『〈]{1,2}(.{2,8}?)[”》」』〉]")


def _lead_gain(reading: Reading, starts: list[int], ends: list[int], lead: int, target: int) -> float:
    """How much body `lead` looks like the lead of body `target`, printed apart from it; negative if it cannot be."""
    w = weights()
    paragraphs = reading.paragraphs
    text = paragraphs[ends[lead] - 1].text
    first = paragraphs[starts[target]]
    gain = w["lead.base"]
    if max(paragraphs[at].width for at in range(starts[lead], ends[lead])) >= 1.3 * first.width:
        gain += w["lead.wide"]
    short = _SHORT_FORM.search(text)
    rest = "".join(paragraphs[at].text for at in range(starts[target], ends[target]))
    if (
        short
        and short[1] in first.text[:20]
        and f"以下简称《{short[1]}" not in rest
        and f"以下簡稱《{short[1]}" not in rest
    ):
        gain += w["lead.short_form"]
    opener = opener_score(first.text)
    gain -= max(-1.5, min(2.0, opener))
    if _DATED.search(first.text[:40]):
        gain += w["lead.dated"]
    if lead == target + 1:
        gain += w["lead.beside"]
    lead_bits = sum(1 << at for at in range(starts[lead], ends[lead]))
    likeness = [
        reading.likeness(lead_bits, (1 << end) - (1 << start)) if at != lead else 0.0
        for at, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]
    others = max((value for at, value in enumerate(likeness) if at not in (lead, target)), default=0.0)
    gain += max(-2.0, min(2.0, (likeness[target] - others) * w["lead.share"]))
    return gain


def _credits(reading: Reading, starts: list[int]) -> float:
    """How well the credits of the page fall to the bodies: one each, where the page has credits at all."""
    w = weights()
    owners = share_credits(reading, starts)
    per_body = [0] * len(starts)
    for kind, owner in owners.values():
        per_body[owner] += 1 if kind == BYLINE else 10
    for number, start in enumerate(starts):
        if credits.opening_byline(reading.paragraphs[start].text):
            per_body[number] += 1
    credited = sum(1 for count in per_body if count)
    if credited < 2:
        return 0.0
    score = 0.0
    none = w["credit.none"] * credited / len(per_body)
    for count in per_body:
        if not count:
            score += none
        elif count % 10 > 1 or count > 19:
            score += w["credit.twice"]
        elif count > 10:
            score += w["credit.both"]
    return score


def share_credits(reading: Reading, starts: list[int]) -> dict[int, tuple[str, int]]:
    """The kind and the body of each credit row.

    A source closes the body before it. A byline closes the one before it too, unless that has its credit already or a
    display line stands between them: then it opens the next.
    """
    owners: dict[int, tuple[str, int]] = {}
    served: set[int] = set()
    number_of = {start: number for number, start in enumerate(starts)}
    body = -1
    for at, slot in enumerate(reading.slots):
        right = number_of.get(at)
        for row in slot.credits:
            kind = reading.kinds[row]
            heads_before = any(head < row for head in slot.heads)
            if body < 0:
                owner = 0
            elif right is None or kind == SOURCE:
                owner = body
            else:
                owner = right if body in served or heads_before else body
            owners[row] = (kind, owner)
            served.add(owner)
        if right is not None:
            body = right
    return owners


def _subheads(reading: Reading, inside: set[int], starts: list[int], bodies: list[headlines.Body]) -> float:
    """How well the display lines inside bodies stand as subheads.

    They get what a headline would get for standing near its body and sharing its words, so that a body is cut in two
    for what stands between its parts and not for having subheads.
    """
    w, look = weights(), reading.look
    score = 0.0
    for at in inside:
        heads = reading.slots[at].heads
        if not heads:
            continue
        column = max(
            look.columns[reading.paragraphs[at].rows[0]], reading.paragraphs[at - 1].width, reading.paragraphs[at].width
        )
        body = max(number for number, start in enumerate(starts) if start < at)
        bits, first = bodies[body].paragraphs, bodies[body].first
        end = next((later for later in sorted(inside) if later > at and reading.slots[later].heads), bits.bit_length())
        section = (1 << min(end, bits.bit_length())) - (1 << at)
        share = reading.words.share
        score += w["head.near"] + sum(
            w["sub.row"] + max(share(row, section, at), share(row, bits, first)) for row in heads
        )
        score += sum(
            headlines.join_score(reading.rows[a], reading.rows[b], reading.says)
            for a, b in zip(heads, heads[1:], strict=False)
        )
        if any(look.width[row] >= column + 3 for row in heads):
            score += w["sub.wide"]
        if len(heads) > 2:
            score += w["sub.many"] * (len(heads) - 2)
    return score


def _lines(reading: Reading, inside: set[int]) -> list[headlines.Line]:
    lines = []
    last_slot = len(reading.slots) - 1
    for at, slot in enumerate(reading.slots):
        if at in inside:
            continue
        for rank, row in enumerate(slot.heads):
            edge = (at == 0 and rank == 0) or (at == last_slot and rank == len(slot.heads) - 1)
            lines.append(headlines.Line(reading.rows[row], row, at, rank == 0, rank == len(slot.heads) - 1, edge))
    return lines


def _bodies(reading: Reading, starts: list[int]) -> list[headlines.Body]:
    w = weights()
    ends = [*starts[1:], len(reading.paragraphs)]
    bodies = []
    for start, end in zip(starts, ends, strict=True):
        continued = re.match(r"[（(【\[〔][上下]接", reading.paragraphs[start].text)
        bits = (1 << end) - (1 << start)
        bodies.append(
            headlines.Body(start, end, bits, start, w["head.missing_continued" if continued else "head.missing"])
        )
    return bodies


def drafts_of(reading: Reading, found: Plan) -> tuple[list[Draft], list[int]]:
    """The bodies with their headline and credit rows, in the order of the page, and the display rows left over."""
    starts, count = found.starts, len(reading.paragraphs)
    ends = [*starts[1:], count][: len(starts)]
    drafts = [Draft(list(range(start, end))) for start, end in zip(starts, ends, strict=True)]
    left = [row for row, label in zip(found.free, found.labels, strict=True) if label < 0]
    for row, label in zip(found.free, found.labels, strict=True):
        if label >= 0:
            drafts[label].heads.append(row)
    for row, (_, body) in share_credits(reading, starts).items() if drafts else ():
        drafts[body].credits.append(row)
    if found.lead:
        lead, target = found.lead
        drafts[target].lead = drafts[lead].paragraphs
        drafts[target].credits += drafts[lead].credits
        drafts[lead].paragraphs = []
    return [draft for draft in drafts if draft.paragraphs], left


def segment(page: Page) -> Segmented:
    """Articles and notices of one page, in reading order.

    Their spans (line, column; 1-based) cover every character of the page that is not white space exactly once.
    Raises PageError if nothing but white space is left. Measured on tests/gold: floors in tests/gold/floors.json.
    """
    reading = Reading(page)
    if not reading.rows:
        raise PageError(page.file, "the page holds nothing but white space")
    found = plan(reading)
    drafts, left = drafts_of(reading, found)
    blanks = blank_lines(page)
    articles = tuple(_article(reading, draft, number, blanks) for number, draft in enumerate(drafts, 1))
    notices = _notices(reading, drafts, left, blanks)
    return Segmented(page.file, articles, notices)


def _article(reading: Reading, draft: Draft, number: int, blanks: frozenset[int]) -> Article:
    rows, page = reading.rows, reading.page
    order: list[int] = list(draft.heads)
    paragraphs: list[str] = []
    subheads: list[str] = []
    body_rows: list[int] = []
    text = "".join(reading.paragraphs[at].text for at in [*draft.lead, *draft.paragraphs])
    firsts = {draft.paragraphs[0], *draft.lead[:1]}  # their slots hold headlines
    for at in [*draft.lead, *draft.paragraphs]:
        heads = reading.slots[at].heads if at not in firsts else []
        if heads:
            subhead = title_of([rows[row] for row in heads], text)
            paragraphs.append(subhead)
            subheads.append(subhead)
            body_rows += heads
        paragraphs.append(reading.paragraphs[at].text)
        body_rows += reading.paragraphs[at].rows
    lines_of_body = [rows[at].line for at in body_rows]
    opening = [
        row for row in draft.credits if lines_of_body and rows[row].line < lines_of_body[-1] and row < min(body_rows)
    ]
    order += (
        [row for row in draft.credits if row in opening]
        + body_rows
        + [row for row in draft.credits if row not in opening]
    )
    byline, byline_line, source = _read_credits(reading, draft, paragraphs)
    title = title_of([rows[row] for row in draft.heads], text)
    return Article(
        id=f"{page.stem}:{number}",
        file=page.file,
        title=title,
        paragraphs=tuple(paragraphs),
        subheads=tuple(subheads),
        byline=byline,
        byline_line=byline_line,
        source=source,
        facts=_facts(title, paragraphs, source, byline),
        lines=line_runs(list(dict.fromkeys(rows[at].line for at in order)), blanks),
        spans=tuple(rows[at].span for at in order),
        printed="\n".join(rows[at].raw for at in order),
    )


def _facts(title: str, paragraphs: Sequence[str], source: str | None, byline: str | None) -> Facts:
    try:
        from swsearch.pages.facts import find_facts
    except ImportError:
        return Facts()
    return find_facts(title, paragraphs, source, byline)


def _read_credits(
    reading: Reading, draft: Draft, paragraphs: Sequence[str]
) -> tuple[str | None, str | None, str | None]:
    """Names, byline as printed, and source of an article."""
    names: list[str] = []
    printed: list[str] = []
    sources: list[str] = []
    by_source = [at for at in draft.credits if reading.kinds[at] == SOURCE]
    text = "".join(reading.rows[at].text for at in by_source)
    source = credits.source_name(text)
    if source:
        sources.append(source)
    else:
        sources += [name for at in by_source if (name := credits.source_name(reading.rows[at].text))]
    for at in draft.credits:
        if reading.kinds[at] == BYLINE:
            row = reading.rows[at].text.strip()
            credit = credits.read_credit(row)
            names += credit.names if credit else credits.bare_names(row) or credits.names_in(row)
            printed.append(re.sub(r"\s+", " ", row))
    if not names and paragraphs:
        for paragraph in paragraphs[:2]:
            opening = credits.opening_byline(paragraph)
            if opening:
                printed.append(opening[0])
                names += opening[1]
                break
    return " ".join(dict.fromkeys(names)) or None, " ".join(printed) or None, sources[0] if sources else None


_NOTICE_KINDS: dict[str, NoticeKind] = {
    HEADER: "page_header",
    TEASER: "teaser",
    "T1": "teaser",
    CAPTION: "caption",
    PHOTO: "photo_credit",
}


def _notices(
    reading: Reading, drafts: Sequence[Draft], left: Sequence[int], blanks: frozenset[int]
) -> tuple[Notice, ...]:
    groups: list[tuple[NoticeKind, list[int]]] = []
    loose = set(left)
    used = {row for draft in drafts for row in draft.credits}
    body_text = ["".join(reading.paragraphs[at].text for at in [*d.lead, *d.paragraphs]) for d in drafts]
    for at, kind in enumerate(reading.kinds):
        if at in loose:
            text = reading.rows[at].clean
            notice: NoticeKind = "caption" if any(text in body for body in body_text) else "other"
        elif kind in _NOTICE_KINDS:
            notice = _NOTICE_KINDS[kind]
        elif kind in (BYLINE, SOURCE) and at not in used:
            notice = "other"
        elif not drafts:
            notice = "other"
        else:
            continue
        last = groups[-1][1][-1] if groups else -9
        ended = groups and groups[-1][0] == "teaser" and reading.kinds[last] == TEASER
        if (
            groups
            and groups[-1][0] == notice
            and last == at - 1
            and not reading.rows[at].gap
            and notice != "page_header"
            and not ended
        ):
            groups[-1][1].append(at)
        else:
            groups.append((notice, [at]))
    return tuple(_notice(reading, number, kind, members, blanks) for number, (kind, members) in enumerate(groups, 1))


def _notice(reading: Reading, number: int, kind: NoticeKind, members: Sequence[int], blanks: frozenset[int]) -> Notice:
    rows = [reading.rows[at] for at in members]
    text = join(row.clean for row in rows) if kind == "caption" else title_of(rows)
    return Notice(
        id=f"{reading.page.stem}:n{number}",
        file=reading.page.file,
        kind=kind,
        text=text,
        lines=line_runs(list(dict.fromkeys(row.line for row in rows)), blanks),
        spans=tuple(row.span for row in rows),
        printed="\n".join(row.raw for row in rows),
    )


def explain(page: Page) -> list[Decision]:
    """Why the page is read as it is: one decision for each slot between two paragraphs and each headline, with scores."""
    reading = Reading(page)
    found = plan(reading)
    out = [Decision((0, 0), "page: total of the best reading found", found.total)]
    line = [row.line for row in reading.rows]
    for at, paragraph in enumerate(reading.paragraphs):
        slot = reading.slots[at]
        first = line[paragraph.rows[0]]
        if at:
            what = "a new article begins" if at in found.starts else "the article goes on"
            out.append(Decision((first, line[paragraph.rows[-1]]), what, slot.score, tuple(slot.why)))
    ends = [*found.starts[1:], len(reading.paragraphs)][: len(found.starts)]
    for row, label in zip(found.free, found.labels, strict=True):
        parts = tuple(
            (f"words of article {body + 1}", reading.words.share(row, (1 << end) - (1 << start), start))
            for body, (start, end) in enumerate(zip(found.starts, ends, strict=True))
        )
        what = f"headline of article {label + 1}" if label >= 0 else "display line of no article"
        out.append(
            Decision(
                (line[row], line[row]),
                f"{what}: {reading.rows[row].clean}",
                parts[label][1] if label >= 0 else 0.0,
                parts,
            )
        )
    if found.lead:
        lead, target = found.lead
        out.append(
            Decision((line[reading.paragraphs[found.starts[lead]].rows[0]],) * 2, f"lead of article {target + 1}", 0.0)
        )
    return out
