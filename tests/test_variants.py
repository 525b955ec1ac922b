from __future__ import annotations

import subprocess
import sys
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swsearch.text import variants as module
from swsearch.text.fold import fold
from swsearch.text.variants import MAX_ALTERNATIVES, Alternative, alternatives

FOUND = [  # (chunk, one of its alternatives)
    ("志愿者", "志工"),
    ("志愿者", "義工"),
    ("志工", "志愿者"),
    ("義工", "志愿者"),
    ("志工培訓", "志愿者培訓"),
    ("女志工队", "女志愿者队"),
    ("身心障礙", "残疾"),
    ("身心障碍者", "残疾人"),
    ("残疾人", "身心障礙者"),
    ("老年人", "長者"),
    ("長者", "老年人"),
    ("社區發展協會", "社区社会组织"),
    ("社工师", "社会工作师"),
    ("日間照顧中心", "日照中心"),
    ("日照中心", "日間照顧中心"),
    ("低收入戶", "低保户"),
    ("低保户", "低收入戶"),
    ("長照", "长期照护"),
    ("身分證", "身份证"),
    ("國中", "初中"),
    ("專案", "项目"),
    ("復健", "康复"),
    ("軟體", "软件"),
    ("软件", "軟體"),
    ("網路", "网络"),
    ("人工智慧", "人工智能"),
    ("計程車", "出租车"),
    ("智慧財產權", "知识产权"),
    ("5G网络", "5G網路"),
    ("“志工”培訓", "“志愿者”培訓"),
    ("残疾人志愿者培训", "身心障礙者志工培训"),
    ("残疾人志愿者培训", "身心障礙者志愿者培训"),
    ("残疾人志愿者培训", "残疾人志工培训"),
]

NONE = [
    "",
    "，",
    "24",
    "社工站",
    "全覆盖",
    "個案",  # another script only
    "个案",
    "方程式",  # a list word inside another word
    "少数位置",
    "同志工作",
    "标志工程",
    "我国中央",
    "中国小康",
    "性侵",  # what it would say holds it
    "支持",  # 支援 is a word of the mainland too
    "文件",
    "程序",
    "窗口",
    "初中",  # 国中 stands inside 我国中央: only the other way
]


@pytest.mark.parametrize(("chunk", "expected"), FOUND)
def test_the_other_side_says(chunk: str, expected: str) -> None:
    assert expected in [alternative.text for alternative in alternatives(chunk)]


@pytest.mark.parametrize("chunk", NONE)
def test_nothing_else_to_say(chunk: str) -> None:
    assert alternatives(chunk) == []


def test_what_was_replaced_is_named_as_typed() -> None:
    assert alternatives("身障者志工")[0] == Alternative("残疾人志愿者", (("身障者", "残疾人"), ("志工", "志愿者")))


def test_half_of_a_surrogate_pair_stays_where_it_is() -> None:
    assert alternatives("\ud800軟體")[0] == Alternative("\ud800软件", (("軟體", "软件"),))


def test_a_word_inside_a_longer_one_is_not_replaced_alone() -> None:
    texts = [alternative.text for alternative in alternatives("日间照料中心")]
    assert "日間照顧中心" in texts
    assert "日間照護中心" not in texts


@settings(deadline=None)
@given(st.lists(st.sampled_from([chunk for chunk, _ in FOUND] + NONE), max_size=6).map("".join))
def test_never_the_chunk_itself_and_never_too_many(chunk: str) -> None:
    found = alternatives(chunk)
    texts = [fold(alternative.text) for alternative in found]
    assert len(found) <= MAX_ALTERNATIVES
    assert len(set(texts)) == len(texts)
    assert fold(chunk) not in texts
    for alternative in found:
        assert alternative.replaced
        undone = alternative.text
        for typed, other in alternative.replaced:
            assert typed in chunk
            assert other in undone
        assert len(undone) == len(chunk) + sum(len(other) - len(typed) for typed, other in alternative.replaced)


@settings(deadline=None)
@given(st.text(max_size=30))
def test_any_text_has_alternatives_or_none(text: str) -> None:
    assert isinstance(alternatives(text), list)


@pytest.mark.parametrize("name", ["strait_variants.tsv", "strait_opencc.tsv"])
def test_the_lists_are_well_formed(name: str) -> None:
    lines = (files("swsearch.text") / "data" / name).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    assert len(rows) >= 200
    assert len({tuple(row) for row in rows}) == len(rows)
    for mainland, way, others in rows:
        assert way in "=<"
        for word in mainland.split() + others.split():
            assert len(word) > 1
        for word in others.split():
            assert fold(word) != fold(mainland)


def test_every_reviewed_pair_is_said_both_ways() -> None:
    """Where one word holds the other, it is found as it is; where only the script differs, by folding."""
    text = (files("swsearch.text") / "data" / "strait_variants.tsv").read_text(encoding="utf-8")
    pairs = 0
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        mainland, way, others = line.split("\t")
        for one in map(fold, mainland.split()):
            for other in map(fold, others.split()):
                pairs += 1
                if one == other:
                    continue
                if way == "=" and one not in other:
                    assert other in {fold(found.text) for found in alternatives(one)}, line
                if other not in one:
                    assert one in {fold(found.text) for found in alternatives(other)}, line
    assert pairs >= 500


def test_a_chunk_without_list_words_does_not_load_jieba() -> None:
    code = (
        "import sys; from swsearch.text.variants import alternatives; alternatives('社工站');"
        "assert not {'jieba', 'rjieba.rjieba', 'opencc', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_word_of_the_lists_is_overlooked_before_they_are_read() -> None:
    """What a cold process asks before it makes tables of the lists: a part of a word is none."""
    for counterparts in module._both_ways():
        for word in counterparts.words:
            assert module.has_any(f"甲{word}乙")
            assert module.has_any(word)
    assert not any(map(module.has_any, ("", "网", "全复盖", "社工站", "工 志", "网 路")))


LIST_WORDS = [word for counterparts in module._both_ways() for word in counterparts.words]


@given(st.lists(st.sampled_from([*LIST_WORDS, *"社工網网路軟软體体志願愿者的 ，“”Ａa5𠮷"]), max_size=5).map("".join))
def test_chunks_without_a_list_word_have_no_alternatives(chunk: str) -> None:
    """Most chunks are let go by a look at their pairs of characters."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "has_any", lambda _: True)
        found = alternatives(chunk)
    assert alternatives(chunk) == found
