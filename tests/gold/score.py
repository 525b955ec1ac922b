"""Scores of the page pipeline against labels, with 95 % intervals, beside floors that must not be undercut.

    python tests/gold/score.py                 the table; exit status 1 if a figure is under its floor
    python tests/gold/score.py --quick         the same with 20 variants instead of 200
    python tests/gold/score.py --raise         write the figures that are better than their floors into floors.json
    python tests/gold/score.py --lower NAME    allow one floor to go down to today's figure, and say so in the commit
    python tests/gold/score.py --real FOLDER   pages with a label for every line (NAME.txt, NAME.labels.tsv)
    python tests/gold/score.py --clean FILE    false mojibake repairs on the articles of a .jsonl(.gz) corpus
    python tests/gold/score.py --leave-one-out each seed page without the rules that rest on it; see README.md here

Three sets: the five seed pages (real, hand labels; weak labels as `conventions` in seeds_gold.json says), the practice
pages (simulated layout), and four practice pages that nobody looked at while tuning. Articles are paired by the Jaccard
likeness of their 5-grams (0.8 or more); fields are scored on paired articles.
"""

from __future__ import annotations

import argparse
import difflib
import gzip
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from math import inf, sqrt
from pathlib import Path
from typing import Any
from unittest import mock

import metamorphic

from swsearch.pages import bodies
from swsearch.pages.mojibake import repair_page
from swsearch.pages.segment import segment
from swsearch.pages.unwrap import weights
from swsearch.records import Article, Page, Segmented
from swsearch.text.fold import fold

HERE = Path(__file__).resolve().parent
SEEDS = HERE.parent.parent / "seeds"
FLOORS = HERE / "floors.json"
HELD_BACK = ("004", "009", "020", "026")  # practice pages that were not looked at while tuning


def squeeze(text: str | None) -> str:
    """`text` without white space."""
    return re.sub(r"\s+", "", text or "")


@dataclass(frozen=True)
class Label:
    """What an article must be; `titles` and `agencies` (with their other names) are alternatives that count too."""

    titles: tuple[str, ...]
    body: str
    names: tuple[str, ...]
    source: str | None
    region: tuple[str, ...]
    years: tuple[int | None, ...]
    year_scored: bool
    not_years: tuple[int, ...]
    agencies: tuple[tuple[str, ...], ...]
    optional: tuple[str, ...]


@dataclass
class Labelled:
    """A page, the labels of its articles, and all its repaired text."""

    page: Page
    labels: list[Label]


# --- labels -----------------------------------------------------------------------------------------------------------


def seed_pages() -> list[Labelled]:
    """The five seed pages; a year counts only where the text lets one derive it."""
    gold = json.loads((HERE / "seeds_gold.json").read_text(encoding="utf-8"))
    aliases = gold["agency_aliases"]
    pages = []
    for page in gold["seeds"]:
        labels = []
        for item in page["segments"]:
            expected = metamorphic.expected_of(item)
            labels.append(
                Label(
                    titles=(expected.title,),
                    body=expected.body,
                    names=(expected.byline,) if expected.byline else (),
                    source=item["source"],
                    region=tuple(item["primary_region"] or ()),
                    years=tuple(item["year_acceptable"]),
                    year_scored=bool(item["year_text_derivable"]),
                    not_years=tuple(item["year_must_not"]),
                    agencies=tuple((name, *aliases.get(name, ())) for name in item["agencies"]),
                    optional=tuple(item["agencies_optional"]),
                )
            )
        text = (SEEDS / page["file"]).read_text(encoding="utf-8")
        pages.append(Labelled(Page(page["file"], text), labels))
    return pages


def practice_pages(held_back: bool) -> list[Labelled]:
    """The practice pages, or the four of them that were held back."""
    pages = []
    for page in json.loads((HERE / "practice" / "gold.json").read_text(encoding="utf-8")):
        if (page["file"][:3] in HELD_BACK) != held_back:
            continue
        labels = [
            Label(
                titles=(squeeze(item["title"]), squeeze((item["kicker"] or "") + item["title"])),
                body=squeeze("".join(item["paragraphs"])),
                names=tuple(item["byline_names"]),
                source=item["source"],
                region=tuple(item["regions"][0]),
                years=(item["year"],),
                year_scored=item["year"] is not None,
                not_years=(),
                agencies=tuple((name,) for name in item["agencies"]),
                optional=tuple(item["agencies_optional"]),
            )
            for item in page["segments"]
        ]
        text = (HERE / "practice" / "pages" / page["file"]).read_text(encoding="utf-8")
        pages.append(Labelled(Page(page["file"], text), labels))
    return pages


# --- figures ----------------------------------------------------------------------------------------------------------


@dataclass
class Ratio:
    """Hits of a number of trials; `value` and the ends of its 95 % interval (Wilson)."""

    hits: float = 0
    trials: float = 0

    def add(self, hit: float, trials: float = 1) -> None:
        self.hits += hit
        self.trials += trials

    @property
    def value(self) -> float:
        return self.hits / self.trials if self.trials else 1.0

    @property
    def interval(self) -> tuple[float, float]:
        if not self.trials:
            return 0.0, 1.0
        n, p, z = self.trials, self.value, 1.96
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        spread = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(0.0, middle - spread), min(1.0, middle + spread)


@dataclass
class Table:
    """Named ratios, in the order they were first used, and counts of what must be zero."""

    ratios: dict[str, Ratio] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def __getitem__(self, name: str) -> Ratio:
        return self.ratios.setdefault(name, Ratio())


def grams(text: str) -> set[str]:
    """The 5-grams of `text`."""
    return {text[at : at + 5] for at in range(len(text) - 4)} or {text}


def pair(labels: Sequence[Label], articles: Sequence[Article]) -> list[tuple[int, int]]:
    """Labels and articles that are the same text, best pairs first, each used once."""
    left = [grams(label.body) for label in labels]
    right = [grams(squeeze("".join(article.paragraphs))) for article in articles]
    found = sorted(
        ((len(a & b) / len(a | b), i, j) for i, a in enumerate(left) for j, b in enumerate(right)), reverse=True
    )
    used: set[tuple[str, int]] = set()
    pairs = []
    for likeness, i, j in found:
        if likeness >= 0.8 and ("l", i) not in used and ("a", j) not in used:
            used |= {("l", i), ("a", j)}
            pairs.append((i, j))
    return pairs


def score_pages(pages: Iterable[Labelled]) -> Table:
    """All figures of a set of pages."""
    table = Table()
    for item in pages:
        found = segment(item.page)
        pairs = pair(item.labels, found.articles)
        table["segment precision"].add(len(pairs), len(found.articles))
        table["segment recall"].add(len(pairs), len(item.labels))
        for i, j in pairs:
            _score_article(table, item.labels[i], found.articles[j])
        _score_page(table, item, found)
    f1 = table.ratios["segment F1"] = Ratio()
    precision, recall = table["segment precision"], table["segment recall"]
    f1.add(2 * precision.hits, precision.trials + recall.trials)
    return table


def _score_article(table: Table, want: Label, got: Article) -> None:
    body = squeeze("".join(got.paragraphs))
    blocks = difflib.SequenceMatcher(None, want.body, body, autojunk=False).get_matching_blocks()
    same = sum(block.size for block in blocks)
    table["body precision"].add(same, len(body))
    table["body recall"].add(same, len(want.body))
    table["title exact"].add(squeeze(got.title) in want.titles)
    names = squeeze(got.byline)
    table["byline"].add(sorted(names) == sorted("".join(want.names)))
    table["source"].add(fold(squeeze(got.source)) == fold(squeeze(want.source)))
    if want.region:
        regions = [fold(path) for path in got.facts.regions]
        table["province"].add(any(_has(path.split("/")[:1], want.region[0]) for path in regions))
        if len(want.region) > 1:
            table["city"].add(any(_has(path.split("/"), want.region[1]) for path in regions))
    if want.year_scored:
        table["year"].add(got.facts.year in want.years)
    table.counts["years that must not be"] += got.facts.year in want.not_years
    wanted = [tuple(map(_agency, names)) for names in want.agencies]
    optional = tuple(map(_agency, want.optional))
    seen = [_agency(name) for name in dict.fromkeys(got.facts.agencies)]
    for names_of_one in wanted:
        table["agency recall"].add(any(_same_agency(name, one) for name in seen for one in names_of_one))
    for name in seen:
        right = any(_same_agency(name, one) for names_of_one in wanted for one in names_of_one)
        if right or not (_NATIONAL.match(name) or any(_same_agency(name, other) for other in optional)):
            table["agency precision"].add(right)


_NATIONAL = re.compile("^(?:中央|国务院|国家|全国|民政部|教育部|财政部|人力资源和社会保障部|中华人民共和国)")


def _has(parts: Sequence[str], name: str) -> bool:
    short = re.sub("(?:特别行政区|维吾尔自治区|壮族自治区|回族自治区|自治区|自治州|省|市|县|区)$", "", name)
    return any(part in (name, short) or (len(short) > 1 and part.startswith(short)) for part in parts)


def _agency(name: str) -> str:
    return fold(squeeze(name)).removeprefix("中共").replace("妇联", "妇女联合会").replace("残联", "残疾人联合会")


def _same_agency(a: str, b: str) -> bool:
    return a == b or (len(a) >= 3 and len(b) >= 3 and (a.endswith(b) or b.endswith(a)))


_BROKEN = {
    bytes([char.encode("gbk")[0] + 0x31, char.encode("gbk")[1]]).decode("gbk"): char
    for char in "（）《》“”‘’，、。：；？！■·—…「」『』"
    if char.encode("gbk")[0] in (0xA1, 0xA3)
}
_LAYOUT_SPACE = re.compile(
    r"(?<=[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]) +(?=\S)|(?<=\S) +(?=[\u3000-\u303f\u3400-\u9fff\uff00-\uffef])"
)


def _score_page(table: Table, item: Labelled, found: Segmented) -> None:
    """What holds for a page as a whole: every character used once, nothing broken left, no layout spaces in bodies."""
    lines = item.page.text.split("\n")
    want = {(n, c) for n, line in enumerate(lines, 1) for c, char in enumerate(line) if not char.isspace()}
    used: Counter[tuple[int, int]] = Counter()
    for part in (*found.articles, *found.notices):
        for span in part.spans:
            used.update((span.line, column) for column in range(span.start - 1, span.end))
    once = sum(1 for place in want if used[place] == 1)
    table["characters used once"].add(once, len(want))
    for article in found.articles:
        table.counts["layout spaces"] += sum(
            len(_LAYOUT_SPACE.findall(p)) for p in article.paragraphs if p not in article.subheads
        )
    clean = Counter(
        char
        for label in item.labels
        for char in label.body + label.titles[-1] + "".join(label.names) * 2
        if char in _BROKEN
    )
    got = Counter(
        char for a in found.articles for char in "".join(a.paragraphs) + a.title + (a.byline or "") if char in _BROKEN
    )
    table.counts["mojibake left"] += sum((got - clean).values())


def clean_text_repairs(texts: Iterable[str]) -> int:
    """How many characters of clean text the repair changes; it should be none."""
    changed = 0
    for text in texts:
        lines = text.split("\n")
        changed += sum(
            a != b for x, y in zip(lines, repair_page(lines), strict=True) for a, b in zip(x, y, strict=True)
        )
    return changed


def score_variants(count: int) -> Ratio:
    """The share of variants of the seed pages whose articles come out the same."""
    ratio = Ratio()
    for number in range(count):
        page, text, _ = metamorphic.variant(number)
        ratio.add(not metamorphic.differences(page, text))
    return ratio


# --- leave one page out -----------------------------------------------------------------------------------------------

_ENOUGH = 2  # pages that must speak for a rule


def rests_on(page: str, pages: Sequence[str]) -> bool:
    """Whether a rule that helped `pages` would not have been taken up without `page`: under two others speak for it.

    `g`, general usage, is no page.
    """
    return page in pages and len(set(pages) - {page, "g"}) < _ENOUGH


@contextmanager
def without(page: str) -> Iterator[int]:
    """The pipeline without the rules that rest on a page (s001 …); how many they are.

    A weight becomes 0, in log-odds: it says nothing. A cap goes, an opener's pattern is not there.
    """
    gone = {name for name, pages in evidence_of("weights.tsv").items() if rests_on(page, pages)}
    openers = {name for name, pages in evidence_of("openers.tsv").items() if rests_on(page, pages)}
    neutral = {name: inf if name.endswith("_cap") else 0.0 for name in gone}
    rules = tuple(rule for rule in bodies.opener_rules() if rule[0].pattern not in openers)
    caches = (bodies.opener_pattern, bodies.strong_opener_pattern, bodies._any_opener_pattern)
    try:
        with mock.patch.dict(weights(), neutral), mock.patch.object(bodies, "opener_rules", return_value=rules):
            for cached in caches:
                cached.cache_clear()
            yield len(gone) + len(openers)
    finally:
        for cached in caches:
            cached.cache_clear()


def evidence_of(file: str) -> dict[str, list[str]]:
    """The pages that each rule of a data file of the page pipeline helped."""
    lines = (resources.files("swsearch.pages") / "data" / file).read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and line[0] != "#")
    return {row[0]: row[2].split() for row in rows}


def leave_one_out(pages: Iterable[Labelled]) -> Iterator[tuple[str, int, dict[str, tuple[float, float]]]]:
    """(page, how many rules rest on it, figure by name with all rules and without those)."""
    for item in pages:
        name = "s" + item.page.file[:3]
        whole = score_pages([item])
        with without(name) as count:
            less = score_pages([item])
        yield name, count, {what: (ratio.value, less[what].value) for what, ratio in whole.ratios.items()}


def print_leave_one_out() -> None:
    """A line a page: figures that change, with all rules -> without those that rest on the page."""
    for name, count, table in leave_one_out(seed_pages()):
        changed = [
            f"{what} {all_rules:.3f} -> {less:.3f}" for what, (all_rules, less) in table.items() if less != all_rules
        ]
        print(f"{name}  {count:2} rules less: {'; '.join(changed) or 'every figure stays the same'}")
        same = [f"{what} {value:.3f}" for what, (value, less) in table.items() if value == less]
        print(f"      same: {', '.join(same)}")


# --- real pages with a label a line -----------------------------------------------------------------------------------


def score_real(folder: Path) -> None:
    """B-cubed precision, recall, F1 of lines and the share of headlines in the right article, for each page."""
    rows = []
    for path in sorted(folder.glob("*.txt")):
        gold = [
            line.split("\t", 2)[:2] for line in path.with_suffix(".labels.tsv").read_text(encoding="utf-8").splitlines()
        ]
        found = segment(Page(path.name, path.read_text(encoding="utf-8")))
        owner = {n: str(k) for k, a in enumerate(found.articles) for x, y in a.lines for n in range(x, y + 1)}
        rows.append((path.stem, *_b_cubed([(int(a), kind) for a, kind in gold], owner)))
    if rows:
        rows.append(("mean", *(sum(column) / len(rows) for column in list(zip(*rows, strict=True))[1:])))
    for name, *values in rows:
        print(
            f"{name:44} precision {values[0]:.3f} recall {values[1]:.3f} F1 {values[2]:.3f} headlines {values[3]:.3f}"
        )


def _b_cubed(gold: Sequence[tuple[int, str]], owner: dict[int, str]) -> tuple[float, float, float, float]:
    lines = [n for n, (article, _) in enumerate(gold, 1) if article >= 0]
    of = {n: gold[n - 1][0] for n in lines}
    to = {n: owner.get(n, f"alone {n}") for n in lines}
    size_of, size_to, both = Counter(of.values()), Counter(to.values()), Counter((of[n], to[n]) for n in lines)
    precision = sum(both[of[n], to[n]] / size_to[to[n]] for n in lines) / len(lines)
    recall = sum(both[of[n], to[n]] / size_of[of[n]] for n in lines) / len(lines)
    body = {
        a: Counter(to[n] for n in lines if of[n] == a and gold[n - 1][1] not in ("title", "kicker")) for a in size_of
    }
    heads = [n for n in lines if gold[n - 1][1] == "title" and body[of[n]]]
    right = sum(to[n] == body[of[n]].most_common(1)[0][0] for n in heads)
    return precision, recall, 2 * precision * recall / (precision + recall), right / len(heads) if heads else 1.0


# --- the gate ---------------------------------------------------------------------------------------------------------


def figures(variants: int) -> Iterator[tuple[str, Ratio]]:
    """Every figure that has a floor, by name; those that must be zero come as 1 - count."""
    sets = {"seeds": seed_pages(), "practice": practice_pages(False), "held back": practice_pages(True)}
    for name, pages in sets.items():
        table = score_pages(pages)
        for what in ("segment F1", *(key for key in table.ratios if key != "segment F1")):
            yield f"{name}: {what}", table.ratios[what]
        for what, count in table.counts.items():
            yield f"{name}: no {what}", Ratio(1 if not count else 1 - count, 1)
    bodies = [label.body for pages in sets.values() for item in pages for label in item.labels]
    wrong = clean_text_repairs(bodies)
    yield "clean text: no false repairs", Ratio(1 if not wrong else 1 - wrong, 1)
    if variants:
        yield "variants of the seeds: the same articles", score_variants(variants)


def label_hash() -> str:
    """What the floors were measured on: the labels and pages."""
    paths = [
        HERE / "seeds_gold.json",
        HERE / "practice" / "gold.json",
        *sorted((HERE / "practice" / "pages").glob("*.txt")),
    ]
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:16]


def gate(variants: int, raise_floors: bool = False, lower: str | None = None, out: Any = sys.stdout) -> list[str]:
    """Print the table, compare with the floors, and return the names of figures that are under theirs."""
    stored = (
        json.loads(FLOORS.read_text(encoding="utf-8")) if FLOORS.exists() else {"labels": label_hash(), "floors": {}}
    )
    floors: dict[str, float] = stored["floors"]
    if stored["labels"] != label_hash() and not raise_floors:
        print("the labels changed since the floors were set: run with --raise and say so in the commit", file=out)
    under = []
    for name, ratio in figures(variants):
        value = round(ratio.value, 4)
        floor = floors.get(name)
        low, high = ratio.interval
        mark = ""
        if floor is not None and value < floor - 1e-9 and not (variants < 200 and name.startswith("variants")):
            if lower == name:
                floors[name] = value
                mark = "  lowered"
            else:
                under.append(name)
                mark = "  UNDER ITS FLOOR"
        elif raise_floors and (floor is None or value > floor) and not (variants < 200 and name.startswith("variants")):
            floors[name] = value
            mark = "  raised" if floor is not None else "  new"
        print(
            f"{name:44} {value:7.4f}  [{low:.3f}, {high:.3f}]  n={ratio.trials:<6g} floor {floor}{mark}",
            file=out,
        )
    if raise_floors or lower:
        stored = {"labels": label_hash(), "floors": floors}
        FLOORS.write_text(json.dumps(stored, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return under


def main() -> int:
    """The command line; see the head of this file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--raise", action="store_true", dest="raise_floors")
    parser.add_argument("--lower", metavar="NAME")
    parser.add_argument("--real", type=Path)
    parser.add_argument("--clean", type=Path)
    parser.add_argument("--leave-one-out", action="store_true")
    options = parser.parse_args()
    if options.leave_one_out:
        print_leave_one_out()
        return 0
    if options.real:
        score_real(options.real)
        return 0
    if options.clean:
        opener = gzip.open if options.clean.suffix == ".gz" else open
        with opener(options.clean, "rt", encoding="utf-8") as lines:
            bodies = (json.loads(line) for line in lines)
            texts = ("\n".join(item.get("paragraphs") or [item.get("body", "")]) for item in bodies)
            print(f"{clean_text_repairs(texts)} characters of clean text changed")
        return 0
    under = gate(20 if options.quick else 200, options.raise_floors, options.lower)
    if under:
        print(f"{len(under)} figures are under their floors. Mend the cause, or use --lower NAME and say why.")
    return 1 if under else 0


if __name__ == "__main__":
    sys.exit(main())
