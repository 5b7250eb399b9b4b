"""Connected components of an ink mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from digitlab.images.segmentation.ink import Box, Floats, Mask, union


@dataclass(frozen=True, kw_only=True, eq=False)
class Components:
    """The connected components of a mask (8 neighbours), numbered from 0 to N - 1.

    Attributes:
        labels: int32 (H, W), n + 1 on component n, 0 on paper.
        boxes: rows and columns, tight around each component.
        areas: float64 (N,), in pixels.
        tones: float64 (N,), mean contrast, in grey levels.
        heights: int64 (N,), of the boxes, in pixels.
        widths: int64 (N,), of the boxes, in pixels.
        extents: int64 (N,), longer side of each box, in pixels.
    """

    labels: NDArray[np.int32]
    boxes: list[Box]
    areas: NDArray[np.float64]
    tones: NDArray[np.float64]
    heights: NDArray[np.int64]
    widths: NDArray[np.int64]
    extents: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def masses(self) -> NDArray[np.float64]:
        """float64 (N,), area times tone."""
        return self.areas * self.tones

    def touched_edges(self) -> NDArray[np.bool_]:
        """Return which edges of the picture each box touches.

        Returns:
            bool (4, N): top, left, bottom, right.
        """
        height, width = self.labels.shape
        return np.array(
            [
                [rows.start == 0 for rows, _ in self.boxes],
                [columns.start == 0 for _, columns in self.boxes],
                [rows.stop == height for rows, _ in self.boxes],
                [columns.stop == width for _, columns in self.boxes],
            ]
        )

    def mask(self, numbers: Sequence[int] | NDArray[np.intp]) -> Mask:
        """Return the pixels of some components.

        Args:
            numbers: which components.

        Returns:
            bool (H, W).
        """
        mask = np.zeros(self.labels.shape, bool)
        if len(numbers):
            window = reduce(union, (self.boxes[number] for number in numbers))
            chosen = np.zeros(len(self) + 1, bool)
            chosen[np.asarray(numbers, int) + 1] = True
            mask[window] = chosen.take(self.labels[window])
        return mask


def find_components(mask: Mask, contrast: Floats, *, max_count: int | None = None) -> Components:
    """Find the connected components of a mask and measure them.

    Args:
        mask: bool (H, W), all ink.
        contrast: float32 (H, W), how far each pixel stands out from the paper.
        max_count: keep only this number of components, the largest ones; None keeps all.

    Returns:
        The components in raster order.
    """
    from scipy import ndimage

    labels, count = label_connected(mask)
    if max_count is not None and count > max_count:
        sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
        largest = np.sort(np.argpartition(-sizes, max_count)[:max_count])
        new_labels = np.zeros(count + 1, labels.dtype)
        new_labels[1 + largest] = np.arange(1, max_count + 1)
        labels, count = new_labels.take(labels), max_count
    boxes: list[Box] = ndimage.find_objects(labels)
    numbers = labels.ravel()
    pixels = np.flatnonzero(numbers)
    numbers = numbers[pixels]
    areas = np.bincount(numbers, minlength=count + 1)[1:].astype(float)
    masses = np.bincount(numbers, contrast.ravel()[pixels], minlength=count + 1)[1:]
    heights = np.array([rows.stop - rows.start for rows, _ in boxes], np.int64)
    widths = np.array([columns.stop - columns.start for _, columns in boxes], np.int64)
    return Components(
        labels=labels,
        boxes=boxes,
        areas=areas,
        tones=masses / areas,
        heights=heights,
        widths=widths,
        extents=np.maximum(heights, widths),
    )


def label_connected(mask: Mask) -> tuple[NDArray[np.int32], int]:
    """Label the connected components of a mask, with 8 neighbours.

    Returns:
        int32 (H, W), numbers from 1 in raster order and 0 outside the mask; and their count.
    """
    from scipy import ndimage

    labels, count = ndimage.label(mask, np.ones((3, 3)))
    return labels, int(count)


def label_background(mask: Mask) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """Label the paper around a mask and in its holes, with 4 neighbours.

    Args:
        mask: bool (H, W).

    Returns:
        int32 (H + 2, W + 2), 0 on ink, 1 on the paper around the mask, and numbers from 2 in
        its holes; a row or column of paper is added on each side. And the area of each
        number, in pixels, ink first.
    """
    from scipy import ndimage

    labels, count = ndimage.label(~np.pad(mask, 1))
    return labels, np.bincount(labels.ravel(), minlength=count + 1)


def stroke_lengths(components: Components) -> NDArray[np.float64]:
    """Return about the length of each component's strokes, in pixels: half of its outline. (N,).

    Statistics of the ink are weighted by it: a blot or a shade has more area than all digits.
    """
    counts = np.zeros(len(components) + 1)
    padded = np.pad(components.labels, 1)
    for one, other in ((padded[1:], padded[:-1]), (padded[:, 1:], padded[:, :-1])):
        is_edge = (one > 0) != (other > 0)
        counts += np.bincount(np.maximum(one[is_edge], other[is_edge]), minlength=len(counts))
    lengths: NDArray[np.float64] = counts[1:] / 2
    return lengths
