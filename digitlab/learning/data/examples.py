"""ExampleSet: what accepted feedback teaches, image by image, and what is kept back as a check."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import mnist, photographs
from digitlab.datasets.cached import write_cache_file
from digitlab.labels import NO_DIGIT
from digitlab.learning.config import FineTuneConfig
from digitlab.learning.label_quality.rules import cap_share
from digitlab.store import Entry

RECIPE: Final = 5
"""Goes up whenever equal parameters come to make other versions: it is in every hash."""

_PREFIX: Final = 16  # hex digits of a hash that tell images apart
_JUDGED: Final = 16_000  # images that versions are judged by


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingExample:
    """One digit image with what people say it shows.

    Attributes:
        digit_image: uint8 (28, 28).
        label: 0-9, or `NO_DIGIT` for an image without a digit.
        digit_sha256: SHA-256 of the image's 784 bytes, in hex.
        verdicts: numbers of the verdicts that say so.
        correction: whether one of them contradicted the reading.
        check: True when it is kept back from the training, to judge by.
        weight: how often it is drawn, beside the others of its kind; 1 unless one person
            gave more than their share.
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
    """What a run has to go by.

    Attributes:
        all: every example, in the order of their hashes.
        left_out: for verdicts that teach nothing, why: by number.
    """

    all: tuple[TrainingExample, ...]
    left_out: Mapping[int, str]

    @property
    def corrections(self) -> tuple[TrainingExample, ...]:
        """Those that contradicted a reading."""
        return tuple(example for example in self.all if example.correction)

    @property
    def taught(self) -> tuple[TrainingExample, ...]:
        """Those that are trained on."""
        return tuple(example for example in self.all if not example.check)

    @property
    def checks(self) -> tuple[TrainingExample, ...]:
        """Those that are kept back to judge by."""
        return tuple(example for example in self.all if example.check)


def gather(
    entries: Iterable[Entry], config: FineTuneConfig, *, held_out: Container[str] = frozenset()
) -> ExampleSet:
    """The examples of accepted feedback; equal feedback gives equal examples in every home.

    Images of MNIST's `holdout` and `test` splits teach nothing, nor does an image that people
    call two different things. Copies of an image are one example, so that none of them is
    taught while another one checks.

    Args:
        entries: accepted verdicts: right, wrong or not-a-digit.
        config: from how many corrections on a check is kept back, and how large a share.
        held_out: as `held_out` gives it.
    """
    said: dict[str, list[Entry]] = defaultdict(list)
    left_out: dict[int, str] = {}
    for entry in entries:
        if entry.digit_sha256[:_PREFIX] in held_out:
            left_out[entry.id] = "its image is one of MNIST's, by which versions are judged"
        else:
            said[entry.digit_sha256].append(entry)
    for sha, group in sorted(said.items()):
        labels = {_label(entry) for entry in group}
        if len(labels) > 1:
            left_out |= {entry.id: "people call this image two different things" for entry in group}
            del said[sha]
    corrected = {sha for sha, group in said.items() if any(e.is_correction for e in group)}
    checking = len(corrected) >= config.check_from
    weights = _weights(said, config)
    examples = [
        TrainingExample(
            digit_image=group[0].digit_image,
            label=_label(group[0]),
            digit_sha256=sha,
            verdicts=tuple(sorted(entry.id for entry in group)),
            correction=sha in corrected,
            check=checking and sha in corrected and _is_check(sha, config.check_share),
            weight=weights[sha],
        )
        for sha, group in sorted(said.items())
    ]
    return ExampleSet(all=tuple(examples), left_out=left_out)


def fingerprint(
    examples: Sequence[TrainingExample],
    *,
    base: str,
    config: FineTuneConfig,
    only_corrections: bool = False,
) -> str:
    """The hash of a fine-tune's input, in hex: 16 digits.

    Args:
        examples: what is learned from.
        base: hash of the base's weights.
        config: the parameters.
        only_corrections: leave out the confirmations, which alone start no run.
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
    text = json.dumps([RECIPE, base, config.to_dict(), rows], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def stack(examples: Sequence[TrainingExample]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Digit images, uint8 (N, 28, 28), and labels, uint8 (N,), of examples."""
    images = [example.digit_image for example in examples]
    x = np.stack(images) if images else np.empty((0, 28, 28), np.uint8)
    return x, np.array([example.label for example in examples], np.uint8)


def held_out(cache: Path) -> frozenset[str]:
    """How the SHA-256 begins, in hex, of each image that versions are judged by.

    Kept in a file: MNIST takes 60 MB of memory, which a page's kernel does without.

    Args:
        cache: folder for the file; made when missing.
    """
    file = cache / f"held-out-{mnist.SHA256[:8]}-{photographs.SHA256[:8]}.txt"
    try:
        text = file.read_text(encoding="ascii")
    except (OSError, ValueError):  # missing
        text = ""
    if len(text) == _JUDGED * (_PREFIX + 1) - 1:  # else it is made: half of it would let some pass
        return frozenset(text.split())
    parts = [mnist.load(split)[0] for split in ("holdout", "test")] + [
        photographs.load("holdout")[0]
    ]
    found = [hashlib.sha256(image.tobytes()).hexdigest()[:_PREFIX] for x in parts for image in x]
    write_cache_file(file, "\n".join(found).encode())
    return frozenset(found)


def _label(entry: Entry) -> int:
    return NO_DIGIT if entry.label is None else entry.label


def _is_check(sha: str, share: float) -> bool:
    """By the image's hash, so that it is the same image in every run and every home."""
    return int(sha[:12], 16) / 16**12 < share


def _weights(said: Mapping[str, list[Entry]], config: FineTuneConfig) -> dict[str, float]:
    shas = sorted(said)
    people = [min(entry.contributor for entry in said[sha]) for sha in shas]  # in whatever order
    shares = cap_share(people, largest=config.largest_share)
    return dict(zip(shas, (float(w) for w in shares), strict=True))
