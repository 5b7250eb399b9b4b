"""Contact sheets: photographs of the bench with what digitlab saw and read, to be looked at."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from digitlab.prediction import Prediction

SHOWN, COLUMNS, SIDE, STRIP = 24, 6, 220, 60


def sheet(
    data: Sequence[bytes], predictions: Sequence[Prediction], labels: np.ndarray
) -> Image.Image:
    """A grid of the first 24 pictures, each with its digit image, its reading and its label."""
    shown = list(zip(data, predictions, labels.tolist(), strict=True))[:SHOWN]
    rows = -(-len(shown) // COLUMNS)
    page = Image.new("RGB", (COLUMNS * SIDE, rows * (SIDE + STRIP)), (90, 120, 150))
    pencil = ImageDraw.Draw(page)
    for index, (one, prediction, label) in enumerate(shown):
        x, y = index % COLUMNS * SIDE, index // COLUMNS * (SIDE + STRIP)
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(one))).convert("RGBA")
        ground = Image.new("RGBA", image.size, (128, 150, 128, 255))
        image = Image.alpha_composite(ground, image).convert("RGB")
        scale = (SIDE - 8) / max(image.size)
        fitted = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        page.paste(image.resize(fitted, Image.Resampling.BICUBIC), (x + 4, y + 4))
        seen = Image.fromarray(prediction.digit_image).resize((56, 56), Image.Resampling.NEAREST)
        page.paste(seen, (x + 4, y + SIDE))
        right = prediction.digit == label
        text = f"{prediction.digit} ({prediction.confidence:.0%})\nis {label}"
        text += "\nrefused" if prediction.refused else ""
        pencil.text((x + 68, y + SIDE + 4), text, fill=(255, 255, 255) if right else (255, 210, 0))
    return page
