"""Round trip: digit images that are photographed and then read by digitlab's front end."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.images.picture import from_array
from digitlab.images.single_digit import read_candidates
from digitlab.synthetic.photographs.geometry import intersection_over_union
from digitlab.synthetic.photographs.photograph import photograph_with_box
from digitlab.synthetic.photographs.random_scene import random_scene

_DIGITS_PER_TASK: Final = 250
_SIDES: Final = (240, 520)  # range of the longer side in pixels; small photographs take less time
_MIN_OVERLAP: Final = 0.5  # intersection over union of both boxes from which a digit is found

Images = NDArray[np.uint8]


def photograph_through_front_end(
    digit_images: Images, *, seed: int, processes: int = 1
) -> tuple[Images, NDArray[np.bool_]]:
    """Photograph each digit in a random scene and read the photograph with the front end.

    The front end returns candidates. This function takes the candidate whose box overlaps the
    written digit's box the most.

    Args:
        digit_images: uint8 (N, 28, 28), bright ink on 0.
        seed: equal seeds give equal images, with any number of processes.
        processes: number of processes that share the work.

    Returns:
        uint8 (N, 28, 28), and bool (N,): False where the front end did not find the digit; its
        image is empty.
    """
    starts = range(0, len(digit_images), _DIGITS_PER_TASK)
    tasks = [(digit_images[i : i + _DIGITS_PER_TASK], [seed, i]) for i in starts]
    if processes == 1 or len(tasks) < 2:
        results = [_round_trip(*task) for task in tasks]
    else:
        spawn = multiprocessing.get_context("spawn")  # the parent may hold tensorflow's threads
        with ProcessPoolExecutor(processes, mp_context=spawn) as pool:
            results = list(pool.map(_round_trip, *zip(*tasks, strict=True)))
    if not results:
        return np.empty((0, 28, 28), np.uint8), np.empty(0, bool)
    images, detected = zip(*results, strict=True)
    return np.concatenate(images), np.concatenate(detected)


def _round_trip(digit_images: Images, seed: list[int]) -> tuple[Images, NDArray[np.bool_]]:
    rng = np.random.default_rng(seed)
    images, detected = np.zeros_like(digit_images), np.zeros(len(digit_images), bool)
    for i, digit_image in enumerate(digit_images):
        scene = random_scene(rng, sides=_SIDES)
        photo, box = photograph_with_box(digit_image, rng=rng, scene=scene)
        if box is None:
            continue
        candidates = read_candidates(from_array(np.asarray(photo)))
        overlaps = [
            0.0 if candidate.blank else intersection_over_union(candidate.box, box)
            for candidate in candidates
        ]
        best = int(np.argmax(overlaps))
        if overlaps[best] >= _MIN_OVERLAP:
            images[i], detected[i] = candidates[best].digit_image, True
    return images, detected
