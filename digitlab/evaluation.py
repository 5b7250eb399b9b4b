"""Evaluate a reader on labelled digits: folders, tables, arrays and MNIST."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import find_labelled_pictures, mnist
from digitlab.datasets.mnist_frame import to_mnist_frame
from digitlab.datasets.picture_archive import open_folder
from digitlab.datasets.tables import (
    EXPECTED_FILES,
    LabelledPictures,
    find_table,
    from_arrays,
    is_frame,
    is_table_archive,
    read_frame,
    read_table,
)
from digitlab.datasets.tables.labels import read_labels
from digitlab.datasets.tables.limits import LIMITS, table_error
from digitlab.errors import DataError, ImageError
from digitlab.model import metrics
from digitlab.picture_reader import Reader

Progress = Callable[[int, int], None]
"""Called with the number of pictures done and the total."""

DataSource = str | os.PathLike[str] | tuple[Any, Any] | Any
"""A name or path that `evaluate` knows, a pair of pictures and labels, or a data frame."""

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
        left_out: numbers of files that are not among the `n`, by their cause.
        contradictions: files with the same bytes under different labels, with their labels, one
            line for each picture; they are left out as "two labels".
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
    left_out: dict[str, int]
    contradictions: list[str]
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
    digit_images: NDArray[np.uint8] | None = None
    left_out: dict[str, int] = field(default_factory=dict)
    contradictions: list[str] = field(default_factory=list)


def evaluate(data: DataSource, reader: Reader, *, progress: Progress | None = None) -> Evaluation:
    """Read every digit of a data set and count the correct predictions.

    28x28 pictures of bright ink on 0 are digit images and go to the network as they are, after
    dark ink on paper is inverted and transposed pictures are turned upright. All other pictures
    go through the front end. `Evaluation.read_as` names what was done.

    Args:
        data: "mnist:test" or "mnist:validation"; path of a labelled folder, a zip file of
            pictures, a CSV, NPZ or IDX file; a pair of pictures and labels, where pictures are
            an array, (N, 784), (N, H, W), (N, H, W, C) or (N, C, H, W), or a list of what
            `Reader.read` takes; or a DataFrame with one digit in each row.
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
        left_out=predictions.left_out,
        contradictions=predictions.contradictions,
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
    if is_frame(data):
        return _predict_table(read_frame(data), reader, progress)
    if isinstance(data, (tuple, list)):
        return _predict_pair(data, reader, progress)
    if not isinstance(data, (str, os.PathLike)):
        raise DataError(
            f"Expected a path, a pair of pictures and labels or a DataFrame, got "
            f"{type(data).__name__}.",
            expected="a data set",
        )
    name = os.fspath(data)
    if name.startswith("mnist:"):
        return _predict_digit_images(*_load_mnist(name), reader, progress)
    path = Path(name)
    if path.is_dir() or (path.suffix.lower() == ".zip" and not is_table_archive(path)):
        with open_folder(path) as folder:
            table = find_table(folder)
            if table is not None:
                return _predict_file(read_table(table, shown=path), reader, progress)
            return _predict_folder(folder, name, reader, progress)
    if not os.path.lexists(path):
        raise DataError(
            f"{name}: expected a labelled folder, {EXPECTED_FILES}, mnist:test or "
            "mnist:validation; there is no such file or folder.",
            path=name,
            expected="a data set",
        )
    return _predict_file(read_table(path), reader, progress)


def _predict_folder(
    path: Path, shown: str, reader: Reader, progress: Progress | None
) -> _Predictions:
    folder = find_labelled_pictures(path, shown=shown)
    contradictions = [
        " and ".join(f"{picture.name} ({picture.label})" for picture in group)
        for group in folder.contradictions
    ]
    if not folder.pictures:
        raise DataError(
            f"{shown}: all pictures are under two labels, for example {contradictions[0]}; "
            "expected one label for each picture.",
            path=shown,
            expected="one label for each picture",
        )
    predictions = _predict_pictures(
        [picture.path for picture in folder.pictures],
        [picture.label for picture in folder.pictures],
        reader,
        progress,
    )
    if predictions.unreadable == len(folder.pictures):
        raise DataError(
            f"{shown}: none of its {predictions.unreadable:,} pictures can be read; expected "
            "whole picture files.",
            path=shown,
            expected="readable pictures",
        )
    return _Predictions(
        **{
            **vars(predictions),
            "read_as": f"labels from {folder.rule}",
            "left_out": folder.counts(),
            "contradictions": contradictions,
        }
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


def _predict_pair(data: Sequence[Any], reader: Reader, progress: Progress | None) -> _Predictions:
    if len(data) != 2:
        raise DataError(
            f"Expected a pair of pictures and labels, got {len(data)} values.",
            expected="(pictures, labels)",
        )
    pictures, labels = data
    if not isinstance(pictures, (list, tuple)) or _are_numbers(pictures):
        return _predict_table(from_arrays(pictures, labels), reader, progress)
    same = _stack(pictures)
    if same is not None:
        return _predict_table(from_arrays(same, labels), reader, progress)
    y = read_labels(labels, "the labels")
    if len(y) != len(pictures):
        raise DataError(
            f"Expected one label for each picture, got {len(pictures):,} pictures and "
            f"{len(y):,} labels.",
            expected="as many labels as pictures",
        )
    _require_digits(len(y), "the list")
    predictions = _predict_pictures(pictures, y.tolist(), reader, progress)
    if predictions.unreadable == len(y):
        reader.read(pictures[0])  # raises the reason
    return replace(predictions, read_as="a list of pictures, by the front end")


def _are_numbers(values: Sequence[Any]) -> bool:
    """Return whether nested sequences hold numbers, not pictures."""
    while isinstance(values, (list, tuple)) and values:
        values = values[0]
    return isinstance(values, (bool, int, float))


def _stack(pictures: Sequence[Any]) -> NDArray[Any] | None:
    """Return arrays or grey Pillow images of one shape as one array; None for other pictures."""
    if not pictures or not all(
        getattr(picture, "mode", "") in {"L", "1"} or hasattr(picture, "dtype")
        for picture in pictures
    ):
        return None
    arrays = [np.asarray(picture) for picture in pictures]
    alike = len({(array.shape, array.dtype) for array in arrays}) == 1
    return np.stack(arrays) if alike else None


def _predict_file(
    table: LabelledPictures, reader: Reader, progress: Progress | None
) -> _Predictions:
    """Read a table; count the pictures that the base was trained on apart."""
    predictions = _predict_table(table, reader, progress)
    if predictions.digit_images is None:
        return predictions
    return replace(predictions, seen=seen_in_training(predictions.digit_images))


def _predict_table(
    table: LabelledPictures, reader: Reader, progress: Progress | None
) -> _Predictions:
    if table.pictures.shape[1:] != (28, 28):
        _check_front_end(len(table.labels), table.source)
        predictions = _predict_pictures(table.pictures, table.labels.tolist(), reader, progress)
        height, width = table.pictures.shape[1:3]
        rules = (*table.rules, f"{width}x{height} pictures, by the front end")
        return replace(predictions, read_as="; ".join(rules))
    framed = to_mnist_frame(table.pictures, table.labels)
    direct = framed.is_digit_image
    _check_front_end(len(direct) - int(direct.sum()), table.source)
    digits = np.empty(len(direct), np.int64)
    confidence, refused = np.empty(len(direct)), np.empty(len(direct), bool)

    def with_total(done: int, _: int) -> None:
        if progress is not None:
            progress(done, len(direct))

    if direct.any():
        digits[direct], confidence[direct], refused[direct] = _read_digit_images(
            framed.pictures[direct], reader, with_total
        )
    for done, row in enumerate(np.flatnonzero(~direct), int(direct.sum()) + 1):
        prediction = reader.read(framed.pictures[row])
        digits[row], confidence[row] = prediction.digit, prediction.confidence
        refused[row] = prediction.refused
        with_total(done, 0)
    return _Predictions(
        table.labels,
        digits,
        confidence,
        int(refused.sum()),
        read_as="; ".join((*table.rules, *framed.rules)),
        digit_images=framed.pictures,
    )


def _check_front_end(n: int, source: str) -> None:
    """Refuse a table whose pictures would take the front end many minutes."""
    if n > LIMITS.max_front_end:
        raise table_error(
            source,
            f"{n:,} pictures need the front end, because they are pale or not 28x28 with a "
            "dark or a bright border",
            f"at most {LIMITS.max_front_end:,} such pictures",
            hint="Split it.",
        )


def _predict_digit_images(
    x: NDArray[np.uint8], y: NDArray[np.uint8], reader: Reader, progress: Progress | None
) -> _Predictions:
    digits, confidence, refused = _read_digit_images(x, reader, progress)
    return _Predictions(y, digits, confidence, int(refused.sum()))


def _read_digit_images(
    x: NDArray[np.uint8], reader: Reader, progress: Progress | None
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    parts = []
    for start in range(0, len(x), _PROGRESS_STEP):
        parts.append(reader.read_images(x[start : start + _PROGRESS_STEP]))
        if progress is not None:
            progress(min(start + _PROGRESS_STEP, len(x)), len(x))
    digits, confidence, refused = (np.concatenate(part) for part in zip(*parts, strict=True))
    return digits, confidence, refused


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
