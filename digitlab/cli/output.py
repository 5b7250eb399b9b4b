"""What the commands print: lines in which no character controls the terminal."""

from __future__ import annotations

import json
import unicodedata
from typing import Any, Final

import click

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Unicode categories of characters that change how a terminal shows other characters."""


def printable(text: str) -> str:
    r"""Return a text in which control and invisible characters are written as escapes.

    File names, comments and names of contributors come from other people. A terminal would obey
    an escape sequence in them, and a line break would look like another line of the command.

    Args:
        text: any text; one line.

    Returns:
        The text with `\x1b`, `\n`, `\u202e` and so on in place of the characters. A joiner
        within an emoji is escaped, too.
    """
    return "".join(
        char.encode("unicode_escape", "surrogatepass").decode("ascii")
        if unicodedata.category(char) in _INVISIBLE
        else char
        for char in text
    )


def echo(*lines: str, err: bool = False) -> None:
    """Print lines on standard output, or on standard error.

    Args:
        *lines: one text for each line; control characters in it are escaped.
        err: print on standard error.
    """
    for line in lines:
        click.echo(printable(line), err=err)


def echo_json(value: Any) -> None:
    """Print a value as one line of JSON in ASCII."""
    click.echo(json.dumps(value).replace("\x7f", "\\u007f"))


def echo_result(value: Any, *lines: str, as_json: bool) -> None:
    """Print the result of a command: a value as JSON for programs, or lines for people."""
    if as_json:
        echo_json(value)
    else:
        echo(*lines)
