"""Session: the state of one visit to the page, as traits that the views show."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import traitlets

from digitlab.errors import FeedbackError
from digitlab.images.examples import Example
from digitlab.prediction import Prediction
from digitlab.reading import Reading
from digitlab.store import Receipt, Verdict
from digitlab.store.feedback.types import is_correction, verdict_by_label
from digitlab.widgets.state import bulk_confirm, reread
from digitlab.widgets.state.error_guard import ErrorGuard
from digitlab.widgets.state.picture_spool import EMPTY_SLOT, PictureSpool, Slot
from digitlab.widgets.state.visit_items import (
    ItemVerdict,
    VisitItem,
    VisitItems,
    add_verdict,
    picture_items,
    remove_verdicts,
    tidy_name,
)

if TYPE_CHECKING:
    from digitlab.lab import Lab

MAX_ITEMS: Final = 300
"""Largest number of digits in one visit; it bounds the kernel's memory."""

VISIT_FULL: Final = f"A visit holds {MAX_ITEMS} digits; reload the page for more."

MAX_CONTRIBUTOR_LENGTH: Final = 60
"""Longest name of a contributor, in characters."""


NO_PICTURE: Final = "There is no picture here to judge; show one first."

NO_DIGIT: Final = "I saw no digit there; say which one it is."

NOTHING_TO_UNDO: Final = "There is nothing to undo in this visit."

STEP_ADDED_NOTHING: Final = "The last verdict had added nothing, so there is nothing to take back."

CHANGED_ELSEWHERE: Final = "Another visit has changed this verdict; it stays as it is there."

JUDGED: Final = "It has a verdict by now; undo that first."

NO_DIGITS: Final = "I see no digits there."

NO_VERDICT: Final = "A comment is saved with a verdict, and this digit has none."

BulkChoice = tuple[int, int, str]
"""An item that a click confirms: its id, the revision that the person saw, and its comment."""


class Session(ErrorGuard):
    """The state of one visit.

    The browser decides which item is in view. Every verdict names its item, and the prediction
    that the person saw by its revision.

    Attributes:
        visit_id: identifies the visit in the browser, where its views share one state.
        items: digits of this visit, oldest first; replaced as a whole, never changed in place.
        arrived_id: id of the first readable item of the last batch; -1 when there is none. The
            browser brings it into view.
        notice: effect of the last verdict or undo, or the version that now reads, in a sentence.
        model: name of the version that answered last or that answers next.
        several_digits: whether every digit of a picture is read.
        contributor: name of the person who judges; empty until the browser has sent it.
        not_kept: why nothing can be stored at present, in a sentence; empty if it can.
    """

    items: traitlets.Instance[VisitItems] = traitlets.Instance(tuple, ())
    arrived_id = traitlets.Int(-1)
    notice = traitlets.Unicode()
    model = traitlets.Unicode()
    several_digits = traitlets.Bool(False)
    contributor = traitlets.Unicode()
    not_kept = traitlets.Unicode()

    def __init__(
        self, lab: Lab, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        super().__init__()
        self._lab = lab
        self._now = now
        self._spool = PictureSpool()
        self._unreadable_in_batch = 0
        self._batch_arrived = False
        self.visit_id = uuid.uuid4().hex
        self.max_bytes = lab.settings.max_upload_bytes
        self.private_folders = (str(lab.settings.home),)
        lab.warns = False  # the page says it
        self.examples: Sequence[Example] = ()
        with self.guard():
            self.model = lab.champion
            self.examples = tuple(lab.examples())
            self.not_kept = lab.not_kept_in_public

    def prediction(self, item: VisitItem, revision: int | None = None) -> Prediction | None:
        """Return a prediction of an item with its picture and preview from the spool.

        Args:
            item: the item.
            revision: number of the prediction; None for the current one.
        """
        prediction = item.seen(revision)
        if prediction is None:
            return None
        return dataclasses.replace(
            prediction,
            picture=self._spool.get(item.picture),
            preview=self._spool.get(item.preview),
        )

    def open(self, name: str, data: bytes, *, first_of_batch: bool = True) -> None:
        """Read a picture and add its digit, or its digits, to the visit.

        A picture that cannot be read becomes an item with an error. With `several_digits`,
        every digit of a picture becomes an item; a picture without ink becomes one item.

        Args:
            name: name of the file as the browser gave it.
            data: the picture's bytes.
            first_of_batch: True for the first picture of a batch. The first readable picture
                of a batch comes into view. Errors stay until the next batch.
        """
        self._begin_batch(first_of_batch)
        name = tidy_name(name)
        with self.guard(lambda reason: self.add_unreadable(name, reason, first_of_batch=False)):
            free = MAX_ITEMS - len(self.items)
            if free <= 0:
                self.error = VISIT_FULL
                return
            predictions = self._predict(name, data)
            self._add_digits(
                name,
                predictions,
                picture=self._spool.put(predictions[0].picture),
                preview=self._spool.put(predictions[0].preview),
            )

    def read_all_digits(self, item_id: int) -> None:
        """Read all digits of a picture that was read as one; they take the item's place.

        The item keeps its id without a prediction, so that the ids of other items stay. Its
        digits are added at the end of the visit, and the first one comes into view.

        Args:
            item_id: id of an item without a verdict.

        Raises:
            FeedbackError: the item has a verdict or no picture, or the visit is full.
            ImageError: the picture cannot be read.
        """
        item = self.items[item_id]
        if item.prediction is None:
            raise FeedbackError(NO_PICTURE)
        if item.verdicts:
            raise FeedbackError(JUDGED)
        if len(self.items) >= MAX_ITEMS:
            raise FeedbackError(VISIT_FULL)
        part = item.prediction.part
        name = item.name.removesuffix(f", {part}") if part else item.name
        reading = self._lab.predict_all(
            self._spool.get(item.picture), name=name, contributor=self.contributor or None
        )
        if not reading:
            raise FeedbackError(NO_DIGITS)
        self._begin_batch(first_of_batch=True)
        self._add_digits(
            name, reading, picture=item.picture, preview=item.preview, replaced_id=item.id
        )
        count = len(reading)
        self.notice = f"{name}: read as {count} digit{'' if count == 1 else 's'}."

    def open_example(self, number: int) -> None:
        """Read one of the example pictures."""
        with self.guard():
            example = self.examples[number]
            self.open(example.name, example.data)

    def add_unreadable(self, name: str, reason: str, *, first_of_batch: bool = True) -> None:
        """Add a picture that cannot be read, with the reason in a sentence."""
        self._begin_batch(first_of_batch)
        name = tidy_name(name)
        if len(self.items) < MAX_ITEMS:
            self._add(VisitItem(id=len(self.items), name=name, error=reason))
        self._unreadable_in_batch += 1
        self.error = (
            f"{name}: {reason}"
            if self._unreadable_in_batch == 1
            else f"{self._unreadable_in_batch} pictures could not be read; "
            "choose one below to see why."
        )

    def set_model(self, model: str) -> None:
        """Set the version that answers; a notice names it when it is another one than before."""
        if model != self.model:
            self.model = model
            self.notice = f"The page now reads with {model}."

    def set_several_digits(self, on: bool) -> None:
        """Set whether every digit of the next pictures is read."""
        self.several_digits = on

    def judge(
        self,
        verdict: Verdict,
        label: int | None = None,
        comment: str = "",
        *,
        item_id: int,
        revision: int | None = None,
        step: str = "",
    ) -> Receipt:
        """Store a verdict on an item.

        Args:
            verdict: "right", "wrong", "not-a-digit" or "unsure".
            label: the true digit, for "wrong".
            comment: the person's comment; may be empty.
            item_id: id of the item that the person saw.
            revision: number of the prediction that the person saw, if it is not the current one:
                a correction may have replaced it while the verdict was on its way.
            step: identifies the key press or click; empty for a new step.

        Raises:
            FeedbackError: the item has no prediction, or the verdict contradicts itself.
            StoreError: the verdict cannot be written.
        """
        item = self.items[item_id]
        prediction = self.prediction(item, revision)
        seen = item.seen(revision)
        if prediction is None or seen is None:
            raise FeedbackError(NO_PICTURE)
        if verdict == "right" and prediction.refused:
            raise FeedbackError(NO_DIGIT)
        label, comment = label if verdict == "wrong" else None, comment.strip()
        receipt = self._lab.judge(
            prediction,
            verdict,
            label=label,
            comment=comment,
            contributor=self.contributor or None,
        )
        item_verdict = ItemVerdict.from_receipt(
            receipt,
            verdict,
            label,
            contributor=self.contributor,
            judged_at=self._now(),
            comment=comment,
            step=step or uuid.uuid4().hex,
        )
        self.items = add_verdict(self.items, item.id, seen, item_verdict)
        self.notice = f"{item.name}: {receipt.message}"
        if is_correction(verdict, remembered=prediction.remembered):
            self._predict_again(reread.answered_by_model(self.items), only_remembered=True)
        return receipt

    def judge_by_label(
        self,
        label: int,
        comment: str = "",
        *,
        item_id: int,
        revision: int | None = None,
        step: str = "",
    ) -> None:
        """Judge an item by its true digit: "right" when the person saw that digit, else "wrong".

        Args:
            label: the true digit.
            comment: as for `judge`.
            item_id: as for `judge`.
            revision: as for `judge`.
            step: as for `judge`.
        """
        seen = self.items[item_id].seen(revision)
        if seen is None:
            raise FeedbackError(NO_PICTURE)
        self.judge(
            verdict_by_label(label, predicted=seen.digit, refused=seen.refused),
            label,
            comment,
            item_id=item_id,
            revision=revision,
            step=step,
        )

    def add_comment(self, comment: str, *, item_id: int, step: str = "") -> None:
        """Store the verdict of an item once more, with a comment.

        Args:
            comment: the comment that was typed after the verdict.
            item_id: id of the item for which it was typed.
            step: as for `judge`.

        Raises:
            FeedbackError: the item has no verdict, or the comment is too long.
            StoreError: the comment cannot be written.
        """
        verdict = self.items[item_id].verdict
        if verdict is None:
            raise FeedbackError(NO_VERDICT)
        self.judge(verdict.value, verdict.label, comment, item_id=item_id, step=step)

    def confirm(self, choices: Sequence[BulkChoice], *, step: str = "") -> None:
        """Judge many items as right; one undo takes all back.

        Items that have a verdict by now keep it.

        Args:
            choices: the items that the person saw without a verdict.
            step: as for `judge`.

        Raises:
            FeedbackError: an item has no predicted digit.
            StoreError: a verdict cannot be written. Items without a comment are judged all or
                none.
        """
        step = step or uuid.uuid4().hex
        confirmed: list[VisitItem] = []
        commented: list[tuple[VisitItem, int, str]] = []
        for item_id, revision, comment in choices:
            item = self.items[item_id]
            seen = item.seen(revision)
            if not item.pending or seen is None:
                continue
            if seen.refused:
                raise FeedbackError(NO_DIGIT)
            if comment.strip():
                commented.append((item, revision, comment))
            else:
                confirmed.append(item.with_prediction(seen))
        if not confirmed and not commented:
            return
        plain = tuple(confirmed)
        receipts = self._lab.confirm_all(
            self._with_pictures(plain), contributor=self.contributor or None
        )
        self.items = bulk_confirm.add_confirmations(
            self.items,
            plain,
            receipts,
            contributor=self.contributor,
            judged_at=self._now(),
            step=step,
        )
        more = [
            self.judge("right", comment=comment, item_id=item.id, revision=revision, step=step)
            for item, revision, comment in commented
        ]
        judged = (*plain, *(item for item, *_ in commented))
        self.notice = bulk_confirm.confirmation_text(self.items, judged, (*receipts, *more))

    def undo(self, step: str | None = None) -> dict[int, str]:
        """Take back the verdicts that one key press or click of this visit added.

        Verdicts of other visits stay, also those of the same person.

        Args:
            step: identifies the key press or click; None for the last one.

        Returns:
            A sentence for each item whose verdict another visit has changed or undone, by the
            item's id. Its verdict stays as it is there; the page no longer shows this visit's.

        Raises:
            StoreError: the undo cannot be written.
        """
        verdicts = bulk_confirm.step_verdicts(self.items, step)
        if not verdicts:
            self.notice = NOTHING_TO_UNDO if step is None else STEP_ADDED_NOTHING
            return {}
        notice, conflicts = self._undo_step(verdicts)
        undone_ids = {verdict.id for _, verdict in verdicts}
        self.items = remove_verdicts(self.items, undone_ids)
        self.notice = notice
        pending = reread.answered_by_corrections(self.items, undone_ids)
        self._predict_again(pending, only_remembered=False)
        return conflicts

    def set_contributor(self, name: str) -> None:
        """Set who judges, as one line of at most `MAX_CONTRIBUTOR_LENGTH` characters."""
        self.contributor = " ".join(name.split())[:MAX_CONTRIBUTOR_LENGTH]

    def close(self) -> None:
        """Remove the visit's temporary file."""
        self._spool.close()

    def _begin_batch(self, first_of_batch: bool) -> None:
        if first_of_batch:
            self._unreadable_in_batch, self._batch_arrived = 0, False
            self.error = ""

    def _predict(self, name: str, data: bytes) -> Sequence[Prediction]:
        """Predict all digits of a picture, or one; at least one prediction."""
        contributor = self.contributor or None
        predictions: Sequence[Prediction] = ()
        if self.several_digits:
            predictions = self._lab.predict_all(data, name=name, contributor=contributor)
        return predictions or [self._lab.predict(data, name=name, contributor=contributor)]

    def _add_digits(
        self,
        name: str,
        predictions: Sequence[Prediction],
        *,
        picture: Slot,
        preview: Slot,
        replaced_id: int | None = None,
    ) -> None:
        """Add the digits of a picture to the visit, as many as it has room for.

        Args:
            name: tidied name of the picture, without its part.
            predictions: its digits; a `Reading` for several.
            picture: slot of the picture's bytes.
            preview: slot of the preview.
            replaced_id: id of the item whose place they take, if any.
        """
        free, first = MAX_ITEMS - len(self.items), predictions[0]
        name = f"{name}, {first.part}" if first.part else name
        text = predictions.text if isinstance(predictions, Reading) else ""
        items = picture_items(
            name,
            predictions,
            first_id=len(self.items),
            picture=picture,
            preview=preview,
            number_text=text if len(text) > 1 else "",
        )
        self.not_kept = self._lab.not_kept_in_public
        with self.hold_trait_notifications():
            if replaced_id is not None:
                self.items = tuple(
                    item.as_replaced() if item.id == replaced_id else item for item in self.items
                )
            self._add(*items[:free])
        self.set_model(first.model)
        if len(predictions) > free:
            self.error = (
                f"{name} has {len(predictions)} digits, {free} of which are shown. {VISIT_FULL}"
            )

    def _add(self, *items: VisitItem) -> None:
        with self.hold_trait_notifications():
            self.items = (*self.items, *items)
            pending = next((item for item in items if item.pending), None)
            if pending and not self._batch_arrived:
                self.arrived_id, self._batch_arrived = pending.id, True

    def _with_pictures(self, items: VisitItems) -> Iterator[Prediction]:
        """Yield the predictions with their pictures; one picture is in memory at a time."""
        slot, picture = EMPTY_SLOT, b""
        for item in items:
            if item.picture != slot:  # the digits of one picture share it
                slot, picture = item.picture, self._spool.get(item.picture)
            if item.prediction is not None:
                yield dataclasses.replace(item.prediction, picture=picture)

    def _predict_again(self, chosen: VisitItems, *, only_remembered: bool) -> None:
        """Predict pending items again; an error leaves them, because the verdict is stored."""
        if not chosen:
            return
        with self.guard():
            predictions = self._lab.reconsider(
                [item.prediction for item in chosen if item.prediction is not None],
                contributor=self.contributor or None,
            )
            self.items = reread.replace_predictions(
                self.items, chosen, predictions, only_remembered=only_remembered
            )

    def _undo_step(self, verdicts: bulk_confirm.UndoStep) -> tuple[str, dict[int, str]]:
        """Take verdicts back in the feedback store; return a notice and the conflicts."""
        item, verdict = verdicts[0]
        contributor = verdict.contributor or None
        if len(verdicts) > 1:
            undone = self._lab.undo_all(
                [verdict.id for _, verdict in verdicts], contributor=contributor
            )
            undone_ids = {entry.id for entry in undone}
            changed = [item.id for item, verdict in verdicts if verdict.id not in undone_ids]
            return bulk_confirm.undo_text(len(undone)), dict.fromkeys(changed, CHANGED_ELSEWHERE)
        try:
            self._lab.undo(contributor=contributor, verdict_id=verdict.id)
        except FeedbackError as error:
            return "", {item.id: str(error)}
        return f"{item.name}: your verdict was taken back.", {}
