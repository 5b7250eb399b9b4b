"""Session: one visit to the page; the traits that views show of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import traitlets

from digitlab.images.examples import Example
from digitlab.prediction import Prediction
from digitlab.store import Verdict
from digitlab.widgets.state import bulk_confirm, reread
from digitlab.widgets.state.error_guard import Guarded
from digitlab.widgets.state.picture_spool import Spool
from digitlab.widgets.state.visit_items import (
    Item,
    Judgement,
    items_of,
    judged,
    next_waiting,
    taken_back,
    tidy_name,
)

if TYPE_CHECKING:
    from digitlab.lab import Lab

MAX_ITEMS = 300
"""Digits in one visit; a kernel's memory is bounded."""
FULL = f"A visit holds {MAX_ITEMS} digits; reload the page for more."
MAX_CONTRIBUTOR = 60


class Session(Guarded):
    """The state of one visit.

    Attributes:
        items: the pictures of this visit, oldest first; replaced as a whole, never changed.
        index: place of the picture in view; -1 when there is none.
        notice: what the last verdict or undo did, or which version reads now, in a sentence.
        kept: how many verdicts of this visit the ledger has, new or known to it.
        model: the version that answered last, or that is known to answer next.
        several: whether pictures are read as several digits.
        contributor: who judges; empty until the browser has said so.
    """

    items: traitlets.Instance[tuple[Item, ...]] = traitlets.Instance(tuple, ())
    index = traitlets.Int(-1)
    notice = traitlets.Unicode()
    kept = traitlets.Int(0)
    model = traitlets.Unicode()
    several = traitlets.Bool(False)
    contributor = traitlets.Unicode()

    def __init__(
        self, lab: Lab, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        super().__init__()
        self._lab = lab
        self._now = now
        self._spool = Spool()
        self._broken = 0  # of the current batch
        self._shown = False  # has the current batch put a picture in view?
        self.max_bytes = lab.settings.max_bytes
        self.examples: Sequence[Example] = ()
        with self.guard():
            self.model = lab.champion
            self.examples = tuple(lab.examples())

    @property
    def current(self) -> Item | None:
        """The picture in view."""
        return self.items[self.index] if 0 <= self.index < len(self.items) else None

    def prediction(self, item: Item) -> Prediction | None:
        """The whole prediction of an item, its picture and preview fetched from the spool."""
        if item.prediction is None:
            return None
        return dataclasses.replace(
            item.prediction,
            picture=self._spool.get(item.picture),
            preview=self._spool.get(item.preview),
        )

    def open(self, name: str, data: bytes, *, first: bool = True) -> None:
        """Read a picture and add it to the visit; a broken one is added with its sentence.

        With `several` on, every digit in it becomes an item; a picture without ink is then
        one item, as it always is.

        Args:
            name: the file's name as the browser gave it.
            data: the picture's bytes.
            first: True for the first picture of a batch. The first one of a batch that can
                be read comes into view, the others wait in the list; sentences about broken
                ones stay until the next batch.
        """
        self._begin(first)
        name = tidy_name(name)
        with self.guard(lambda why: self.refuse(name, why, first=False)):
            room = MAX_ITEMS - len(self.items)
            if room <= 0:
                self.error = FULL
                return
            who = self.contributor or None
            read = self._lab.predict_all(data, name=name, contributor=who) if self.several else ()
            read = read or (self._lab.predict(data, name=name, contributor=who),)
            items = items_of(
                name,
                read,
                number=len(self.items),
                picture=self._spool.put(read[0].picture),
                preview=self._spool.put(read[0].preview),
            )
            self._add(*items[:room])
            self.read_by(read[0].model)
            if len(read) > room:
                self.error = f"{name} has {len(read)} digits, {room} of which are shown. {FULL}"

    def read_by(self, model: str) -> None:
        """Note which version answers; say so when another one did before."""
        if model != self.model:
            self.model = model
            self.notice = f"{model} reads from now on."

    def read_several(self, on: bool) -> None:
        """Read the pictures to come as several digits each, or as one."""
        self.several = on

    def open_example(self, number: int) -> None:
        """Read one of the example pictures."""
        with self.guard():
            example = self.examples[number]
            self.open(example.name, example.data)

    def refuse(self, name: str, why: str, *, first: bool = True) -> None:
        """Note a picture that could not be read, with the sentence that says why."""
        self._begin(first)
        name = tidy_name(name)
        if len(self.items) < MAX_ITEMS:
            self._add(Item(id=len(self.items), name=name, error=why))
        self._broken += 1
        self.error = (
            f"{name}: {why}"
            if self._broken == 1
            else f"{self._broken} pictures could not be read; choose one below to see why."
        )

    def judge(
        self,
        verdict: Verdict,
        label: int | None = None,
        comment: str = "",
        *,
        item: int | None = None,
    ) -> None:
        """Keep a verdict on a picture, then go on to the next one that waits.

        Args:
            verdict: "right", "wrong", "not-a-digit" or "unsure".
            label: the right digit, for "wrong".
            comment: what the person likes to add.
            item: the picture that the person was looking at; None for the one in view. A
                second click that was meant for this one never falls on the next.
        """
        self.error = ""
        with self.guard():
            target = self.current if item is None else self.items[item]
            prediction = None if target is None else self.prediction(target)
            if target is None or prediction is None:
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
            judgement = Judgement.of(
                receipt, verdict, label, contributor=self.contributor, at=self._now()
            )
            self.kept += 1  # first, so that a comment never stays for the next picture
            items = judged(self.items, target, judgement)
            if verdict in {"wrong", "not-a-digit"}:
                items = reread.after_correction(items, self._lab, contributor=self.contributor)
            self.items = items
            self.notice = f"{target.name}: {receipt.message}"
            if target.id == self.index:
                self.index = next_waiting(self.items, self.index)

    def answer(self, label: int, comment: str = "", *, item: int | None = None) -> None:
        """Say which digit it is: "right" when that is what was read, else "wrong"."""
        with self.guard():
            target = self.current if item is None else self.items[item]
            read = None if target is None else target.prediction
            right = read is not None and not read.refused and read.digit == label
            self.judge("right" if right else "wrong", label, comment, item=item)

    def confirm_others(self, shown: int | None = None) -> None:
        """Say "right" of all that wait and were read as a digit; `undo` takes it back whole.

        Args:
            shown: how many digits the person saw; of what came since nothing is said. None
                for all.
        """
        self.error = ""
        with self.guard():
            chosen = bulk_confirm.agreeable(self.items[:shown])
            if not chosen:
                return  # clicked twice
            receipts = self._lab.confirm_all(
                bulk_confirm.whole(chosen, self._spool), contributor=self.contributor or None
            )
            self.kept += len(receipts)
            self.items = bulk_confirm.confirmed(
                self.items, chosen, receipts, contributor=self.contributor, at=self._now()
            )
            self.notice = bulk_confirm.kept_in_words(self.items, chosen, receipts)
            if self.current is None or not self.current.waiting:
                self.index = next_waiting(self.items, self.index)

    def undo(self) -> None:
        """Take back what this visit added last, and show its picture again.

        Verdicts of other visits stay, whoever gave them. What was taken back or changed
        elsewhere is told, and the page follows.
        """
        self.error = ""
        with self.guard():
            step = bulk_confirm.last_step(self.items)
            if not step:
                self.notice = "There is nothing to undo in this visit."
                return
            self.notice, self.error = bulk_confirm.take_back(self._lab, step)
            gone = {given.id for _, given in step}
            items = taken_back(self.items, gone)
            self.items = reread.after_undo(items, self._lab, gone, contributor=self.contributor)
            self.index = step[0][0].id

    def select(self, number: int) -> None:
        """Show a picture of this visit."""
        if 0 <= number < len(self.items):
            self.error = ""
            self.index = number

    def name_contributor(self, name: str) -> None:
        """Set who judges from now on; a line of at most `MAX_CONTRIBUTOR` characters."""
        self.contributor = " ".join(name.split())[:MAX_CONTRIBUTOR]

    def close(self) -> None:
        """Give the visit's temporary file back."""
        self._spool.close()

    def _begin(self, first: bool) -> None:
        if first:
            self._broken, self._shown = 0, False
            self.error = ""

    def _add(self, *items: Item) -> None:
        seen = self.current
        with self.hold_trait_notifications():
            self.items = (*self.items, *items)
            waiting = next((item for item in items if item.waiting), None)
            if waiting and not (self._shown and seen is not None and seen.waiting):
                self.index, self._shown = waiting.id, True
