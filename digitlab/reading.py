"""Reader: the way of one picture from its bytes to a Prediction, with one model version."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.errors import ImageError
from digitlab.images import DigitView, Limits, Picture, decode, from_array, read_digit
from digitlab.model.prediction import Prediction
from digitlab.model.runtime import Classifier
from digitlab.settings import Settings

PictureSource = str | os.PathLike[str] | bytes | bytearray | memoryview | NDArray[Any]
"""What a caller may give as a picture: a path, the bytes of a file, or an array of pixels."""


class Reader:
    """Reads one digit from a picture.

    Args:
        classifier: the model version that answers.
        limits: what is refused before it is decoded.
    """

    def __init__(self, classifier: Classifier, *, limits: Limits) -> None:
        self.classifier = classifier
        self._limits = limits

    def read(self, source: PictureSource, *, name: str = "") -> Prediction:
        """The digit in a picture.

        Args:
            source: path, bytes, or uint8 array (H, W), (H, W, 3) or (H, W, 4).
            name: what to call the picture; the file's name when a path is given.

        Raises:
            ImageError: the picture cannot be read; `code` says why.
        """
        data = b""
        if isinstance(source, np.ndarray):
            picture = from_array(source)
        else:
            if isinstance(source, (str, os.PathLike)):
                name = name or os.path.basename(os.fspath(source))
                data = read_file(source, max_bytes=self._limits.max_bytes)
            else:
                data = bytes(source)
            picture = decode(data, limits=self._limits)
        view = read_digit(picture)
        return self._predict(picture, view, name=name, data=data)

    def _predict(self, picture: Picture, view: DigitView, *, name: str, data: bytes) -> Prediction:
        probabilities = self.classifier.predict_proba(view.digit_image[None])[0]
        label = int(probabilities.argmax())
        return Prediction(
            label=label,
            confidence=float(probabilities[label]),
            probabilities=tuple(float(p) for p in probabilities),
            refused=view.blank,
            remembered=False,
            model=self.classifier.version,
            box=view.box,
            digit_image=view.digit_image,
            picture_sha256=picture.sha256,
            name=name,
            picture=data,
            preview=picture.preview,
            size=picture.size,
        )


def limits_of(settings: Settings) -> Limits:
    """The limits on pictures that hold in a home."""
    return Limits(
        max_bytes=settings.max_bytes,
        max_pixels=settings.max_pixels,
        max_pixels_jpeg=settings.max_pixels_jpeg,
    )


def read_file(path: str | os.PathLike[str], *, max_bytes: int) -> bytes:
    """The bytes of a picture file.

    Raises:
        ImageError: code "not-found": there is no such file, or it cannot be opened; code
            "too-large": it has more than `max_bytes`.
    """
    try:
        with Path(path).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise ImageError(
            f"{os.fspath(path)} cannot be opened: {error.strerror}.", code="not-found"
        ) from error
    if len(data) > max_bytes:
        raise ImageError(
            f"This file has {max(size, len(data)) / 1e6:.1f} MB; at most {max_bytes / 1e6:g} MB "
            "are read: save a smaller copy and try that.",
            code="too-large",
        )
    return data
