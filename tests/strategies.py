"""The one home of Hypothesis strategies: query trees and query text."""

from __future__ import annotations

from hypothesis import strategies as st

from swsearch.query.nodes import Chunk, Field, Near, Node, Not, conjunction, disjunction
from swsearch.query.tokens import stands_bare

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
