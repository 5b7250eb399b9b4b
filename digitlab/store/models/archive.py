"""A model version copied out of a home, whole or not at all: a folder or a .zip file."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
import zipfile
from pathlib import Path
from typing import Final

from digitlab.errors import ModelError
from digitlab.model.card import MODEL_FILES

_NAMES: Final = ("card.json", *MODEL_FILES)


def hand_out(folder: Path, path: Path) -> Path:
    """Copy a version's three files to a new or empty folder, or into a new `.zip` file.

    Returns:
        `path`, absolute.

    Raises:
        ModelError: `path` is taken or cannot be written.
    """
    path = path.absolute()
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        if path.exists() and not (path.is_dir() and not any(path.iterdir())):
            raise ModelError(
                f"{path} is there already; name a new or empty folder, or a new .zip file.",
                version=folder.name,
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".zip":
            _zip(folder, aside)
        else:
            _copy(folder, aside)
        if path.is_dir():
            path.rmdir()  # empty; a folder is not replaced everywhere
        os.replace(aside, path)
    except OSError as error:
        raise ModelError(
            f"{path} cannot be written: {error.strerror or error}.", version=folder.name
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        with contextlib.suppress(OSError):
            aside.unlink()
    return path


def _zip(folder: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in _NAMES:
            archive.write(folder / name, name)


def _copy(folder: Path, path: Path) -> None:
    path.mkdir()
    for name in _NAMES:
        shutil.copyfile(folder / name, path / name)
