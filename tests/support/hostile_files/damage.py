"""Seeded damage of files: cut ends and changed bytes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

CUTS = (0.03, 0.3, 0.6, 0.9, 0.98)
"""Shares of a file that stay when its end is cut."""


def damaged(name: str, data: bytes, *, flips: int = 4) -> Iterator[tuple[str, bytes]]:
    """Yield copies of a file with its end cut, and copies with changed bytes.

    Args:
        name: name of the file with its suffix.
        data: the whole file.
        flips: number of copies with changed bytes; each changes 1, 4, 16 and so on.

    Yields:
        The name of the copy and its bytes.
    """
    stem, _, suffix = name.partition(".")
    for cut in CUTS:
        yield f"{stem}-cut-{round(100 * cut)}.{suffix}", data[: int(len(data) * cut)]
    rng = np.random.default_rng([*name.encode()])
    for number in range(flips):
        changed = np.frombuffer(data, np.uint8).copy()
        places = rng.integers(0, len(changed), 4**number)
        changed[places] = rng.integers(0, 256, len(places))
        yield f"{stem}-changed-{number}.{suffix}", changed.tobytes()
