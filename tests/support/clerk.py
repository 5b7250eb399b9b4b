"""A clerk's intention: the ledger that keys and clicks must give on every network.

The model knows the rules of the page (`docs/page.md`) and nothing of kernel, queue or latency.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Row = tuple[str, str, int | None, str]
"""Name of a picture, verdict, true digit and comment."""


@dataclass
class Cell:
    """A picture as the clerk knows it; `predicted` is None where digitlab saw no digit."""

    name: str
    predicted: int | None
    verdict: tuple[str, int | None] | None = None
    comment: str = ""
    draft: str = ""


@dataclass
class _Step:
    """A key or click and what it changed; `rows` are the indexes of the rows that it added."""

    cells: list[tuple[int, tuple[str, int | None] | None, str]]
    rows: list[int]
    draft: str = ""


@dataclass
class Clerk:
    """The page as the clerk believes it to be.

    Attributes:
        cells: the pictures, in order.
        cursor: the picture in view.
        history: every row that the ledger must have, oldest first.
        undone: indexes of the rows in `history` that were taken back.
    """

    cells: list[Cell]
    cursor: int = 0
    history: list[Row] = field(default_factory=list)
    undone: set[int] = field(default_factory=set)
    _steps: list[_Step] = field(default_factory=list)

    def press_digit(self, digit: int) -> None:
        """Press a digit, or click on its button."""
        predicted = self.cells[self.cursor].predicted
        self._judge("right" if digit == predicted else "wrong", digit)

    def press_enter(self) -> None:
        """Press Enter."""
        predicted = self.cells[self.cursor].predicted
        if predicted is not None:
            self._judge("right", predicted)

    def press_letter(self, letter: str) -> None:
        """Press n or u."""
        self._judge({"n": "not-a-digit", "u": "unsure"}[letter], None)

    def press_backspace(self) -> None:
        """Press Backspace."""
        if not self._steps:
            return
        step = self._steps.pop()
        for number, verdict, comment in step.cells:
            cell = self.cells[number]
            cell.verdict, cell.comment = verdict, comment
        self.undone.update(step.rows)
        self.cursor = step.cells[0][0]
        cell = self.cells[self.cursor]
        cell.draft = cell.draft or step.draft

    def select(self, number: int) -> None:
        """Click on a cell, or press an arrow."""
        self.cursor = number

    def type_comment(self, text: str) -> None:
        """Type a comment into the empty field and press Enter."""
        cell = self.cells[self.cursor]
        cell.draft = text
        if cell.verdict is not None:
            self._store([self.cursor], cell.verdict, [text], draft=text)
            cell.draft = ""

    def confirm_all(self) -> None:
        """Click on the button that confirms all waiting pictures."""
        numbers = [
            number
            for number, cell in enumerate(self.cells)
            if cell.verdict is None and cell.predicted is not None
        ]
        for number in numbers:
            assert not self.cells[number].draft, "the model does not order commented pictures"
        step = _Step(cells=[(number, None, "") for number in numbers], rows=[])
        for number in numbers:
            self._add(number, ("right", self.cells[number].predicted), "", step)
        self._steps.append(step)

    @property
    def ledger(self) -> dict[str, Row]:
        """The rows in force, by name: the last row of each picture that was not taken back."""
        kept = [row for index, row in enumerate(self.history) if index not in self.undone]
        return {row[0]: row for row in kept}

    def _judge(self, verdict: str, label: int | None) -> None:
        cell = self.cells[self.cursor]
        comment, draft = cell.draft or cell.comment, cell.draft
        if (cell.verdict, cell.comment) != ((verdict, label), comment):
            self._store([self.cursor], (verdict, label), [comment], draft=draft)
        cell.draft = ""
        self._move_on()

    def _store(
        self,
        numbers: list[int],
        verdict: tuple[str, int | None],
        comments: list[str],
        *,
        draft: str = "",
    ) -> None:
        step = _Step(
            cells=[
                (number, self.cells[number].verdict, self.cells[number].comment)
                for number in numbers
            ],
            rows=[],
            draft=draft,
        )
        for number, comment in zip(numbers, comments, strict=True):
            self._add(number, verdict, comment, step)
        self._steps.append(step)

    def _add(self, number: int, verdict: tuple[str, int | None], comment: str, step: _Step) -> None:
        cell = self.cells[number]
        cell.verdict, cell.comment = verdict, comment
        step.rows.append(len(self.history))
        self.history.append((cell.name, *verdict, comment))

    def _move_on(self) -> None:
        count = len(self.cells)
        order = [(self.cursor + 1 + step) % count for step in range(count)]
        self.cursor = next((n for n in order if self.cells[n].verdict is None), self.cursor)
