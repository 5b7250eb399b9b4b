"""Small pieces of HTML and text from plain values: percentages, data URIs, SVG frames."""

from __future__ import annotations

import base64
import io

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray


def percent(share: float) -> str:
    """Format a share of 0-1 as a whole per cent.

    A share that is not certain never reads "100 %" or "0 %": it becomes "over 99 %" or
    "under 1 %".
    """
    whole = round(100 * share)
    if whole == 100 and share < 1:
        return "over 99 %" if share > 0.995 else "99 %"
    if whole == 0 and share > 0:
        return "under 1 %"
    return f"{whole} %"


def digit_image_uri(image: NDArray[np.uint8]) -> str:
    """Encode a digit image as a PNG data URI of about 300 bytes, dark ink on white paper.

    Args:
        image: uint8 (28, 28), bright ink on 0.
    """
    from PIL import Image  # the store imports this module and needs no Pillow

    png = io.BytesIO()
    Image.fromarray(255 - image).save(png, "PNG", optimize=True)
    return data_uri(png.getvalue())


def data_uri(picture: bytes) -> str:
    """Encode the bytes of a PNG or JPEG file as a data URI."""
    subtype = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{subtype};base64,{base64.b64encode(picture).decode('ascii')}"


def frame_attributes(box: tuple[int, int, int, int]) -> Markup:
    """Return the attributes of an SVG `rect` around a box.

    Args:
        box: x, y, width, height in pixels of the picture.
    """
    x, y, width, height = box
    return Markup(
        'x="{}" y="{}" width="{}" height="{}" rx="2" vector-effect="non-scaling-stroke"'
    ).format(x, y, width, height)
