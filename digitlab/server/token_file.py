"""The token of a server, as a person gives it: in a file, or as a text."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from digitlab.errors import ServeError

MAX_TOKEN_BYTES: Final = 1024
"""Longest token. A visitor types it, or opens an address that contains it."""


def read_token(path: Path) -> tuple[str, str]:
    """Return the token in a file, and a warning if other users can read the file.

    Args:
        path: a file or a pipe whose only line is the token.

    Returns:
        The token, and a sentence for the person; empty if there is nothing to say.

    Raises:
        ServeError: the file cannot be read, or its content is not a usable token.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(MAX_TOKEN_BYTES + 2)
    except OSError as error:
        raise ServeError(f"The token in {path} cannot be read: {error.strerror}.") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ServeError(f"The token in {path} is not text in UTF-8.") from error
    token = checked_token(text.rstrip("\r\n"), f"The token in {path}")
    readable = mode & (stat.S_IRGRP | stat.S_IROTH)
    if os.name == "posix" and stat.S_ISREG(mode) and readable:
        return token, f"Other users of this machine can read {path}; run: chmod 600 {path}"
    return token, ""


def checked_token(token: str, name: str) -> str:
    """Return a token that a visitor can type.

    Args:
        token: the token.
        name: what the error message calls it.

    Raises:
        ServeError: it is empty, too long, or has more than one line or spaces at its ends.
    """
    if not token.strip():
        raise ServeError(f"{name} is empty; it needs at least one character.")
    if len(token.encode(errors="replace")) > MAX_TOKEN_BYTES:
        raise ServeError(f"{name} is longer than {MAX_TOKEN_BYTES} bytes.")
    if token != token.strip() or not token.isprintable():
        raise ServeError(
            f"{name} must be one line of visible characters without spaces at its ends."
        )
    return token
