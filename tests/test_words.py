from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swsearch.text import words as module
from swsearch.text.fold import fold
from swsearch.text.match import match_form
from swsearch.text.words import (
    backend,
    dictionary_fingerprint,
    domain_words,
    function_words,
    is_plain,
    numbered_words_of,
    simplified,
    words,
    words_of,
)

HAN = re.compile("[\u4e00-\u9fd5]+")
SENTENCES = (Path(__file__).parent / "data/text_sentences.txt").read_text(encoding="utf-8").splitlines()

CASES = [
    ("乡镇社工站实现全覆盖", "乡镇 社工站 实现 全复盖"),
    ("臺北市社工站，共２４個", "台北市 社工站 共 24 个"),
    ("隨著社會發展", "随着 社会 发展"),
    ("著名的人", "着名 的 人"),  # read as 著名 by jieba, folded after
    ("乾隆年間", "干隆年间"),
    ("⼯作⼈员", "工作人员"),
    ("社 工站", "社 工站"),  # a space parts runs
    ("《社工站》建设", "社工站 建设"),
    ("188.9万人，1,234个", "188.9 万人 1,234 个"),
    ("共3.等", "共 3 等"),
    ("A4纸5G网络", "a4 纸 5g 网络"),
    ("social work", "social work"),
    ("𠮷野家①", "𠮷 野家 ①"),
    ("二〇二四", "二 〇 二四"),
    ("café", "caf é"),
    ("，。——“”（）+%", ""),
    ("", ""),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_words(text: str, expected: str) -> None:
    assert words(text) == expected.split()


def test_words_are_the_text_without_what_is_no_letter_and_no_digit() -> None:
    for sentence in SENTENCES:
        kept = "".join(char for char in fold(sentence) if char.isalnum())
        assert "".join(words(sentence)).replace(".", "").replace(",", "") == kept


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_has_words(text: str) -> None:
    assert all(word == fold(word) and word.strip() for word in words(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("隨著瞭解", "随着了解"),
        ("顯著", "显著"),
        ("衞生署", "卫生署"),
        ("全覆盖", "全覆盖"),
        ("乾隆", "乾隆"),
        ("答覆", "答覆"),
        ("蓋\ud800章", "盖\ud800章"),
    ],
)
def test_simplified(text: str, expected: str) -> None:
    assert simplified(text) == expected


def test_half_of_a_surrogate_pair_is_no_word() -> None:
    assert words("全\udfff蓋\ud800章") == ["全", "盖", "章"]


def test_simplified_keeps_the_length_where_openccs_phrases_would_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_tw2s", lambda: lambda text: text + "！")
    assert simplified("實現") == "实现"


@pytest.mark.skipif(backend() != "rjieba", reason="rjieba is not installed")
def test_jieba_and_rjieba_give_the_same_tokens() -> None:
    ours, twin = module._rjieba(), module._jieba()
    seeds = [path.read_text(encoding="utf-8") for path in (Path(__file__).parent.parent / "seeds").glob("*.txt")]
    texts = [simplified(text) for text in [*SENTENCES, *seeds]]
    runs = [match.group() for text in texts for match in HAN.finditer(text)]
    assert len(runs) > 2000
    for run in [*runs, "".join(runs), *(word for word, _ in domain_words())]:
        assert ours(run) == twin(run)
    lines = [token for run in runs for token in [*ours(run), "\n", "\t", "\n"]]
    assert ours("".join(run + "\n\t\n" for run in runs)) == twin("".join(run + "\n\t\n" for run in runs)) == lines


def test_every_domain_word_is_one_word() -> None:
    entries = list(domain_words())
    assert len(entries) >= 300
    assert len({word for word, _ in entries}) == len(entries)
    for word, frequency in entries:
        assert frequency >= 1
        assert words(word) == [fold(word)]


@pytest.mark.parametrize("config", ["s2t", "s2tw", "s2hk"])
def test_traditional_text_has_the_words_of_simplified_text(config: str) -> None:
    import opencc

    convert = opencc.OpenCC(config).convert
    for sentence in SENTENCES:
        plain = opencc.OpenCC("t2s").convert(sentence)
        assert words(convert(plain)) == words(plain)


def test_function_words() -> None:
    assert {"的", "怎么", "什么", "请问", "和", "如何"} <= function_words()
    assert all(fold(word) == word for word in function_words())
    assert not {"社工", "社工站", "建设", "志愿者", "养老"} & function_words()


def test_the_fingerprint_does_not_load_jieba() -> None:
    code = (
        "import sys; from swsearch.text.words import dictionary_fingerprint as f; print(f());"
        "assert not {'jieba', 'rjieba', 'rjieba.rjieba', 'opencc'} & set(sys.modules)"
    )
    assert run(code).stdout.strip() == dictionary_fingerprint()


def test_simplified_text_does_not_load_opencc_and_no_jieba_but_ours() -> None:
    code = (
        "import sys; from swsearch.text.words import words; print(*words('社工站全覆盖'));"
        "assert not {'jieba', 'opencc'} & set(sys.modules);"
        "import importlib.util as u\n"
        "if u.find_spec('rjieba'):\n import rjieba; assert '社工站' not in rjieba.cut('社工站')"
    )
    assert run(code).stdout.split() == ["社工站", "全复盖"]


def test_plain_jieba_is_silent_and_leaves_no_cache(tmp_path: Path) -> None:
    code = (
        "from swsearch.text import words as w; w.backend = lambda: 'jieba'; w.SHORT_CHARS = 0;"
        "print(*w.words('乡镇社工站'))"
    )
    done = run(code, TMPDIR=str(tmp_path))
    assert done.stdout.split() == ["乡镇", "社工站"]
    assert done.stderr == ""
    assert not list(tmp_path.iterdir())


def test_threads_share_one_dictionary(monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[int] = []
    load = module._rjieba if backend() == "rjieba" else module._jieba
    monkeypatch.setattr(module, load.__name__, lambda: loads.append(1) or load())
    monkeypatch.setattr(module, "SHORT_CHARS", 0)  # otherwise nothing need be loaded
    monkeypatch.setattr(module, "_loaded", module._Jieba())
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(words("乡镇社工站"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [["乡镇", "社工站"]] * 8
    assert loads == [1]


def test_threads_read_traditional_text_at_once() -> None:
    import opencc

    texts = [opencc.OpenCC("s2tw").convert(sentence) for sentence in SENTENCES] * 5
    expected = [words(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(words, texts)) == expected


def run(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, encoding="utf-8", env={**os.environ, **env}
    )


@given(st.lists(st.text(alphabet="社工站的里裡著Ａb3,.　\n\f\t，。𠮷台臺"), min_size=1, max_size=6))
def test_numbered_words_are_the_words(texts: list[str]) -> None:
    table, numbers, owners = numbered_words_of(texts)
    found: list[list[str]] = [[] for _ in texts]
    for owner, number in zip(owners.tolist(), numbers.tolist(), strict=True):
        found[owner].append(table[number])
    assert found == words_of(texts)
    assert len(set(table)) == len(table)


@given(st.text(alphabet="社工站的里裡著台臺𠮷䜣訢龥\f\n1", max_size=30))
def test_a_text_alone_has_the_words_that_it_has_among_others(text: str) -> None:
    """Text of Han characters alone goes a shorter way, without patterns."""
    assert words_of((text, text)) == [words(text)] * 2


def test_nothing_need_be_done_to_plain_characters() -> None:
    plain = "".join(filter(is_plain, map(chr, range(sys.maxunicode + 1))))
    assert len(plain) > 13_000
    assert fold(plain) == match_form(plain) == plain
    assert not module._traditional() & set(plain)
    assert HAN.fullmatch(plain)


@given(st.text(alphabet="社工站会的里裡著臺𠮷䜣訢鿕鿖Ａa1，.“ \u200b\ud800", max_size=12))
def test_plain_text_goes_a_shorter_way(text: str) -> None:
    assert is_plain(text) == (text != "" and all(map(is_plain, text)))
    assert words(text) == words_of((text,))[0]
    if is_plain(text):
        assert simplified(text) == fold(text) == match_form(text) == text
