"""Text -> words, by jieba: what ranking counts. Matching never depends on them.

jieba knows simplified Chinese, so it reads the text as OpenCC turns it; folded text would spoil its words (著名), so
folding comes after. It is handed one run of Han characters at a time: then jieba and rjieba, its twin in Rust, give the
same tokens (tests/test_words.py holds them equal). Both get the same domain words and keep them to themselves.
"""

from __future__ import annotations

import hashlib
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from swsearch.text.fold import fold

# jieba's own dictionary and HMM know U+4E00 to U+9FD5; other ideographs are words of one character to it, so they are
# to us. A run of ASCII letters and digits is the unit of a match form.
_TOKEN = re.compile(
    r"(?P<run>[0-9a-z]+(?:(?<=[0-9])[.,](?=[0-9])[0-9a-z]+)*)"
    r"|(?P<han>[\u4e00-\u9fd5]+)"
    r"|[^\W_]"
)
_UNKNOWN_TO_JIEBA = re.compile(r"[^\u4e00-\u9fd5]")
_loading = threading.RLock()

Cut = Callable[[str], list[str]]


def words(text: str) -> list[str]:
    """The folded words of `text` in order; punctuation is not among them.

    >>> words("臺北市社工站，共２４個")
    ['台北市', '社工站', '共', '24', '个']
    """
    folded = fold(text)
    simple = simplified(text)
    out: list[str] = []
    for token in _TOKEN.finditer(folded):
        start, end = token.span()
        if token.lastgroup != "han" or end - start == 1:
            out.append(token.group())
            continue
        for word in _cut()(_for_jieba(simple[start:end], token.group())):
            out.append(folded[start : start + len(word)])
            start += len(word)
    return out


def _for_jieba(run: str, folded: str) -> str:
    """`run` with what jieba can't read (a radical, a rare traditional form) as it is in `folded`."""
    if not _UNKNOWN_TO_JIEBA.search(run):
        return run
    return "".join(own if _UNKNOWN_TO_JIEBA.match(char) else char for char, own in zip(run, folded, strict=True))


def simplified(text: str) -> str:
    """`text` in simplified characters and as long: by OpenCC's phrases, one to one where those change the length.

    Text without a character that is traditional and nothing else (覆 and 瞭 are both) stays as it is.
    """
    if _traditional().isdisjoint(text):  # most text; and a cold query need not load OpenCC
        return text
    out = _t2s()(text)
    return out if len(out) == len(text) else text.translate(_simplified_characters())


def backend() -> str:
    """Which of the two cuts: "rjieba" where it is installed, else "jieba"."""
    from importlib.util import find_spec

    return "rjieba" if find_spec("rjieba") else "jieba"


def dictionary_fingerprint() -> str:
    """A hash of all that words depend on, without loading jieba: an index whose words were cut otherwise is stale."""
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


def _cut() -> Cut:
    with _loading:  # functools.cache alone would let two threads load the dictionary
        return _load_cut()


@cache
def _load_cut() -> Cut:
    return _rjieba() if backend() == "rjieba" else _jieba()


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
def _t2s() -> Callable[[str], str]:
    import opencc

    convert: Callable[[str], str] = opencc.OpenCC("t2s").convert
    return convert


@cache
def _simplified_characters() -> dict[int, int]:
    """Code point -> that of its simplified character, where OpenCC prefers another one."""
    table = _data("simplified.tsv")  # lines of four code points, as fold.tsv
    return str.maketrans(table[::4], table[2::4])


@cache
def _traditional() -> frozenset[str]:
    return frozenset(map(chr, _simplified_characters()))


def _data(name: str) -> str:
    return (files("swsearch.text") / "data" / name).read_text(encoding="utf-8")
