"""Looking words up in the file gives what loading it gives."""

import random
import re
from pathlib import Path

import pytest

from swsearch.text import words
from swsearch.text.dictionary import Dictionary, dictionary

ROOT = Path(__file__).parent.parent
HAN = re.compile("[\u4e00-\u9fd5]+")


@pytest.fixture(scope="module")
def looked_up():
    found = dictionary(tuple(words.domain_words()))
    assert found is not None, "jieba has another dictionary: look at _FILE_BYTES and _TOTAL"
    return found


@pytest.fixture(scope="module")
def loaded():
    import jieba

    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    return tokenizer


def test_every_tenth_word_of_the_dictionary_is_found(looked_up, loaded):
    own = dict(words.domain_words())
    first = [word for word in loaded.FREQ if word[0] in "一吉高"]  # where the file is out of order
    for word in [*first, *list(loaded.FREQ)[::10]]:
        if HAN.fullmatch(word) and word not in own:
            frequency, goes_on = looked_up.find(word)
            assert frequency == loaded.FREQ[word]
            assert goes_on


def test_words_that_are_none(looked_up, loaded):
    for word in ("社工社工", "龥龥", "鿕", "丁丁丁丁"):
        assert looked_up.find(word)[0] == loaded.FREQ.get(word, 0)


def test_cuts_as_jieba_does(looked_up):
    cut = words._loaded.load()
    random_ = random.Random(3)
    text = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "seeds").glob("*.txt")))
    runs = HAN.findall(text.replace("\n", ""))
    given_up = total = 0
    for _ in range(3000):
        run = random_.choice(runs)
        start = random_.randrange(len(run))
        run = run[start : start + random_.randint(1, 12)]
        found = looked_up.cut(run)
        total += 1
        given_up += found is None
        assert found is None or found == list(cut(run)), run
    assert given_up / total < 0.25


def test_another_file_is_left_to_jieba(tmp_path):
    path = tmp_path / "dict.txt"
    path.write_text("社工 3 n\n", encoding="utf-8")
    with pytest.raises(ValueError, match="bytes"):
        Dictionary(path, ())


def test_a_short_query_loads_no_dictionary():
    import subprocess
    import sys

    code = (
        "import sys; from swsearch.text.words import words;"
        "print(words('社工站 全覆盖'), 'rjieba.rjieba' in sys.modules or 'jieba' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True).stdout
    assert out.strip() == "['社工站', '全复盖'] False"
