"""The example pictures that ship with digitlab: MNIST digits on synthetic paper."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Example:
    """A picture to try digitlab with.

    Attributes:
        name: its file name.
        label: the digit that was written, 0-9.
        data: the bytes of the picture file.
    """

    name: str
    label: int
    data: bytes


def examples() -> list[Example]:
    """All example pictures, in the order in which a page shows them.

    `scripts/make_examples.py` made them, with `examples.json` beside them.
    """
    folder = files("digitlab.images") / "examples"
    listed = json.loads((folder / "examples.json").read_text(encoding="utf-8"))
    return [
        Example(row["file"], row["label"], (folder / row["file"]).read_bytes()) for row in listed
    ]
