"""Text -> words, by jieba: what ranking counts. Matching never depends on them.

jieba knows simplified Chinese, so it reads the text as OpenCC turns it; folded text would spoil its words (著名), so
folding comes after. It is handed runs of Han characters, one a line: then jieba and rjieba, its twin in Rust, give the
same tokens (tests/test_words.py holds them equal). Both get the same domain words and keep them to themselves.
"""

from __future__ import annotations

import itertools
import re
import sys
import threading
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from swsearch.text.dictionary import SHORT_CHARS, dictionary
from swsearch.text.fold import fold, unlike_themselves

# What jieba's dictionary and HMM know. Other ideographs are words of one character to it, so they are to us.
_FIRST_HAN, _LAST_HAN = "\u4e00", "\u9fd5"
_HONG_KONG = str.maketrans("衞枱粧糭衹敍", "卫台妆粽只叙")  # what tw2s leaves as it is
_LONG_CHARS = 64  # GB2312 has a dozen traditional characters too (後 於 乾): no text of this length has no others
_SHORT_CHARS = 16  # what lies between runs is remembered up to here; a page in English is not
_END = "\n"
_OTHER = "\t"
_NEXT = "\f"

LOOK_UPS = 50
"""A process that asks for the words of so many short texts will ask for more: 0.4 ms each by looking up, 0.02 once
the dictionary is loaded."""

Cut = Callable[[str], list[str]]


class _Patterns:
    """What takes 6 ms to compile, for the tables of its classes, and most queries can be cut without."""

    def __init__(self) -> None:
        self.han = re.compile(f"[{_FIRST_HAN}-{_LAST_HAN}]")
        self.no_han = re.compile(rf"[^{_FIRST_HAN}-{_LAST_HAN}\n\f]+")
        # Marks end a word; a point or a comma may be part of a number.
        self.marks = re.compile(r"[^\w\f.,．，]+")
        self.rare = re.compile(
            "[\u25cb\u25ef\uffee\u2e80-\u2fdf\u3400-\u4dbf\u9fd6-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
        )
        # Words between runs of Han characters: a run of ASCII letters and digits, as in a match form, or one letter or
        # digit.
        self.other_word = re.compile(r"[0-9a-z]+(?:(?<=[0-9])[.,](?=[0-9])[0-9a-z]+)*|[^\W_]")


_patterns = cache(_Patterns)


class _Jieba:
    """jieba's cut, None until the dictionary is loaded, and how many texts were looked up without."""

    def __init__(self) -> None:
        self.cut: Cut | None = None
        self.looked_up = itertools.count(1)
        self._loading = threading.RLock()

    def load(self) -> Cut:
        with self._loading:  # two threads may ask at once
            if self.cut is None:
                self.cut = _rjieba() if backend() == "rjieba" else _jieba()
            return self.cut


_loaded = _Jieba()


def is_plain(text: str) -> bool:
    """Whether `text` has Han characters only, and any, that neither simplifying nor folding changes.

    Most chunks of queries are so. Such a text is its own match form, and jieba's words in it need nothing done to them.
    """
    return bool(text) and min(text) >= _FIRST_HAN and max(text) <= _LAST_HAN and _changing().isdisjoint(text)


@cache
def _changing() -> frozenset[str]:
    return frozenset(unlike_themselves()) | _traditional()


def words(text: str) -> list[str]:
    """The folded words of `text` in order; punctuation is not among them.

    >>> words("臺北市社工站，共２４個")
    ['台北市', '社工站', '共', '24', '个']
    """
    return cut_lines(text) if is_plain(text) else words_of((text,))[0]


def words_of(texts: Sequence[str]) -> list[list[str]]:
    """The words of each text: the same as one by one, sooner."""
    cut, others = _cut_texts(texts)
    found = [word for word in cut if word and word != _END]
    if others:
        rest = iter(others)
        found = [next(rest) if word == _OTHER else word for word in found]
    joined = _END.join(found)
    folded = fold(joined)
    if folded != joined:
        found = folded.split(_END)
    out, start = [], 0
    for _ in texts[1:]:
        end = found.index(_NEXT, start)
        out.append(found[start:end])
        start = end + 1
    return [*out, found[start:]]


def numbered_words_of(texts: Sequence[str]) -> tuple[list[str], Any, Any]:
    """The same as arrays: the different words, then the number of each word in order, and that of its text.

    Needs numpy. A text has a thousand words and a batch of texts few different ones, so what is done here for every
    word is one look at a table.
    """
    import numpy as np

    cut, others = _cut_texts(texts)
    table: dict[str, int] = defaultdict(itertools.count().__next__)
    end, nothing, other, next_text = (table[mark] for mark in (_END, "", _OTHER, _NEXT))
    numbers = np.fromiter(map(table.__getitem__, cut), np.uint32, len(cut))
    numbers[numbers == other] = np.fromiter(map(table.__getitem__, others), np.uint32, len(others))
    numbers = numbers[(numbers != end) & (numbers != nothing)]
    ends = numbers == next_text
    owners = np.cumsum(ends, dtype=np.uint32)[~ends]
    # Different words may fold to one.
    folded = fold(_END.join([word for word in table if word != _END])).split(_END)
    folded.insert(end, "")
    words: dict[str, int] = defaultdict(itertools.count().__next__)
    marks = {end, nothing, other, next_text}
    new = np.array([0 if at in marks else words[word] for at, word in enumerate(folded)], dtype=np.uint32)
    return list(words), new[numbers[~ends]], owners


def _cut_texts(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words of all texts one after the other with NEXT between texts, ENDs and nothings among them, not yet folded;
    and the words that stand where OTHERs are."""
    others: list[str] = []
    if len(texts) == 1 and len(texts[0]) <= SHORT_CHARS:
        simple = simplified(texts[0])
        if all(map(_is_han, simple)):
            return (cut_lines(simple) if simple else []), others

    def between_runs(gap: re.Match[str]) -> str:
        text = gap.group()
        found, line = _mark(text) if len(text) <= _SHORT_CHARS else _words_without_han(text)
        others.extend(found)
        return line

    # jieba takes white space as it is and never looks across it, so all runs go to it in one call: half the time.
    readable = _NEXT.join([_readable(text.replace(_NEXT, " ")) for text in texts])
    patterns = _patterns()
    lines = patterns.no_han.sub(between_runs, patterns.marks.sub(_END, readable)).replace(_NEXT, _END + _NEXT + _END)
    # A number needs no dictionary.
    return (cut_lines(lines) if patterns.han.search(lines) else lines.split(_END)), others


def _is_han(char: str) -> bool:
    return _FIRST_HAN <= char <= _LAST_HAN


def _words_without_han(gap: str) -> tuple[tuple[str, ...], str]:
    """The folded words in a text without Han characters, and the line in their place: ends and as many OTHERs."""
    found = tuple(_patterns().other_word.findall(fold(gap)))
    return found, _END + (_OTHER + _END) * len(found)


_mark = lru_cache(maxsize=4096)(_words_without_han)  # nearly all gaps are one of a few marks


def _readable(text: str) -> str:
    """`text` as jieba can read it, as long: simplified, what is rare (a radical, a compatibility form) folded."""
    simple = simplified(text)
    return _patterns().rare.sub(lambda rare: fold(rare.group()), simple)


def simplified(text: str) -> str:
    """`text` in simplified characters and as long: by OpenCC's phrases, one to one where those change the length.

    Text without a character that is traditional and nothing else (覆 and 瞭 are both) stays as it is. tw2s rather
    than t2s: on the seed and practice pages turned to Taiwan's script 100.0 % of words come out as in simplified,
    99.86 % by t2s (带著); Hong Kong's few variants are seen to here (99.75 % -> 100.0 %).
    """
    if len(text) >= _LONG_CHARS and _in_gb2312(text):
        return text
    if _traditional().isdisjoint(text):  # a cold query need not load OpenCC
        return text
    try:
        out = _tw2s()(text)
    except UnicodeEncodeError:  # half of a surrogate pair, which UTF-8 cannot say
        out = ""
    return out.translate(_HONG_KONG) if len(out) == len(text) else text.translate(_simplified_characters())


def _in_gb2312(text: str) -> bool:
    """Whether a codec of simplified characters can write `text`: 3 ns a character, 45 to look each one up."""
    try:
        text.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def backend() -> str:
    """Which of the two cuts: "rjieba" where it is installed, else "jieba"."""
    from importlib.util import find_spec

    return "rjieba" if find_spec("rjieba") else "jieba"


def dictionary_fingerprint() -> str:
    """A hash of all that words depend on, without loading jieba: an index whose words were cut otherwise is stale."""
    import hashlib
    from importlib.metadata import version

    made_by = f"jieba {version('jieba')} opencc {version('opencc')}\n"
    return hashlib.sha256((made_by + _data("domain_words.txt")).encode()).hexdigest()[:16]


@cache
def function_words() -> frozenset[str]:
    """Folded words that carry no subject (的, 怎么, 请问): what goes first when a query is relaxed."""
    lines = _data("function_words.txt").splitlines()
    return frozenset(fold(word) for line in lines if not line.startswith("#") for word in line.split())


def domain_words() -> Iterator[tuple[str, int]]:
    """Words that jieba's dictionary lacks, simplified, each with its frequency."""
    for line in _data("domain_words.txt").splitlines():
        if line and not line.startswith("#"):
            word, frequency = line.split()
            yield word, int(frequency)


def cut_lines(lines: str) -> list[str]:
    """The words of simplified lines, their ends among them or not: of a plain text (see `is_plain`) all its words.

    A few short ones are looked up, if jieba is not there already.
    """
    if _loaded.cut:
        return _loaded.cut(lines)
    if len(lines) <= SHORT_CHARS and next(_loaded.looked_up) <= LOOK_UPS:
        found = dictionary(tuple(domain_words()))
        cut = [found.cut(line) if _is_han(line[:1]) else [line] for line in lines.split(_END)] if found else [None]
        if None not in cut:
            return [word for line in cut if line is not None for word in line]
    return _loaded.load()(lines)


def _rjieba() -> Cut:
    tokenizer = _rjieba_class()()
    for word, frequency in domain_words():
        tokenizer.add_word(word, frequency, None)
    cut: Cut = tokenizer.cut
    return cut


def _rjieba_class() -> Any:
    """The tokenizer class of rjieba, without its package.

    `import rjieba` builds a tokenizer of its own, which takes as long as ours (130 ms) and which we can't use: it is
    shared by the process, so that other people's words would be in it, and ours in theirs. So its extension module is
    loaded without the package around it, under its own name, where a later `import rjieba` finds it.
    """
    from importlib.machinery import PathFinder
    from importlib.util import find_spec, module_from_spec

    name = "rjieba.rjieba"
    package = find_spec("rjieba")
    spec = package and PathFinder.find_spec(name, package.submodule_search_locations)
    if name not in sys.modules and spec and spec.loader:
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules[name] = module
    if name in sys.modules:
        return sys.modules[name].Jieba
    import rjieba  # laid out differently: the long way

    return rjieba.Jieba


def _jieba() -> Cut:
    """The cut of jieba, without what it does besides: no lines on stderr, no cache in the temporary directory.

    The cache would save a second, but jieba reads whatever lies there under its name, from anybody.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its regular expressions and its pkg_resources are of 2020
        import jieba
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    for word, frequency in domain_words():
        tokenizer.add_word(word, frequency)
    return lambda run: list(tokenizer.cut(run))


@cache
def _tw2s() -> Callable[[str], str]:
    import opencc

    convert: Callable[[str], str] = opencc.OpenCC("tw2s").convert
    return convert


@cache
def _simplified_characters() -> dict[int, int]:
    """Code point -> that of its simplified character, where OpenCC prefers another one."""
    table = _data("simplified.tsv")  # lines of four code points, as fold.tsv
    return _HONG_KONG | str.maketrans(table[::4], table[2::4])


@cache
def _traditional() -> frozenset[str]:
    return frozenset(_data("simplified.tsv")[::4]).union(map(chr, _HONG_KONG))


def _data(name: str) -> str:
    return (files("swsearch.text") / "data" / name).read_text(encoding="utf-8")
