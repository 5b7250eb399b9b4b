"""Labelled digits: the bundled MNIST and its splits, and readers of other files."""

from digitlab.datasets.folders import PICTURE_SUFFIXES, list_labelled_folder, list_pictures
from digitlab.datasets.readers import read_idx, read_kaggle_csv, read_npz

__all__ = [
    "PICTURE_SUFFIXES",
    "list_labelled_folder",
    "list_pictures",
    "read_idx",
    "read_kaggle_csv",
    "read_npz",
]
