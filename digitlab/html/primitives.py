"""HTML primitives over plain values: percentages, data URIs, SVG frames."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def percent(share: float) -> str:
    """A share of 0-1 as whole per cents; never "100 %" or "0 %" for what is not certain."""
    whole = round(100 * share)
    if whole == 100 and share < 1:
        return "over 99 %" if share > 0.995 else "99 %"
    if whole == 0 and share > 0:
        return "under 1 %"
    return f"{whole} %"


def digit_image_uri(image: NDArray[np.uint8]) -> str:
    """A digit image as a PNG data URI of some 300 bytes; dark ink on white paper."""
    out = io.BytesIO()
    Image.fromarray(255 - image).save(out, "PNG", optimize=True)
    return data_uri(out.getvalue())


def data_uri(picture: bytes) -> str:
    """PNG or JPEG bytes as a data URI."""
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode('ascii')}"


def frame_attributes(box: tuple[int, int, int, int]) -> str:
    x, y, w, h = box
    return f'x="{x}" y="{y}" width="{w}" height="{h}" rx="2" vector-effect="non-scaling-stroke"'
