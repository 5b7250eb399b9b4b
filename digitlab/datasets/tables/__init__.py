"""Labelled digits in one file or one object: CSV, NPZ, IDX, data frames and arrays."""

from digitlab.datasets.tables.frames import is_frame, read_frame
from digitlab.datasets.tables.idx_files import find_idx_pair, read_idx, read_idx_pair
from digitlab.datasets.tables.labelled_pictures import LabelledPictures, from_arrays
from digitlab.datasets.tables.table_files import (
    EXPECTED_FILES,
    find_table,
    is_table_archive,
    read_table,
)

__all__ = [
    "EXPECTED_FILES",
    "LabelledPictures",
    "find_idx_pair",
    "find_table",
    "from_arrays",
    "is_frame",
    "is_table_archive",
    "read_frame",
    "read_idx",
    "read_idx_pair",
    "read_table",
]
