"""Whether an index still means what this version means: hashes of all that decides what it holds."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec

from swsearch.engines.base import Meta

FORMAT = 1
"""Raised when what an engine stores changes its meaning."""

AT_QUERY_TIME = ("variants.py", "strait_variants.tsv", "strait_opencc.tsv", "function_words.txt")
"""Files of the text room that no index depends on."""

SEEN = "files"
"""The fingerprint that is looked at first; a difference in it alone means nothing."""


def stale_because(meta: Meta) -> str | None:
    """Why an index that was made as `meta` says does not fit this version, or None if it does."""
    if meta.format != FORMAT:
        return f"the index has format {meta.format}, this version writes {FORMAT}"
    if meta.fingerprints.get(SEEN) == _seen():
        return None
    now = fingerprints()
    changed = [name for name in now if name != SEEN and meta.fingerprints.get(name) != now[name]]
    return f"{' and '.join(changed)} changed since the index was built" if changed else None


@cache
def fingerprints() -> Mapping[str, str]:
    """Hashes of all that decides what an index holds: the text room with its tables, the dictionary, the page room."""
    import hashlib
    from importlib.resources import files as package_files

    from swsearch.text.words import dictionary_fingerprint

    def digest(package: str) -> str:
        total = hashlib.sha256()
        room = package_files(package)
        for folder in (room, room / "data"):
            for item in sorted(folder.iterdir(), key=lambda one: one.name):
                if item.is_file() and not item.name.endswith((".pyc", ".md")) and item.name not in AT_QUERY_TIME:
                    total.update(item.name.encode() + b"\0" + item.read_bytes())
        return total.hexdigest()[:16]

    return {
        "the analyzer": digest("swsearch.text"),
        "the dictionary": dictionary_fingerprint(),
        "the page pipeline": digest("swsearch.pages"),
        SEEN: _seen(),
    }


def _seen() -> str:
    """Names, sizes and times of the same files: where they are as they were, nothing need be read."""
    found = []
    for package in ("swsearch.text", "swsearch.pages", "jieba", "opencc"):
        spec = find_spec(package)
        for folder in spec.submodule_search_locations or () if spec else ():
            for entry in (*os.scandir(folder), *(os.scandir(data) if os.path.isdir(data := f"{folder}/data") else ())):
                if entry.is_file() and not entry.name.endswith((".pyc", ".md")):
                    stat = entry.stat()
                    found.append((package, entry.name, stat.st_size, stat.st_mtime_ns))
    # Against chance, not malice, and every query asks: loading hashlib would take 3 ms.
    return f"{zlib.crc32(repr(sorted(found)).encode('utf-8', 'surrogateescape')):08x}"
