"""One page while it is read: its rows, what each of them is, paragraphs, slots, and how alike parts of it are."""

from __future__ import annotations

from collections.abc import Set
from math import sqrt

from swsearch.pages import kinds
from swsearch.pages.bodies import build, opener_pattern, score_slots, strong_opener_pattern
from swsearch.pages.headlines import Words, join_scores
from swsearch.pages.kinds import HEAD, TEASER, TEASER_TOP
from swsearch.pages.layout import rows_of
from swsearch.pages.mojibake import repair_page
from swsearch.pages.unwrap import Unwrapper
from swsearch.records import Page


class Reading:
    """Everything that is known of one page before its articles are decided.

    `kinds` has one kind a row; `slots[i]` stands before `paragraphs[i]`; `joins` says for a display row that follows
    another one how much the two look like lines of one headline. `credits` has the credit rows, each with its slot and
    whether a display line of that stands before it.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        raw = page.text.split("\n")
        self.rows = kinds.cut_rows(rows_of(raw, repair_page(raw)))
        fixed = kinds.fixed_kinds(self.rows)
        self.look = Unwrapper(self.rows, opener_pattern(), strong_opener_pattern(), fixed)
        self.kinds = self.look.kinds(fixed)
        self._gather_teasers()
        self.paragraphs, self.slots = build(self.rows, self.kinds)
        self.credits = [
            (row, at, bool(slot.heads) and slot.heads[0] < row)
            for at, slot in enumerate(self.slots)
            for row in slot.credits
        ]
        self.idf = score_slots(self.look, self.kinds, self.paragraphs, self.slots)
        heads = [row for slot in self.slots for row in slot.heads]
        says = self.look.says if any(self.rows[row].gap for row in heads) else -1.0
        self.joins = join_scores(self.rows, [slot.heads for slot in self.slots], says)
        self.words = Words(self.rows, heads, self.paragraphs)
        self._known_likeness: dict[tuple[int, int], float] = {}
        self._known_grams: dict[int, tuple[Set[int], int]] = {}

    def likeness(self, a: int, b: int) -> float:
        """How much two sets of paragraphs (bits) share words that few paragraphs have, whatever their length."""
        found = self._known_likeness.get((a, b))
        if found is None:
            (left, size), (right, other) = self._grams_of(a), self._grams_of(b)
            found = 10 * sum(map(self.idf.__getitem__, left & right)) / (sqrt(size * other) or 1.0)
            self._known_likeness[a, b] = found
        return found

    def _grams_of(self, bits: int) -> tuple[Set[int], int]:
        """The pairs of characters of these paragraphs that any other paragraph of the page has too; how many in all."""
        found = self._known_grams.get(bits)
        if found is None:
            inside = [paragraph for at, paragraph in enumerate(self.paragraphs) if bits >> at & 1]
            kept: Set[int] = frozenset().union(*[paragraph.kept for paragraph in inside])
            alone = sum([len(paragraph.grams) - len(paragraph.kept) for paragraph in inside])
            found = self._known_grams[bits] = (kept, len(kept) + alone)
        return found

    def _gather_teasers(self) -> None:
        """A display line just above the line with the page number is the first line of the same teaser.

        Where blank lines say something, a second one above it is too; where they do not, one is all that is sure.
        """
        rows, found = self.rows, self.kinds
        for at in range(1, len(rows)) if TEASER in found else ():
            if found[at] != TEASER or found[at - 1] != HEAD or rows[at].gap:
                continue
            found[at - 1] = TEASER_TOP
            same_box = self.look.says > 0.5 and not rows[at - 1].gap
            if same_box and at > 1 and found[at - 2] == HEAD and rows[at - 1].line != rows[at - 2].line:
                found[at - 2] = TEASER_TOP
