"""Reading a page: encodings, line ends, and what is no text."""

from __future__ import annotations

import os
import pickle
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swsearch.errors import PageError
from swsearch.pages.read import decode, printable, read_page, seed_name

SIMPLIFIED = "2024年，在中央社会工作部的指导下，省市县各级党委社会工作部陆续成立，努力推动社会工作高质量发展。"
TRADITIONAL = "新北市政府社會局表揚績優老人共餐單位，市長頒發感謝狀給處單位，並送上獎勵金。"
HONG_KONG = "照顧者住在深水埗邨，嚟到社工局嘅長者喺度食飯。"


@pytest.mark.parametrize(
    ("text", "codec", "name"),
    [
        (SIMPLIFIED, "utf-8", "utf-8"),
        (SIMPLIFIED, "utf-8-sig", "utf-8"),
        (SIMPLIFIED, "utf-16", "utf-16-le"),
        (SIMPLIFIED, "utf-16-le", "utf-16-le"),
        (SIMPLIFIED, "utf-16-be", "utf-16-be"),
        (SIMPLIFIED, "utf-32", "utf-32-le"),
        (SIMPLIFIED, "gbk", "gb18030"),
        (SIMPLIFIED, "gb18030", "gb18030"),
        (SIMPLIFIED + "㐀𠮷", "gb18030", "gb18030"),
        (TRADITIONAL, "utf-8", "utf-8"),
        (TRADITIONAL, "big5", "big5hkscs"),
        (TRADITIONAL, "cp950", "big5hkscs"),
        (TRADITIONAL + "€", "cp950", "cp950"),
        (HONG_KONG, "big5hkscs", "big5hkscs"),
        (TRADITIONAL, "gb18030", "gb18030"),
        (TRADITIONAL, "utf-16-le", "utf-16-le"),
        ("Social work in Hunan\nA page in English.", "ascii", "utf-8"),
        ("Social work in Hunan\nA page in English.", "utf-16-le", "utf-16-le"),
        ("├──┬──┤\n│　社工　│", "gb18030", "gb18030"),
        ("", "utf-8", "utf-8"),
        (" \n\t\n　\n", "utf-8", "utf-8"),
        ("联通", "utf-8", "utf-8"),
    ],
)
def test_encodings(text: str, codec: str, name: str) -> None:
    assert decode(text.encode(codec), "a.txt") == (text, name)


def test_mark_before_another_encoding() -> None:
    assert decode(b"\xef\xbb\xbf" + SIMPLIFIED.encode("gb18030"), "a.txt") == (SIMPLIFIED, "gb18030")


def test_lines_in_several_encodings() -> None:
    lines = [SIMPLIFIED.encode("utf-8"), SIMPLIFIED.encode("gb18030"), b"plain", TRADITIONAL.encode("big5")]
    text, encoding = decode(b"\r\n".join(lines), "a.txt")
    assert text.split("\n") == [SIMPLIFIED, SIMPLIFIED, "plain", TRADITIONAL]
    assert encoding == "utf-8+gb18030+big5hkscs"


def test_a_character_cut_off_at_the_end_loses_nothing_else() -> None:
    assert decode((SIMPLIFIED * 20).encode()[:-1], "a.txt")[0] == (SIMPLIFIED * 20)[:-1] + "�"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"a\r\nb", "a\nb"),
        (b"a\rb\n", "a\nb\n"),
        (b"a\x0cb", "a\nb"),
        (b"a\n\x0cb\r\r\n", "a\n\nb\n\n"),
        (b"a\tb \x0b c\xc2\xa0", "a\tb \x0b c\xa0"),
        ("甲\ufeff乙\u200b丙\u2028丁".encode(), "甲\ufeff乙\u200b丙\u2028丁"),
    ],
)
def test_line_ends(data: bytes, text: str) -> None:
    assert decode(data, "a.txt")[0] == text


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"%PDF-1.7\n...", "is a PDF file; pull its text out first, with pdftotext for example"),
        (b"PK\x03\x04rest", "is a zip archive or an office document; save its text as .txt"),
        (b"\x89PNG\r\n", "is an image; swsearch reads text only"),
        (b"\x1f\x8b\x08", "is compressed; unpack it first"),
        (b"text\x00text\x00", "is not text (NUL characters in it); save the page as text in UTF-8"),
        (bytes(range(1, 32)) * 3, "is not text (75 control characters in it); save the page as text in UTF-8"),
        (b"\xff\xfe\x00\xd8", "begins like UTF-16-LE but is not: byte 0x00 at offset 0; save it again as UTF-8"),
    ],
)
def test_no_text(data: bytes, reason: str) -> None:
    with pytest.raises(PageError) as caught:
        decode(data, "a.txt")
    assert (caught.value.path, caught.value.reason) == ("a.txt", reason)


def test_undecodable_bytes_are_named() -> None:
    with pytest.raises(PageError, match=r"a.txt: is in no encoding that swsearch reads \(byte 0xFF at offset 2"):
        decode(b"ab\xff\xff\xfe\xff\xff" * 9, "a.txt")


def test_names_are_relative_to_the_root(tmp_path: Path) -> None:
    page = tmp_path / "2024" / "11 月" / "a.b.txt"
    page.parent.mkdir(parents=True)
    page.write_bytes(SIMPLIFIED.encode("gbk"))
    assert read_page(page, tmp_path).file == "2024/11 月/a.b.txt"
    assert read_page(page, tmp_path).stem == "2024/11 月/a.b"
    assert read_page(page).file == read_page(page, tmp_path / "elsewhere").file == "a.b.txt"
    assert read_page(str(page), str(tmp_path)).encoding == "gb18030"
    assert seed_name("seeds/x/../a.txt", "seeds") == "a.txt"


def test_raw_bytes_in_a_name_are_printable(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xc1\xc1\xb0\xe6\n.txt")
    try:
        (tmp_path / name).write_text("社工")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    page = read_page(tmp_path / name, tmp_path)
    assert page.file == r"\xc1\xc1\xb0\xe6\n.txt"
    with pytest.raises(PageError) as caught:
        read_page(tmp_path / (name + "x"), tmp_path)
    str(caught.value).encode("utf-8")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    (tmp_path / "lost.txt").symlink_to(tmp_path / "nowhere.txt")
    (tmp_path / "a.txt").write_text("社工")
    server = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(tmp_path)  # the name of a socket must be short
    server.bind("socket.txt")
    os.chdir(here)
    for name, words in [
        ("", "is a directory"),
        ("pipe.txt", "is a pipe"),
        ("socket.txt", "is a socket"),
        ("loop.txt", "leads back to itself"),
        ("lost.txt", "does not exist"),
        ("nowhere.txt", "does not exist"),
        ("a.txt/b.txt", "a part of the path is a file"),
        ("x" * 300, "too long"),
        ("a\x00b", "not a possible file name"),
    ]:
        with pytest.raises(PageError, match=words):
            read_page(tmp_path / name)
    server.close()
    with pytest.raises(PageError, match="is a device"):
        read_page("/dev/null")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_rights(tmp_path: Path) -> None:
    page = tmp_path / "a.txt"
    page.write_text("社工")
    page.chmod(0)
    with pytest.raises(PageError, match="may not be read by this user"):
        read_page(page)


def test_size_limit(tmp_path: Path) -> None:
    page = tmp_path / "a.txt"
    page.write_bytes(b"x" * 10)
    assert read_page(page, limit=10).text == "x" * 10
    with pytest.raises(PageError, match="more than the"):
        read_page(page, limit=9)
    with page.open("wb") as file:
        file.truncate(200 * 2**20)  # sparse: nothing of it must be read
    with pytest.raises(PageError, match=r"has 200\.0 MB, more than the 16 MB of a page; split it or take it out"):
        read_page(page)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("社会工作\n。，"), max_size=80))
def test_utf8_always_comes_back(text: str) -> None:
    if not text.startswith("\ufeff") and not text.startswith(("%PDF-", "PK\x03\x04", "BZh", "Rar!", "GIF8", "{\\rtf")):
        assert decode(text.encode(), "a.txt") == (text, "utf-8")


@given(st.binary(max_size=200))
def test_any_bytes_give_text_or_a_page_error(data: bytes) -> None:
    try:
        text, _ = decode(data, "a.txt")
    except PageError:
        return
    assert "\r" not in text
    assert "\x00" not in text
    text.encode("utf-8")


@given(st.binary(max_size=60).map(os.fsdecode))
def test_any_name_is_printable(name: str) -> None:
    assert printable(name).isprintable() or any(c > "\x7f" for c in name)
    printable(name).encode("utf-8")
    seed_name(name, "seeds").encode("utf-8")
