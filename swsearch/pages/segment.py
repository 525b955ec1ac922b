"""A page as articles and notices: the rooms of this package put in a row.

1. lines -> rows (layout), rows whose grammar tells what they are (kinds), paragraphs and display lines (unwrap)
2. paragraphs -> bodies: a score for each slot between two paragraphs (bodies)
3. headlines -> bodies, all at once (headlines); slots in doubt are tried both ways, the cheaper page wins
4. what is left -> notices; credits are read, facts found, records made
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from swsearch.errors import PageError
from swsearch.pages import credits
from swsearch.pages.facts import find_facts
from swsearch.pages.headlines import title_of
from swsearch.pages.kinds import BYLINE, CAPTION, HEADER, PHOTO, SOURCE, TEASER, TEASER_TOP
from swsearch.pages.layout import join, line_places, line_runs
from swsearch.pages.plan import Plan, best_plan, share_credits
from swsearch.pages.reading import Reading
from swsearch.records import Article, Notice, NoticeKind, Page, Segmented, Span


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


def drafts_of(reading: Reading, found: Plan) -> tuple[list[Draft], list[int]]:
    """The bodies with their headline and credit rows, in the order of the page, and the display rows left over."""
    starts, count = found.starts, len(reading.paragraphs)
    ends = found.ends(count)
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
    found = best_plan(reading)
    drafts, left = drafts_of(reading, found)
    places = line_places(reading.rows)
    articles = tuple(_article(reading, draft, number, places) for number, draft in enumerate(drafts, 1))
    notices = _notices(reading, drafts, left, places)
    return Segmented(page.file, articles, notices)


def _article(reading: Reading, draft: Draft, number: int, places: Mapping[int, int]) -> Article:
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
    first, last = (min(body_rows), rows[body_rows[-1]].line) if draft.credits else (0, 0)
    opening = [row for row in draft.credits if row < first and rows[row].line < last]
    order += opening + body_rows + [row for row in draft.credits if row not in opening]
    printed = [rows[at] for at in order]
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
        facts=find_facts(title, paragraphs, source, byline),
        lines=line_runs(dict.fromkeys([row.line for row in printed]), places),
        spans=tuple([Span(row.line, row.start, row.end) for row in printed]),
        printed="\n".join([row.raw for row in printed]),
    )


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
            names += (
                credit.names if credit else credits.bare_names(row) or credits.lone_name(row) or credits.names_in(row)
            )
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
    TEASER_TOP: "teaser",
    CAPTION: "caption",
    PHOTO: "photo_credit",
}


def _notices(
    reading: Reading, drafts: Sequence[Draft], left: Sequence[int], places: Mapping[int, int]
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
        elif not drafts or (kind in (BYLINE, SOURCE) and at not in used):
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
    return tuple(_notice(reading, number, kind, members, places) for number, (kind, members) in enumerate(groups, 1))


def _notice(
    reading: Reading, number: int, kind: NoticeKind, members: Sequence[int], places: Mapping[int, int]
) -> Notice:
    rows = [reading.rows[at] for at in members]
    text = join([row.clean for row in rows]) if kind == "caption" else title_of(rows)
    return Notice(
        id=f"{reading.page.stem}:n{number}",
        file=reading.page.file,
        kind=kind,
        text=text,
        lines=line_runs(dict.fromkeys([row.line for row in rows]), places),
        spans=tuple([Span(row.line, row.start, row.end) for row in rows]),
        printed="\n".join(row.raw for row in rows),
    )


def explain(page: Page) -> list[Decision]:
    """Why the page is read as it is: a decision for each slot between two paragraphs and each headline, with scores."""
    reading = Reading(page)
    found = best_plan(reading)
    out = [Decision((0, 0), "page: total of the best reading found", found.total)]
    line = [row.line for row in reading.rows]
    for at, paragraph in enumerate(reading.paragraphs):
        slot = reading.slots[at]
        first = line[paragraph.rows[0]]
        if at:
            what = "a new article begins" if at in found.starts else "the article goes on"
            out.append(Decision((first, line[paragraph.rows[-1]]), what, slot.score, tuple(slot.why)))
    ends = found.ends(len(reading.paragraphs))
    for row, label in zip(found.free, found.labels, strict=True):
        parts = tuple(
            (f"words of article {body + 1}", reading.words.shares((1 << end) - (1 << start), start)[row])
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
