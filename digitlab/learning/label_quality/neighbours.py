"""Neighbours: what feedback is contradicted by what is known of images like it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.labels import NO_DIGIT
from digitlab.learning.label_quality.gaussian_process import (
    Floats,
    contradiction,
    likeness,
    opinions,
)
from digitlab.model.reference_embeddings import NEIGHBOURS, ReferenceEmbeddings

PEOPLE: Final = 3
"""Contributors from whom on one can be told from the others."""

_DOUBT: Final = 2.0  # variance of a vote, in labels
_REVIEWED: Final = 0.5  # of that, for what a person has accepted
_HELD: Final = 0.11  # contradiction from which on an item is held
_FEW: Final = 0.5  # of that more, by the number of items: a few say little
_HALF_SEEN: Final = 0.4  # less contradiction, by the root of the base's probability, at most 0.5
_ORDINARY: Final = 0.5  # share of MNIST's digits that lie farther from their neighbours
_ORDINARY_OF_MANY: Final = 0.02  # the same, when one contributor gave many
_UNLIKELY: Final = 0.01  # the base's probability of the given digit, for these two
_SUPPORTED: Final = 0.2  # what others say for the given digit, from which on it is no stranger
_MANY: Final = 8  # items of one contributor that are judged together
_MOSTLY: Final = 0.5  # share of these that others contradict
_SLIGHTLY: Final = 0.12  # contradiction that counts for that share
_PAUSE: Final = timedelta(hours=1)  # between two sittings
_TOLD: Final = 5  # neighbours that a reason tells of


@dataclass(frozen=True, kw_only=True, eq=False)
class Item:
    """One accepted verdict, as the rules see it.

    Attributes:
        id: number of the verdict.
        label: what the person says, 0-9, or `NO_DIGIT`.
        contributor: who.
        time: when.
        picture: the picture and the place in it.
        digit_sha256: of the digit image.
        embedding: (E,), the base's.
        probabilities: (10,), the base's.
        reviewed: a person has accepted it: it is never held, and counts for more.
    """

    id: int
    label: int
    contributor: str
    time: datetime
    picture: str
    digit_sha256: str
    embedding: Floats = field(repr=False)
    probabilities: Floats = field(repr=False)
    reviewed: bool = False


class Neighbours:
    """What neighbours say of items.

    Args:
        items: at least one, by time, none a copy of another.
        reference: what digits look like.
    """

    def __init__(self, items: Sequence[Item], reference: ReferenceEmbeddings) -> None:
        self._items = items
        self._digits = np.array([item.label for item in items], np.intp)
        names = np.unique([item.contributor for item in items], return_inverse=True)[1]
        self._people = names.astype(np.intp)
        self._many = int(self._people.max()) + 1 >= PEOPLE
        self._reviewed = np.array([item.reviewed for item in items])
        self._doubt = np.where(self._reviewed, _DOUBT * _REVIEWED, _DOUBT)
        directions = reference.directions(np.stack([item.embedding for item in items]))
        self._alike = likeness(directions, directions)
        self._looks, self._ordinary = reference.agreed_labels(directions)
        given = np.stack([np.append(item.probabilities, 0) for item in items])
        likely = given[np.arange(len(items)), self._digits]
        self._seen = _HALF_SEEN * np.sqrt(np.minimum(likely, 0.5))  # the model half agrees
        self._seen[given.argmax(axis=1) == self._digits] = 0  # that it was right proves nothing
        self._strange = (self._looks >= 0) & (self._looks != self._digits) & (likely < _UNLIKELY)

    def reasons(self) -> dict[int, str]:
        """The reasons of the suspicious ones, by place."""
        found: dict[int, str] = {}
        rows = np.arange(len(self._items))
        while self._many and (burst := self._burst(rows)):
            found |= burst
            rows = np.array([row for row in rows if row not in burst], np.intp)
        said = self._opinions(rows, np.arange(len(rows)))
        score = contradiction(said, self._digits[rows]) - self._seen[rows]
        own = said[np.arange(len(rows)), self._digits[rows]]
        for row, contradicted, support in zip(rows, score, own, strict=True):
            if contradicted > _HELD + _FEW / len(rows):
                found[int(row)] = self._tell(int(row), rows)
            elif self._strange[row] and self._ordinary[row] >= _ORDINARY and support < _SUPPORTED:
                found[int(row)] = (
                    f"It was called {name_of(self._digits[row])}, but looks like an ordinary "
                    f"{self._looks[row]}: so are the {NEIGHBOURS} digits of MNIST most like it."
                )
        return found

    def _opinions(
        self,
        rows: NDArray[np.intp],
        groups: NDArray[np.intp],
        doubt: Floats | None = None,
    ) -> Floats:
        doubt = self._doubt[rows] if doubt is None else doubt
        return opinions(self._alike[np.ix_(rows, rows)], self._digits[rows], doubt, groups)

    def _burst(self, rows: NDArray[np.intp]) -> dict[int, str]:
        """What one contributor gave and others contradict, the worst of it; else nothing."""
        score = self._against(rows)
        worst, most = rows[:0], -np.inf
        for group in self._groups(rows):
            mean = float(score[group].mean())
            if (score[group] > _SLIGHTLY).mean() >= _MOSTLY and mean > most:
                worst, most = group, mean
        if not len(worst):
            return {}
        who = self._items[rows[worst[0]]].contributor or "one person"
        why = (
            f"One of {len(worst)} that {who} gave, of which "
            f"{int((score[worst] > _SLIGHTLY).sum())} contradict what is known of images like them."
        )
        return {int(rows[place]): why for place in worst if score[place] > 0}

    def _against(self, rows: NDArray[np.intp]) -> Floats:
        """How much each item is contradicted, by other people or by what else its giver said."""
        people, digits = self._people[rows], self._digits[rows]
        agreed = (people[:, None] == people) & (digits[:, None] == digits)
        crowd = (self._alike[np.ix_(rows, rows)] * agreed).sum(axis=1)  # of one person, one vote
        others = self._opinions(rows, people, self._doubt[rows] * crowd)
        alone = self._opinions(rows, np.arange(len(rows)))
        strange = (
            self._strange[rows]
            & (self._ordinary[rows] >= _ORDINARY_OF_MANY)
            & (others[np.arange(len(rows)), digits] < _SUPPORTED)
        )
        score = np.maximum(contradiction(others, digits), contradiction(alone, digits))
        found: Floats = np.where(strange, np.maximum(score, 1), score)
        return found

    def _groups(self, rows: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
        """Places of what one contributor gave: all, one sitting, and one digit of either."""
        for person in np.unique(self._people[rows]):
            mine = np.flatnonzero((self._people[rows] == person) & ~self._reviewed[rows])
            times = [self._items[rows[place]].time for place in mine]
            pauses = [n for n in range(1, len(mine)) if times[n] - times[n - 1] > _PAUSE]
            for part in (mine, *(np.split(mine, pauses) if pauses else ())):
                said = self._digits[rows[part]]
                for group in (part, *(part[said == digit] for digit in np.unique(said))):
                    if len(group) >= _MANY:
                        yield group

    def _tell(self, row: int, rows: NDArray[np.intp]) -> str:
        others = rows[rows != row]
        nearest = others[np.argsort(-self._alike[row, others])[:_TOLD]]
        said = self._digits[nearest]
        digit = int(np.bincount(said[said != self._digits[row]], minlength=1).argmax())
        return (
            f"It was called {name_of(self._digits[row])}; of the {len(nearest)} accepted images "
            f"most like it {int((said == digit).sum())} are called {name_of(digit)}."
        )


def name_of(digit: int | np.intp) -> str:
    """What a person said, in words."""
    return "not a digit" if digit == NO_DIGIT else str(digit)
