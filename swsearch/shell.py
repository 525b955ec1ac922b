"""What swsearch and the shell that runs it have in common: arguments, streams, exit statuses, failures as sentences.

`Commands` is the click group whose `main` turns every failure into a sentence on stderr and an exit status; `write`
sends data to stdout, `note` everything else to stderr.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import click

from swsearch.errors import QuerySyntaxError, SwsearchError
from swsearch.terminal import Screen, joined, safe

FOUND, NOTHING, ERROR, SKIPPED, INTERRUPTED = 0, 1, 2, 3, 130
CARET_CHARS = 60  # of a long query, so much is shown around the place of a mistake

# An argument that begins with "-" and is no option (-招聘) is marked with this, so that click takes it for text.
# No real argument has a NUL.
TEXT_MARK = "\x00text:"


def typed_text(value: str) -> str:
    """A query or a value of one as it was typed: UTF-8 even where the locale says otherwise, without TEXT_MARK."""
    text = value.removeprefix(TEXT_MARK)
    if sys.getfilesystemencoding() != "utf-8":
        with suppress(UnicodeError):  # not UTF-8 either: what the locale made of it
            return os.fsencode(text).decode("utf-8")
    return text


def whole(least: int) -> Callable[[str], int]:
    """A type for click: a whole number, not below `least`."""

    def number(value: str | int) -> int:
        text = typed_text(str(value))  # `--limit -1` has been marked as if it were a query
        with suppress(ValueError):
            if int(text) >= least:
                return int(text)
        raise click.BadParameter(f"{text[:40]} is no whole number from {least} on.")

    return number


def mark_text(args: Iterable[str]) -> list[str]:
    """`args` with TEXT_MARK before what begins with "-" and is text: `-招聘`, `-"…"`, `-2024`, `-NGO 社工`."""
    out: list[str] = []
    only_text = False
    for arg in args:
        letter = arg[1:2]
        named = letter.isascii() and letter.isalpha() and (letter in "qh" or " " not in arg)
        is_text = arg.startswith("-") and letter not in ("", "-") and not named
        out.append(TEXT_MARK + arg if is_text and not only_text else arg)
        only_text = only_text or arg == "--"
    return out


class Query(click.Command):
    """A command whose arguments may be query text that begins with "-"."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, with such text marked first."""
        return super().parse_args(ctx, mark_text(args))


class Commands(click.Group):
    """All commands; `main` turns every failure into a sentence on stderr and an exit status."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command line and exit."""
        _use_utf8()
        extra = {**extra, "prog_name": "swsearch", "standalone_mode": False, "windows_expand_args": False}
        try:
            status = super().main(*args, **extra)
        except SystemExit:  # click's answer to a broken pipe
            status = _drop_output()
        except BaseException as error:
            status = _report(error)
        try:
            if sys.stdout is not None:
                sys.stdout.flush()
        except OSError:  # has been said; the interpreter would try again and fail with a traceback
            _drop_output()
        sys.exit(status if isinstance(status, int) else FOUND)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """As click does; --help and --version write here."""
        with _broken_pipe_is_fine():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command and write out what is buffered."""
        with _broken_pipe_is_fine():
            status = super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()
            return status


# ---- output and failures


def _use_utf8() -> None:
    """UTF-8 whatever the locale; what has no UTF-8 (a lone surrogate) as an escape, which JSON understands too."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")


@contextmanager
def _broken_pipe_is_fine() -> Iterator[None]:
    """`swsearch query … | head` has what it wants."""
    try:
        yield
    except BrokenPipeError:
        raise click.exceptions.Exit(_drop_output()) from None


def _drop_output() -> int:
    """What is still buffered goes nowhere, also when the interpreter ends."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FOUND


def write(lines: Iterable[str]) -> None:
    """Data: each line to stdout."""
    for line in lines:
        write_raw(line + "\n")


def write_raw(text: str) -> None:
    """Data as it is; nowhere, if stdout is closed."""
    if sys.stdout is not None:
        sys.stdout.write(text)


def write_json(value: Any) -> None:
    """One JSON object on a line."""
    write([json.dumps(value, ensure_ascii=False)])


def read_stdin() -> bytes:
    """All of stdin; nothing, if it is closed."""
    return b"" if sys.stdin is None else sys.stdin.buffer.read()


def note(message: str, style: str = "") -> None:
    """A sentence to stderr, nothing in it sent raw."""
    screen = Screen.of(sys.stderr)
    message = safe(message)
    with suppress(OSError):  # nobody listens
        click.echo(screen.styled(message, style) if style else message, file=sys.stderr, color=screen.colour)


def _report(error: BaseException) -> int:
    """Says what went wrong in a sentence and gives the exit status. SWSEARCH_DEBUG=1 shows the traceback too."""
    if os.environ.get("SWSEARCH_DEBUG"):
        import traceback

        traceback.print_exception(type(error), error, error.__traceback__)
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        note("swsearch: stopped; nothing was left half done")
        return INTERRUPTED
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        note(error.format_message())
        return ERROR
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "swsearch"
        note(f"{command}: {error.format_message()}", "error")
        if isinstance(error, click.UsageError):
            dashed = isinstance(error, click.NoSuchOption) and not error.option_name.startswith("--")
            note(f"Try `{command} --help`." + (' Text that begins with "-" goes after `--`.' if dashed else ""))
    elif isinstance(error, SwsearchError):
        note(f"swsearch: {error}", "error")
        if isinstance(error, QuerySyntaxError):
            note(_caret(error))
    elif isinstance(error, OSError):
        note(f"swsearch: {joined([error.filename, error.strerror or error], ': ')}", "error")
    elif isinstance(error, MemoryError):
        note("swsearch: there is not enough memory for this", "error")
    else:
        note(
            f"swsearch: something went wrong that should not ({type(error).__name__}: {error}). Please report it, "
            "with what SWSEARCH_DEBUG=1 shows.",
            "error",
        )
    return ERROR


def _caret(error: QuerySyntaxError) -> str:
    """The query around the mistake and a caret below it."""
    first = max(0, error.pos - CARET_CHARS)
    query = safe(error.query[first : error.pos + CARET_CHARS].replace("\n", " "))
    return QuerySyntaxError("", query, error.pos - first).caret()
