"""Pictures from a program's own objects: Pillow images, open files, arrays of other libraries."""

from __future__ import annotations

import contextlib
import hashlib
import io
import warnings
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from digitlab.errors import ImageError
from digitlab.images.decode import Limits
from digitlab.images.picture import Picture, from_array, from_image

EXPECTED_SOURCES: Final = (
    "a path, the bytes of a picture file, an open binary file, a Pillow image or an array of pixels"
)
"""What can be read as a picture, for messages."""


@runtime_checkable
class BinaryStream(Protocol):
    """An open binary file, such as `io.BytesIO` or an upload."""

    def read(self, size: int = ..., /) -> Any:
        """Return up to `size` bytes."""


def read_stream(stream: BinaryStream, *, max_bytes: int) -> bytes:
    """Read the bytes of an open binary file, from its start if it can seek.

    A `BytesIO` that a program has just written to stands at its end.

    Raises:
        ImageError: code "not-a-picture" for a text file, "not-found" if reading fails,
            "too-large" above `max_bytes`.
    """
    try:
        # A stream that cannot seek is read from where it stands.
        with contextlib.suppress(AttributeError, io.UnsupportedOperation):
            stream.seek(0)  # type: ignore[attr-defined]
        data = stream.read(max_bytes + 1)
    except (OSError, ValueError) as error:  # ValueError: the file is closed
        raise ImageError(
            f"This file cannot be read: {error}; expected an open binary file.", code="not-found"
        ) from error
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise ImageError(
            f"This file gives {type(data).__name__}; expected bytes: open it with mode 'rb'.",
            code="not-a-picture",
        )
    if len(data) > max_bytes:
        raise ImageError(
            f"This file has more than {max_bytes / 1e6:g} MB, the most that is read: save a "
            "smaller copy and try that.",
            code="too-large",
        )
    return bytes(data)


def from_pillow(image: Image.Image, *, limits: Limits) -> Picture:
    """Build a Picture from a Pillow image of any mode; EXIF orientation is applied.

    Returns:
        A Picture whose `sha256` is that of the mode, the size and the pixels.

    Raises:
        ImageError: code "empty" for an image without pixels, "too-many-pixels" above the limits,
            "damaged" if Pillow cannot decode the file that it was opened from.
    """
    width, height = image.size
    if width * height == 0:
        raise ImageError(
            f"This image has {width} x {height} pixels; expected at least one.", code="empty"
        )
    most = limits.max_pixels
    if width * height > most:
        raise ImageError(
            f"This image has {width} x {height} pixels ({width * height / 1e6:.1f} megapixels); "
            f"at most {most / 1e6:g} megapixels are read: reduce it first.",
            code="too-many-pixels",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata
            image.load()
            upright = ImageOps.exif_transpose(image)
            content = repr((upright.mode, upright.size)).encode() + upright.tobytes()
            digest = hashlib.sha256(content).hexdigest()
            return from_image(upright, size=upright.size, scale=1, sha256=digest)
    except Exception as error:  # a decoder may raise any error over broken bytes
        raise ImageError(
            "This image is damaged or incomplete and cannot be read; expected a whole one: save, "
            "copy or send its file again.",
            code="damaged",
        ) from error


def from_object(source: object) -> Picture:
    """Build a Picture from an array of another library, or from nested lists of numbers.

    Raises:
        ImageError: code "not-a-picture" for anything else.
    """
    try:
        array: NDArray[Any] = np.asarray(source)
    except Exception as error:  # an array of another library may raise any error
        raise _unknown(source) from error
    if array.dtype.kind not in "biuf" or array.ndim == 0:
        raise _unknown(source)
    return from_array(array)


def _unknown(source: object) -> ImageError:
    return ImageError(
        f"This is a {type(source).__name__}; expected {EXPECTED_SOURCES}.", code="not-a-picture"
    )
