"""Tune: how much of MNIST's `validation` split a fine-tuned network still reads, beside its base."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import mnist
from digitlab.datasets.cached import cache_file_name, find_arrays, write_arrays
from digitlab.learning.data.examples import RECIPE
from digitlab.learning.data.replay import MOVED
from digitlab.learning.gate.rules import HOLDOUT_BOUND, Z95
from digitlab.model import metrics
from digitlab.model.augment import augment
from digitlab.model.finetuning import FineTuner
from digitlab.model.runtime import Classifier

_COPIES: Final = 4  # of each image, moved a little
_HARDEST: Final = 1_500  # images that are copied, and asked first: the base's least sure ones
_ASKED: Final = 1_500  # copies that are asked, the least sure ones; the others never change sides
_EVERY: Final = 4  # one in so many of the other images is asked, and stands for them all
_GLANCED: Final = 200  # images asked while it trains
_SEED: Final = 55_000  # of how the copies are moved

MAX_VALIDATION_LOSS: Final = 0.0004
"""Largest loss on `validation`, as a share: two of the gate's images, more than which it turns down."""

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Shift:
    """What changed on `validation`, each image as it is and moved a little in some ways.

    An image on the verge counts by the share of its copies that change sides, where the image
    alone would be all or nothing; and the base, chosen by the images as they are, is luckier with
    these than with their copies. Not all of them are asked (`Tune`).

    Attributes:
        n: images.
        readings: of each image.
        fixed: readings right with the fine-tuned network alone.
        broken: readings right with the base alone.
        standard_error: of the difference, from image to image.
    """

    n: int
    readings: int
    fixed: int
    broken: int
    standard_error: float

    @property
    def difference(self) -> float:
        """Gain, as a share of the readings."""
        return (self.fixed - self.broken) / (self.n * self.readings)

    @property
    def lower_bound(self) -> float:
        """One-sided 95 % lower bound of the difference."""
        return self.difference - Z95 * self.standard_error

    @property
    def passes(self) -> bool:
        """Whether so much may be changed: the gate's own bound, and no more than it lets pass.

        The error of a mean over five readings is smaller than that of the gate's one, so that
        the bound alone would let through what the gate turns down more often than not.
        """
        return self.lower_bound > HOLDOUT_BOUND and self.difference >= -MAX_VALIDATION_LOSS - 1e-12

    def to_dict(self) -> dict[str, Any]:
        """Counts, difference and bound, as cards hold them."""
        return asdict(self) | {"difference": self.difference, "lower_bound": self.lower_bound}


class Tune:
    """The base on `validation`, and a network that is being changed beside it.

    The images of which the base is least sure come first: where these alone cost too much
    already, the others, which it all but never gets wrong, cannot make up for it. Of the others a
    quarter is asked, and each stands for three more; their copies count as unchanged.

    Args:
        base: the version that the fine-tune starts from.
        places: folders in which may lie what the base says; it is kept in the last one.

    Attributes:
        rows: of the images of `validation` that are asked, hardest first.
    """

    def __init__(self, base: Classifier, places: Sequence[Path]) -> None:
        lead, copies, rows, right = _known(base, places)
        x, y = mnist.load("validation")
        order = np.argsort(lead, kind="stable")
        self.rows = np.concatenate([order[:_HARDEST], order[_HARDEST::_EVERY]])
        self._n = len(y)
        self._x, self._y = x[self.rows], y[self.rows]
        self._base = (lead > 0)[self.rows]
        self._copies, self._rows, self._base_copies = copies, rows, right
        self._asked: list[NDArray[np.int64]] = []  # of the last mix: guesses, hardest first

    def glance(self, tuner: FineTuner) -> float:
        """Share of the hardest few hundred that is read right."""
        return float((_guesses(tuner, self._x[:_GLANCED]) == self._y[:_GLANCED]).mean())

    def shift(self, tuner: FineTuner) -> Shift:
        """What changed with the network as it is."""
        hard, easy = slice(None, _HARDEST), slice(_HARDEST, None)
        self._asked = [_guesses(tuner, self._x[hard])]
        copies = _guesses(tuner, self._copies) == self._y[self._rows]
        readings = [
            (np.arange(_HARDEST), _change(self._base[hard], self._asked[0] == self._y[hard]), 1),
            (self._rows, _change(self._base_copies, copies), 1),
        ]
        early = _shift(readings, self._n)
        if not early.passes:
            return early
        self._asked.append(_guesses(tuner, self._x[easy]))
        rows = np.arange(_HARDEST, len(self._y))
        changed = _change(self._base[easy], self._asked[1] == self._y[easy])
        return _shift([*readings, (rows, changed, _EVERY)], self._n)

    def guesses(self, tuner: FineTuner) -> Ints:
        """What the network says of the images in `rows`."""
        if len(self._asked) == 1:
            self._asked.append(_guesses(tuner, self._x[_HARDEST:]))
        return np.concatenate(self._asked)


def _shift(readings: Sequence[tuple[Ints, Ints, int]], n: int) -> Shift:
    """The shift over `n` images from rows, how each changed (-1, 0, 1), and how often it counts."""
    change = np.zeros(n)
    for rows, changed, times in readings:
        np.add.at(change, rows, changed * times)
    change /= 1 + _COPIES
    return Shift(
        n=n,
        readings=1 + _COPIES,
        fixed=sum(int((changed > 0).sum()) * times for _, changed, times in readings),
        broken=sum(int((changed < 0).sum()) * times for _, changed, times in readings),
        standard_error=float(change.std() / np.sqrt(n)),
    )


def _change(before: Bools, after: Bools) -> Ints:
    return np.asarray(after).astype(np.int64) - before


def _guesses(tuner: FineTuner, x: NDArray[np.uint8]) -> Ints:
    return np.asarray(tuner.logits(x).argmax(axis=1))


def _known(base: Classifier, places: Sequence[Path]) -> tuple[Any, ...]:
    """The base's lead on each image, (5000,); and of the copies that are asked the images
    (N, 28, 28), the places in the order of the leads, and whether the base reads them right.
    """
    x, y = mnist.load("validation")
    constants = (RECIPE, _COPIES, _HARDEST, _ASKED, _SEED, MOVED)
    name = cache_file_name("validation", *constants, base.card.hashes["model.tflite"], mnist.SHA256)
    kept = find_arrays(places, name, lead=y.shape, asked=(_ASKED,), right=(_ASKED,))
    if kept is not None:
        lead, asked, right = kept
        return lead, _copies(x, lead)[asked], asked % _HARDEST, right
    lead = metrics.margin(base.logits_and_embeddings(x)[0], y).astype(np.float32)
    copies = _copies(x, lead)
    labels = np.tile(y[np.argsort(lead, kind="stable")[:_HARDEST]], _COPIES)
    ahead = metrics.margin(base.logits_and_embeddings(copies)[0], labels)
    asked = np.argsort(ahead, kind="stable")[:_ASKED]
    right = ahead[asked] > 0
    write_arrays(places[-1] / name, lead=lead, asked=asked.astype(np.uint16), right=right)
    return lead, copies[asked], asked % _HARDEST, right


def _copies(x: NDArray[np.uint8], lead: NDArray[Any]) -> NDArray[np.uint8]:
    """The hardest images, moved a little: all of them, and again."""
    hardest = np.tile(np.argsort(lead, kind="stable")[:_HARDEST], _COPIES)
    return augment(x[hardest], rng=np.random.default_rng(_SEED), config=MOVED)
