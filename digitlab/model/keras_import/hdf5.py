"""Reading texts and arrays of an HDF5 file within limits.

A file may name arrays in other files, give one array thousands of names, or declare arrays that
are far larger than itself. All reading goes through `Hdf5Reader`, which counts what it reads.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.model.keras_import.layers import UnsupportedModelError
from digitlab.model.keras_import.limits import LIMITS

READ_ERRORS: Final = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What h5py, zipfile and json raise for damaged bytes."""

_SUPPORTED_FILTERS: Final = {1, 2, 3, 4, 32_000}
"""HDF5's numbers of deflate, shuffle, Fletcher-32, SZIP and LZF."""


class Hdf5Reader:
    """The groups, texts and arrays of an open HDF5 file.

    Args:
        file: an open `h5py.File`.
    """

    def __init__(self, file: Any) -> None:
        self.root = file
        self._remaining = LIMITS.weights

    def child(self, group: Any, name: str) -> Any:
        """Return the group or array with a name, or None; its parts are separated by "/".

        Raises:
            UnsupportedModelError: a part is a link to another place or another file.
        """
        import h5py  # only an import needs it

        item = group
        for part in filter(None, name.split("/")):
            if not isinstance(item, h5py.Group):
                return None
            link = item.get(part, getlink=True)
            if link is None:
                return None
            if type(link) is not h5py.HardLink:
                where = "in another file" if isinstance(link, h5py.ExternalLink) else "elsewhere"
                raise UnsupportedModelError(f"its {name} is a link to a place {where}")
            item = item[part]
        return item

    def groups(self) -> dict[str, Any]:
        """Return all groups by their paths, without those of the optimiser."""
        import h5py

        groups: dict[str, Any] = {}
        pending: list[tuple[str, Any]] = [("", self.root)]
        n_objects = 0
        while pending:
            path, group = pending.pop()
            if path.count("/") > LIMITS.hdf5_depth:
                raise UnsupportedModelError(f"its groups are nested over {LIMITS.hdf5_depth} deep")
            groups[path.replace("\\", "/").strip("/")] = group  # Keras 2 on Windows
            for name in group:
                n_objects += 1
                if n_objects > LIMITS.hdf5_objects:
                    raise UnsupportedModelError(
                        f"it has more than {LIMITS.hdf5_objects:,} groups and arrays"
                    )
                item = None if name.startswith("optimizer") else self.child(group, name)
                if isinstance(item, h5py.Group):
                    pending.append((f"{path}/{name}", item))
        return groups

    def texts(self, item: Any, name: str) -> list[str]:
        """Return the texts in an attribute of a file or group; empty if there is none.

        Keras stores a long list in several attributes, `name0`, `name1` and so on.
        """
        if name in item.attrs:
            return self._texts(item, name)
        parts: list[str] = []
        number = 0
        while f"{name}{number}" in item.attrs and len(parts) <= LIMITS.weight_names:
            parts += self._texts(item, f"{name}{number}")
            number += 1
        return parts

    def _texts(self, item: Any, name: str) -> list[str]:
        attribute = item.attrs.get_id(name)
        n_values = math.prod(attribute.shape or ())
        n_bytes = n_values * attribute.dtype.itemsize
        if n_values > LIMITS.weight_names or n_bytes > LIMITS.config_bytes:
            raise UnsupportedModelError(
                f"its attribute {name} has {n_values:,} values of "
                f"{attribute.dtype.itemsize:,} bytes; expected at most "
                f"{LIMITS.weight_names:,} values and {LIMITS.config_bytes:,} bytes"
            )
        values = np.atleast_1d(item.attrs[name]).ravel()
        return [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values]

    def array(self, dataset: Any, name: str) -> NDArray[np.float32]:
        """Return an array of finite numbers.

        Raises:
            UnsupportedModelError: it holds no numbers, its values are in another file, or the file
                has more numbers than a model.
        """
        import h5py

        if not isinstance(dataset, h5py.Dataset):
            raise UnsupportedModelError(f"its {name} is missing or no array")
        if dataset.dtype.kind not in "fiu" or dataset.dtype.itemsize > 8 or dataset.shape is None:
            raise UnsupportedModelError(f"its {name} holds no numbers, but {dataset.dtype}")
        if dataset.external or dataset.is_virtual:
            raise UnsupportedModelError(f"its {name} lies in another file")
        self._remaining -= dataset.size
        if self._remaining < 0:
            raise UnsupportedModelError(
                f"it holds more than {LIMITS.weights:,} weights; a network for digits needs fewer"
            )
        _check_storage(dataset, name)
        values = np.asarray(dataset[()], np.float32)
        if not np.isfinite(values).all():
            raise UnsupportedModelError(f"its {name} holds values that are not finite")
        return values


def _check_storage(dataset: Any, name: str) -> None:
    """Refuse an array without stored values, with huge chunks or with an unusual filter."""
    if dataset.size and dataset.id.get_storage_size() == 0:
        raise UnsupportedModelError(f"its {name} has {dataset.size:,} numbers, but none is stored")
    chunk_bytes = math.prod(dataset.chunks or (0,)) * dataset.dtype.itemsize
    filters = dataset.id.get_create_plist()
    numbers = [filters.get_filter(n)[0] for n in range(min(filters.get_nfilters(), 8))]
    if (
        chunk_bytes > LIMITS.chunk_bytes
        or len(numbers) > len(_SUPPORTED_FILTERS)
        or not set(numbers) <= _SUPPORTED_FILTERS
    ):
        raise UnsupportedModelError(f"its {name} is packed in an unsupported way")


@contextmanager
def open_hdf5(source: Any) -> Iterator[Hdf5Reader]:
    """Open an HDF5 file.

    Args:
        source: its path, or a binary file object.

    Raises:
        UnsupportedModelError: the file cannot be read.
    """
    import h5py  # only an import needs it

    try:
        with h5py.File(source, "r") as file:
            yield Hdf5Reader(file)
    except UnsupportedModelError:
        raise
    except READ_ERRORS as error:
        text = " ".join(str(error).split())[:200]
        raise UnsupportedModelError(f"its HDF5 part cannot be read ({text})") from error
