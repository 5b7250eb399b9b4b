"""Labelled digits: the bundled MNIST and its splits, and readers of other files."""

from digitlab.datasets.folder_files import PICTURE_SUFFIXES, list_pictures
from digitlab.datasets.folders import LabelledFolder, find_labelled_pictures
from digitlab.datasets.tables import LabelledPictures, read_idx, read_table

__all__ = [
    "PICTURE_SUFFIXES",
    "LabelledFolder",
    "LabelledPictures",
    "find_labelled_pictures",
    "list_pictures",
    "read_idx",
    "read_table",
]
