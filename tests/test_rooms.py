"""The house: imports run one way, heavy libraries come late, and every public name is there."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import swsearch

HOUSE = Path(swsearch.__file__).parent
# From the ground up; a room may import from itself and from those before it.
ROOMS = [
    ("errors",),
    ("records",),
    ("settings", "workers"),
    ("text",),
    ("pages",),
    ("query",),
    ("engines",),
    ("stale",),
    ("index",),
    ("snippets", "terminal", "turns"),
    ("search",),
    ("cli", "printing", "shell"),
]
FLOOR = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}
MODULES = sorted(path for path in HOUSE.rglob("*.py") if path.name != "__main__.py" and path != HOUSE / "__init__.py")


def imported(path: Path) -> set[str]:
    """The rooms of swsearch that a module imports, anywhere in it."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module] if node.module != "swsearch" else [f"swsearch.{alias.name}" for alias in node.names]
        rooms |= {name.split(".")[1] for name in names if name.startswith("swsearch.") and "__" not in name}
    return rooms


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(HOUSE).as_posix())
def test_imports_run_one_way(path):
    own = path.relative_to(HOUSE).parts[0].removesuffix(".py")
    too_high = {room for room in imported(path) if FLOOR[room] > FLOOR[own]}
    assert not too_high, f"{own} must not import {too_high}"


def test_engines_are_not_known_below():
    """Nobody but the engines' own room imports whoosh."""
    users = {
        path.relative_to(HOUSE).as_posix()
        for path in MODULES
        if any(
            name.split(".")[0] == "whoosh"
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        )
    }
    assert all(user.startswith("engines/whoosh/") for user in users), users


HEAVY = ("jieba", "rjieba", "whoosh", "numpy", "opencc", "lark", "rich", "click", "charset_normalizer")


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("import swsearch", ()),
        ("import swsearch.errors, swsearch.records, swsearch.settings", ()),
        ("from swsearch.text import fold, match, words, variants", ()),
        ("from swsearch.query import nodes, parse, bind", ()),
        ("from swsearch import read_page, segment", ()),
        ("from swsearch import search, open_index, rebuild", ()),
    ],
)
def test_imports_are_light(statement, allowed):
    """Importing loads no heavy library before it is used."""
    code = f"import sys; {statement}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert set(loaded) <= set(allowed)


def test_public_names():
    assert len(set(swsearch.__all__)) == len(swsearch.__all__)
    for name in swsearch.__all__:
        assert getattr(swsearch, name) is not None
    with pytest.raises(AttributeError):
        swsearch.nothing  # noqa: B018


def test_search_is_callable_however_it_was_imported():
    """The module `swsearch.search` and the function share a name."""
    code = "import swsearch.search as m, swsearch; print(callable(swsearch.search), callable(m))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.split() == ["True", "True"]
