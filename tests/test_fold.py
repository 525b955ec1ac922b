from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swsearch.text.fold import LONG_CHARS, fold

SENTENCES = (Path(__file__).parent / "data/text_sentences.txt").read_text(encoding="utf-8").splitlines()

SAME = [
    ("實現全覆蓋", "实现全覆盖"),
    ("隨著社會發展", "随着社会发展"),
    ("已作出答覆", "已作出答复"),
    ("衞生署公布", "卫生署公布"),
    ("衛生署公布", "卫生署公布"),
    ("啓動羣衆工作", "启动群众工作"),
    ("啟動群眾工作", "启动群众工作"),
    ("臺北市政府", "台北市政府"),
    ("颱風過境", "台风过境"),
    ("瞭解情況", "了解情况"),
    ("剪頭髮", "剪头发"),
    ("乾淨整潔", "干净整洁"),
    ("基層幹部", "基层干部"),
    ("家裏", "家裡"),
    ("家裏", "家里"),
    ("麵粉", "面粉"),
    ("計畫", "计划"),
    ("憑藉", "凭借"),
    ("傢俱", "家具"),
    ("銀行帳戶", "银行账户"),
    ("鉅額賬目", "巨额帐目"),
    ("皇后之後", "皇后之后"),
    ("二○二四年", "二〇二四年"),
    ("２０２４年", "2024年"),
    ("ＡＢＣ公司", "abc公司"),
    ("ｱｲｳ", "アイウ"),
    ("﹙社工﹚", "(社工)"),
    ("︵社工︶", "(社工)"),
    ("⼯作⼈员", "工作人员"),
    ("⻓沙⻢路", "长沙马路"),
    ("社会\uf9fe", "社会茶"),  # a compatibility ideograph
    ("ΣΩЖ", "σωж"),
    ("全　角", "全 角"),
]

APART = [
    "己已",
    "已巳",
    "末未",
    "千干",
    "土士",
    "人入",
    "日曰",
    "大太",
    "坏坯",
    "呆待",
    "①1",
    "²2",
    "Ⅰi",
    "㎡m",
    "一—",
    "ヘへ",
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_forms_of_one_text_fold_alike(left: str, right: str) -> None:
    assert fold(left) == fold(right)


@pytest.mark.parametrize(("left", "right"), APART)
def test_different_characters_stay_different(left: str, right: str) -> None:
    assert fold(left) != fold(right)


def test_folded_text_reads_as_simplified() -> None:
    text = "社工站实现全覆盖，随着社会发展，干部在台湾了解面粉后借计划启动群众工作。"
    assert fold(text) == text.replace("覆", "复").replace("，", ",")


@given(st.text(max_size=50))
def test_length_stays_and_folding_again_changes_nothing(text: str) -> None:
    folded = fold(text)
    assert len(folded) == len(text)
    assert fold(folded) == folded


@given(st.text(min_size=1))
def test_numpy_makes_no_difference(text: str) -> None:
    import numpy  # noqa: F401  from now on long texts take the array

    text *= LONG_CHARS
    assert fold(text) == "".join(map(fold, text))


def test_every_code_point_folds_to_one_that_folds_to_itself() -> None:
    every = "".join(map(chr, range(0x110000)))
    folded = fold(every)
    assert len(folded) == len(every)
    assert fold(folded) == folded
    assert not set(folded) & {chr(code) for code in range(0xFF01, 0xFF5F)}


@pytest.mark.parametrize("chain", ["s2t", "s2tw", "s2hk", "t2s", "tw2s", "hk2s", "t2s s2t", "s2tw tw2s", "s2hk hk2s"])
def test_a_sentence_folds_alike_in_every_script(chain: str) -> None:
    import opencc

    converters = [opencc.OpenCC(config) for config in chain.split()]
    for sentence in SENTENCES:
        other = sentence
        for converter in converters:
            other = converter.convert(other)
        assert fold(other) == fold(sentence)


def test_every_pair_of_the_lists_has_an_example_and_does_what_the_list_says() -> None:
    for head, others, example in rows("merged_pairs.tsv"):
        assert fold(head + others) == head * (1 + len(others))
        assert head in example or set(others) & set(example)
    for head, others, reason in rows("kept_apart.tsv"):
        assert all(fold(head) != fold(other) for other in others)
        assert reason


def rows(name: str) -> list[list[str]]:
    lines = (files("swsearch.text") / "data" / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]
