"""Digits with labels: the bundled MNIST, its splits, and readers of other people's files."""

from digitlab.datasets.readers import (
    list_labelled_folder,
    list_pictures,
    read_idx,
    read_kaggle_csv,
    read_npz,
)

__all__ = ["list_labelled_folder", "list_pictures", "read_idx", "read_kaggle_csv", "read_npz"]
