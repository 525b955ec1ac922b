"""Bytes of a seed -> its text: encoding, size, and whether it is text at all.

What is tried, in this order; the first that fits is taken, so that the same bytes always give the same text:

1. a byte order mark (UTF-8, UTF-16, UTF-32)
2. strict UTF-8
3. UTF-16 without a mark, where the bytes make sense as that and as nothing simpler
4. GB18030 (with GBK and GB2312 in it) or Big5 (with the Hong Kong characters, else Microsoft's): whichever gives
   more of the characters that Chinese text is made of
5. line by line, for a page pasted together from several encodings
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path
from typing import BinaryIO

from swsearch.errors import PageError
from swsearch.records import Page
from swsearch.settings import MAX_PAGE_BYTES

_BYTE_ORDER_MARKS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_SIGNATURES = (
    (b"%PDF-", "a PDF file; pull its text out first, with pdftotext for example"),
    (b"PK\x03\x04", "a zip archive or an office document; save its text as .txt"),
    (b"\xd0\xcf\x11\xe0", "an old office document; save its text as .txt"),
    (b"{\\rtf", "an RTF document; save its text as .txt"),
    (b"\x89PNG", "an image; swsearch reads text only"),
    (b"\xff\xd8\xff", "an image; swsearch reads text only"),
    (b"GIF8", "an image; swsearch reads text only"),
    (b"II*\x00", "an image; swsearch reads text only"),
    (b"MM\x00*", "an image; swsearch reads text only"),
    (b"\x1f\x8b", "compressed; unpack it first"),
    (b"7z\xbc\xaf", "compressed; unpack it first"),
    (b"Rar!", "compressed; unpack it first"),
    (b"BZh", "compressed; unpack it first"),
    (b"\xfd7zXZ", "compressed; unpack it first"),
    (b"SQLite format 3", "a database; swsearch reads text only"),
    (b"\x7fELF", "a program; swsearch reads text only"),
)
_KINDS = (
    (stat.S_ISDIR, "is a directory, not a page; name the files in it, or give it to `swsearch rebuild` as seeds"),
    (stat.S_ISFIFO, "is a pipe, not a regular file; save what comes out of it as .txt"),
    (stat.S_ISSOCK, "is a socket, not a regular file; take it out of the seeds"),
    (stat.S_ISCHR, "is a device, not a regular file; take it out of the seeds"),
    (stat.S_ISBLK, "is a device, not a regular file; take it out of the seeds"),
)
_FAILURES = {
    errno.ENOENT: "does not exist (any more); check the name",
    errno.ENOTDIR: "does not exist: a part of the path is a file, not a directory; check the name",
    errno.EACCES: "may not be read by this user; give it read rights (chmod a+r)",
    errno.EPERM: "may not be read by this user; give it read rights (chmod a+r)",
    errno.ELOOP: "is a symbolic link that leads back to itself; replace it by the file",
    errno.ENAMETOOLONG: "has a name that is too long for this system; rename it",
}
_CONTROLS = frozenset([*range(0x01, 0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F])
_NO_CONTROLS = bytes(sorted(frozenset(range(0x80)) - _CONTROLS))

# Share of the characters outside ASCII that are common in Chinese. 300 pieces of 12 characters and of 200 cut from
# each corpus, read in the wrong encoding of the two: at most 0.33 of 12, 0.17 of 200; read in the right one: at
# least 0.58 of 12, 0.80 of 200.
_PLAUSIBLE = 0.4
_MIXED_GAIN = 0.03  # so much more must be common before a page counts as several encodings pasted together
_CONTROL_SHARE = 0.01  # more control characters than this: bytes of some program, not text
_DAMAGE_SHARE = 0.002  # bytes that no encoding explains: a cut-off last character, a flipped bit; more is no text


def read_page(
    path: str | os.PathLike[str], root: str | os.PathLike[str] | None = None, limit: int = MAX_PAGE_BYTES
) -> Page:
    """The page in the file `path`, named relative to `root` if it lies under it, by its bare name otherwise.

    An empty file is a page without lines of text. Raises PageError if the file can't be read or is no text.
    """
    text, encoding = decode(read_bytes(path, limit), printable(path))
    return Page(seed_name(path, root), text, encoding)


def read_bytes(path: str | os.PathLike[str], limit: int = MAX_PAGE_BYTES) -> bytes:
    """What is in the regular file `path`; PageError if it is none, can't be read, or has more than `limit` bytes."""
    with open_seed(path) as file:
        size = os.fstat(file.fileno()).st_size
        data = file.read(size + 1) if size <= limit else b""
        if len(data) > size:  # it grows, or is none whose size is known
            data += file.read(limit + 1 - len(data))
    if size > limit or len(data) > limit:
        seen = f"{max(size, len(data)) / 2**20:.1f} MB"
        reason = f"has {seen}, more than the {limit / 2**20:g} MB of a page; split it or take it out"
        raise PageError(printable(path), reason)
    return data


@contextmanager
def open_seed(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """The regular file `path`, open for reading bytes. What goes wrong, then or while it is read, is a PageError."""
    name = printable(path)
    try:
        _check_kind(os.stat(path).st_mode, name)
        # Not blocking: should a pipe have taken the file's place since, opening it must not wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb") as file:
            _check_kind(os.fstat(descriptor).st_mode, name)
            yield file
    except OSError as error:
        reason = _FAILURES.get(error.errno or 0, f"can't be read ({error.strerror or error}); check the disk")
        raise PageError(name, reason) from error
    except PageError:  # a ValueError too
        raise
    except ValueError as error:  # a NUL in the name
        raise PageError(name, "is not a possible file name; check it") from error


def seed_name(path: str | os.PathLike[str], root: str | os.PathLike[str] | None = None) -> str:
    r"""The path relative to `root` with forward slashes, or the bare name if it isn't under `root`; always printable.

    Symbolic links keep their own names. Bytes of a name that are no UTF-8 are written as \xNN.
    """
    whole = os.path.abspath(_no_nul(path))
    if root is not None:
        base = os.path.abspath(_no_nul(root))
        try:
            inside = os.path.commonpath([whole, base]) == base and whole != base
        except ValueError:  # another drive
            inside = False
        if inside:
            return printable(Path(whole).relative_to(base).as_posix())
    return printable(os.path.basename(whole))


def printable(path: str | os.PathLike[str]) -> str:
    """The path as text that any terminal and any JSON file can take: control characters and raw bytes escaped."""
    text = os.fsdecode(path)
    if text.isprintable():
        return text
    raw = re.sub("[\udc80-\udcff]", lambda found: f"\\x{ord(found[0]) - 0xDC00:02x}", text)
    return re.sub("[\x00-\x1f\x7f\ud800-\udfff]", lambda found: found[0].encode("unicode_escape").decode(), raw)


def decode(data: bytes, path: str) -> tuple[str, str]:
    """The text of a page, its line ends made line feeds (a form feed is one too), and the name of its encoding.

    `path` only names the page in a PageError, which is raised for what is no text.
    """
    for signature, what in _SIGNATURES:
        if data.startswith(signature):
            raise PageError(path, f"is {what}")
    text, encoding = _marked(data, path) or _unmarked(data, path)
    controls = len(text.encode("ascii", "ignore").translate(None, _NO_CONTROLS))
    if "\x00" in text or controls > _CONTROL_SHARE * len(text):
        seen = "NUL characters" if "\x00" in text else f"{controls} control characters"
        raise PageError(path, f"is not text ({seen} in it); save the page as text in UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n"), encoding


def _check_kind(mode: int, name: str) -> None:
    for test, reason in _KINDS:
        if test(mode):
            raise PageError(name, reason)


def _no_nul(path: str | os.PathLike[str]) -> str:
    return os.fsdecode(path).replace("\x00", "\\x00")


def _marked(data: bytes, path: str) -> tuple[str, str] | None:
    """Text and encoding of bytes that begin with a byte order mark."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding), encoding
            except UnicodeDecodeError as error:
                if encoding == "utf-8":  # the mark of an editor before a page of another encoding, or of several
                    return _unmarked(data[len(mark) :], path)
                raise PageError(
                    path, f"begins like {encoding.upper()} but is not: {_place(error)}; save it again as UTF-8"
                ) from error
    return None


def _unmarked(data: bytes, path: str) -> tuple[str, str]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        found = _utf16(data) or _best(data)
        if found:
            return found
        reason = f"is in no encoding that swsearch reads ({_place(error)}{_guess(data)}); save it again as UTF-8"
        raise PageError(path, reason) from error
    return (text, "utf-8") if b"\x00" not in data else (_utf16(data) or (text, "utf-8"))


def _place(error: UnicodeDecodeError) -> str:
    return f"byte 0x{error.object[error.start]:02X} at offset {error.start}"


def _guess(data: bytes) -> str:
    """What charset-normalizer takes the bytes for, as a hint in a sentence; nothing if it can't tell."""
    from charset_normalizer import from_bytes

    best = from_bytes(data[:20000]).best()
    return f"; it looks like {best.encoding}" if best else ""


def _utf16(data: bytes) -> tuple[str, str] | None:
    """UTF-16 without a mark, if the text it gives is plausible Chinese or plain ASCII."""
    if len(data) % 2:
        return None
    best: tuple[float, str, str] | None = None
    for encoding in ("utf-16-le", "utf-16-be"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        share = _share(text) if not text.isascii() else 1.0
        if "\x00" not in text and share >= _PLAUSIBLE and (best is None or share > best[0]):
            best = (share, text, encoding)
    return best and best[1:]


def _best(data: bytes) -> tuple[str, str] | None:
    """The page in one encoding, or line by line where that explains clearly more of it."""
    whole, mixed = _chinese(data), _by_line(data)
    if whole and mixed:
        return mixed if _share(mixed[0]) > _share(whole[0]) + _MIXED_GAIN else whole
    return whole or mixed


def _chinese(data: bytes) -> tuple[str, str] | None:
    """GB18030 or Big5, whichever gives the more common characters; GB18030 when they are even."""
    best: tuple[float, str, str] | None = None
    for encoding in ("gb18030", "big5hkscs", "cp950"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        share = _share(text)
        if share >= _PLAUSIBLE and (best is None or share > best[0]):
            best = (share, text, encoding)
    return best and best[1:]


def _by_line(data: bytes) -> tuple[str, str] | None:
    """The text of a page whose lines are in several encodings, or that has a few damaged bytes (as U+FFFD).

    Line feeds are safe to cut at: no byte below 0x30 is the second of two in any of these encodings.
    """
    names: dict[str, None] = {}
    out, damaged = [], 0
    for line in data.split(b"\n"):
        try:
            text, encoding = line.decode("utf-8"), "utf-8"
        except UnicodeDecodeError:
            found = _chinese(line)
            if found is None:
                encoding = next(iter(names), "utf-8")
                text = line.decode(encoding, "replace")
                damaged += text.count("�")
            else:
                text, encoding = found
        if not line.isascii():
            names[encoding] = None
        out.append(text)
    whole = "\n".join(out)
    if damaged > max(1, _DAMAGE_SHARE * len(whole)) or _share(whole) < _PLAUSIBLE:
        return None
    return whole, "+".join(names)


def _share(text: str) -> float:
    """How much of the text outside ASCII is common in Chinese print, 0 to 1."""
    foreign = [char for char in text if char > "\x7f"]
    common = _common()
    return sum(char in common for char in foreign) / len(foreign) if foreign else 0.0


@cache
def _common() -> frozenset[str]:
    characters = resources.files("swsearch.pages").joinpath("data/common_characters.txt").read_text("utf-8")
    marks = "　、。·—～…‘’“”〔〕〈〉《》「」『』【】×％（），．／０１２３４５６７８９：；？！■●◆□◎"
    frames = "".join(map(chr, range(0x2500, 0x2580)))  # tables are drawn with them, in Big5 and in GB18030 alike
    return frozenset(characters.replace("\n", "") + marks + frames)
