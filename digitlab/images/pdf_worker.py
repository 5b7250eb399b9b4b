"""Render one page of a PDF file; runs alone in a process with limits of time and memory.

The process reads the file from standard input and writes one line of JSON and the pixels to
standard output. It imports nothing of digitlab, so that it starts quickly.
"""

from __future__ import annotations

import json
import sys
import time


def main() -> None:
    """Render the page that the arguments name: page, longest side, dpi, CPU seconds, bytes."""
    page_number, max_side, dpi, seconds, memory = (int(argument) for argument in sys.argv[1:])
    _limit_process(seconds, memory)
    import pypdfium2  # after the limits: the library is part of the memory

    output = sys.stdout.buffer
    try:
        document = pypdfium2.PdfDocument(sys.stdin.buffer.read())
    except pypdfium2.PdfiumError as error:
        is_locked = "password" in str(error).lower() or "security" in str(error).lower()
        output.write(_line(error="encrypted" if is_locked else "damaged"))
        return
    pages = len(document)
    if not 1 <= page_number <= pages:
        output.write(_line(error="no-such-page", pages=pages))
        return
    try:
        page = document[page_number - 1]
        longest = max(page.get_size())
        if not 0 < longest < float("inf"):
            raise pypdfium2.PdfiumError("the page has no size")
        # PDFium rounds the size up; sizes in a file are rounded to float32.
        scale = min(dpi / 72, max_side / longest) * (1 - 1e-5)
        bitmap = page.render(scale=scale, may_draw_forms=False)
    except pypdfium2.PdfiumError:
        output.write(_line(error="damaged", pages=pages))
        return
    header = _line(
        pages=pages,
        mode=bitmap.mode,
        width=bitmap.width,
        height=bitmap.height,
        stride=bitmap.stride,
        seconds=time.process_time(),
    )
    output.write(header)
    output.write(bytes(bitmap.buffer))


def _line(**values: str | float) -> bytes:
    return json.dumps(values).encode() + b"\n"


def _limit_process(seconds: int, memory: int) -> None:
    """Let the operating system end this process above its CPU seconds and bytes of memory."""
    try:
        import resource  # POSIX only; elsewhere the parent's time limit remains
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


if __name__ == "__main__":
    main()
