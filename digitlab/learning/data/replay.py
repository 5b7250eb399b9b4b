"""Replay: the base's own material, where it would be forgotten first, for every fine-tune."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import mnist, photographs
from digitlab.datasets.cached import cache_file_name, find_arrays, write_arrays
from digitlab.labels import NO_DIGIT
from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.examples import RECIPE
from digitlab.model import metrics
from digitlab.model.augment import augment
from digitlab.model.runtime import Classifier
from digitlab.synthetic.non_digits.sampler import outliers

_PHOTOGRAPHED: Final = 0.15  # of the replay: `validation`'s photographed digits
_OUTLIERS: Final = 0.15  # of the replay: images without a digit, so that refusal is not forgotten
_FRAGILE: Final = 300  # of each digit: `train`'s images that the base reads with least ease
_DRAWN: Final = 6  # digits are drawn so many times over, and the most doubtful ones are taken
_WRONG: Final = -1.0  # the lead in logits of a moved digit that is no longer what it was

MOVED: Final = FineTuneConfig(
    rotation=5.0, shear=0.06, scale=0.05, shift=1.0, elastic=0.3, worn=0.0
)
"""How little replayed digits are changed: they stand for the many that are like them."""

Images = NDArray[np.uint8]
Rows = NDArray[np.intp]
Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Replay:
    """What is replayed in S steps, R images in each.

    Attributes:
        x: uint8 (S, R, 28, 28).
        y: uint8 (S, R), 0-9 or `NO_DIGIT`.
        logits: float32 (S, R, 10), the base's.
        embeddings: float32 (S, R, E), the base's.
    """

    x: Images
    y: Images
    logits: Floats
    embeddings: Floats


def replay(
    base: Classifier, config: FineTuneConfig, *, steps: int, places: Sequence[Path]
) -> Replay:
    """The replay of a fine-tune; it follows from the base, the seed and the sizes alone.

    In each step are, in this order, images of MNIST's `train` split that the base all but
    misreads, as many of each digit, moved a little, and of these the ones that the moving has made
    most doubtful: they lie where the base parts one digit from another, and are forgotten first;
    photographed digits of `validation`; and images without a digit.

    Args:
        base: the version that the fine-tune starts from.
        config: seed and sizes.
        steps: how many of `config.steps` are wanted; the first ones.
        places: folders in which may lie what the base was asked for this; in the last one it is
            kept, for asking takes seconds.
    """
    rng = np.random.default_rng([config.seed, 5])
    digits, photographed, without = _shares(config)
    x_photo, y_photo = photographs.load("validation")
    whole = config.steps
    picked = _turns(len(y_photo), whole * photographed, rng)
    others = outliers(whole * without, rng=rng)
    parts = (
        _doubtful(base, whole * digits, config, places),
        (augment(x_photo[picked], rng=rng, config=MOVED), y_photo[picked]),
        (others, np.full(len(others), NO_DIGIT, np.uint8)),
    )
    images = np.concatenate([x.reshape(whole, -1, 28, 28)[:steps] for x, _ in parts], axis=1)
    labels = np.concatenate([y.reshape(whole, -1)[:steps] for _, y in parts], axis=1)
    logits, embeddings = base.logits_and_embeddings(images.reshape(-1, 28, 28))
    return Replay(
        x=images,
        y=labels,
        logits=logits.reshape(*labels.shape, -1),
        embeddings=embeddings.reshape(*labels.shape, -1),
    )


def digits_of(config: FineTuneConfig) -> int:
    """How many of the images replayed in a step, the first ones, show a digit."""
    digits, photographed, _ = _shares(config)
    return digits + photographed


def _shares(config: FineTuneConfig) -> tuple[int, int, int]:
    """Digits of `train`, photographed digits and images without a digit, of one step."""
    photographed, without = (round(share * config.replay) for share in (_PHOTOGRAPHED, _OUTLIERS))
    return config.replay - photographed - without, photographed, without


def fragile(base: Classifier, places: Sequence[Path]) -> Rows:
    """Rows (3000,) of `train`, as many of each digit, that the base reads with least ease.

    What it plainly misreads comes last: there is nothing to be kept. Asking takes seconds, and
    the answer is kept in a file for each base.

    Args:
        base: the version that is asked.
        places: folders in which the file may be; in the last one it is made when missing.
    """
    name = cache_file_name("fragile", _FRAGILE, _WRONG, *_asked(base))
    kept = find_arrays(places, name, rows=(10 * _FRAGILE,))
    if kept is not None:
        return kept[0].astype(np.intp)
    x, y = mnist.load("train")
    rows = _least(_lead(base, x, y), y, _FRAGILE)
    write_arrays(places[-1] / name, rows=rows.astype(np.uint16))
    return rows


def _asked(base: Classifier) -> tuple[str, str]:
    """What decides a base's answers on MNIST."""
    return base.card.hashes["model.tflite"], mnist.SHA256


def _lead(base: Classifier, x: Images, y: Images) -> NDArray[np.float64]:
    """The base's lead, and infinity for what it plainly misreads."""
    lead = metrics.margin(base.logits_and_embeddings(x)[0], y)
    return np.where(lead < _WRONG, np.inf, lead)


def _doubtful(
    base: Classifier, n: int, config: FineTuneConfig, places: Sequence[Path]
) -> tuple[Images, Images]:
    """`n` digits of `train`, as many of each, moved to where the base is least sure of them."""
    rng = np.random.default_rng([config.seed, 4])
    rows = fragile(base, places)
    x, y = (array[rows] for array in mnist.load("train"))
    drawn = _turns(len(y), _DRAWN * n, rng)
    moved, labels = augment(x[drawn], rng=rng, config=MOVED), y[drawn]
    name = cache_file_name(
        "doubtful", RECIPE, _FRAGILE, _WRONG, _DRAWN, MOVED, n, config.seed, *_asked(base)
    )
    kept = find_arrays(places, name, rows=(n,))
    if kept is None:
        best = _least(_lead(base, moved, labels), labels, -(-n // 10))
        kept = (rng.permutation(best)[:n].astype(np.min_scalar_type(len(drawn))),)
        write_arrays(places[-1] / name, rows=kept[0])
    taken = kept[0].astype(np.intp)
    return moved[taken], labels[taken]


def _least(values: NDArray[np.floating], labels: Images, n: int) -> Rows:
    """Rows of the `n` least values of each digit."""
    return np.concatenate(
        [
            of_digit[np.argsort(values[of_digit], kind="stable")[:n]]
            for of_digit in (np.flatnonzero(labels == digit) for digit in range(10))
        ]
    )


def _turns(n: int, wanted: int, rng: np.random.Generator) -> Rows:
    """`wanted` numbers below `n`, each as often as the others: one shuffle after another."""
    shuffles = [rng.permutation(n) for _ in range(-(-wanted // n))]
    return np.concatenate(shuffles)[:wanted]
