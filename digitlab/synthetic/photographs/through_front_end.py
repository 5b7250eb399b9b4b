"""Photographed: digit images as they come back from synthetic photographs and the front end."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.images.picture import from_array
from digitlab.images.single_digit import read_candidates
from digitlab.synthetic.photographs.photograph import photograph_with_box, random_scene

_PART: Final = 250  # digits a task
_SIDES: Final = (240, 520)  # pixels of the longer side: small ones are made sooner
_OVERLAP: Final = 0.5  # of the two boxes, from which on the digit was found

Images = NDArray[np.uint8]
Box = tuple[int, int, int, int]


def photographed(
    digit_images: Images, *, seed: int, processes: int = 1
) -> tuple[Images, NDArray[np.bool_]]:
    """Write each digit on paper, photograph it, and bring it back through the front end.

    Of what the front end finds, the one that stands where the digit was written is taken:
    which it is, is known here.

    Args:
        digit_images: uint8 (N, 28, 28), bright ink on 0.
        seed: equal seeds give equal images, whatever the number of processes.
        processes: how many work at it.

    Returns:
        uint8 (N, 28, 28), and bool (N,): False where the digit was not found; its image is
        empty.
    """
    starts = range(0, len(digit_images), _PART)
    parts = [(digit_images[i : i + _PART], [seed, i]) for i in starts]
    if processes == 1 or len(parts) < 2:
        done = [_part(*part) for part in parts]
    else:
        spawn = multiprocessing.get_context("spawn")  # the parent may hold tensorflow's threads
        with ProcessPoolExecutor(processes, mp_context=spawn) as pool:
            done = list(pool.map(_part, *zip(*parts, strict=True)))
    images = np.concatenate([part for part, _ in done]) if done else np.empty((0, 28, 28), np.uint8)
    found = np.concatenate([part for _, part in done]) if done else np.empty(0, bool)
    return images, found


def _part(digit_images: Images, seed: list[int]) -> tuple[Images, NDArray[np.bool_]]:
    rng = np.random.default_rng(seed)
    images, found = np.zeros_like(digit_images), np.zeros(len(digit_images), bool)
    for i, digit_image in enumerate(digit_images):
        scene = random_scene(rng, sides=_SIDES)
        image, box = photograph_with_box(digit_image, rng=rng, scene=scene)
        if box is None:
            continue
        views = read_candidates(from_array(np.asarray(image)))
        overlaps = [0.0 if view.blank else overlap(view.box, box) for view in views]
        best = int(np.argmax(overlaps))
        if overlaps[best] >= _OVERLAP:
            images[i], found[i] = views[best].digit_image, True
    return images, found


def overlap(one: Box, other: Box) -> float:
    """Shared area of two boxes as a share of the area that either covers, 0-1."""
    shared = 1.0
    for axis in (0, 1):
        low = max(one[axis], other[axis])
        high = min(one[axis] + one[axis + 2], other[axis] + other[axis + 2])
        shared *= max(0, high - low)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)
