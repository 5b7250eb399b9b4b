"""Draw contact sheets: pictures with their digit images, predictions and labels."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from digitlab.prediction import Prediction

MAX_PICTURES, COLUMNS = 24, 6
SIDE, CAPTION_HEIGHT = 220, 60
"""Of a picture's cell, in pixels."""


def contact_sheet(
    data: Sequence[bytes], predictions: Sequence[Prediction], labels: np.ndarray
) -> Image.Image:
    """Return a grid of the first 24 pictures; the caption of a wrong prediction is yellow.

    Args:
        data: picture files.
        predictions: a prediction for each picture.
        labels: the true digits, (N,).
    """
    cells = list(zip(data, predictions, labels.tolist(), strict=True))[:MAX_PICTURES]
    rows = -(-len(cells) // COLUMNS)
    page = Image.new("RGB", (COLUMNS * SIDE, rows * (SIDE + CAPTION_HEIGHT)), (90, 120, 150))
    pencil = ImageDraw.Draw(page)
    for index, (file, prediction, label) in enumerate(cells):
        x, y = index % COLUMNS * SIDE, index // COLUMNS * (SIDE + CAPTION_HEIGHT)
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(file))).convert("RGBA")
        background = Image.new("RGBA", image.size, (128, 150, 128, 255))
        image = Image.alpha_composite(background, image).convert("RGB")
        scale = (SIDE - 8) / max(image.size)
        fitted = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        page.paste(image.resize(fitted, Image.Resampling.BICUBIC), (x + 4, y + 4))
        digit = Image.fromarray(prediction.digit_image).resize((56, 56), Image.Resampling.NEAREST)
        page.paste(digit, (x + 4, y + SIDE))
        correct = prediction.digit == label
        text = f"{prediction.digit} ({prediction.confidence:.0%})\nis {label}"
        text += "\nrefused" if prediction.refused else ""
        colour = (255, 255, 255) if correct else (255, 210, 0)
        pencil.text((x + 68, y + SIDE + 4), text, fill=colour)
    return page
