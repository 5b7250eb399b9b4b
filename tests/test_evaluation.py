"""Evaluations: right counts for each way to give labelled digits, and the rule that was used."""

import io
import zipfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from support.digit_tables import PIXELS, csv_text, digits, idx_bytes, rows_of

from digitlab.datasets import mnist
from digitlab.errors import DataError, ImageError
from digitlab.evaluation import evaluate
from digitlab.picture_reader import Reader, limits_of
from digitlab.settings import Settings
from digitlab.store import ModelRegistry

X, Y = digits(40)
"""Digits that the base reads without a mistake."""


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    settings = Settings.load(tmp_path_factory.mktemp("home"))
    with ModelRegistry(settings) as models:
        yield Reader(models.load(None), limits=limits_of(settings))


def frame() -> pd.DataFrame:
    return pd.DataFrame(X.reshape(len(X), 784), columns=PIXELS).assign(label=Y)


DIGIT_IMAGES = {
    "arrays": ((X, Y), "values 0 to 255"),
    "lists": ([X.tolist(), Y.tolist()], "values 0 to 255"),
    "flat": ((X.reshape(40, 784), Y), "784 values as 28x28"),
    "0 to 1, channel": (((X / 255)[..., None], Y), "values 0 to 1"),
    "inverted": ((255 - X, Y), "dark ink on paper, inverted"),
    "inverted, 0 to 1": ((1 - X / 255, Y), "values 0 to 1; dark ink on paper, inverted"),
    "transposed": ((X.transpose(0, 2, 1), Y), "rows and columns exchanged"),
    "one-hot": ((X, np.eye(10)[Y]), "one-hot labels"),
    "data frame": (frame(), "DataFrame; label in column 'label'"),
    "Pillow images": (([Image.fromarray(x) for x in X], Y), "values 0 to 255"),
    "list of arrays": ((list(X), list(Y)), "values 0 to 255"),
}


@pytest.mark.parametrize(("data", "rule"), DIGIT_IMAGES.values(), ids=DIGIT_IMAGES)
def test_digit_images_in_any_form_are_all_read(reader, data, rule):
    evaluation = evaluate(data, reader)
    assert (evaluation.n, evaluation.correct) == (40, 40)
    assert np.array_equal(np.diag(evaluation.confusion), np.bincount(Y, minlength=10))
    assert rule in evaluation.read_as
    assert evaluation.seen is None


def large(size: int) -> np.ndarray:
    return np.stack([np.asarray(Image.fromarray(255 - x).resize((size, size))) for x in X[:10]])


def png(array: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(array).save(data, "PNG")
    return data.getvalue()


PICTURES = {
    "56x56": ((large(56), Y[:10]), "56x56 pictures, by the front end"),
    "RGB": ((np.stack([large(56)] * 3, axis=-1), Y[:10]), "56x56 pictures, by the front end"),
    "RGB first": ((np.stack([large(56)] * 3, axis=1), Y[:10]), "channels first"),
    "sizes": (([large(40 + i)[i] for i in range(10)], Y[:10]), "a list of pictures"),
    "Pillow images in colour": (
        ([Image.fromarray(x).convert("RGB") for x in large(56)], Y[:10]),
        "a list of pictures",
    ),
    "bytes": (([png(x) for x in large(56)], Y[:10]), "a list of pictures"),
    "open files": (([io.BytesIO(png(x)) for x in large(56)], Y[:10]), "a list of pictures"),
}


@pytest.mark.parametrize(("data", "rule"), PICTURES.values(), ids=PICTURES)
def test_other_pictures_go_through_the_front_end(reader, data, rule):
    evaluation = evaluate(data, reader)
    assert (evaluation.n, evaluation.unreadable) == (10, 0)
    assert evaluation.correct >= 9
    assert rule in evaluation.read_as


def test_files_of_tables_count_training_images_apart(reader, tmp_path):
    x = np.concatenate([X[:3], mnist.load("test")[0][:2]])
    y = np.concatenate([Y[:3], mnist.load("test")[1][:2]])
    (tmp_path / "digits.csv").write_text(csv_text(["label", *PIXELS], rows_of(x, y)))
    np.savez(tmp_path / "digits.npz", x_test=1 - x / 255, y_test=y)
    (tmp_path / "idx").mkdir()
    (tmp_path / "idx" / "t10k-images-idx3-ubyte").write_bytes(idx_bytes(x))
    (tmp_path / "idx" / "t10k-labels-idx1-ubyte").write_bytes(idx_bytes(y))
    with zipfile.ZipFile(tmp_path / "train.zip", "w") as archive:
        archive.write(tmp_path / "digits.csv", "train.csv")
    with zipfile.ZipFile(tmp_path / "idx.zip", "w") as archive:
        for file in (tmp_path / "idx").iterdir():
            archive.write(file, file.name)
    (tmp_path / "csv").mkdir()
    (tmp_path / "csv" / "train.csv").write_bytes((tmp_path / "digits.csv").read_bytes())
    for name in (
        *("digits.csv", "digits.npz", "idx", "idx/t10k-images-idx3-ubyte"),
        *("train.zip", "idx.zip", "csv"),
    ):
        evaluation = evaluate(tmp_path / name, reader)
        assert (evaluation.n, evaluation.correct) == (5, 5)
        assert (evaluation.seen["n"], evaluation.unseen["n"]) == (3, 2)
        assert evaluation.read_as


def test_progress_reaches_the_number_of_pictures_once(reader):
    mixed = X.copy()
    mixed[5:8] //= 4  # pale ones go through the front end
    calls = []
    evaluation = evaluate((mixed, Y), reader, progress=lambda *numbers: calls.append(numbers))
    assert calls[-1] == (40, 40)
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert "3 of 40 read as pictures" in evaluation.read_as


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (X, "Expected a path, a pair .* got ndarray"),
        (None, "got NoneType"),
        (5, "got int"),
        ((X,), "got 1 values"),
        ((X, Y, X, Y), "got 4 values"),
        (([Image.new("RGB", (9, 9))], [1, 2]), "got 1 pictures and 2 labels"),
        (([], []), "labels are|holds no digit"),
        ((X, Y + 5), "row . the label is 1|the label is 1"),
        ((X // 16 / 1.0, Y), "the pixels run from 0 to 15"),
        ("nowhere.csv", "no such file"),
        (
            (np.full((30_001, 28, 28), 128, np.uint8), [1] * 30_001),
            "30,001 pictures need the front",
        ),
        ((np.zeros((30_001, 9, 9), np.uint8), [1] * 30_001), "expected at most 30,000 such"),
    ],
)
def test_anything_else_is_refused_in_one_line(reader, data, message):
    with pytest.raises(DataError, match=message) as caught:
        evaluate(data, reader)
    assert "\n" not in str(caught.value)


def test_a_list_without_a_readable_picture_raises_the_reason(reader):
    with pytest.raises(ImageError, match="not a picture"):
        evaluate(([b"hello", b"x"], [1, 2]), reader)
    evaluation = evaluate(([b"hello", X[0]], [1, Y[0]]), reader)
    assert (evaluation.n, evaluation.correct, evaluation.unreadable) == (2, 1, 1)
