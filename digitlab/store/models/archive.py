"""The export of a model version to a folder or a .zip file, completely or not at all."""

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

_FILE_NAMES: Final = ("card.json", *MODEL_FILES)


def export_version(folder: Path, path: Path) -> Path:
    """Copy a version's three files to a new or empty folder, or into a new `.zip` file.

    Args:
        folder: the version's folder.
        path: the target; a `.zip` file if its name ends in ".zip".

    Returns:
        `path`, absolute.

    Raises:
        ModelError: `path` exists or cannot be written.
    """
    path = path.absolute()
    # Written beside the target and moved, so that a failed export leaves nothing.
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        if path.exists() and not (path.is_dir() and not any(path.iterdir())):
            raise ModelError(
                f"{path} exists already; name a new or empty folder, or a new .zip file.",
                version=folder.name,
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".zip":
            _write_zip(folder, part)
        else:
            _copy_files(folder, part)
        if path.is_dir():
            path.rmdir()  # not every system replaces an empty folder
        os.replace(part, path)
    except OSError as error:
        raise ModelError(
            f"{path} cannot be written: {error.strerror or error}.", version=folder.name
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
        with contextlib.suppress(OSError):
            part.unlink()
    return path


def _write_zip(folder: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in _FILE_NAMES:
            archive.write(folder / name, name)


def _copy_files(folder: Path, path: Path) -> None:
    path.mkdir()
    for name in _FILE_NAMES:
        shutil.copyfile(folder / name, path / name)
