"""Evaluate a reader on labelled digits: folders, arrays, Kaggle's file and MNIST."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import list_labelled_folder, mnist, read_kaggle_csv, read_npz
from digitlab.errors import DataError, ImageError
from digitlab.model import metrics
from digitlab.picture_reader import Reader

Progress = Callable[[int, int], None]
"""Called with the number of pictures done and the total."""

DataSource = str | os.PathLike[str] | tuple[NDArray[np.uint8], NDArray[Any]]
"""A name or path that `evaluate` knows, or digit images (N, 28, 28) with labels (N,)."""

_PROGRESS_STEP: Final = 1024  # digit images between two calls of `progress`


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The result of one model version on a labelled data set.

    Attributes:
        n: number of pictures.
        correct: correct predictions; a refused picture counts by its best guess.
        accuracy: correct / n.
        ci95: 95 % confidence interval of the accuracy (Wilson).
        ece: expected calibration error of the readable pictures, 15 bins, 0-1.
        refused: pictures in which the version sees no digit.
        unreadable: pictures that cannot be decoded; they count as wrong.
        confusion: counts, true digit by predicted digit; without the unreadable pictures.
        model: name of the version.
        read_as: the rules by which the data set was read, one line.
        seen: n, correct and accuracy of the images that the base was trained or tuned on;
            None if the data set's format does not tell them apart.
        unseen: the same for all other images.
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
    read_as: str
    seen: dict[str, Any] | None
    unseen: dict[str, Any] | None

    def to_dict(self) -> dict[str, Any]:
        """Return the object that `digitlab evaluate --json` prints."""
        return asdict(self)

    def _repr_html_(self) -> str:
        from digitlab.html.render import render

        rows = [("all pictures", asdict(self))]
        rows += [
            (f"{name} in training", counts)
            for name, counts in (("seen", self.seen), ("unseen", self.unseen))
            if counts is not None and counts["n"]
        ]
        return render("evaluation.html.j2", evaluation=asdict(self), rows=rows)


@dataclass(frozen=True)
class _Predictions:
    """Labels and predictions of the readable pictures; `seen` is None where unknown."""

    labels: NDArray[np.uint8]
    digits: NDArray[np.int64]
    confidence: NDArray[np.float64]
    refused: int
    unreadable: int = 0
    seen: NDArray[np.bool_] | None = None
    read_as: str = ""


def evaluate(data: DataSource, reader: Reader, *, progress: Progress | None = None) -> Evaluation:
    """Read every digit of a data set and count the correct predictions.

    Args:
        data: "mnist:test" or "mnist:validation"; path of a labelled folder, an .npz file with
            x and y, or Kaggle's .csv; or digit images, uint8 (N, 28, 28), with labels (N,).
            Digit images (MNIST's, Kaggle's and arrays) go to the network as they are; all
            other pictures go through the front end.
        reader: reads with one model version.
        progress: called now and then.

    Raises:
        DataError: the data set is none of these, or is damaged.
    """
    predictions = _predict(data, reader, progress)
    correct = predictions.digits == predictions.labels
    n, n_correct = len(correct) + predictions.unreadable, int(correct.sum())
    seen = predictions.seen
    return Evaluation(
        n=n,
        correct=n_correct,
        accuracy=n_correct / n,
        ci95=metrics.wilson_interval(n_correct, n),
        ece=metrics.ece(predictions.confidence, correct),
        refused=predictions.refused,
        unreadable=predictions.unreadable,
        confusion=metrics.confusion_matrix(predictions.labels, predictions.digits).tolist(),
        model=reader.classifier.version,
        read_as=predictions.read_as,
        seen=None if seen is None else _counts(correct[seen]),
        unseen=None if seen is None else _counts(correct[~seen]),
    )


def seen_in_training(digit_images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return which digit images, (N, 28, 28), the base was trained or tuned on.

    Compares bytes with the images of the splits `train` and `validation`.
    """
    seen = _hashes(mnist.load("train")[0]) | _hashes(mnist.load("validation")[0])
    return np.array([_hash(image) in seen for image in digit_images], bool)


def _predict(data: DataSource, reader: Reader, progress: Progress | None) -> _Predictions:
    if isinstance(data, tuple):
        return _predict_digit_images(*_checked_arrays(*data), reader, progress)
    name = os.fspath(data)
    if name.startswith("mnist:"):
        return _predict_digit_images(*_load_mnist(name), reader, progress)
    path = Path(name)
    if path.is_dir():
        files = list_labelled_folder(path)
        return _predict_pictures(
            [file for file, _ in files], [label for _, label in files], reader, progress
        )
    if path.suffix.lower() == ".csv":
        x, y = read_kaggle_csv(path)
        _require_digits(len(y), path)
        predictions = _predict_digit_images(x, y, reader, progress)
        return _Predictions(**{**vars(predictions), "seen": seen_in_training(x)})
    if path.suffix.lower() == ".npz":
        x, y = read_npz(path)
        _require_digits(len(y), path)
        return _predict_pictures(x, y.tolist(), reader, progress)
    raise DataError(
        f"{name}: expected a labelled folder, an .npz or Kaggle .csv file, mnist:test or "
        "mnist:validation" + ("." if path.exists() else "; there is no such file or folder."),
        path=name,
        expected="a data set",
    )


def _load_mnist(name: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    if name not in ("mnist:test", "mnist:validation"):
        renamed = " (mnist:tune is now mnist:validation)" if name == "mnist:tune" else ""
        raise DataError(
            f"{name}: expected mnist:test or mnist:validation{renamed}.",
            path=name,
            expected="mnist:test",
        )
    return mnist.load("test" if name == "mnist:test" else "validation")


def _checked_arrays(
    x: NDArray[Any], y: NDArray[Any]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    x, y = np.asarray(x), np.asarray(y)
    if x.dtype != np.uint8 or x.ndim != 3 or x.shape[1:] != (28, 28) or y.shape != x.shape[:1]:
        raise DataError(
            "Expected digit images as uint8 (N, 28, 28) and labels as (N,), got "
            f"{x.dtype} {x.shape} and {y.shape}.",
            expected="uint8 (N, 28, 28) and (N,)",
        )
    _require_digits(len(y), "the arrays")
    if not np.isin(y, range(10)).all():
        raise DataError("Expected labels from 0 to 9.", expected="labels 0-9")
    return x, y.astype(np.uint8)


def _predict_digit_images(
    x: NDArray[np.uint8], y: NDArray[np.uint8], reader: Reader, progress: Progress | None
) -> _Predictions:
    parts = []
    for start in range(0, len(x), _PROGRESS_STEP):
        parts.append(reader.read_images(x[start : start + _PROGRESS_STEP]))
        if progress is not None:
            progress(min(start + _PROGRESS_STEP, len(x)), len(x))
    digits, confidence, refused = (np.concatenate(part) for part in zip(*parts, strict=True))
    return _Predictions(y, digits, confidence, int(refused.sum()))


def _predict_pictures(
    pictures: Sequence[Any] | NDArray[np.uint8],
    labels: Sequence[int],
    reader: Reader,
    progress: Progress | None,
) -> _Predictions:
    rows: list[tuple[int, int, float, bool]] = []
    unreadable = 0
    for done, (picture, label) in enumerate(zip(pictures, labels, strict=True), 1):
        try:
            prediction = reader.read(picture)
        except ImageError:
            unreadable += 1
        else:
            rows.append((label, prediction.digit, prediction.confidence, prediction.refused))
        if progress is not None:
            progress(done, len(labels))
    columns = [np.array(column) for column in zip(*rows, strict=True)] or [np.array([])] * 4
    y, digits, confidence, refused = columns
    return _Predictions(
        y.astype(np.uint8),
        digits.astype(np.int64),
        confidence.astype(np.float64),
        int(refused.sum()),
        unreadable,
    )


def _require_digits(n: int, source: object) -> None:
    if n == 0:
        raise DataError(
            f"{source}: holds no digit.", path=str(source), expected="at least one digit"
        )


def _counts(correct: NDArray[np.bool_]) -> dict[str, Any]:
    n, n_correct = len(correct), int(correct.sum())
    return {"n": n, "correct": n_correct, "accuracy": n_correct / n if n else None}


def _hash(image: NDArray[np.uint8]) -> bytes:
    return hashlib.sha256(np.ascontiguousarray(image).tobytes()).digest()


def _hashes(images: NDArray[np.uint8]) -> set[bytes]:
    return {_hash(image) for image in images}
