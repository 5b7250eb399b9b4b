"""The difficulties of the photo bench: each a way from a digit image to a picture's bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PIL import Image

from common.picture_files import either, encoded
from common.tight_crops import CUTOUTS
from digitlab.synthetic.photographs import difficulties as hard
from digitlab.synthetic.photographs.flourish import FLOURISHED, flourish
from digitlab.synthetic.photographs.ordinary import ordinary
from digitlab.synthetic.photographs.photograph import Scene, photograph, random_scene
from digitlab.synthetic.photographs.random_scene import readable
from digitlab.synthetic.photographs.scene import Difficulty

Rng = np.random.Generator
Make = Callable[[np.ndarray, int, Rng], bytes]
"""From digit image, label and generator to the bytes of a picture file."""

DRAWING = Scene(grain=0, gradient=0, blur=0, noise=0, quality=None, paper=(255, 255, 255),
                ink=(0, 0, 0))  # fmt: skip
LABELS = {"flourishes": FLOURISHED}
"""Difficulties that only some digits can have."""


def as_file(image: Image.Image, quality: int, rng: Rng) -> bytes:
    """A photograph as people keep it: mostly JPEG, now and then WebP or PNG."""
    kind = str(rng.choice(["JPEG", "WEBP", "PNG"], p=[0.8, 0.12, 0.08]))
    return encoded(image, kind, **({} if kind == "PNG" else {"quality": quality}))


def photo(change: Difficulty | None) -> Make:
    """An ordinary photograph with one change."""

    def make(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
        scene = ordinary(rng)
        if change is not None:
            scene = readable(change(scene, rng))
        image = photograph(digit_image, rng=rng, scene=replace(scene, quality=None))
        return as_file(image, scene.quality or 90, rng)

    return make


def mixed(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """A photograph with any of the difficulties, several at once."""
    scene = random_scene(rng)
    image = photograph(digit_image, rng=rng, scene=replace(scene, quality=None))
    return as_file(image, scene.quality or 90, rng)


def phone(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """12 megapixels, kept sideways with its EXIF orientation."""
    scene = replace(ordinary(rng), size=(1008, 756), height=rng.uniform(0.15, 0.5))
    scene = replace(scene, pen=max(2.0, scene.unit * rng.uniform(0.03, 0.09)), quality=None)
    image = photograph(digit_image, rng=rng, scene=scene)
    large = image.resize((4032, 3024), Image.Resampling.BICUBIC).transpose(
        Image.Transpose.ROTATE_90
    )
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(large, "JPEG", quality=82, exif=exif)


def flourished(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Crossed 7s, slashed 0s, 1s with flag and foot."""
    return photo(None)(flourish(digit_image, label, rng=rng), label, rng)


def canvas(
    digit_image: np.ndarray,
    rng: Rng,
    *,
    size: int | None = None,
    height: float | None = None,
    **changes: object,
) -> Image.Image:
    """A drawing on a screen, black on white; grey."""
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


def brushed(digit_image: np.ndarray, rng: Rng) -> Image.Image:
    """A drawing with a fat brush, which closes no loop; black on white."""
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
    """A drawing with lines of one pixel."""
    thin = canvas(digit_image, rng, pen=1.0, crisp=rng.random() < 0.5)
    return encoded(either(thin, rng), "PNG")


def fat_drawing(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """A drawing with a fat brush."""
    return encoded(either(brushed(digit_image, rng), rng), "PNG")


def transparent(digit_image: np.ndarray, rng: Rng, ink: int) -> bytes:
    """A drawing on no ground at all: ink of one tone, and alpha."""
    thin = canvas(digit_image, rng, pen=float(rng.uniform(3, 12)))
    drawing = thin if rng.random() < 0.5 else brushed(digit_image, rng)
    alpha = Image.eval(drawing, lambda tone: 255 - tone)
    tones = Image.new("L", drawing.size, ink)
    return encoded(Image.merge("LA", (tones, alpha)).convert("RGBA"), "PNG")


def black_on_nothing(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Black ink on a transparent ground."""
    return transparent(digit_image, rng, 0)


def white_on_nothing(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """White ink on a transparent ground."""
    return transparent(digit_image, rng, 255)


def opaque_rgba(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """A drawing with an alpha channel that says nothing."""
    drawing = canvas(digit_image, rng, pen=float(rng.uniform(3, 14)))
    return encoded(either(drawing, rng).convert("RGBA"), "PNG")


def webcam(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """A dim frame of 32 x 32 pixels and very low contrast."""
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
    return encoded(image, "PNG") if rng.random() < 0.5 else encoded(image, "JPEG", quality=90)


def mnist_form(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """The digit image itself."""
    return encoded(Image.fromarray(digit_image), "PNG")


def mnist_on_white(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """The digit image in black on white."""
    return encoded(Image.fromarray(255 - digit_image), "PNG")


def thumbnail(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """A drawing that somebody has resized to 28 x 28, neither fitted nor centred."""
    how = (Image.Resampling.BOX, Image.Resampling.LANCZOS, Image.Resampling.BILINEAR)
    small = brushed(digit_image, rng).resize((28, 28), how[rng.integers(3)])
    image = either(small, rng)
    return encoded(image.convert("RGBA") if rng.random() < 0.4 else image, "PNG")


DIFFICULTIES: dict[str, Make] = {
    "ordinary": photo(None),
    **{
        name: photo(change)
        for group in (hard.PENS, hard.PAGES, hard.LIGHTS, hard.LENSES, hard.FRAMES)
        for name, change in group.items()
    },
    "flourishes": flourished,
    "12 megapixels": phone,
    "mixed": mixed,
    "thin drawing": thin_drawing,
    "fat drawing": fat_drawing,
    "black on nothing": black_on_nothing,
    "white on nothing": white_on_nothing,
    "opaque RGBA": opaque_rgba,
    "webcam": webcam,
    "thumbnail": thumbnail,
    **CUTOUTS,
    "MNIST's form": mnist_form,
    "MNIST on white": mnist_on_white,
}
"""Every difficulty by its name, in the order of the table."""
