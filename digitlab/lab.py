"""Lab: one home opened; the rules of predict and judge that notebooks, pages and CLI share."""

from __future__ import annotations

import dataclasses
import logging
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from digitlab.correction_memory import CorrectionMemory
from digitlab.errors import DigitlabError
from digitlab.images.examples import Example
from digitlab.images.examples import examples as bundled_examples
from digitlab.picture_reader import PictureSource, Reader, limits_of
from digitlab.prediction import DigitImage, Prediction
from digitlab.settings import Settings, default_contributor
from digitlab.store import (
    Entry,
    FeedbackStore,
    HomeSettings,
    ModelRegistry,
    Receipt,
    Run,
    RunLog,
    Verdict,
)
from digitlab.store.closing import Closing

if TYPE_CHECKING:
    from digitlab.learning.label_quality.screening import Screen
    from digitlab.model.config import TrainConfig
    from digitlab.model.network import Progress
    from digitlab.model.training import EpochDone
    from digitlab.widgets import Page

log = logging.getLogger(__name__)


class Lab(Closing):
    """A home at work: predict, say what was right or wrong, look at what was kept.

    Use `digitlab.open()` to make one. It is a context manager; leaving it closes the
    database.

    Attributes:
        settings: of the home.
        contributor: who judges, unless a call says otherwise.
        feedback: the ledger of verdicts.
        models: the model versions.
        runs: the fine-tunes of this home.
        home_settings: what the home is set to, for example `review`.
        memory: corrections that answer at once.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        contributor: str | None = None,
        screening: bool = True,
        memory: bool = True,
    ) -> None:
        self.settings = settings
        self.contributor = contributor or default_contributor()
        self.feedback = FeedbackStore.open(settings)
        self.models = ModelRegistry(settings, self.feedback.database)
        self.runs = RunLog(self.feedback.database)
        self.home_settings = HomeSettings(self.feedback.database)
        self.memory = CorrectionMemory(self.feedback, cache=settings.cache)
        self._remembers = memory
        self._screening = screening
        self._screen: Screen | None = None

    @property
    def champion(self) -> str:
        """The version that serves."""
        return self.models.champion

    def reader(
        self,
        version: str | None = None,
        *,
        threads: int = 1,
        memory: bool = False,
        contributor: str | None = None,
    ) -> Reader:
        """The way of reading pictures with one version.

        Args:
            version: its name; None for the one that serves.
            threads: that it may use; more than one pays only for many digit images.
            memory: whether remembered corrections answer too.
            contributor: who asks; None for the lab's own.
        """
        return Reader(
            self.models.load(version, threads=threads),
            limits=limits_of(self.settings),
            memory=self.memory if memory else None,
            contributor=contributor or self.contributor,
        )

    def predict(
        self, picture: PictureSource, *, name: str = "", contributor: str | None = None
    ) -> Prediction:
        """The digit in a picture; one small row of it is kept in the store.

        A picture that was corrected, or one like it, is answered by that correction where the
        version would answer otherwise; the prediction says so.

        Args:
            picture: a path, the bytes of a picture file, or a uint8 array of pixels
                (H, W), (H, W, 3) or (H, W, 4), of either polarity.
            name: what to call the picture; the file's name when a path is given.
            contributor: who asks: their own corrections count also while they wait for review;
                None for the lab's own.

        Raises:
            ImageError: the picture cannot be read; its `code` says why.
        """
        reader = self.reader(memory=self._remembers, contributor=contributor)
        prediction = reader.read(picture, name=name)
        return dataclasses.replace(prediction, id=self.feedback.record(prediction))

    def predict_all(
        self, picture: PictureSource, *, name: str = "", contributor: str | None = None
    ) -> tuple[Prediction, ...]:
        """All digits in a picture, in reading order; one small row of each is kept.

        Rows are read from the top, each from the left. Every digit has its own box and is
        judged by itself.

        Args:
            picture: as for `predict`.
            name: as for `predict`.
            contributor: as for `predict`.

        Returns:
            Empty when the picture holds no ink.

        Raises:
            ImageError: the picture cannot be read; its `code` says why.
        """
        reader = self.reader(memory=self._remembers, contributor=contributor)
        read = reader.read_all(picture, name=name)
        numbers = self.feedback.record_all(read)
        return tuple(
            dataclasses.replace(prediction, id=number)
            for prediction, number in zip(read, numbers, strict=True)
        )

    def judge(
        self,
        prediction: Prediction,
        verdict: Verdict,
        *,
        label: int | None = None,
        comment: str = "",
        contributor: str | None = None,
    ) -> Receipt:
        """Keep what a person said of a prediction.

        A correction that other feedback contradicts is held for review, and its receipt says
        so; nothing is lost.

        Args:
            prediction: as `predict` returned it.
            verdict: "right", "wrong", "not-a-digit" or "unsure".
            label: the right digit, with "wrong".
            comment: kept with the verdict.
            contributor: who says so; None for the lab's own.

        Raises:
            FeedbackError: the verdict contradicts itself, for example "wrong" with the
                digit that was predicted.
        """
        receipt = self.feedback.add(
            prediction,
            verdict,
            label=label,
            comment=comment,
            contributor=contributor or self.contributor,
        )
        receipt = self._screened(receipt)
        if receipt.added and verdict in {"wrong", "not-a-digit"}:
            return dataclasses.replace(receipt, message=foretold(receipt))
        return receipt

    def confirm_all(
        self, predictions: Iterable[Prediction], *, contributor: str | None = None
    ) -> tuple[Receipt, ...]:
        """Keep that all these predictions were right, or none of them where one cannot be kept.

        Quicker than one by one; `predictions` are asked for one at a time.
        """
        return self.feedback.add_all(
            predictions, "right", contributor=contributor or self.contributor
        )

    def undo_all(self, ids: Iterable[int], *, contributor: str | None = None) -> list[Entry]:
        """Take back those of the verdicts `ids` that are the contributor's and still in force."""
        return self.feedback.undo_all(contributor or self.contributor, ids)

    def correct(self, prediction: Prediction, label: int, *, comment: str = "") -> Receipt:
        """Keep that `digit` would have been right; the predicted digit counts as confirmed."""
        if label == prediction.digit and not prediction.refused:
            return self.confirm(prediction, comment=comment)
        return self.judge(prediction, "wrong", label=label, comment=comment)

    def confirm(self, prediction: Prediction, *, comment: str = "") -> Receipt:
        """Keep that the prediction was right."""
        return self.judge(prediction, "right", comment=comment)

    def reconsider(
        self, predictions: Sequence[Prediction], *, contributor: str | None = None
    ) -> list[Prediction]:
        """Predictions of earlier, as they would be answered now; nothing of it is kept.

        Args:
            predictions: as `predict` returned them.
            contributor: who asks; None for the lab's own.

        Returns:
            In the same order; the same object where label and refusal are as they were.
        """
        reader = self.reader(memory=self._remembers, contributor=contributor)
        return reader.reconsider(predictions)

    def undo(
        self, *, contributor: str | None = None, verdict_id: int | None = None
    ) -> Entry | None:
        """Take back a verdict.

        Args:
            contributor: whose; None for the lab's own.
            verdict_id: which one, as its receipt says; None for the last one in force.

        Returns:
            The verdict taken back; None when there was none left.

        Raises:
            FeedbackError: that verdict is somebody else's, or no longer in force.
        """
        return self.feedback.undo(contributor or self.contributor, verdict_id=verdict_id)

    def screen(self) -> dict[int, str]:
        """Hold the accepted verdicts that look wrong; each correction is screened as it comes.

        Returns:
            The reasons of those held now, by number.
        """
        return self._screener().hold(self.feedback.accepted())

    def fine_tune(
        self,
        *,
        wait: bool = True,
        trigger: str = "notebook",
        by: str | None = None,
        **parameters: Any,
    ) -> Run:
        """Learn from the accepted corrections, in a process of its own.

        The new version takes the place of the serving one only if the gate finds it better;
        about half a minute. Nothing is started when there is nothing new.

        Args:
            wait: return with the verdict; False to return at once and look at `runs`.
            trigger: who asks: "notebook", "page", "cli" or "schedule".
            by: the person, for the record; None for the lab's own contributor.
            **parameters: fields of `digitlab.learning.FineTuneConfig`, and `evaluate_on`.

        Raises:
            ParameterError: a parameter is unknown, of another type or out of range.
        """
        from digitlab.jobs import start  # processes and papermill: only who fine-tunes

        return start(
            self.settings,
            parameters=parameters,
            trigger=trigger,
            by=by or self.contributor,
            wait=wait,
        )

    def train(
        self,
        config: TrainConfig,
        *,
        progress: Progress | None = None,
        epoch_done: EpochDone | None = None,
    ) -> str:
        """Train a network from scratch and register it as a base candidate.

        The photographed digits are made first; then about a minute an epoch on two cores.
        After an interruption the same call goes on from the last whole epoch.

        Args:
            config: the training's parameters.
            progress: called after each step with step, steps of the epoch, mean loss.
            epoch_done: called after each epoch with its row of the history.

        Returns:
            The new version's name. It serves nobody before somebody promotes it.

        Raises:
            ModelError: the same training runs already in this home.
        """
        from digitlab.model.training import train_base  # tensorflow, when it really trains

        with self.models.work_folder(config.hash) as work:
            folder = train_base(config, work=work, progress=progress, epoch_done=epoch_done)
            return self.models.adopt(folder)

    def _screened(self, receipt: Receipt) -> Receipt:
        """The receipt, its correction held if it is suspicious."""
        if not self._screening or not receipt.added or receipt.state != "accepted":
            return receipt
        entry = self.feedback.get(receipt.id)
        if not entry.is_correction:
            return receipt
        try:
            why = self._screener().hold_one(entry)
        except DigitlabError:  # the verdict is kept, and a run screens it again
            log.exception("verdict %s could not be screened", entry.id)
            return receipt
        if why is None:
            return receipt
        message = f"{receipt.message.removesuffix('.')}; it waits for review: {why}"
        return dataclasses.replace(receipt, state="held", message=message)

    def _screener(self) -> Screen:
        from digitlab.learning.label_quality.screening import (
            Screen,  # a page that only reads needs none of it
        )

        if self._screen is None or self._screen.base != self.models.base:
            self._screen = Screen.of(self.feedback, self.models, cache=self.settings.cache)
        return self._screen

    def examples(self) -> list[Example]:
        """The pictures that ship with digitlab to try it with."""
        return bundled_examples()

    def digit_images(self, verdict_ids: Iterable[int]) -> dict[int, tuple[DigitImage, int | None]]:
        """The digit images of verdicts in force with their right digits, None for no digit."""
        return self.feedback.digit_images(verdict_ids)

    def page(self) -> Page:
        """The reading page as a widget, for Voilà, JupyterLab or VS Code."""
        from digitlab.widgets import Page  # ipywidgets, which a command line does not need

        self.reader().read(np.zeros((28, 28), np.uint8))  # loads all that the first picture needs
        return Page(self)

    def close(self) -> None:
        """Close the database."""
        self.feedback.close()

    def __repr__(self) -> str:
        return f"<Lab {self.settings.home} ({self.settings.home_source}), model {self.champion}>"


def foretold(receipt: Receipt) -> str:
    """What a correction's receipt says, and what happens now."""
    happens = {
        "accepted": "It is remembered from now on, and learned at the next fine-tune.",
        "held": "Until then it is remembered for you alone.",
    }.get(receipt.state, "")
    return f"{receipt.message} {happens}".strip()


def open_lab(home: str | os.PathLike[str] | None = None, **options: Any) -> Lab:
    """Open a home; what `digitlab.open` is.

    Args:
        home: the folder; None for DIGITLAB_HOME, else the checkout, else the user's data
            directory. It is made when it does not exist.
        **options: `contributor`: who judges; `screening`: False to leave out the look for
            suspicious corrections as they come, for whoever brings in many and calls
            `screen()` afterwards; `memory`: False to let the version answer alone.

    Raises:
        StoreError: the home cannot be opened or written.
    """
    return Lab(Settings.load(home), **options)
