"""The example pictures that ship with digitlab: MNIST digits on synthetic paper."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Example:
    """A picture to try digitlab with.

    Attributes:
        name: file name.
        label: the digit that was written, 0-9.
        data: bytes of the picture file.
    """

    name: str
    label: int
    data: bytes


def examples() -> list[Example]:
    """Return all example pictures, in the order in which a page shows them.

    `scripts/build_examples.py` makes the pictures and their list, `examples.json`.
    """
    folder = files("digitlab.images") / "examples"
    rows = json.loads((folder / "examples.json").read_text(encoding="utf-8"))
    return [Example(row["file"], row["label"], (folder / row["file"]).read_bytes()) for row in rows]
