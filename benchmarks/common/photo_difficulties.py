"""Make pictures with one difficulty each, for `benchmarks/photos.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PIL import Image

from common.hand_difficulties import HAND_DIFFICULTIES, LABELS_OF_HANDS
from common.pen_drawings import PEN_DRAWINGS, SHAPES_OF_ROW
from common.picture_files import encode, invert_at_random
from common.small_pictures import SMALL_PICTURES, pale_digit_image
from common.tight_crops import TIGHT_CROPS
from digitlab.synthetic.photographs import camera_difficulties, difficulties, paper_difficulties
from digitlab.synthetic.photographs.extra_strokes import (
    DIGITS_WITH_EXTRA_STROKES,
    add_extra_strokes,
)
from digitlab.synthetic.photographs.ordinary_scene import ordinary_scene
from digitlab.synthetic.photographs.photograph import photograph
from digitlab.synthetic.photographs.random_scene import make_readable, random_scene
from digitlab.synthetic.photographs.scene import Difficulty, Scene

Rng = np.random.Generator
MakePicture = Callable[[np.ndarray, int, Rng], bytes]
"""A function from digit image, label and generator to the bytes of a picture file."""

DRAWING = Scene(grain=0, gradient=0, blur=0, noise=0, quality=None, paper=(255, 255, 255),
                ink=(0, 0, 0))  # fmt: skip
LABELS = {"flourishes": DIGITS_WITH_EXTRA_STROKES, **SHAPES_OF_ROW, **LABELS_OF_HANDS}
"""The digits of a difficulty that only some digits can have."""


def as_file(image: Image.Image, quality: int, rng: Rng) -> bytes:
    """Encode a photograph: 80 % are JPEG, 12 % WebP and 8 % PNG files."""
    file_format = str(rng.choice(["JPEG", "WEBP", "PNG"], p=[0.8, 0.12, 0.08]))
    return encode(image, file_format, **({} if file_format == "PNG" else {"quality": quality}))


def photo(change: Difficulty | None, *, sides: tuple[int, int] | None = None) -> MakePicture:
    """Return a function that makes an ordinary photograph with one change.

    Args:
        change: the difficulty; None for none.
        sides: minimum and maximum of the longer side in pixels; None for the usual ones.
    """

    def make(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
        scene = ordinary_scene(rng) if sides is None else ordinary_scene(rng, sides=sides)
        if change is not None:
            scene = make_readable(change(scene, rng))
        image = photograph(digit_image, rng=rng, scene=replace(scene, quality=None))
        return as_file(image, scene.quality or 90, rng)

    return make


def mixed(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Make a photograph with several difficulties."""
    scene = random_scene(rng)
    image = photograph(digit_image, rng=rng, scene=replace(scene, quality=None))
    return as_file(image, scene.quality or 90, rng)


def phone(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Make a photograph of 12 megapixels that is stored sideways with an EXIF orientation."""
    scene = replace(ordinary_scene(rng), size=(1008, 756), height=rng.uniform(0.15, 0.5))
    scene = replace(scene, pen=max(2.0, scene.digit_height * rng.uniform(0.03, 0.09)), quality=None)
    image = photograph(digit_image, rng=rng, scene=scene)
    large = image.resize((4032, 3024), Image.Resampling.BICUBIC).transpose(
        Image.Transpose.ROTATE_90
    )
    exif = Image.Exif()
    exif[0x0112] = 6
    return encode(large, "JPEG", quality=82, exif=exif)


def flourished(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Photograph a crossed 7, a slashed 0 or a 1 with flag and foot."""
    return photo(None)(add_extra_strokes(digit_image, label, rng=rng), label, rng)


def canvas(
    digit_image: np.ndarray,
    rng: Rng,
    *,
    size: int | None = None,
    height: float | None = None,
    **changes: object,
) -> Image.Image:
    """Draw a digit on a screen, black on white; return a grey image."""
    size = size or int(rng.choice([280, 400, 1000]))
    scene = replace(
        DRAWING,
        size=(size, size),
        height=height or rng.uniform(0.4, 0.75),
        centre=(rng.uniform(0.4, 0.6), rng.uniform(0.4, 0.6)),
        slant=rng.normal(0, 5),
        **changes,
    )
    return photograph(digit_image, rng=rng, scene=scene).convert("L")


def brush_drawing(digit_image: np.ndarray, rng: Rng) -> Image.Image:
    """Draw with a thick brush that leaves loops open, black on white."""
    size = int(rng.choice([80, 280, 400]))
    height = rng.uniform(0.45, 0.8)
    return canvas(
        digit_image,
        rng,
        size=size,
        height=height,
        pen=size * height * rng.uniform(0.09, 0.15),
        crisp=rng.random() < 0.5,
    )


def thin_drawing(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Draw with lines of one pixel."""
    thin = canvas(digit_image, rng, pen=1.0, crisp=rng.random() < 0.5)
    return encode(invert_at_random(thin, rng), "PNG")


def thick_drawing(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Draw with a thick brush."""
    return encode(invert_at_random(brush_drawing(digit_image, rng), rng), "PNG")


def transparent(digit_image: np.ndarray, rng: Rng, ink: int) -> bytes:
    """Draw on a transparent background: ink of one tone, and alpha."""
    thin = canvas(digit_image, rng, pen=float(rng.uniform(3, 12)))
    drawing = thin if rng.random() < 0.5 else brush_drawing(digit_image, rng)
    alpha = Image.eval(drawing, lambda tone: 255 - tone)
    tones = Image.new("L", drawing.size, ink)
    return encode(Image.merge("LA", (tones, alpha)).convert("RGBA"), "PNG")


def black_on_transparent(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Draw in black on a transparent background."""
    return transparent(digit_image, rng, 0)


def white_on_transparent(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Draw in white on a transparent background."""
    return transparent(digit_image, rng, 255)


def opaque_rgba(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Draw on an opaque background, in a file with an alpha channel."""
    drawing = canvas(digit_image, rng, pen=float(rng.uniform(3, 14)))
    return encode(invert_at_random(drawing, rng).convert("RGBA"), "PNG")


def webcam(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Make a dim picture of 32 x 32 pixels with very low contrast."""
    tone = rng.uniform(45, 110)
    depth = rng.uniform(9, 26)
    levels = np.clip((tone, tone - depth), 8, 255).astype(int).tolist()
    scene = replace(
        DRAWING,
        size=(32, 32),
        height=rng.uniform(0.6, 0.85),
        centre=(rng.uniform(0.46, 0.54), rng.uniform(0.46, 0.54)),
        pen=float(rng.uniform(1.6, 3.0)),
        paper=(levels[0],) * 3,
        ink=(levels[1],) * 3,
        gradient=rng.uniform(0.05, 0.25),
        blur=rng.uniform(0.2, 0.5),
        noise=rng.uniform(0.4, 1.4),
    )
    image = photograph(digit_image, rng=rng, scene=scene)
    return encode(image, "PNG") if rng.random() < 0.5 else encode(image, "JPEG", quality=90)


def dim_webcam(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Make a dark frame of 32 x 32 pixels, in which light and noise are as strong as the ink."""
    tone = rng.uniform(35, 85)
    depth = rng.uniform(7, 16)
    paper, ink = np.clip((tone, tone - depth), 5, 255).astype(int).tolist()
    scene = replace(
        DRAWING,
        size=(32, 32),
        height=rng.uniform(0.55, 0.85),
        centre=(rng.uniform(0.42, 0.58), rng.uniform(0.42, 0.58)),
        rotation=rng.normal(0, 5),
        pen=float(rng.uniform(1.5, 3.0)),
        paper=(paper,) * 3,
        ink=(ink,) * 3,
        gradient=rng.uniform(0.1, 0.4),
        vignette=rng.uniform(0, 0.3),
        blur=rng.uniform(0.3, 0.7),
        noise=rng.uniform(0.8, 1.9),
    )
    image = photograph(digit_image, rng=rng, scene=scene)
    if rng.random() < 0.5:
        return encode(image, "PNG")
    return encode(image, "JPEG", quality=int(rng.integers(75, 93)))


def mnist_form(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Encode the digit image itself."""
    return encode(Image.fromarray(digit_image), "PNG")


def mnist_on_white(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Encode the digit image in black on white."""
    return encode(Image.fromarray(255 - digit_image), "PNG")


def thumbnail(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Draw with a thick brush and resize to 28 x 28, neither fitted nor centred."""
    filters = (Image.Resampling.BOX, Image.Resampling.LANCZOS, Image.Resampling.BILINEAR)
    small = brush_drawing(digit_image, rng).resize((28, 28), filters[rng.integers(3)])
    image = invert_at_random(small, rng)
    return encode(image.convert("RGBA") if rng.random() < 0.4 else image, "PNG")


NEW_DIFFICULTIES: dict[str, MakePicture] = {
    **PEN_DRAWINGS,
    "soft shadow": photo(camera_difficulties.soft_shadow),
    "line below": photo(paper_difficulties.line_below),
    "joined by squares": photo(paper_difficulties.joined_by_squares),
    "cut cell": photo(paper_difficulties.cut_cell, sides=(44, 320)),
    "desk edge": photo(camera_difficulties.desk_edge),
    "fingers": photo(camera_difficulties.fingers_in_frame),
    "dim webcam": dim_webcam,
    "pale 28 x 28": pale_digit_image,
    **SMALL_PICTURES,
    **HAND_DIFFICULTIES,
}
"""The difficulties that release 0.1 read badly, also part of `DIFFICULTIES`."""

DIFFICULTIES: dict[str, MakePicture] = {
    "ordinary": photo(None),
    **{
        name: photo(change)
        for group in (
            difficulties.PENS,
            difficulties.PAPERS,
            difficulties.LIGHTS,
            difficulties.LENSES,
            difficulties.FRAMES,
        )
        for name, change in group.items()
        if name not in NEW_DIFFICULTIES
    },
    "flourishes": flourished,
    "12 megapixels": phone,
    "mixed": mixed,
    "thin drawing": thin_drawing,
    "fat drawing": thick_drawing,
    "black on nothing": black_on_transparent,
    "white on nothing": white_on_transparent,
    "opaque RGBA": opaque_rgba,
    "webcam": webcam,
    "thumbnail": thumbnail,
    **TIGHT_CROPS,
    "MNIST's form": mnist_form,
    "MNIST on white": mnist_on_white,
    **NEW_DIFFICULTIES,
}
"""The function of each difficulty by its name, in the order of the table."""
