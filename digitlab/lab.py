"""Lab: one open home, with the rules of predict and judge that all interfaces share."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from digitlab.correction_memory import CorrectionMemory
from digitlab.errors import DigitlabError, ImageError, NotKeptWarning, StoreError
from digitlab.images.examples import Example
from digitlab.images.examples import examples as bundled_examples
from digitlab.picture_reader import PictureSource, Reader, limits_of
from digitlab.prediction import DigitImage, Prediction
from digitlab.reading import Reading
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
from digitlab.store.database import ClosesOnExit
from digitlab.store.feedback.receipt import held_receipt, with_next_step
from digitlab.store.feedback.types import is_correction, verdict_by_label

if TYPE_CHECKING:
    from digitlab.evaluation import DataSource, Evaluation
    from digitlab.evaluation import Progress as PicturesDone
    from digitlab.learning.label_quality.screening import Screening
    from digitlab.model.network import Progress
    from digitlab.model.train_config import TrainConfig
    from digitlab.model.training import EpochDone

log = logging.getLogger(__name__)


class Lab(ClosesOnExit):
    """One open home: predict, judge, fine-tune, and look at what is stored.

    Use `digitlab.open()` to make one. A lab is a context manager; leaving the block closes the
    database.

    Args:
        settings: of the home.
        contributor: name stored with verdicts; None for this machine's user.
        screening: check each correction for label issues when it is given.
        memory: let stored corrections answer for pictures that resemble theirs.

    Attributes:
        settings: of the home.
        contributor: name stored with verdicts, unless a call names another one.
        feedback: the stored verdicts and pictures.
        models: the model versions.
        runs: the fine-tune runs.
        home_settings: settings of the home that are stored in its database, such as `review`.
        memory: the corrections that answer at once.
        warns: whether `predict` warns when nothing is kept; False where `not_kept` is shown.
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
        self.warns = True
        self._warned = False
        self._use_memory = memory
        self._use_screening = screening
        self._screen: Screening | None = None

    @property
    def champion(self) -> str:
        """Name of the version that serves."""
        return self.models.champion

    @property
    def not_kept(self) -> str:
        """Why nothing is kept at present, in a sentence; empty if the home can be written."""
        problem = self.feedback.database.check()
        return "" if problem is None else problem.sentence

    @property
    def not_kept_in_public(self) -> str:
        """Like `not_kept`, without the database's path, for visitors of a server."""
        problem = self.feedback.database.check()
        return "" if problem is None else problem.public_sentence

    @property
    def is_unread(self) -> bool:
        """Whether what is stored cannot be read, so that the model answers alone."""
        return self.feedback.database.is_unread

    def reader(
        self,
        version: str | None = None,
        *,
        threads: int = 1,
        memory: bool = False,
        contributor: str | None = None,
    ) -> Reader:
        """Return a reader of pictures with one version.

        Args:
            version: name of the version; None for the champion.
            threads: threads that LiteRT may use; more than one pays only for many digit images.
            memory: let stored corrections answer, too.
            contributor: whose held corrections count; None for the lab's contributor.

        Raises:
            ModelError: there is no such version, or it is damaged.
        """
        return Reader(
            self.models.load(version, threads=threads),
            limits=limits_of(self.settings),
            memory=self.memory if memory else None,
            contributor=contributor or self.contributor,
        )

    def predict(
        self,
        picture: PictureSource,
        *,
        name: str = "",
        page: int = 1,
        contributor: str | None = None,
    ) -> Prediction:
        """Read the digit in a picture and store one small row about the prediction.

        If a person corrected this picture or a similar one, and the version would answer
        otherwise, the stored correction answers; the prediction says so.

        A picture that clearly holds several digits is read as one, too; `Prediction.several` and
        `several_count` say so, and `predict_all` reads them.

        A home that cannot be written gives an answer, too. Then nothing is kept: the prediction
        has no `id`, and `not_kept` and a `NotKeptWarning` say why.

        Args:
            picture: a path, the bytes of a picture file, an open binary file, a Pillow image, or
                an array of pixels (H, W), (H, W, C) or (C, H, W) with values from 0 to 255, 0 to
                1 or -1 to 1; of either polarity.
            name: name of the picture; the file name if `picture` is a path.
            page: number of the page to read of a TIFF or PDF, from 1.
            contributor: who asks: their own corrections count also while they wait for review;
                None for the lab's contributor.

        Raises:
            ImageError: the picture cannot be read; its `code` says why.
        """
        reader = self.reader(memory=self._use_memory, contributor=contributor)
        return self._record((reader.read(picture, name=name, page=page),))[0]

    def predict_many(
        self,
        pictures: Iterable[PictureSource],
        *,
        page: int = 1,
        digit_images: bool = False,
        contributor: str | None = None,
    ) -> Iterator[Prediction | ImageError]:
        """Read the digit in each of many pictures and store one small row for each.

        Ready digit images (28x28, in MNIST's form) are read and stored several at once: more than
        a thousand a second. The results are those of `predict`, except that predictions of digit
        images have no `preview`: their `digit_image` shows them.

        Args:
            pictures: each as for `predict`; read when they are needed, so that a generator may
                give them.
            page: as for `predict`.
            digit_images: take every picture of 28x28 pixels as a ready digit image, of either
                polarity, also if MNIST would have centred or fitted it otherwise.
            contributor: as for `predict`.

        Yields:
            One result for each picture, in their order; an `ImageError`, which is not raised,
            for one that cannot be read.
        """
        reader = self.reader(memory=self._use_memory, contributor=contributor)
        for results in reader.read_many(pictures, page=page, digit_images=digit_images):
            predictions = tuple(one for one in results if isinstance(one, Prediction))
            stored = iter(self._record(predictions) if predictions else ())
            for result in results:
                yield next(stored) if isinstance(result, Prediction) else result

    def predict_all(
        self,
        picture: PictureSource,
        *,
        name: str = "",
        page: int = 1,
        contributor: str | None = None,
    ) -> Reading:
        """Read all digits in a picture, in reading order, and store one small row for each.

        Rows are read from top to bottom, and each row from left to right. Each digit has its own
        box and its own verdict.

        Args:
            picture: as for `predict`.
            name: as for `predict`.
            page: as for `predict`.
            contributor: as for `predict`.

        Returns:
            One prediction for each digit, with the rows and their text, such as "27.48"; empty
            if the picture holds no ink.

        Raises:
            ImageError: the picture cannot be read; its `code` says why.
        """
        reader = self.reader(memory=self._use_memory, contributor=contributor)
        reading = reader.read_all(picture, name=name, page=page)
        return reading.replaced(self._record(tuple(reading)))

    def judge(
        self,
        prediction: Prediction,
        verdict: Verdict,
        *,
        label: int | None = None,
        comment: str = "",
        contributor: str | None = None,
    ) -> Receipt:
        """Store a person's verdict on a prediction.

        A correction that contradicts other feedback is held for review, and its receipt says
        so. Nothing is lost.

        Args:
            prediction: from `predict` or `predict_all`.
            verdict: "right", "wrong", "not-a-digit" or "unsure".
            label: the true digit, 0-9, with "wrong".
            comment: stored with the verdict.
            contributor: who judges; None for the lab's contributor.

        Raises:
            FeedbackError: the verdict contradicts itself, for example "wrong" with the digit
                that was predicted.
        """
        receipt = self.feedback.add(
            prediction,
            verdict,
            label=label,
            comment=comment,
            contributor=contributor or self.contributor,
        )
        receipt = self._hold_label_issue(receipt)
        if receipt.added and is_correction(verdict, remembered=prediction.remembered):
            return with_next_step(receipt, among=self._never_learned_among(prediction))
        return receipt

    def correct(self, prediction: Prediction, label: int, *, comment: str = "") -> Receipt:
        """Store the true digit of a prediction; the predicted digit counts as a confirmation."""
        verdict = verdict_by_label(label, predicted=prediction.digit, refused=prediction.refused)
        return self.judge(prediction, verdict, label=label, comment=comment)

    def confirm(self, prediction: Prediction, *, comment: str = "") -> Receipt:
        """Record the prediction as correct."""
        return self.judge(prediction, "right", comment=comment)

    def confirm_all(
        self, predictions: Iterable[Prediction], *, contributor: str | None = None
    ) -> tuple[Receipt, ...]:
        """Record all predictions as correct, or none if one cannot be stored.

        One transaction, so quicker than one by one. `predictions` is consumed one at a time.
        """
        return self.feedback.add_all(
            predictions, "right", contributor=contributor or self.contributor
        )

    def undo(
        self, *, contributor: str | None = None, verdict_id: int | None = None
    ) -> Entry | None:
        """Take back a verdict.

        Args:
            contributor: whose verdict; None for the lab's contributor.
            verdict_id: number on the receipt; None for the last verdict in force.

        Returns:
            The verdict that was taken back; None if there was none.

        Raises:
            FeedbackError: the verdict is another contributor's, or no longer in force.
        """
        return self.feedback.undo(contributor or self.contributor, verdict_id=verdict_id)

    def undo_all(self, ids: Iterable[int], *, contributor: str | None = None) -> list[Entry]:
        """Take back those of the verdicts that are the contributor's and still in force."""
        return self.feedback.undo_all(contributor or self.contributor, ids)

    def reconsider(
        self, predictions: Sequence[Prediction], *, contributor: str | None = None
    ) -> list[Prediction]:
        """Re-predict earlier predictions with the champion and today's corrections.

        Stores nothing.

        Args:
            predictions: from `predict` or `predict_all`.
            contributor: who asks; None for the lab's contributor.

        Returns:
            In the same order; the same object where digit and refusal did not change.
        """
        reader = self.reader(memory=self._use_memory, contributor=contributor)
        return reader.reconsider(predictions)

    def screen(self) -> dict[int, str]:
        """Check all accepted verdicts for label issues and hold those that have one.

        Returns:
            The reason for each verdict held by this call, by its number.
        """
        return self._screener().hold_label_issues(self.feedback.accepted())

    def evaluate(
        self,
        data: DataSource,
        *,
        version: str | None = None,
        memory: bool = False,
        threads: int = 2,
        progress: PicturesDone | None = None,
    ) -> Evaluation:
        """Read every digit of a labelled data set and count the correct predictions.

        Stores nothing.

        Args:
            data: "mnist:test" or "mnist:validation"; path of a labelled folder, a zip file of
                pictures, a CSV, NPZ or IDX file; a pair of pictures and labels, as arrays or
                lists; or a DataFrame. `evaluation.evaluate` gives their shapes.
            version: name of the version; None for the champion.
            memory: let stored corrections answer, too.
            threads: threads that LiteRT may use.
            progress: called now and then with the number of pictures done and the total.

        Raises:
            DataError: `data` is none of these, or is damaged.
        """
        from digitlab.evaluation import evaluate  # a page's process never evaluates

        reader = self.reader(version, threads=threads, memory=memory)
        return evaluate(data, reader, progress=progress)

    def fine_tune(
        self,
        *,
        wait: bool = True,
        trigger: str = "notebook",
        by: str | None = None,
        evaluate_on: str | None = None,
        seed: int | None = None,
        steps: int | None = None,
        learning_rate: float | None = None,
        examples: int | None = None,
        replay: int | None = None,
        rotation: float | None = None,
        shear: float | None = None,
        scale: float | None = None,
        shift: float | None = None,
        elastic: float | None = None,
        worn: float | None = None,
        alphas: Sequence[float] | None = None,
        check_from: int | None = None,
        check_share: float | None = None,
        largest_share: float | None = None,
        threads: int | None = None,
    ) -> Run:
        """Learn from the accepted corrections in another process.

        The new version serves only if the gate finds it better than the champion. A run takes
        about 20 seconds. Nothing starts when there is nothing new to learn.

        Args:
            wait: return when the run is over; False to return at once and look at `runs`.
            trigger: what starts the run: "notebook", "page", "cli" or "schedule".
            by: person stored with the run; None for the lab's contributor.
            evaluate_on: a data set to report on as well, as in `evaluate`.
            seed: this and all further arguments are the fields of
                `digitlab.FineTuneConfig`, which documents them; None for the default.
            steps: see `seed`.
            learning_rate: see `seed`.
            examples: see `seed`.
            replay: see `seed`.
            rotation: see `seed`.
            shear: see `seed`.
            scale: see `seed`.
            shift: see `seed`.
            elastic: see `seed`.
            worn: see `seed`.
            alphas: see `seed`.
            check_from: see `seed`.
            check_share: see `seed`.
            largest_share: see `seed`.
            threads: see `seed`.

        Raises:
            ParameterError: a parameter is of the wrong type or out of range.
        """
        from digitlab.jobs import start  # loads papermill, which only a fine-tune needs

        parameters: dict[str, Any] = {
            "evaluate_on": evaluate_on,
            "seed": seed,
            "steps": steps,
            "learning_rate": learning_rate,
            "examples": examples,
            "replay": replay,
            "rotation": rotation,
            "shear": shear,
            "scale": scale,
            "shift": shift,
            "elastic": elastic,
            "worn": worn,
            "alphas": None if alphas is None else list(alphas),
            "check_from": check_from,
            "check_share": check_share,
            "largest_share": largest_share,
            "threads": threads,
        }
        return start(
            self.settings,
            parameters={name: value for name, value in parameters.items() if value is not None},
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

        The photographed digits are made first; then an epoch takes about a minute on two cores.
        After an interruption the same call continues from the last whole epoch.

        Args:
            config: parameters of the training.
            progress: called after each step with the step, the steps of the epoch and the mean
                loss.
            epoch_done: called after each epoch with its row of the history.

        Returns:
            The new version's name. It does not serve until a person promotes it.

        Raises:
            ModelError: the same training already runs in this home, or a teacher is missing.
        """
        from digitlab.model.training import train_base  # loads TensorFlow when it trains

        teachers = {version: self.models.load(version, threads=2) for version in config.teachers}
        with self.models.folders.work_folder(config.hash) as work:
            folder = train_base(
                config, work=work, teachers=teachers, progress=progress, epoch_done=epoch_done
            )
            return self.models.folders.register(folder)

    def examples(self) -> list[Example]:
        """Return the example pictures that ship with digitlab."""
        return bundled_examples()

    def digit_images(self, verdict_ids: Iterable[int]) -> dict[int, tuple[DigitImage, int | None]]:
        """Return digit image and true digit of verdicts in force; None for "not a digit"."""
        return self.feedback.digit_images(verdict_ids)

    def close(self) -> None:
        """Close the database."""
        self.feedback.close()

    def __repr__(self) -> str:
        return f"<Lab {self.settings.home} ({self.settings.home_source}), model {self.champion}>"

    def _record(self, predictions: tuple[Prediction, ...]) -> tuple[Prediction, ...]:
        """Store the rows of predictions; without the rows' numbers if that fails."""
        try:
            ids = self.feedback.record_all(predictions)
        except StoreError as error:
            if error.code == "other":
                raise
            self._warn()
            return predictions
        self._warned = False
        return tuple(
            dataclasses.replace(prediction, id=id_)
            for prediction, id_ in zip(predictions, ids, strict=True)
        )

    def _warn(self) -> None:
        """Warn once that nothing is kept, until something could be kept again."""
        if self.warns and not self._warned:
            warnings.warn(self.not_kept, NotKeptWarning, stacklevel=4)
        self._warned = True

    def _hold_label_issue(self, receipt: Receipt) -> Receipt:
        """Hold a new correction if it has a label issue; return the receipt that says so."""
        if not self._use_screening or not receipt.added or receipt.state != "accepted":
            return receipt
        entry = self.feedback.get(receipt.id)
        if not entry.is_correction:
            return receipt
        try:
            reason = self._screener().check(entry)
        except DigitlabError:  # the verdict is stored, and the next run screens it again
            log.exception("verdict %s could not be screened", entry.id)
            return receipt
        if reason is None:
            return receipt
        return held_receipt(receipt, reason)

    def _never_learned_among(self, prediction: Prediction) -> str | None:
        """Return the evaluation images among which a digit image is; None for others."""
        # Loaded at the first correction, as in `_screener`.
        from digitlab.learning.data.examples import evaluation_image

        digit_sha256 = hashlib.sha256(prediction.digit_image.tobytes()).hexdigest()
        return evaluation_image(digit_sha256, self.settings.cache)

    def _screener(self) -> Screening:
        # Loaded at the first correction: a page that only reads never needs it.
        from digitlab.learning.label_quality.screening import Screening

        if self._screen is None or self._screen.base != self.models.base:
            self._screen = Screening.for_home(self.feedback, self.models, cache=self.settings.cache)
        return self._screen
