"""One page of a PDF file as an image, rendered by PDFium in a separate process.

PDFium has no limit of time or memory, and a broken file may crash it. Then only that process ends.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from PIL import Image

from digitlab.errors import ImageError
from digitlab.images.budget import seconds_left, spend_time, too_complex

MAX_SIDE: Final = 2400
"""Longest side of a rendered page, in pixels."""

MAX_DPI: Final = 300
"""Resolution of a small page, in pixels per inch."""

_WORKER: Final = Path(__file__).with_name("pdf_worker.py")
_WALL_FACTOR: Final = 6  # seconds of waiting per CPU second, on a busy machine
_MEMORY_SHARE: Final = 0.8  # of a reading's memory; this process takes the rest


def render_page(data: bytes, page: int, *, max_memory: int) -> tuple[Image.Image, int]:
    """Render one page of a PDF file.

    Args:
        data: the file.
        page: number of the page, from 1.
        max_memory: bytes of memory that the file may take.

    Returns:
        The page as "L" or "RGB", on white; and the number of pages.

    Raises:
        ImageError: with code "not-found" for a page that the file does not have, "too-complex"
            for a page that takes too much time or memory, "damaged" for a file that cannot be
            opened.
    """
    seconds = max(1, int(seconds_left()))
    max_memory = int(_MEMORY_SHARE * max_memory)
    arguments = [page, MAX_SIDE, MAX_DPI, seconds, max_memory]
    command = [sys.executable, "-P", str(_WORKER), *map(str, arguments)]
    try:
        process = subprocess.run(  # noqa: S603  # this Python, a path and numbers
            command, input=data, capture_output=True, timeout=seconds * _WALL_FACTOR, check=False
        )
    except subprocess.TimeoutExpired:
        raise _too_slow(seconds) from None
    if process.returncode:
        raise _failure(process.returncode, seconds, max_memory, process.stderr)
    line, _, pixels = process.stdout.partition(b"\n")
    reply = json.loads(line)
    if "error" in reply:
        raise _refusal(reply["error"], page, reply.get("pages", 0))
    spend_time(reply["seconds"])
    image = Image.frombuffer(
        "L" if reply["mode"] == "L" else "RGB",
        (reply["width"], reply["height"]),
        pixels,
        "raw",
        reply["mode"],
        reply["stride"],
        1,
    )
    return image, reply["pages"]


def _refusal(reason: str, page: int, pages: int) -> ImageError:
    if reason == "encrypted":
        return ImageError(
            "This PDF is protected by a password; expected one that opens without: print or export "
            "it without a password and try that.",
            code="damaged",
        )
    if reason == "no-such-page":
        return no_such_page("PDF", page, pages)
    return ImageError(
        "This PDF is damaged or incomplete and cannot be read; expected a whole file: save, copy "
        "or send it again.",
        code="damaged",
    )


def no_such_page(name: str, page: int, pages: int) -> ImageError:
    """Return the error for a page that a file does not have."""
    count = "no pages" if pages == 0 else "one page" if pages == 1 else f"{pages:,} pages"
    advice = "choose another file" if pages == 0 else f"choose a page from 1 to {pages}"
    if pages == 1:
        advice = "leave the page out"
    return ImageError(
        f"This {name} has {count}, so there is no page {page}: {advice}.", code="not-found"
    )


def _failure(returncode: int, seconds: int, max_memory: int, errors: bytes) -> ImageError:
    if -returncode in {signal.SIGXCPU, signal.SIGKILL}:
        return _too_slow(seconds)
    if returncode < 0 or b"MemoryError" in errors:
        return too_complex(f"has a page that cannot be drawn within {max_memory / 1e6:g} MB")
    if b"No module named 'pypdfium2'" in errors:
        return ImageError(
            "PDF files need the package pypdfium2, which is not installed: run pip install "
            "pypdfium2.",
            code="not-a-picture",
        )
    return _refusal("damaged", 1, 0)


def _too_slow(seconds: int) -> ImageError:
    return too_complex(f"has a page that cannot be drawn within {seconds} seconds")
