"""Repair of Founder mojibake: marks that a PDF's font printed right and that came out as Hanzi.

Founder's typesetting stored （ ， 《 ２ as double bytes of GB2312 rows 1 and 3; pulled out of a PDF, the lead byte is
often 0x31 too high, so that （ becomes 渊 and ２０２４年 becomes 圆园圆源年. Every one of those 188 Hanzi is also a
character of its own (渊博, 公园, 国务院), and most pages have none that is wrong. So this is a decision between two
readings of each, in nats (natural logarithms), for a mark against the genuine character:

    ln(how often the mark is met in print) - ln(how often the Hanzi is met in this company)
    + what the neighbours say (a digit beside digits or 年, a ■ that begins a line, a pair that closes)
    + what the line says (marks that came out right in it, and in the lines it runs on with, speak for its font)

1. *evidence*: pairs, runs of digits and crowds of rare characters that no genuine text has. A page without any is
   handed back as it is.
2. *zones*: each line gets a score from its evidence, its right marks and those of its neighbours.
3. *repair*: every candidate whose two readings, all counted, speak for the mark.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from importlib import resources
from itertools import accumulate, groupby, pairwise
from math import inf, log
from typing import NamedTuple

_ROWS = "".join(bytes([row, cell]).decode("gbk") for row in (0xA1, 0xA3) for cell in range(0xA1, 0xFF))
_HANZI = "".join(bytes([row + 0x31, cell]).decode("gbk") for row in (0xA1, 0xA3) for cell in range(0xA1, 0xFF))

REPAIRS: dict[str, str] = {**dict(zip(_HANZI, _ROWS, strict=True)), "郾": "．"}
"""Broken character -> mark: rows 1 and 3 of GB2312 by the rule, and 郾, which other fonts have for the point."""

_BREAKS = str.maketrans({mark: hanzi for hanzi, mark in REPAIRS.items() if hanzi != "郾"} | {"・": "窑", "―": "要"})

# How often a mark is met in newspaper text, per million characters: counted on the five seed pages where they have
# it; for the others (full-width digits, letters, rare marks) what a page that sets them full-width would have.
_RATES = (
    "，35000 。15000 、22000 ：3000 ；1200 “5000 ”5000 ‘100 ’100 （4600 ）4600 《3800 》3800 ？200 ！200 —600 …300 "
    "·300 ■300 ◆50 ●50 ○20 ◎20 □20 ▲50 △20 ★20 ☆20 ※10 〔20 〕20 〈20 〉20 「50 」50 『20 』20 【50 】50 ％600 "
    "．400 －200 ～100 ＋60 ／100 ×10 ℃10 ＝5 ＊5 ＆5 ＠5 \u30001500"
)
_RATE_OF_DIGIT, _RATE_OF_LETTER, _RATE_OF_ANY = 1500.0, 40.0, 1.0

_DIGITS = frozenset("园员圆猿源缘远苑愿怨")
_POINTS = frozenset("援郾")  # ． between digits
_LETTERS = frozenset(hanzi for hanzi, mark in REPAIRS.items() if "Ａ" <= mark <= "Ｚ" or "ａ" <= mark <= "ｚ")
_PAIRS = {
    "渊": "冤",
    "叶": "曳",
    "野": "冶",
    "耶": "爷",
    "也": "页",
    "掖": "业",
    "腋": "夜",
    "液": "一",
    "揖": "铱",
    "咱": "暂",
}
_BRACKETS = frozenset([*_PAIRS, *_PAIRS.values()])
_OPENER_OF = {bracket: opener for opener, closer in _PAIRS.items() for bracket in (opener, closer)}
_BRACKET = re.compile(f"[{''.join(_OPENER_OF)}]")
_UNITS = re.compile(
    "[年月日时点分秒号％豫人名位万亿千百个元届次岁度周期项家所处户件场多余版章条%米亩台辆张栋座层]|公[里斤顷]|平方|小时"
)
_NUMERALS = frozenset("0123456789０１２３４５６７８９")
_RIGHT_MARKS = re.compile("[，。、：；！？“”‘’（）《》％．０-９]")  # came out right: this line's font is not broken
_ROLES = (
    "记者",
    "通讯员",
    "编辑",
    "作者",
    "摄影",
    "主任",
    "书记",
    "局长",
    "处长",
    "部长",
    "主席",
    "会长",
    "市长",
    "县长",
    "社工",
    "教授",
    "老师",
)

_DIGIT_RUN = re.compile("[园员圆猿源缘远苑愿怨][园员圆猿源缘远苑愿怨]*(?:[援郾][园员圆猿源缘远苑愿怨]+)*")
_LETTER_RUN = re.compile(f"[{''.join(sorted(_LETTERS))}](?:[窑原]?[{''.join(sorted(_LETTERS))}])*")
# The words of 2 to 4 characters that a character can stand in, where so many characters around it are known and so many
# of them before it: how many of the word stand before it, and from where to where it goes.
_WINDOWS = {
    (size, before): tuple(
        (start, before - start, before - start + length)
        for length in (2, 3, 4)
        for start in range(length)
        if start <= before and before - start + length <= size
    )
    for before in range(4)
    for size in range(before + 1, before + 5)
}
# What no genuine page has (see `_evidence`); a page without any of it is left alone after this one scan.
_SUSPECT = re.compile(
    # One class at the front, here and below: where nothing of it stands, a search passes over at once.
    "[冤曳冶姻袁尧遥园员圆猿源缘远苑愿怨]"
    "(?:(?<=[冤曳冶姻袁尧遥])|[园员圆猿源缘远苑愿怨]{2}|[园员圆猿源缘远苑愿怨援郾]*[年月日豫％%万亿届])"
)

# In nats. Swept on the seed and practice pages, broken whole, by article, by headlines and credits only, at 8 to 40
# characters a line, against 19.7 million characters of clean statutes.
_PAIR_EVIDENCE = 8.0
_RUN_EVIDENCE = 8.0
_SINGLE_EVIDENCE = 5.0
_PAIR_CHARS, _PAIR_LINES = 80, 6  # a bracket closes within so many characters and lines that are not blank
_PAGE = -1.5  # a line of a page that has evidence somewhere else
_BROKEN_PAGE = -0.3  # the same, where more marks of the page are broken than came out right
_LINE_EVIDENCE, _LINE_EVIDENCE_MOST = 2.5, 7.5
_LINE_RIGHT_MARK, _RIGHT_MARKS_COUNTED = -4.0, 3
_NEIGHBOUR = 0.5
_SAME_WIDTH = 1.5  # characters: digits and squeezed marks make the full lines of a column differ by so much
_ENDS = tuple("。！？!?；：")


def repair_page(lines: Sequence[str]) -> list[str]:
    """The lines with broken marks put right: as many lines, each as long as it was, all else untouched."""
    if not _may_be_broken("".join("".join(lines).split())):
        return list(lines)
    page = _Page(lines)
    items = page.evidence()
    if not items:
        return list(lines)
    return page.repaired(page.broken(items))


def repair(text: str) -> str:
    """The text, of one or more lines, with broken marks put right on its own evidence; as long as before."""
    return "\n".join(repair_page(text.split("\n")))


def break_text(text: str) -> str:
    """The text as a broken font leaves it: every character of GB2312 rows 1 and 3 as the Hanzi 0x31 rows above."""
    return text.translate(_BREAKS)


class _Item(NamedTuple):
    """Places of the page that stand or fall together, and how much speaks for their being marks, in nats."""

    places: tuple[int, ...]
    score: float


class _Page:
    """The characters of a page without white space, and where each stands.

    Few lines of a page hold anything in doubt, so that what is asked of a line is found when it is first asked.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self.printed = list(lines)
        self.numbers = [number for number, line in enumerate(lines) if line and not line.isspace()]
        self.filled = [
            lines[number] for number in self.numbers
        ]  # lines are counted without the blank ones from here on
        texts = ["".join(line.split()) for line in self.filled]
        self.text = "".join(texts)
        self.size = len(self.text)
        self.starts = [0, *accumulate([len(text) for text in texts])]
        self.begins = frozenset(self.starts)
        self._known_columns: dict[int, Sequence[int]] = {}
        self._known_joins: dict[int, bool] = {}
        self._known_right: dict[int, int] = {}

    @cached_property
    def right_marks(self) -> int:
        """How many marks of the page came out right."""
        return len(_RIGHT_MARKS.findall(self.text))

    def line(self, at: int) -> int:
        """The line of the character at `at`."""
        return bisect_right(self.starts, at) - 1

    def column(self, at: int) -> int:
        """Where in its line, white space counted, the character at `at` stands, from 0."""
        number = self.line(at)
        columns = self._known_columns.get(number)
        if columns is None:
            columns = self._known_columns[number] = _columns(self.filled[number])
        return columns[at - self.starts[number]]

    def neighbours(self, number: int) -> list[int]:
        """Up to two lines before and after that the same sentence may run through: as wide, none ends."""
        linked = []
        for near, far, here, there in ((-1, -2, number - 1, number - 2), (1, 2, number, number + 1)):
            if self._joined(here):
                linked.append(number + near)
                if self._joined(there):
                    linked.append(number + far)
        return linked

    def _joined(self, number: int) -> bool:
        """Whether the same sentence may run from a line to the next one."""
        found = self._known_joins.get(number)
        if found is None:
            found = False
            if 0 <= number < len(self.filled) - 1:
                line = self.filled[number]
                apart = abs(_width(line) - _width(self.filled[number + 1]))
                found = apart <= _SAME_WIDTH and not line.rstrip().endswith(_ENDS)
            self._known_joins[number] = found
        return found

    def _marks_right(self, number: int) -> int:
        found = self._known_right.get(number)
        if found is None:
            found = self._known_right[number] = len(_RIGHT_MARKS.findall(self.filled[number]))
        return found

    def repaired(self, places: Iterable[int]) -> list[str]:
        """The lines of the page with the characters at `places`, ascending, made marks."""
        out = list(self.printed)
        for line, inside in groupby(places, key=self.line):
            chars = list(out[self.numbers[line]])
            for at in inside:
                chars[self.column(at)] = REPAIRS[self.text[at]]
            out[self.numbers[line]] = "".join(chars)
        return out

    # ---- 1. evidence

    @cached_property
    def items(self) -> list[_Item]:
        """All that could be a mark, with its score before zones, which only lower it; places are in one item each."""
        pairs = [item for item in self._pairs() if item.score > 0]
        taken = {at for item in pairs for at in item.places}
        runs = [item for item in self._runs() if not taken & set(item.places)]
        singles = [
            _Item((found.start(),), self._single(found.start()))
            for found in _singles().finditer(self.text)
            if found.start() not in taken
        ]
        return [item for item in (*pairs, *runs, *singles) if item.score > 0]

    def evidence(self) -> list[_Item]:
        """The items that no genuine page has; empty for a page that is not broken."""
        strong, crowd = [], []
        for item in self.items:
            first = self.text[item.places[0]]
            if len(item.places) == 1 and first in "袁尧遥姻" and item.score >= _SINGLE_EVIDENCE:
                if first == "姻":
                    if self._begins_line(item.places[0]) and self._before_credit(item.places[0]):
                        strong.append(item)
                elif not self._marks_right(self.line(item.places[0])):
                    crowd.append(item)
            elif (first in _PAIRS and item.score >= _PAIR_EVIDENCE) or (
                first in _DIGITS and len(item.places) > 1 and item.score >= _RUN_EVIDENCE
            ):
                strong.append(item)
        if not strong and not self._is_crowd(crowd):
            return []
        return strong + crowd

    def _is_crowd(self, singles: Sequence[_Item]) -> bool:
        """Whether rare characters stand closer together than names do: two in a line, of two kinds in two lines."""
        places = [item.places[0] for item in singles]
        for one, two in pairwise(places):
            if self.line(one) == self.line(two) or (two - one < 40 and self.text[one] != self.text[two]):
                return True
        return False

    # ---- 2. zones

    def zones(self, evidence: Iterable[_Item], asked: Iterable[int]) -> dict[int, float]:
        """For each line asked, what its evidence, its right marks and those of the lines it runs on with say."""
        found = Counter(number for item in evidence for number in {self.line(at) for at in item.places})
        page = _PAGE if self.right_marks > found.total() else _BROKEN_PAGE

        @cache
        def own(number: int) -> float:
            marks = min(self._marks_right(number), _RIGHT_MARKS_COUNTED)
            return min(_LINE_EVIDENCE_MOST, _LINE_EVIDENCE * found[number]) + _LINE_RIGHT_MARK * marks

        zones = {}
        for number in asked:
            linked = self.neighbours(number)
            around = sum(map(own, linked)) / len(linked) if linked else 0.0
            zones[number] = min(0.0, page + own(number) + _NEIGHBOUR * around)  # more than broken it can't be
        return zones

    # ---- 3. repair

    def broken(self, evidence: Sequence[_Item]) -> list[int]:
        """The places of all marks; what is found broken speaks for its neighbours in a second round."""
        found: Sequence[_Item] = evidence
        lines = [{self.line(at) for at in item.places} for item in self.items]
        asked = set().union(*lines)
        for _ in range(2):
            zones = self.zones(found, asked)
            found = [
                item
                for item, numbers in zip(self.items, lines, strict=True)
                if item.score + max(map(zones.__getitem__, numbers)) > 0
            ]
        return sorted({at for item in found for at in item.places})

    # ---- what is said of single places

    def _odds(self, at: int) -> float:
        """For a mark against the character in this company, before anything around is asked."""
        return _odds(self.text, at, -inf)

    def _begins_line(self, at: int) -> bool:
        return at in self.begins

    def _ends_line(self, at: int) -> bool:
        return at + 1 in self.begins

    def _after_space(self, at: int) -> bool:
        return self._begins_line(at) or self.column(at - 1) + 1 != self.column(at)

    def _before_space(self, at: int) -> bool:
        return self._ends_line(at) or self.column(at + 1) - 1 != self.column(at)

    def _runs_on(self, at: int) -> bool:
        """Whether the character at `at` can belong with the one before: in its line, or in one that it runs on to."""
        here, before = self.line(at), self.line(at - 1)
        return here == before or here in self.neighbours(before)

    def _before_credit(self, at: int) -> bool:
        after = self.text[at + 1 : at + 6]
        return self._before_space(at) or bool(re.match("本[报刊网台]|记者|通讯员|特约|实习|新华社|文[/／]|文图", after))

    def _in_name(self, at: int) -> bool:
        """Whether a 袁 or 尧 begins a person's name: after a role or a space, one or two characters before an end."""
        if not (self._after_space(at) or self.text.endswith(_ROLES, 0, at)):
            return False
        for after in (at + 1, at + 2):
            if after < self.size and self.line(after) == self.line(at) and self._before_space(after):
                return True
        return self.text.endswith(_ROLES, 0, at) and self._after_space(at)

    def _single(self, at: int) -> float:
        """What speaks for the mark; where nothing could make it more than 0, something below that."""
        char = self.text[at]
        most = _MOST.get(char, 0.0)
        score = _odds(self.text, at, -most)
        if char in _BRACKETS or score <= -most:
            return score + min(most, 0.0)
        twin = char in (self.text[at - 1 : at], self.text[at + 1 : at + 2])
        if char in "袁尧" and self._in_name(at):
            return score - 12
        if char in "袁尧遥院曰钥浴" and self._begins_line(at):
            return score - 1  # these marks are hardly ever set at the head of a line
        if char == "姻":
            return score + (4 if self._begins_line(at) else -2) + (3 if self._before_credit(at) else -3)
        if char in "要噎":  # —— and …… come in twos
            return score + (5 if twin else -4)
        if char == "摇":
            return score + (3 if self._begins_line(at) or twin else -3)
        if char in _POINTS or char in "豫原辕垣耀":
            near = self._numeral(at - 1) + self._numeral(at + 1)
            return score + (3 * near if near else -6)
        return score

    def _numeral(self, at: int) -> bool:
        return 0 <= at < self.size and (self.text[at] in _NUMERALS or self.text[at] in _DIGITS)

    def _runs(self) -> Iterable[_Item]:
        """Runs of digits and of letters, which stand or fall as one."""
        hopeless = _hopeless()
        for kind, pattern in ((_DIGITS, _DIGIT_RUN), (_LETTERS, _LETTER_RUN)):
            for found in pattern.finditer(self.text):
                if found[0] not in hopeless:
                    item = self._run(*found.span(), kind)
                    if item:
                        yield item

    def _run(self, start: int, end: int, kind: frozenset[str]) -> _Item | None:
        if end - start == 1:  # nearly all, and nearly all of them are what they seem
            more = self._frame(start, end) if kind is _DIGITS else -3.0
            lone = _odds(self.text, start, -more)
            return _Item((start,), lone + more) if lone > -more and lone >= -2 else None
        words, rates = _words(), _rates()
        most = sum(rates[char] - words[char][0] for char in self.text[start:end]) + 2.5 * (end - start - 1)
        if most + (6.0 if kind is _DIGITS else 0.0) < 0:
            return None  # hopeless even outside all words
        odds = {at: self._odds(at) for at in range(start, end)}
        while start < end and odds[start] < -2:  # 动员圆园园人: the first belongs to a word
            start += 1
        while start < end and odds[end - 1] < -2:
            end -= 1
        if start == end:
            return None
        score = sum(odds[at] for at in range(start, end)) + 2.5 * (end - start - 1)
        if kind is _DIGITS:
            score += self._frame(start, end)
        elif end - start == 1:
            score -= 3.0
        return _Item(tuple(range(start, end)), score)

    def _frame(self, start: int, end: int) -> float:
        """What stands before and behind a run of digits for or against it: 第, a unit, a digit that came out right."""
        after = self.text[end : end + 1]
        before = self.text[start - 1 : start]
        framed = (
            (bool(_UNITS.match(self.text, end)) and self._runs_on(end))
            + (before == "第")
            + (before in _NUMERALS)
            + (after in _NUMERALS)
        )
        return 2.0 * framed if framed else (-4.0 if end - start == 1 else -1.0)

    def _pairs(self) -> Iterable[_Item]:
        """Each opener with the closer that follows it, before any other of its kind."""
        places: dict[str, list[int]] = {}
        for found in _BRACKET.finditer(self.text):
            places.setdefault(_OPENER_OF[found[0]], []).append(found.start())
        for opener in _PAIRS:
            open_at: int | None = None
            for at in places.get(opener, ()):
                if self.text[at] == opener:
                    if open_at is None or _odds(self.text, at, -2.0) > -2:
                        open_at = at
                elif open_at is not None and _odds(self.text, at, -2.0) > -2:
                    if at - open_at <= _PAIR_CHARS and self.line(at) - self.line(open_at) <= _PAIR_LINES:
                        inner = self.text[open_at + 1 : at]
                        score = self._odds(open_at) + self._odds(at) + 2 - 0.03 * len(inner)
                        if inner and all(char in _NUMERALS or char in _DIGITS for char in inner):
                            score += 12  # 〔２０２２〕
                        yield _Item((open_at, at), score)
                    open_at = None


def _columns(line: str) -> Sequence[int]:
    """Where the characters of `line` stand that are no white space."""
    if len(line.split(None, 1)) == 1:
        start = len(line) - len(line.lstrip())
        return range(start, len(line.rstrip()))
    return [column for column, char in enumerate(line) if not char.isspace()]


def _width(line: str) -> float:
    """In characters: half of one for each narrow character, nothing for white space."""
    text = "".join(line.split())
    return len(text) - 0.5 * len(text.encode("latin-1", "ignore"))


def _may_be_broken(text: str) -> bool:
    """Whether the text, without white space, holds a character worth a closer look: nearly all pages end here."""
    for found in _SUSPECT.finditer(text):
        if found[0] in "姻袁尧遥":
            least = _SINGLE_EVIDENCE - 4
            odds = _odds(text, found.start(), least)
        else:
            least = -2.0
            odds = sum([_odds(text, at, -inf) for at in range(*found.span()) if text[at] in REPAIRS])
        if odds > least:
            return True
    return False


def _odds(text: str, at: int, least: float) -> float:
    """For a mark at `at` against the character itself beside these neighbours; words of digits only don't count.

    Where it is no more than `least`, it may be told too high, but not above that.
    """
    words = _words()
    rate, best = _rates()[text[at]], words[text[at]][0]
    if rate - best <= least:
        return rate - best
    before = at if at < 3 else 3
    around = text[at - before : at + 4]
    for start, first, end in _WINDOWS[len(around), before]:
        values = words.get(around[first:end])
        if values and values[start] > best and not _DIGITS.issuperset(around[first:end]):
            best = values[start]
            if rate - best <= least:
                break
    return rate - best


# What the places around a single character can add to its odds at most; a bracket without its partner is hardly one.
_MOST = {**dict.fromkeys("要噎", 5.0), **dict.fromkeys([*_POINTS, *"豫原辕垣耀"], 6.0), "姻": 7.0, "摇": 3.0}
_MOST |= dict.fromkeys(_BRACKETS, -10.0)  # 何渊


@cache
def _singles() -> re.Pattern[str]:
    """The characters that can be a mark by themselves, given the best of neighbours."""
    usual = {char for char in REPAIRS if _rates()[char] + _MOST.get(char, 0.0) > _words()[char][0]}
    return re.compile(f"[{''.join(sorted(usual - _DIGITS - _LETTERS))}]")


@cache
def _hopeless() -> frozenset[str]:
    """The digits and letters that are no run by themselves, even outside all words: most runs are one of these."""
    return frozenset(
        char
        for kind, most in ((_DIGITS, 6.0), (_LETTERS, -3.0))
        for char in kind
        if _rates()[char] - _words()[char][0] + most < 0
    )


@cache
def _rates() -> dict[str, float]:
    """Of each broken character: ln of the occurrences of its mark per million characters."""
    known = {entry[0]: float(entry[1:]) for entry in _RATES.split(" ")}
    rates = {}
    for hanzi, mark in REPAIRS.items():
        usual = _RATE_OF_DIGIT if hanzi in _DIGITS else _RATE_OF_LETTER if hanzi in _LETTERS else _RATE_OF_ANY
        rates[hanzi] = log(known.get(mark, usual))
    return rates


@cache
def _words() -> dict[str, tuple[float, ...]]:
    """Texts of 1 to 4 characters, and for each character how often it is met in that company."""
    rows = resources.files("swsearch.pages").joinpath("data/mojibake_words.tsv").read_text("utf-8").splitlines()
    words = {}
    for row in rows:
        word, values = row.split("\t")
        words[word] = tuple(-99.0 if value == "-" else float(value) for value in values.split(" "))
    words.setdefault("郾", (0.5,))
    return words
