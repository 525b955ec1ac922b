"""Where index and seeds are (flag > SWSEARCH_* > swsearch.toml > default), and the numbers that shape output."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swsearch.errors import SettingError

CONFIG_FILE = "swsearch.toml"

MAX_PAGE_BYTES = 16 * 1024 * 1024
"""A larger seed is no newspaper page: the longest pages seen are under 30 kB."""

SNIPPET_CHARS = 120
"""Two to three sentences: enough to judge a hit, three lines on an 80-column terminal."""

HITS_SHOWN = 10
"""A screenful."""

QUERY_SECONDS = 10.0
"""A query that takes longer is stopped: no query of people comes near it."""

LOCK_SECONDS = 10.0
"""How long a rebuild waits for another one to end before it says who is at work."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What flags, environment and swsearch.toml say, with the defaults filled in."""

    index: str = "index"
    seeds: tuple[str, ...] = ("seeds",)

    @classmethod
    def load(
        cls,
        *,
        index: str | os.PathLike[str] | None = None,
        seeds: tuple[str | os.PathLike[str], ...] = (),
        directory: str | os.PathLike[str] = ".",
    ) -> Settings:
        """The settings in force in `directory`; what is given here wins.

        SWSEARCH_SEEDS may name several roots, separated as in PATH. Raises SettingError for a swsearch.toml that
        does not parse or says something unknown.
        """
        config = _read_config(Path(directory) / CONFIG_FILE)
        chosen_index = str(index or os.environ.get("SWSEARCH_INDEX") or config.get("index") or "index")
        chosen_seeds = tuple(str(seed) for seed in seeds)
        if not chosen_seeds and os.environ.get("SWSEARCH_SEEDS"):
            chosen_seeds = tuple(filter(None, os.environ["SWSEARCH_SEEDS"].split(os.pathsep)))
        return cls(chosen_index, chosen_seeds or config.get("seeds") or ("seeds",))


def _read_config(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingError(f"{path} cannot be read: {error.strerror}", str(path)) from error
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        config = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingError(f"{path} is not valid TOML: {error}", str(path)) from error
    out: dict[str, Any] = {}
    for name, value in config.items():
        if name == "index" and isinstance(value, str):
            out["index"] = value
        elif name == "seeds" and isinstance(value, str):
            out["seeds"] = (value,)
        elif name == "seeds" and isinstance(value, list) and all(isinstance(item, str) for item in value):
            out["seeds"] = tuple(value)
        else:
            raise SettingError(
                f'{path}: {name} = {value!r} is not understood; known are index = "DIR" and seeds = ["DIR", …]',
                name,
                value,
            )
    return out
