"""The documents are true: every block of the READMEs runs, every command and option is named, --help is up to date.

`python tests/test_docs.py` writes the generated parts anew: docs/cli.md and what follows each `$ …` of a README.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from swsearch.cli import cli

ROOT = Path(__file__).parent.parent
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
HELP = ROOT / "docs" / "cli.md"
FORMATS = ROOT / "docs" / "formats.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = dict(cli.commands)


def blocks(path: Path, *languages: str) -> list[str]:
    return [body for language, body in BLOCK.findall(path.read_text("utf-8")) if language in languages]


def run(line: str, stdin: str = "") -> tuple[int, str]:
    """The exit status and the data that one command line gives."""
    import shlex

    name, *args = shlex.split(line)
    assert name == "swsearch", line
    result = CliRunner().invoke(cli, args, input=stdin)
    return result.exit_code, result.stdout


@contextlib.contextmanager
def repository(folder: Path) -> Iterator[None]:
    """A copy of the seeds with an index, as the current directory."""
    here = Path.cwd()
    shutil.copytree(ROOT / "seeds", folder / "seeds")
    os.chdir(folder)
    try:
        assert run("swsearch rebuild seeds")[0] == 0
        yield
    finally:
        os.chdir(here)


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("SWSEARCH_")}
    with repository(tmp_path_factory.mktemp("docs")):
        yield
    os.environ.update(kept)


@pytest.mark.usefixtures("seeds")
@pytest.mark.parametrize("line", [line for block in blocks(READMES[0], "sh") for line in block.splitlines()])
def test_every_command_line_of_the_readme_runs(line: str) -> None:
    if line.startswith("make "):
        assert re.search(rf"^{line.split()[1]}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    elif line.startswith("pip "):
        assert (ROOT / "pyproject.toml").exists()
    else:
        feed, _, command = line.rpartition(" | ")
        stdin = feed.removeprefix("printf ").strip("'").replace("\\n", "\n")
        status, printed = run(command, stdin)
        assert status == 0
        assert printed or "rebuild" in command


@pytest.mark.usefixtures("seeds")
@pytest.mark.parametrize("code", blocks(READMES[0], "python"))
def test_every_python_block_of_the_readme_runs(code: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "README.md", "exec"), {})
    assert printed.getvalue()


@pytest.mark.usefixtures("seeds")
@pytest.mark.parametrize("path", READMES, ids=lambda path: path.name)
def test_what_the_readme_shows_is_what_is_printed(path: Path) -> None:
    assert path.read_text("utf-8") == with_output(path)


def test_a_page_mended_by_hand_survives_a_rebuild(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = Path("seeds/2024/a.txt")
    page.parent.mkdir(parents=True)
    page.write_text((ROOT / "seeds" / "003_400df8b64a915a8b.txt").read_text("utf-8"), "utf-8")
    status, printed = run(f"swsearch segment {page} --json")
    assert status == 0
    mended = json.loads(printed)
    mended["articles"][0]["title"] = "手工改过的标题"
    page.with_name("a.articles.json").write_text(json.dumps(mended, ensure_ascii=False, indent=1), "utf-8")
    for command in ("rebuild seeds", "rebuild seeds --full"):
        assert run(f"swsearch {command}")[0] == 0
        assert "手工改过的标题" in run("swsearch query title:手工改过")[1]
        assert run("swsearch query --count title:手工改过")[1] == "1\n"


def with_output(path: Path) -> str:
    """The text of a README with the output of each `$ …` line written anew."""

    def fill(match: re.Match[str]) -> str:
        if match[1] != "console":
            return match[0]
        lines = [line for line in match[2].splitlines() if line.startswith("$ ")]
        return "```console\n" + "".join(f"{line}\n{run(line[2:])[1]}" for line in lines) + "```"

    return BLOCK.sub(fill, path.read_text("utf-8"))


def test_the_readmes_are_twins() -> None:
    """The same sections, blocks, tables and lists, in the same order."""
    texts = [path.read_text("utf-8") for path in READMES]
    shapes = [re.findall(r"^(#+ |\||- |\d+\. |```\w*$)", text, re.MULTILINE) for text in texts]
    assert shapes[0] == shapes[1]
    assert blocks(READMES[0], "sh", "python", "console", "toml") == blocks(
        READMES[1], "sh", "python", "console", "toml"
    )


def test_every_command_and_option_is_in_the_readmes() -> None:
    for path in READMES:
        text = path.read_text("utf-8")
        for name, command in COMMANDS.items():
            assert f"swsearch {name}" in text
            for option in command.params:
                if isinstance(option, click.Option):
                    for spelling in option.opts:
                        assert re.search(rf"`[^`]*{spelling}\b", text), f"{path.name}: {name} {spelling}"


def test_every_field_and_setting_is_in_the_readmes() -> None:
    from swsearch.query.fields import FIELDS

    for path in READMES:
        text = path.read_text("utf-8")
        for field in FIELDS:
            assert f"`{field.name}:" in text, field.name
        for name in ("SWSEARCH_INDEX", "SWSEARCH_SEEDS", "SWSEARCH_DEBUG", "NO_COLOR", "swsearch.toml"):
            assert name in text


def test_every_key_is_in_the_formats() -> None:
    from dataclasses import fields

    from swsearch.pages.meta import META_COLUMNS
    from swsearch.pages.ready import ARTICLE_KEYS, NOTICE_KEYS
    from swsearch.records import Hit, Results
    from swsearch.snippets import KwicLine

    text = FORMATS.read_text("utf-8")
    records = [field.name for record in (Hit, Results, KwicLine) for field in fields(record)]
    for key in (*records, *ARTICLE_KEYS, *NOTICE_KEYS, "error", "articles", "notices", "body"):
        assert re.search(rf"`(\{{[^`]*)?\"?{key}\b", text), key
    assert f"`{','.join(META_COLUMNS)}`" in text


def test_the_links_of_the_documents_lead_somewhere() -> None:
    for path in (*READMES, *ROOT.glob("docs/*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), target


def help_pages() -> str:
    """docs/cli.md: what --help prints of every command."""
    out = ["# The command line\n", "What `swsearch --help` prints; written by `python tests/test_docs.py`.\n"]
    for args in ([], *([name] for name in sorted(COMMANDS))):
        printed = CliRunner(env={"COLUMNS": "100"}).invoke(cli, [*args, "--help"]).stdout
        out.append(f"## {' '.join(['swsearch', *args])}\n\n```text\n{printed.rstrip()}\n```\n")
    return "\n".join(out)


def test_the_help_pages_are_up_to_date() -> None:
    """Word for word; where lines break is for the version of click to say."""
    assert HELP.read_text("utf-8").split() == help_pages().split()


if __name__ == "__main__":
    import tempfile

    HELP.write_text(help_pages(), "utf-8")
    with tempfile.TemporaryDirectory() as folder, repository(Path(folder)):
        for readme in READMES:
            readme.write_text(with_output(readme), "utf-8")
    sys.exit(0)
