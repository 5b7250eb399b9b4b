"""Arrays and data frames of any usual shape and type: one rule for axes, scale and labels."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from support.digit_tables import PIXELS, digits

from digitlab.datasets.tables import from_arrays, read_frame
from digitlab.errors import DataError

X, Y = digits(12)

SHAPES = {
    "flat": (X.reshape(12, 784), "784 values as 28x28"),
    "flat with an axis": (X.reshape(12, 784, 1), "784 values as 28x28"),
    "flat with an axis before": (X.reshape(12, 1, 784), "784 values as 28x28"),
    "channel last": (X[..., None], ""),
    "channel first": (X[:, None], "channels first"),
    "MATLAB": (np.moveaxis(X, 0, -1), "pictures along the last axis"),
    "MATLAB, flat": (X.reshape(12, 784).T, "pictures along the last axis"),
    "MATLAB, channel": (np.moveaxis(X[..., None], 0, -1), "pictures along the last axis"),
    "lists": (X.tolist(), ""),
    "Fortran order": (np.asfortranarray(X), ""),
    "masked": (np.ma.array(X), ""),
    "read-only": (np.frombuffer(X.tobytes(), np.uint8).reshape(X.shape), ""),
}


@pytest.mark.parametrize(("pictures", "rule"), SHAPES.values(), ids=SHAPES)
def test_every_usual_shape_gives_the_same_pictures(pictures, rule):
    table = from_arrays(pictures, Y)
    assert np.array_equal(table.pictures, X)
    assert rule in "; ".join(table.rules)


@pytest.mark.parametrize("channels", [3, 4])
def test_colours_keep_their_channels(channels):
    colours = np.stack([X] * channels, axis=-1)
    assert np.array_equal(from_arrays(colours, Y).pictures, colours)
    first = from_arrays(np.moveaxis(colours, -1, 1), Y)
    assert np.array_equal(first.pictures, colours)
    assert "channels first" in first.rules


@pytest.mark.parametrize(
    ("pictures", "rule"),
    [
        (X.astype(np.int64), "values 0 to 255"),
        (X.astype(np.float32), "values 0 to 255"),
        (X / 255, "values 0 to 1"),
        ((X / 255).astype(np.float16), "values 0 to 1"),
        (X / 127.5 - 1, "values -1 to 1"),
        (X.astype(np.uint16) * 257, "values 0 to 65535"),
        (X.astype(">u2"), "values 0 to 255"),
    ],
    ids=["int64", "float32", "0-1", "float16", "-1-1", "16-bit", "big-endian"],
)
def test_every_usual_scale_gives_the_same_pictures(pictures, rule):
    table = from_arrays(pictures, Y)
    assert np.array_equal(table.pictures, X)
    assert rule in table.rules


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float64])
def test_pictures_of_0_and_1_are_black_and_white(dtype):
    table = from_arrays((X > 127).astype(dtype), Y)
    assert np.array_equal(table.pictures, np.where(X > 127, 255, 0))
    assert "values 0 to 1" in table.rules


@pytest.mark.parametrize(
    "labels",
    [
        Y.tolist(),
        Y.astype(float),
        Y[:, None],
        Y[None],
        Y.astype(str),
        Y.astype(str).astype(object),
        Y.astype("S1"),
        np.eye(10)[Y],
        np.eye(10, dtype=bool)[Y],
        pd.Series(Y, index=range(5, 17)),
        pd.Series(Y.astype(str), dtype="category"),
    ],
    ids=["list", "float", "column", "row", "str", "object", "bytes", "1-hot", "bool", "series",
         "category"],
)  # fmt: skip
def test_every_usual_form_of_labels_gives_the_same_digits(labels):
    assert np.array_equal(from_arrays(X, labels).labels, Y)


class Tensor:
    """An array of another library, which numpy.asarray converts."""

    def __init__(self, values):
        self._values = values

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self._values, dtype)


class DeviceTensor:
    """An array that cannot be converted, as one of PyTorch on a GPU."""

    def __array__(self, dtype=None, copy=None):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")


def test_an_array_of_another_library_is_converted():
    assert np.array_equal(from_arrays(Tensor(X), Tensor(Y)).pictures, X)


def test_an_array_that_cannot_be_converted_is_refused_with_its_reason():
    with pytest.raises(DataError, match="the arrays: the pictures are no array .*cuda"):
        from_arrays(DeviceTensor(), Y)
    with pytest.raises(DataError, match="the labels are no array .*cuda"):
        from_arrays(X, DeviceTensor())


@pytest.mark.parametrize(
    ("pictures", "labels"),
    [
        (None, Y),
        ("digits", Y),
        ({}, Y),
        (X, None),
        (X, "1234"),
        (X, 5),
        (X, X),
        (X[0], Y),
        (5, Y),
        ([[1, 2], [3]], [1, 2]),
        (np.zeros((12, 4, 4)), Y),
        (np.zeros((1, 20_000, 10_000), bool), [1]),
    ],
)
def test_anything_else_is_refused_in_one_line(pictures, labels):
    with pytest.raises(DataError, match="expected") as caught:
        from_arrays(pictures, labels)
    assert "\n" not in str(caught.value)


# Data frames ------------------------------------------------------------------------------


FRAME = pd.DataFrame(X.reshape(12, 784), columns=PIXELS)
FRAMES = {
    "label first": (pd.concat([pd.Series(Y, name="label"), FRAME], axis=1), "column 'label'"),
    "label last": (FRAME.assign(**{"class": Y.astype(str)}), "column 'class'"),
    "categories": (FRAME.assign(target=pd.Categorical(Y.astype(str))), "column 'target'"),
    "numbers as names": (pd.DataFrame(np.c_[Y, X.reshape(12, 784)]), "first column by its values"),
    "label after numbers": (pd.DataFrame(X.reshape(12, 784)).assign(y=Y), "column 'y'"),
    "floats": ((FRAME / 255).assign(label=Y), "values 0 to 1"),
    "other index": (FRAME.assign(label=Y).set_index(np.arange(12) * 7), "column 'label'"),
    "ids": (FRAME.assign(label=Y, Id=range(12)), "not read: 'id'"),
}


@pytest.mark.parametrize(("frame", "rule"), FRAMES.values(), ids=FRAMES)
def test_a_data_frame_is_read_by_the_rules_of_a_csv_file(frame, rule):
    table = read_frame(frame)
    assert np.array_equal(table.pictures, X)
    assert np.array_equal(table.labels, Y)
    assert rule in "; ".join(table.rules)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (FRAME, "no label column"),
        (FRAME.assign(label=Y).iloc[:0], "holds no digit"),
        (FRAME.assign(label="x"), "the label is x"),
        (FRAME.assign(label=Y, pixel5="x"), "a pixel is no number"),
        (pd.DataFrame({"name": ["x"], "age": [3]}), "2 columns"),
    ],
)
def test_another_data_frame_is_refused(frame, message):
    with pytest.raises(DataError, match=f"the DataFrame: .*{message}"):
        read_frame(frame)


def test_grey_pillow_images_are_arrays():
    pictures = [Image.fromarray(picture) for picture in X]
    assert np.array_equal(from_arrays(np.stack(pictures), Y).pictures, X)
