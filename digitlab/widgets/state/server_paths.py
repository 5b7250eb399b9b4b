"""Remove the server's paths from texts that visitors read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_PART: Final = r"[^\s/\\:;,'\"()<>|]+"

_QUOTED: Final = re.compile(r"""(['"])(?:/|[A-Za-z]:\\+)(?:[^'"]*[/\\])?([^'"/\\]*)[/\\]*\1""")
"""A path between quotation marks, which may contain spaces."""

_PATH: Final = re.compile(
    rf"""
    (?<![\w./\\~%-])                       # not "and/or", not 1/2, not a relative path
    (?:
        [A-Za-z][A-Za-z+]*:/{{2,3}}(?:[^\s/@]*@)?  # file:///, sqlite:////, postgresql://ann:x@
      | ~\w*/ | /+ | [A-Za-z]:[/\\]+ | \\\\{{2,}}
    )
    /?(?:{_PART}[/\\]+)*({_PART})?[/\\]*
    """,
    re.VERBOSE,
)


def without_paths(text: str, private_folders: Iterable[str] = ()) -> str:
    """Return a text in which an absolute path or an address is only its last part.

    Args:
        text: for example "The database /home/ann/lab/digitlab.db cannot be used".
        private_folders: folders whose names may contain spaces; longer ones are removed first.

    Returns:
        For the example, "The database digitlab.db cannot be used".
    """
    for folder in sorted(filter(None, private_folders), key=len, reverse=True):
        text = text.replace(f"{folder}/", "/").replace(f"{folder}\\", "/")
        text = re.sub(rf"{re.escape(folder)}(?![\w-])", "the home", text)
    text = _QUOTED.sub(r"\1\2\1", text)
    return _PATH.sub(_last_part, text)


def _last_part(match: re.Match[str]) -> str:
    if not match[0].strip("/\\."):  # a lone slash is no path
        return match[0]
    return match[1] or "a folder"
