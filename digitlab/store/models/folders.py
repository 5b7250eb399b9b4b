"""VersionFolders: the folders of model versions: list them, add complete ones, remove old ones."""

from __future__ import annotations

import os
import re
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from digitlab.errors import ModelError, StoreError, is_storage_error
from digitlab.model.card import MODEL_FILES, Card
from digitlab.private_files import make_folder, restrict_tree, write_file
from digitlab.settings import Settings, bundled
from digitlab.store.models.aliases import BASE

_STAGING_PREFIX: Final = ".new-"
"""Start of the name of a folder whose version is being written."""

_REMOVED_PREFIX: Final = ".gone-"
"""Start of the name of a folder whose version is being deleted."""

_LEFTOVER_AGE_S: Final = 3600.0
"""Age from which such a folder is a leftover of a process that died, in seconds."""

_VERSION_NAME: Final = re.compile(r"v\d{4,}")


class VersionFolders:
    """The folders of `base` and of the versions that a home has made.

    A version is written in `models/.new-...` and then moved to its name in one step. Its deletion
    begins by moving it to `models/.gone-...`. So a folder named `v0001` is always complete.

    Args:
        settings: of the home; its `models` folder need not exist.
    """

    def __init__(self, settings: Settings) -> None:
        self._models = settings.models

    def versions(self) -> list[str]:
        """Return the names of all versions: `base`, then the others, oldest first."""
        folders = [path.parent for path in self._models.glob("v*/card.json")]
        names = [folder.name for folder in folders if _VERSION_NAME.fullmatch(folder.name)]
        return [BASE, *sorted(names, key=_number)]

    def folder(self, version: str) -> Path:
        """Return the folder of one version.

        Raises:
            ModelError: there is no such version.
        """
        if version == BASE:
            return bundled("models/base")
        if version not in self.versions():
            raise ModelError(
                f"There is no model version {version!r} in {self._models}; there are: "
                f"{', '.join(self.versions())}.",
                version=version,
            )
        return self._models / version

    def card(self, version: str) -> Card:
        """Return the card of one version.

        Raises:
            ModelError: there is no such version, or its card cannot be read.
        """
        return Card.read(self.folder(version))

    def verify(self, version: str) -> Card:
        """Compare the hashes of a version's files with its card; return the card.

        Raises:
            ModelError: there is no such version, or it is damaged.
        """
        return _verify_folder(self.folder(version))

    @contextmanager
    def work_folder(self, name: str) -> Iterator[Path]:
        """Lock a folder for the checkpoints of a training while the block runs.

        The folder is deleted after the block. It stays if the block fails, so that the next call
        continues from its checkpoints.

        Args:
            name: of the training, for example the hash of its parameters.

        Raises:
            ModelError: another process runs the same training.
        """
        from filelock import FileLock, Timeout  # only a training needs it

        folder = self._models / "training" / name
        make_folder(folder)
        lock = FileLock(folder.with_suffix(".lock"), timeout=0)
        try:
            with lock:
                yield folder
                shutil.rmtree(folder)
        except Timeout as error:
            raise ModelError(
                f"The same training runs already in {folder}; wait for it, or choose another seed."
            ) from error

    @contextmanager
    def staging_folder(self) -> Iterator[Path]:
        """Create a folder `models/.new-...` to write a version in; delete it after the block.

        `register` moves it to the version's name, inside the block.
        """
        self.remove_leftovers()
        folder = self._models / f"{_STAGING_PREFIX}{uuid.uuid4().hex[:12]}"
        try:
            make_folder(folder)
            yield folder
        except OSError as error:
            if not is_storage_error(error):
                raise
            raise StoreError.from_os_error(
                f"No version can be written to {self._models}", error, place=str(self._models)
            ) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def register(self, folder: Path) -> str:
        """Move a complete version folder into the home under the next free name.

        Args:
            folder: with model.keras, model.tflite and card.json, on the home's file system.

        Returns:
            The name of the new version. It does not serve before it is promoted.

        Raises:
            ModelError: the files are not those that the card describes.
        """
        _verify_folder(folder)
        make_folder(self._models)
        restrict_tree(folder)
        while True:
            version = f"v{self._last_number() + 1:04d}"
            try:
                os.rename(folder, self._models / version)
            except OSError:
                if not (self._models / version).exists():
                    raise
                continue  # another process took the name in the meantime
            return version

    def move_out_oldest(self, keep: int, *, needed: Iterable[str]) -> dict[str, Path]:
        """Take the oldest versions out of the list; see `ModelRegistry.prune`.

        Args:
            keep: number of newest other versions that stay.
            needed: versions that stay, together with the parents of all versions that stay.

        Returns:
            The folders `.gone-...` for the caller to delete, by version, oldest first.
        """
        kept = {BASE, *needed}
        others = [name for name in self.versions() if name not in kept]
        kept.update(others[max(0, len(others) - keep) :])
        unchecked = list(kept)
        while unchecked:
            parent = self._parent(unchecked.pop())
            if parent is not None and parent not in kept:
                kept.add(parent)
                unchecked.append(parent)
        return {name: self._move_out(name) for name in others if name not in kept}

    def remove_leftovers(self) -> None:
        """Delete folders `.new-...` and `.gone-...` of processes that died over an hour ago."""
        patterns = (f"{_STAGING_PREFIX}*", f"{_REMOVED_PREFIX}*")
        for folder in [folder for pattern in patterns for folder in self._models.glob(pattern)]:
            try:
                changed = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
            except OSError:  # another process has deleted it
                continue
            if time.time() - changed > _LEFTOVER_AGE_S:
                shutil.rmtree(folder, ignore_errors=True)

    def _parent(self, version: str) -> str | None:
        try:
            return self.card(version).parent
        except ModelError:  # the version is damaged and its parent unknown
            return None

    def _move_out(self, version: str) -> Path:
        self._store_last_number(self._last_number())
        target = self._models / f"{_REMOVED_PREFIX}{version}-{uuid.uuid4().hex[:8]}"
        os.rename(self._models / version, target)
        return target

    def _last_number(self) -> int:
        """Return the highest version number so far, also of a deleted version."""
        names = [path.name for path in self._models.glob("v*")]
        last_file = self._models / ".last"
        names += [last_file.read_text(encoding="utf-8").strip()] if last_file.is_file() else []
        return max((_number(name) for name in names if _VERSION_NAME.fullmatch(name)), default=0)

    def _store_last_number(self, number: int) -> None:
        """Store the highest number: the history names versions, so no name is used twice."""
        part = self._models / f".last.{uuid.uuid4().hex[:8]}"
        write_file(part, f"v{number:04d}\n".encode())
        os.replace(part, self._models / ".last")


def _verify_folder(folder: Path) -> Card:
    card = Card.read(folder)
    for name in MODEL_FILES:
        card.verified_path(folder, name)
    return card


def _number(version: str) -> int:
    return int(version[1:])
