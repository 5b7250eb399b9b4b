"""Evaluate a reader on labelled digits: folders of pictures, arrays, Kaggle's file, MNIST."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import list_labelled_folder, mnist, read_kaggle_csv, read_npz
from digitlab.errors import DataError, ImageError
from digitlab.model import metrics
from digitlab.picture_reader import Reader

Progress = Callable[[int, int], None]
"""Called with the number of pictures done and of all."""

_PART = 1024  # digit images between two calls of it


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What a model version made of a labelled data set.

    Attributes:
        n: pictures.
        correct: read right; refused ones count by their best guess.
        accuracy: correct / n.
        ci95: 95 % interval of the accuracy (Wilson).
        ece: expected calibration error of the readable ones, 15 bins, 0-1.
        refused: answered "no digit".
        unreadable: not decoded; counted as wrong.
        confusion: counts, right digit by guess; without the unreadable ones.
        model: the version.
        seen: the same counts for images of the base's training and tuning; None where this
            is not told apart.
        unseen: the others.
    """

    n: int
    correct: int
    accuracy: float
    ci95: tuple[float, float]
    ece: float
    refused: int
    unreadable: int
    confusion: list[list[int]]
    model: str
    seen: dict[str, Any] | None
    unseen: dict[str, Any] | None

    def to_dict(self) -> dict[str, Any]:
        """The object that `digitlab evaluate --json` prints."""
        return asdict(self)


@dataclass(frozen=True)
class _Answers:
    """Of the readable pictures: right digit, guess, confidence, refused; `seen` where known."""

    labels: NDArray[np.uint8]
    guesses: NDArray[np.int64]
    confidence: NDArray[np.float64]
    refused: int
    unreadable: int = 0
    seen: NDArray[np.bool_] | None = None


def evaluate(source: str, reader: Reader, *, progress: Progress | None = None) -> Evaluation:
    """Read every digit of a data set and count.

    Args:
        source: "mnist:test" or "mnist:validation"; a labelled folder; an .npz file with x and y;
            or Kaggle's .csv. Digit images (MNIST's, Kaggle's) go to the network as they
            are, all else goes the way of a picture.
        reader: the model version with its way of reading.
        progress: called now and then.

    Raises:
        DataError: the source is none of these, or is damaged.
    """
    answers = _answers(source, reader, progress)
    right = answers.guesses == answers.labels
    n, correct = len(right) + answers.unreadable, int(right.sum())
    return Evaluation(
        n=n,
        correct=correct,
        accuracy=correct / n,
        ci95=metrics.wilson(correct, n),
        ece=metrics.ece(answers.confidence, right),
        refused=answers.refused,
        unreadable=answers.unreadable,
        confusion=metrics.confusion(answers.labels, answers.guesses).tolist(),
        model=reader.classifier.version,
        seen=None if answers.seen is None else _counts(right[answers.seen]),
        unseen=None if answers.seen is None else _counts(right[~answers.seen]),
    )


def _answers(source: str, reader: Reader, progress: Progress | None) -> _Answers:
    if source.startswith("mnist:"):
        if source not in ("mnist:test", "mnist:validation"):
            renamed = " (mnist:tune is now mnist:validation)" if source == "mnist:tune" else ""
            raise DataError(
                f"{source}: expected mnist:test or mnist:validation{renamed}.",
                path=source,
                expected="mnist:test",
            )
        x, y = mnist.load("test" if source == "mnist:test" else "validation")
        return _digit_images(x, y, reader, progress)
    path = Path(source)
    if path.is_dir():
        found = list_labelled_folder(path)
        return _pictures([p for p, _ in found], [y for _, y in found], reader, progress)
    if path.suffix.lower() == ".csv":
        x, y = read_kaggle_csv(path)
        _require(len(y), path)
        answers = _digit_images(x, y, reader, progress)
        return _Answers(**{**vars(answers), "seen": seen_in_training(x)})
    if path.suffix.lower() == ".npz":
        x, y = read_npz(path)
        _require(len(y), path)
        return _pictures(x, y.tolist(), reader, progress)
    raise DataError(
        f"{source}: expected a labelled folder, an .npz or Kaggle .csv file, mnist:test or "
        "mnist:validation" + ("." if path.exists() else "; there is no such file or folder."),
        path=source,
        expected="a data set",
    )


def seen_in_training(digit_images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which of (N, 28, 28) are, to the byte, images that made the base: `train` or `validation`."""
    known = _hashes(mnist.load("train")[0]) | _hashes(mnist.load("validation")[0])
    return np.array([_hash(image) in known for image in digit_images], bool)


def _digit_images(
    x: NDArray[np.uint8], y: NDArray[np.uint8], reader: Reader, progress: Progress | None
) -> _Answers:
    parts = []
    for start in range(0, len(x), _PART):
        parts.append(reader.read_images(x[start : start + _PART]))
        if progress is not None:
            progress(min(start + _PART, len(x)), len(x))
    guesses, confidence, refused = (np.concatenate(part) for part in zip(*parts, strict=True))
    return _Answers(y, guesses, confidence, int(refused.sum()))


def _pictures(
    pictures: Sequence[Any] | NDArray[np.uint8],
    labels: list[int],
    reader: Reader,
    progress: Progress | None,
) -> _Answers:
    rows, unreadable = [], 0
    for done, (picture, label) in enumerate(zip(pictures, labels, strict=True), 1):
        try:
            p = reader.read(picture)
            rows.append((label, p.digit, p.confidence, p.refused))
        except ImageError:
            unreadable += 1
        if progress is not None:
            progress(done, len(labels))
    y, guesses, confidence, refused = (np.array(c) for c in _columns(rows, 4))
    return _Answers(
        y.astype(np.uint8),
        guesses.astype(np.int64),
        confidence.astype(np.float64),
        int(refused.sum()),
        unreadable,
    )


def _columns(rows: Sequence[tuple[Any, ...]], n: int) -> Iterable[Sequence[Any]]:
    return zip(*rows, strict=True) if rows else [()] * n


def _require(n: int, path: Path) -> None:
    if n == 0:
        raise DataError(f"{path}: holds no digit.", path=str(path), expected="at least one digit")


def _counts(right: NDArray[np.bool_]) -> dict[str, Any]:
    n, correct = len(right), int(right.sum())
    return {"n": n, "correct": correct, "accuracy": correct / n if n else None}


def _hash(image: NDArray[np.uint8]) -> bytes:
    return hashlib.sha256(np.ascontiguousarray(image).tobytes()).digest()


def _hashes(images: NDArray[np.uint8]) -> set[bytes]:
    return {_hash(image) for image in images}
