"""Desk: what the page asks of a Lab, and nothing more.

`digitlab.lab.Lab` fulfils it; so does any stand-in that a test puts in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from digitlab.images.examples import Example
from digitlab.prediction import DigitImage, Prediction
from digitlab.settings import Settings
from digitlab.store import Entry, Receipt, Run, RunLog, Verdict


class Desk(Protocol):
    """The part of a Lab that the page uses."""

    @property
    def settings(self) -> Settings:
        """The home and its limits."""

    @property
    def champion(self) -> str:
        """The version that serves, for example "base"."""

    @property
    def runs(self) -> RunLog:
        """The fine-tunes of the home."""

    def predict(
        self, picture: bytes, /, *, name: str = "", contributor: str | None = None
    ) -> Prediction:
        """Read one picture; raises ImageError for one that cannot be read."""

    def predict_all(
        self, picture: bytes, /, *, name: str = "", contributor: str | None = None
    ) -> tuple[Prediction, ...]:
        """Read all digits of a picture, in reading order; empty when there is no ink."""

    def judge(
        self,
        prediction: Prediction,
        verdict: Verdict,
        /,
        *,
        label: int | None = None,
        comment: str = "",
        contributor: str | None = None,
    ) -> Receipt:
        """Keep a verdict."""

    def confirm_all(
        self, predictions: Iterable[Prediction], /, *, contributor: str | None = None
    ) -> Sequence[Receipt]:
        """Keep "right" of all these predictions; of none when one cannot be kept."""

    def reconsider(
        self, predictions: Sequence[Prediction], /, *, contributor: str | None = None
    ) -> Sequence[Prediction]:
        """What earlier predictions would be now; the same object where nothing changes."""

    def undo(
        self, *, contributor: str | None = None, verdict_id: int | None = None
    ) -> Entry | None:
        """Take back verdict `verdict_id`; FeedbackError when it is no longer in force."""

    def undo_all(self, ids: Iterable[int], /, *, contributor: str | None = None) -> Sequence[Entry]:
        """Take back those of the verdicts `ids` that are still in force; return them."""

    def fine_tune(self, *, wait: bool, trigger: str, by: str | None) -> Run:
        """Begin a fine-tune; not `wait`: return at once, `runs` tells how it goes on."""

    def examples(self) -> Sequence[Example]:
        """The pictures to try."""

    def digit_images(
        self, verdict_ids: Iterable[int], /
    ) -> dict[int, tuple[DigitImage, int | None]]:
        """The digit images of verdicts in force with their right digits, None for no digit."""
