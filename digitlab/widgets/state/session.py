"""Session: the state of one visit to the page, as traits that the views show."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import traitlets

from digitlab.errors import FeedbackError
from digitlab.images.examples import Example
from digitlab.prediction import Prediction
from digitlab.store import Verdict
from digitlab.store.feedback.types import is_correction
from digitlab.widgets.state import bulk_confirm, reread
from digitlab.widgets.state.error_guard import ErrorGuard
from digitlab.widgets.state.picture_spool import EMPTY_SLOT, PictureSpool
from digitlab.widgets.state.visit_items import (
    ItemVerdict,
    VisitItem,
    VisitItems,
    add_verdict,
    next_pending,
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


class Session(ErrorGuard):
    """The state of one visit.

    Attributes:
        items: digits of this visit, oldest first; replaced as a whole, never changed in place.
        current_id: id of the item in view; -1 when there is none.
        notice: effect of the last verdict or undo, or the version that now reads, in a sentence.
        saved_count: number of verdicts that this visit has given and the store has.
        model: name of the version that answered last or that answers next.
        several_digits: whether every digit of a picture is read.
        contributor: name of the person who judges; empty until the browser has sent it.
    """

    items: traitlets.Instance[VisitItems] = traitlets.Instance(tuple, ())
    current_id = traitlets.Int(-1)
    notice = traitlets.Unicode()
    saved_count = traitlets.Int(0)
    model = traitlets.Unicode()
    several_digits = traitlets.Bool(False)
    contributor = traitlets.Unicode()

    def __init__(
        self, lab: Lab, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        super().__init__()
        self._lab = lab
        self._now = now
        self._spool = PictureSpool()
        self._unreadable_in_batch = 0
        self._batch_in_view = False
        self.max_bytes = lab.settings.max_bytes
        self.examples: Sequence[Example] = ()
        with self.guard():
            self.model = lab.champion
            self.examples = tuple(lab.examples())

    @property
    def current(self) -> VisitItem | None:
        """The item in view."""
        return self.items[self.current_id] if 0 <= self.current_id < len(self.items) else None

    def prediction(self, item: VisitItem) -> Prediction | None:
        """Return the prediction of an item with its picture and preview from the spool."""
        if item.prediction is None:
            return None
        return dataclasses.replace(
            item.prediction,
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
            items = picture_items(
                name,
                predictions,
                first_id=len(self.items),
                picture=self._spool.put(predictions[0].picture),
                preview=self._spool.put(predictions[0].preview),
            )
            self._add(*items[:free])
            self.set_model(predictions[0].model)
            if len(predictions) > free:
                self.error = (
                    f"{name} has {len(predictions)} digits, {free} of which are shown. {VISIT_FULL}"
                )

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
        item_id: int | None = None,
    ) -> None:
        """Store a verdict, then show the next pending item.

        Args:
            verdict: "right", "wrong", "not-a-digit" or "unsure".
            label: the true digit, for "wrong".
            comment: the person's comment; may be empty.
            item_id: id of the item that the person saw; None for the item in view. With it, a
                second click on the same button never judges the next item.
        """
        self.error = ""
        with self.guard():
            item = self.current if item_id is None else self.items[item_id]
            prediction = None if item is None else self.prediction(item)
            if item is None or prediction is None:
                self.error = "There is no picture here to judge; show one first."
                return
            if verdict == "right" and prediction.refused:
                self.error = "I saw no digit there; say which one it is."
                return
            label = label if verdict == "wrong" else None
            receipt = self._lab.judge(
                prediction,
                verdict,
                label=label,
                comment=comment.strip(),
                contributor=self.contributor or None,
            )
            item_verdict = ItemVerdict.from_receipt(
                receipt, verdict, label, contributor=self.contributor, judged_at=self._now()
            )
            # Before `items`, so that the browser clears the comment before it shows another item.
            self.saved_count += 1
            items = add_verdict(self.items, item.id, item_verdict)
            if is_correction(verdict, remembered=prediction.remembered):
                pending = reread.answered_by_model(items)
                items = self._predict_again(items, pending, only_remembered=True)
            self.items = items
            self.notice = f"{item.name}: {receipt.message}"
            if item.id == self.current_id:
                self.current_id = next_pending(self.items, self.current_id)

    def judge_by_label(self, label: int, comment: str = "", *, item_id: int | None = None) -> None:
        """Judge an item by its true digit: "right" when it is the predicted digit, else "wrong".

        Args:
            label: the true digit.
            comment: as for `judge`.
            item_id: as for `judge`.
        """
        with self.guard():
            item = self.current if item_id is None else self.items[item_id]
            prediction = None if item is None else item.prediction
            is_right = (
                prediction is not None and not prediction.refused and prediction.digit == label
            )
            self.judge("right" if is_right else "wrong", label, comment, item_id=item_id)

    def confirm_pending(self, shown_count: int | None = None) -> None:
        """Judge all pending items with a predicted digit as right; one undo takes all back.

        Args:
            shown_count: number of items that the person saw; later ones stay pending. None for
                all items.
        """
        self.error = ""
        with self.guard():
            confirmed = bulk_confirm.confirmable(self.items[:shown_count])
            if not confirmed:
                return  # a second click
            receipts = self._lab.confirm_all(
                self._with_pictures(confirmed), contributor=self.contributor or None
            )
            self.saved_count += len(receipts)
            self.items = bulk_confirm.add_confirmations(
                self.items,
                confirmed,
                receipts,
                contributor=self.contributor,
                judged_at=self._now(),
            )
            self.notice = bulk_confirm.confirmation_text(self.items, confirmed, receipts)
            if self.current is None or not self.current.pending:
                self.current_id = next_pending(self.items, self.current_id)

    def undo(self) -> None:
        """Take back the last verdict or click that this visit added, and show its item.

        Verdicts of other visits stay, also those of the same person. When another visit has
        changed or undone the verdict, an error says so and the page shows the current state.
        """
        self.error = ""
        with self.guard():
            step = bulk_confirm.last_step(self.items)
            if not step:
                self.notice = "There is nothing to undo in this visit."
                return
            self.notice, self.error = self._undo_step(step)
            undone_ids = {verdict.id for _, verdict in step}
            items = remove_verdicts(self.items, undone_ids)
            pending = reread.answered_by_corrections(items, undone_ids)
            self.items = self._predict_again(items, pending, only_remembered=False)
            self.current_id = step[0][0].id

    def select(self, item_id: int) -> None:
        """Show an item of this visit."""
        if 0 <= item_id < len(self.items):
            self.error = ""
            self.current_id = item_id

    def set_contributor(self, name: str) -> None:
        """Set who judges, as one line of at most `MAX_CONTRIBUTOR_LENGTH` characters."""
        self.contributor = " ".join(name.split())[:MAX_CONTRIBUTOR_LENGTH]

    def close(self) -> None:
        """Remove the visit's temporary file."""
        self._spool.close()

    def _begin_batch(self, first_of_batch: bool) -> None:
        if first_of_batch:
            self._unreadable_in_batch, self._batch_in_view = 0, False
            self.error = ""

    def _predict(self, name: str, data: bytes) -> Sequence[Prediction]:
        """Predict all digits of a picture, or one; at least one prediction."""
        contributor = self.contributor or None
        predictions: Sequence[Prediction] = ()
        if self.several_digits:
            predictions = self._lab.predict_all(data, name=name, contributor=contributor)
        return predictions or [self._lab.predict(data, name=name, contributor=contributor)]

    def _add(self, *items: VisitItem) -> None:
        in_view = self.current
        with self.hold_trait_notifications():
            self.items = (*self.items, *items)
            pending = next((item for item in items if item.pending), None)
            if pending and not (self._batch_in_view and in_view is not None and in_view.pending):
                self.current_id, self._batch_in_view = pending.id, True

    def _with_pictures(self, items: VisitItems) -> Iterator[Prediction]:
        """Yield the predictions with their pictures; one picture is in memory at a time."""
        slot, picture = EMPTY_SLOT, b""
        for item in items:
            if item.picture != slot:  # the digits of one picture share it
                slot, picture = item.picture, self._spool.get(item.picture)
            if item.prediction is not None:
                yield dataclasses.replace(item.prediction, picture=picture)

    def _predict_again(
        self, items: VisitItems, chosen: VisitItems, *, only_remembered: bool
    ) -> VisitItems:
        if not chosen:
            return items
        predictions = self._lab.reconsider(
            [item.prediction for item in chosen if item.prediction is not None],
            contributor=self.contributor or None,
        )
        return reread.replace_predictions(
            items, chosen, predictions, only_remembered=only_remembered
        )

    def _undo_step(self, step: bulk_confirm.UndoStep) -> tuple[str, str]:
        """Take a step back in the feedback store; return a notice and an error."""
        item, verdict = step[0]
        contributor = verdict.contributor or None
        if len(step) > 1:
            undone = self._lab.undo_all(
                [verdict.id for _, verdict in step], contributor=contributor
            )
            return bulk_confirm.undo_text(len(undone), len(step))
        try:
            self._lab.undo(contributor=contributor, verdict_id=verdict.id)
        except FeedbackError as error:
            return "", f"{item.name}: {error}"
        return f"{item.name}: your verdict was taken back.", ""
