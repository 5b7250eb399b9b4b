"""ExampleSet: the training examples and checks that accepted feedback gives."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, repeat
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import mnist, photographs
from digitlab.datasets.cached import write_cache_file
from digitlab.labels import NO_DIGIT
from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.contributor_share import cap_contributor_share
from digitlab.store import Entry

RECIPE_VERSION: Final = 5
"""Version of the training recipe: part of every fingerprint.

It increases when equal parameters would train other weights than before.
"""

TWO_LABELS: Final = "images with two different labels"
"""Why a verdict gives no example, if its image has another label too."""

_HASH_DIGITS: Final = 16  # hex digits that identify an evaluation image
_EVALUATION_SPLITS: Final = (
    ("digits of MNIST's holdout images", 5_000),
    ("digits of MNIST's test images", 10_000),
    ("photographs that versions are evaluated on", 1_000),
)
"""Images that are never learned, and how many there are, in the order of their file."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingExample:
    """One digit image with the label that its verdicts give.

    Attributes:
        digit_image: uint8 (28, 28).
        label: 0-9, or `NO_DIGIT` for an image without a digit.
        digit_sha256: SHA-256 of the image's 784 bytes, in hex.
        verdicts: numbers of the verdicts that give this label.
        correction: True if one of the verdicts corrected a prediction.
        check: True if the example is kept back from the training, to evaluate with it.
        weight: how often the example is drawn, relative to the others of its kind; 1 unless one
            contributor gave more than their share.
    """

    digit_image: NDArray[np.uint8] = field(repr=False)
    label: int
    digit_sha256: str
    verdicts: tuple[int, ...]
    correction: bool
    check: bool
    weight: float


@dataclass(frozen=True, kw_only=True)
class ExampleSet:
    """The examples of one run.

    Attributes:
        all: every example, sorted by hash.
        left_out: for each verdict that gives no example, by number, what its image is among:
            `TWO_LABELS`, or as `evaluation_image` returns it.
    """

    all: tuple[TrainingExample, ...]
    left_out: Mapping[int, str]

    @property
    def corrections(self) -> tuple[TrainingExample, ...]:
        """The examples that corrected a prediction."""
        return tuple(example for example in self.all if example.correction)

    @property
    def training(self) -> tuple[TrainingExample, ...]:
        """The examples to train on."""
        return tuple(example for example in self.all if not example.check)

    @property
    def checks(self) -> tuple[TrainingExample, ...]:
        """The examples that are kept back, to evaluate with them."""
        return tuple(example for example in self.all if example.check)


def collect_examples(
    entries: Iterable[Entry],
    config: FineTuneConfig,
    *,
    evaluation_images: Mapping[str, str] = MappingProxyType({}),
) -> ExampleSet:
    """Build the examples of accepted feedback; equal feedback gives equal examples in every home.

    Images of MNIST's holdout and test splits give no example, and neither does an image with two
    different labels. Copies of an image are one example, so no copy is a training example while
    another is a check.

    Args:
        entries: accepted verdicts: right, wrong or not-a-digit.
        config: `check_from`, `check_share` and `largest_share` are used.
        evaluation_images: by hash prefix, as `evaluation_image_hashes` returns them.
    """
    groups: dict[str, list[Entry]] = defaultdict(list)
    left_out: dict[int, str] = {}
    for entry in entries:
        reason = evaluation_images.get(entry.digit_sha256[:_HASH_DIGITS])
        if reason is not None:
            left_out[entry.id] = reason
        else:
            groups[entry.digit_sha256].append(entry)
    for sha, group in sorted(groups.items()):
        labels = {_label_of(entry) for entry in group}
        if len(labels) > 1:
            left_out |= {entry.id: TWO_LABELS for entry in group}
            del groups[sha]
    corrected = {sha for sha, group in groups.items() if any(e.is_correction for e in group)}
    keeps_checks = len(corrected) >= config.check_from
    weights = _weights(groups, config)
    examples = [
        TrainingExample(
            digit_image=group[0].digit_image,
            label=_label_of(group[0]),
            digit_sha256=sha,
            verdicts=tuple(sorted(entry.id for entry in group)),
            correction=sha in corrected,
            check=keeps_checks and sha in corrected and _is_check(sha, config.check_share),
            weight=weights[sha],
        )
        for sha, group in sorted(groups.items())
    ]
    return ExampleSet(all=tuple(examples), left_out=left_out)


def fingerprint(
    examples: Sequence[TrainingExample],
    *,
    base: str,
    config: FineTuneConfig,
    only_corrections: bool = False,
) -> str:
    """Return the fingerprint of a fine-tune's inputs: 16 hex digits.

    Args:
        examples: the examples of the run.
        base: hash of the base's weights.
        config: the parameters.
        only_corrections: True to leave out the confirmations, which alone start no run.
    """
    rows = [
        [
            example.digit_sha256,
            example.label,
            example.correction,
            example.check,
            round(example.weight, 6),
        ]
        for example in examples
        if example.correction or not only_corrections
    ]
    parameters = config.to_dict()
    # The name of digitlab 0.1: feedback that one of its runs judged has the same fingerprint.
    parameters["lessons"] = parameters.pop("examples")
    text = json.dumps([RECIPE_VERSION, base, parameters, rows], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def to_arrays(
    examples: Sequence[TrainingExample],
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the digit images, uint8 (N, 28, 28), and labels, uint8 (N,), of examples."""
    images = [example.digit_image for example in examples]
    x = np.stack(images) if images else np.empty((0, 28, 28), np.uint8)
    return x, np.array([example.label for example in examples], np.uint8)


def evaluation_image_hashes(cache: Path) -> dict[str, str]:
    """Return the images that versions are evaluated on, and which are never learned.

    Args:
        cache: folder for the file of hashes; created when missing.

    Returns:
        What each image is among, by the first 16 hex digits of its SHA-256.
    """
    return dict(zip(_evaluation_prefixes(cache).split(), _evaluation_groups(), strict=True))


def evaluation_image(digit_sha256: str, cache: Path) -> str | None:
    """Return what an image is among if it is never learned, else None; keep nothing in memory.

    Args:
        digit_sha256: SHA-256 of the digit image's 784 bytes, in hex.
        cache: as for `evaluation_image_hashes`.
    """
    position = _evaluation_prefixes(cache).find(digit_sha256[:_HASH_DIGITS])
    row = position // (_HASH_DIGITS + 1)
    return None if position < 0 else next(islice(_evaluation_groups(), row, None))


def _evaluation_groups() -> Iterator[str]:
    """Yield what each evaluation image is among, in the order of their file."""
    for group, count in _EVALUATION_SPLITS:
        yield from repeat(group, count)


def _evaluation_prefixes(cache: Path) -> str:
    """Return the first 16 hex digits of the SHA-256 of each evaluation image, one a line.

    They are cached in a file: MNIST takes 60 MB of memory, too much for a page's kernel.
    """
    file = cache / f"held-out-{mnist.SHA256[:8]}-{photographs.SHA256[:8]}.txt"
    try:
        text = file.read_text(encoding="ascii")
    except (OSError, ValueError):
        text = ""
    # A truncated file would let evaluation images into the training.
    n = sum(count for _, count in _EVALUATION_SPLITS)
    if len(text) == n * (_HASH_DIGITS + 1) - 1:
        return text
    parts = [mnist.load("holdout")[0], mnist.load("test")[0], photographs.load("holdout")[0]]
    hashes = [hashlib.sha256(image.tobytes()).hexdigest() for x in parts for image in x]
    text = "\n".join(digest[:_HASH_DIGITS] for digest in hashes)
    write_cache_file(file, text.encode())
    return text


def _label_of(entry: Entry) -> int:
    return NO_DIGIT if entry.label is None else entry.label


def _is_check(sha: str, share: float) -> bool:
    """Choose by the image's hash, so that every run and every home keeps the same images back."""
    return int(sha[:12], 16) / 16**12 < share


def _weights(groups: Mapping[str, list[Entry]], config: FineTuneConfig) -> dict[str, float]:
    shas = sorted(groups)
    # The smallest name, so that the order of the verdicts makes no difference.
    contributors = [min(entry.contributor for entry in groups[sha]) for sha in shas]
    weights = cap_contributor_share(contributors, max_share=config.largest_share)
    return dict(zip(shas, (float(weight) for weight in weights), strict=True))
