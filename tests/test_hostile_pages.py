"""Pages that nobody prints, of 100 MB or a million lines: read in time that grows with them, no character lost."""

import time

import pytest

from swsearch import PageError, open_index, read_page, rebuild, segment

SENTENCE = "日前，河北省民政厅印发通知，要求2024年底前建成社工站。"
SHAPES = {
    "one line": lambda chars: "社会工作站" * (chars // 5),
    "one line of sentences": lambda chars: SENTENCE * (chars // len(SENTENCE)),
    "lines": lambda chars: "".join(f"社会工作{number % 97}\n" for number in range(chars // 7)),
    "lines of one character": lambda chars: "社\n" * (chars // 2),
    "empty lines": lambda chars: f"河北加快建设社工站\n{chars * chr(10)}{SENTENCE}\n",
    "spaces": lambda chars: "社 " * (chars // 2),
    "commas": lambda chars: "，" * chars,
    "openers": lambda chars: "（“《" * (chars // 3),
    "credits": lambda chars: "■ 本报记者 张三\n" * (chars // 10),
    "agencies": lambda chars: "省民政厅、" * (chars // 5),
}
SHORT, LONG = 4_000, 64_000


def seconds(folder, shape, chars):
    """Processor seconds of reading and segmenting, the best of two; every character must still be there."""
    (folder / "p.txt").write_text(SHAPES[shape](chars), encoding="utf-8")
    best = []
    for _ in range(2):
        started = time.process_time()
        page = read_page(folder / "p.txt", folder)
        segmented = segment(page)
        best.append(time.process_time() - started)
    covered = {
        line for item in (*segmented.articles, *segmented.notices) for a, b in item.lines for line in range(a, b + 1)
    }
    assert covered >= {number for number, line in enumerate(page.text.split("\n"), 1) if line.strip()}
    return min(best)


@pytest.mark.parametrize("shape", SHAPES)
def test_time_grows_with_the_page(shape, tmp_path):
    """Sixteen times as long takes at most forty times as long: what grew with the square would take 256 times."""
    seconds(tmp_path, shape, SHORT)
    short, long = seconds(tmp_path, shape, SHORT), seconds(tmp_path, shape, LONG)
    assert long < 40 * max(short, 0.01), (short, long)


@pytest.mark.stress
def test_a_hundred_megabytes_and_a_million_lines(tmp_path):
    """The first is refused by name, unread; the second goes in; the page beside them too."""
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    (seeds / "huge.txt").write_text("社会工作站" * (100_000_000 // 15), encoding="utf-8")
    (seeds / "lines.txt").write_text(SHAPES["lines of one character"](2_000_000), encoding="utf-8")
    (seeds / "good.txt").write_text(f"河北加快建设社工站\n{SENTENCE}\n{SENTENCE}\n", encoding="utf-8")
    with pytest.raises(PageError, match="more than the 16 MB of a page"):
        read_page(seeds / "huge.txt")
    started = time.process_time()
    report = rebuild(seeds, index=tmp_path / "index", jobs=1)
    print(f"a million lines: {time.process_time() - started:.0f} s")
    assert [error.path.endswith("huge.txt") for error in report.skipped] == [True]
    with open_index(tmp_path / "index") as index:
        assert index.search("社工站").total == 1
        assert index.search("社" * 500, exact=True).total == 1
        assert index.check() == ()
