"""The one home of Hypothesis strategies: query trees, query text, and corpora with queries that meet them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from hypothesis import strategies as st

from swsearch.engines.base import Record
from swsearch.query.nodes import And, Chunk, Field, Near, Node, Not, Or, conjunction, disjunction
from swsearch.query.tokens import stands_bare
from swsearch.records import Article, Facts, Notice
from swsearch.text.match import map_form, match_form, units

# Few characters, so that generated queries and generated articles meet; with both scripts, both widths,
# Latin, digits, breaks, transparent marks and characters outside the BMP.
LETTERS = "社工站會会全覆蓋盖天津aBＡ12３𠮷"
MARKS = "，。：、-—.~（）()“”「」《》·:\"'\u200b+%"
SYNTAX = [
    "AND",
    "OR",
    "NOT",
    "与",
    "或",
    "非",
    "-",
    "－",
    "(",
    ")",
    "（",
    "）",
    '"',
    "“",
    "”",
    "「",
    "」",
    "＂",
    "~3",
    "～5",
]
FIELDS = ["title:", "标题：", "region:", "地区：", "year:", "年份：", "agency:", "date:", "page:", "regin:", "Ｙear："]
VALUES = ["江西", "朝阳", "无此地", "2024", "2021..2024", ">=2022", "近三年", "民政厅", "2024-11", "8", "abc", ".."]
STRANGE = ["\ud800", "\udfff", "\x00", "\u0301", "\u202e", "\u200f", "\ufeff", "\x1f", "¶", "\u2028", "\t", "\n", "🈚"]

words = st.text(LETTERS, min_size=1, max_size=4)
texts = st.text(LETTERS + MARKS, min_size=1, max_size=6)
bare_texts = texts.filter(stands_bare)
quoted_texts = st.one_of(texts, st.lists(words, min_size=2, max_size=3).map(" ".join)).filter(
    lambda text: '"' not in text or not any(mark in text for mark in "“”「」")
)


def query_text() -> st.SearchStrategy[str]:
    """Text that looks like a query, right or wrong, with strange characters in it."""
    part = st.one_of(words, texts, st.sampled_from(SYNTAX + FIELDS + VALUES + STRANGE), st.text(max_size=3))
    return st.lists(st.tuples(part, st.sampled_from(["", " ", "　"])), max_size=14).map(
        lambda parts: "".join(text + space for text, space in parts)
    )


def chunks() -> st.SearchStrategy[Node]:
    """Chunks, quoted or not, that query text can say."""
    return st.one_of(
        st.builds(Chunk, bare_texts),
        st.builds(lambda text: Chunk(text, quoted=True), quoted_texts),
    )


def leaves(fields: bool = True) -> st.SearchStrategy[Node]:
    """Chunks, proximity and, if wanted, fields with values that can be read."""
    near = st.builds(Near, st.lists(words, min_size=2, max_size=3).map(tuple), st.integers(1, 40))
    found: list[st.SearchStrategy[Node]] = [chunks(), near, _field("title", texts)]
    if fields:
        years = st.sampled_from(["2023", "2024", "2021..2024", "2020-2023", ">=2022", "<2024", "２０２４年"])
        found += [
            _field("region", st.sampled_from(["江西", "江西/南昌", "天津", "广东", "廣東"])),
            _field("place", st.sampled_from(["北京", "天津", "南昌"])),
            _field("year", years),
            _field("years", years),
            _field("agency", st.sampled_from(["民政局", "民政厅", "人社厅", "天津"])),
            _field("source", st.sampled_from(["日报", "天津日报"])),
            _field("byline", st.sampled_from(["皮磊", "张"])),
            _field("paper", st.sampled_from(["公益时报", "时报"])),
            _field("date", st.sampled_from(["2024-11", "2024-11-01..2024-11-15", ">=2024"])),
            _field("page", st.sampled_from(["8", "1..4", ">2"])),
        ]
    return st.one_of(found)


def query_trees(fields: bool = True, max_leaves: int = 8) -> st.SearchStrategy[Node]:
    """Syntax trees as `parse` gives them: no And within an And, no Or within an Or."""
    return st.recursive(
        leaves(fields),
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.lists(inner, min_size=2, max_size=3).map(conjunction),
            st.lists(inner, min_size=2, max_size=3).map(disjunction),
        ),
        max_leaves=max_leaves,
    )


def _field(name: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[Node]:
    def build(value: str) -> Node:
        return Field(name, value, quoted=not stands_bare(value))

    return values.map(build)


# ---- corpora, and queries that match something in them: most chunks are cut out of the corpus itself

PIECES = st.sampled_from(
    [
        *"社工站全覆蓋盖着著務务会會衞説線綫，。、；“”（）《》—- \u3000\u200b\ufe0f𠮷𪚥👍①%+",
        *["24", "2024", "1,5", "3.5", "A4", "ａ", "２０２４", "work", "Work", "·"],
        *["社工站", "社會工作", "社会工作", "天津市", "志工", "志愿者", "網路", "网络", "全覆盖", "服務"],
    ]
)
TEXTS = st.lists(PIECES, max_size=14).map("".join)
NAMES = st.sampled_from(["民政局", "天津市民政局", "市民政厅", "民政部 社工司", "衞生福利部"])
PATHS = st.sampled_from(["天津市", "江西省", "江西省/南昌市", "江西省/南昌市/进贤县"])
YEARS = st.integers(2019, 2025)
FACTS = st.builds(
    Facts,
    regions=st.lists(PATHS, max_size=2, unique=True).map(tuple),
    places=st.lists(PATHS, max_size=2, unique=True).map(tuple),
    year=st.none() | YEARS,
    years=st.lists(YEARS, max_size=3, unique=True).map(tuple),
    agencies=st.lists(NAMES, max_size=2, unique=True).map(tuple),
)
DATES = st.sampled_from([None, "2024-11-01", "2024-11-15", "2023-01-31", "2024-11", "2023"])


_ARTICLES = st.builds(
    Article,
    id=st.just(""),
    file=st.sampled_from(["f0.txt", "f1.txt", "f2.txt"]),
    title=TEXTS,
    paragraphs=st.lists(TEXTS, max_size=3).map(tuple),
    source=st.none() | NAMES,
    byline=st.none() | NAMES,
    paper=st.none() | NAMES,
    facts=FACTS,
    date=DATES,
    page=st.none() | st.integers(1, 12),
)
_NOTICES = st.builds(Notice, id=st.just(""), file=st.just("f0.txt"), kind=st.just("caption"), text=TEXTS)


def corpora(at_least: int = 0) -> st.SearchStrategy[list[Record]]:
    """Up to eight articles and two notices from three files."""
    articles, notices = st.lists(_ARTICLES, min_size=at_least, max_size=8), st.lists(_NOTICES, max_size=2)
    return st.tuples(articles, notices).map(lambda both: [*_with_ids(both[0], ""), *_with_ids(both[1], "n")])


def _with_ids(records: Sequence[Record], kind: str) -> Iterator[Record]:
    for number, record in enumerate(records):
        yield replace(record, id=f"{record.file[:-4]}:{kind}{number}")


# A query is drawn as a function of the corpus, so that strategies are built once: Hypothesis takes longer to build
# those that depend on what was drawn than an engine to answer.
Maker = Callable[[Sequence[Record]], Node]


def _text(which: int, start: int, size: int, otherwise: str, title: bool = False) -> Callable[[Sequence[Record]], str]:
    """Makes a string that is cut out of some record (or its title) between units; `otherwise` if that has none."""

    def make(records: Sequence[Record]) -> str:
        texts = [
            record.text if not title else record.title if isinstance(record, Article) else "" for record in records
        ]
        texts = [text for text in texts if match_form(text)]
        if not texts:
            return otherwise
        text = texts[which % len(texts)]
        form, offsets = map_form(text)
        parts = units(form)
        first = start % len(parts)
        begin, end = len("".join(parts[:first])), len("".join(parts[: first + size]))
        cut = text[offsets[begin] : offsets[end - 1] + 1]
        return cut if match_form(cut) else otherwise

    return make


def _fixed(node: Node) -> Maker:
    return lambda records: node


def _joined(join: Callable[[tuple[Node, ...]], Node], makers: Sequence[Maker], which: int | None = None) -> Maker:
    """Makes And, Or; all parts are about one record if `which` says so."""

    def make(records: Sequence[Record]) -> Node:
        about = records if which is None or not records else [records[which % len(records)]]
        return join(tuple(part(about) for part in makers))

    return make


_PLACES = (st.integers(0, 9), st.integers(0, 60), st.integers(1, 8), TEXTS.filter(match_form))
# One strategy named twice counts once to one_of, so more weight is more strategies.
_CUTS = [st.builds(_text, *_PLACES) for _ in range(4)]
_STRINGS = st.one_of(*_CUTS, TEXTS.filter(match_form).map(lambda text: lambda records: text))


def _chunks(strings: st.SearchStrategy[Callable[[Sequence[Record]], str]], field: str = "") -> st.SearchStrategy[Maker]:
    def build(string: Callable[[Sequence[Record]], str], quoted: bool) -> Maker:
        return lambda records: Field(field, string(records), quoted) if field else Chunk(string(records), quoted)

    return st.builds(build, strings, st.booleans())


def _near(strings: list[Callable[[Sequence[Record]], str]], distance: int, which: int) -> Maker:
    return lambda records: Near(
        tuple(string(records and [records[which % len(records)]]) for string in strings), distance
    )


def _fields(names: list[str], values: list[str]) -> st.SearchStrategy[Maker]:
    return st.builds(Field, st.sampled_from(names), st.sampled_from(values)).map(_fixed)


_LEAVES = st.one_of(
    *[_chunks(_STRINGS) for _ in range(10)],
    *[_chunks(st.builds(_text, *_PLACES, title=st.just(True)), "title") for _ in range(2)],
    st.builds(_near, st.lists(_STRINGS, min_size=2, max_size=3), st.integers(1, 20), st.integers(0, 9)),
    _fields(["agency", "source", "byline", "paper"], ["民政", "天津", "厅", "卫生"]),
    _fields(["region", "place"], ["江西", "南昌", "天津", "江西/南昌"]),
    _fields(["year", "years"], ["2024", "2020..2023", ">=2022", "<2021"]),
    _fields(["date"], ["2024-11", "2024-11-10..2024-12-01", "2023"]),
    _fields(["page"], ["3", "2..9"]),
)


def _trees(inner: st.SearchStrategy[Maker]) -> st.SearchStrategy[Maker]:
    """One level more: half of them leaves. (st.recursive gives NOT of NOT most of the time.)"""
    kinds = {
        "leaf": _LEAVES,
        "not": inner.map(lambda make: lambda records: Not(make(records))),
        "and": st.builds(_joined, st.just(And), st.lists(inner, min_size=2, max_size=3), st.none() | st.integers(0, 9)),
        "or": st.lists(inner, min_size=2, max_size=3).map(lambda makers: _joined(Or, makers)),
    }
    return st.sampled_from(["leaf", "leaf", "leaf", "not", "and", "or"]).flatmap(kinds.__getitem__)


_TREES = _trees(_trees(_LEAVES))


def corpora_and_queries(least: int = 1, most: int = 4) -> st.SearchStrategy[tuple[list[Record], list[Node]]]:
    """A corpus and some queries about it: every kind of leaf, most of them true of some record."""
    return st.tuples(corpora(), st.lists(_TREES, min_size=least, max_size=most)).map(
        lambda both: (both[0], [make(both[0]) for make in both[1]])
    )
