"""Desk: what the page asks of a Lab, and nothing more.

`digitlab.lab.Lab` fulfils it; so does any stand-in that a test puts in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from digitlab.model.prediction import Box, Prediction

Verdict = Literal["right", "wrong", "not-a-digit", "unsure"]
"""What a person may say of a prediction; "wrong" comes with the right digit."""


class Limits(Protocol):
    """The limits of a home, of which the page needs one."""

    @property
    def max_bytes(self) -> int:
        """Largest picture accepted, in bytes."""


class Receipt(Protocol):
    """The answer to a verdict."""

    @property
    def message(self) -> str:
        """What became of it, in one plain sentence."""


class Entry(Protocol):
    """A verdict as it stood in the ledger before it was undone."""

    @property
    def picture_sha256(self) -> str:
        """SHA-256 of the picture's bytes, in hex."""

    @property
    def box(self) -> Box:
        """Where the judged digit stands."""

    @property
    def verdict(self) -> str:
        """What the person had said."""

    @property
    def digit(self) -> int | None:
        """The right digit; None for "not-a-digit" and "unsure"."""

    @property
    def name(self) -> str:
        """The picture's name; may be empty."""


class Example(Protocol):
    """A picture to try."""

    @property
    def label(self) -> int:
        """The digit that it shows."""

    @property
    def name(self) -> str:
        """Its file name."""

    @property
    def data(self) -> bytes:
        """The picture's bytes."""


class Desk(Protocol):
    """The part of a Lab that the page uses."""

    @property
    def settings(self) -> Limits:
        """The home's limits."""

    @property
    def model(self) -> str:
        """The version that serves, for example "base"."""

    def predict(self, picture: bytes, /, *, name: str = "") -> Prediction:
        """Read one picture; raises ImageError for one that cannot be read."""

    def judge(
        self,
        prediction: Prediction,
        verdict: Verdict,
        /,
        *,
        digit: int | None = None,
        comment: str = "",
        contributor: str | None = None,
    ) -> Receipt:
        """Keep a verdict."""

    def undo(self, *, contributor: str | None = None) -> Entry | None:
        """Take the contributor's last verdict back; None when there is none."""

    def examples(self) -> Sequence[Example]:
        """The pictures to try."""
