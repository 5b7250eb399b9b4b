"""VersionFolders: the model versions of a home as folders: found, added whole, taken out."""

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

from digitlab.errors import ModelError
from digitlab.model.card import MODEL_FILES, Card
from digitlab.settings import Settings, bundled
from digitlab.store.models.moves import BASE

NEW: Final = ".new-"
GONE: Final = ".gone-"
"""How the folders aside begin: of a version that is being written, or deleted."""

STALE_S: Final = 3600.0
"""How old a folder aside must be before it counts as left behind by a process that died."""

_NAME: Final = re.compile(r"v\d{4,}")


class VersionFolders:
    """The folders of `base` and of the versions made in a home.

    A version is written aside, in `models/.new-...`, and moved into its place whole; it goes
    the same way back, by `models/.gone-...`. So a folder named `v0001` is always whole.

    Args:
        settings: of the home; its `models` folder need not exist.
    """

    def __init__(self, settings: Settings) -> None:
        self._models = settings.models

    def versions(self) -> list[str]:
        """Names of all versions, `base` first, then in the order of their making."""
        made = self._models.glob("v*/card.json")
        names = [p.parent.name for p in made if _NAME.fullmatch(p.parent.name)]
        return [BASE, *sorted(names, key=_number)]

    def folder(self, version: str) -> Path:
        """The folder of one version.

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
        """The card of one version.

        Raises:
            ModelError: there is no such version, or its card cannot be read.
        """
        return Card.read(self.folder(version))

    def check(self, version: str) -> Card:
        """The card of one version, its files' hashes compared with it.

        Raises:
            ModelError: there is no such version, or it is damaged.
        """
        folder = self.folder(version)
        card = Card.read(folder)
        for name in MODEL_FILES:
            card.verified_path(folder, name)
        return card

    @contextmanager
    def work_folder(self, name: str) -> Iterator[Path]:
        """The folder of a training's checkpoints, this process's alone while the block runs.

        It stays when the block fails, for another call to go on, and goes when it ends well.

        Args:
            name: of the training, for example the hash of its parameters.

        Raises:
            ModelError: another process is at it.
        """
        from filelock import FileLock, Timeout  # only a training needs it

        folder = self._models / "training" / name
        folder.mkdir(parents=True, exist_ok=True)
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
    def aside(self) -> Iterator[Path]:
        """A new folder `models/.new-...` to write a version in; gone after the block.

        `adopt` moves it into its place, inside the block.
        """
        folder = self._models / f"{NEW}{uuid.uuid4().hex[:12]}"
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def adopt(self, folder: Path) -> str:
        """Move a finished version folder into the home under the next free name.

        Args:
            folder: model.keras, model.tflite and card.json, on the home's file system.

        Returns:
            The new version's name. It serves nobody before it is promoted.

        Raises:
            ModelError: the folder's files are not those that its card describes.
        """
        card = Card.read(folder)
        for name in MODEL_FILES:
            card.verified_path(folder, name)
        self._models.mkdir(parents=True, exist_ok=True)
        while True:
            version = f"v{self._last_number() + 1:04d}"
            try:
                os.rename(folder, self._models / version)
            except OSError:
                if not (self._models / version).exists():
                    raise
                continue  # another process took the name in the meantime
            return version

    def import_file(self, path: Path) -> str:
        """Make a version from a foreign digit model; see `digitlab.model.keras_import.build`.

        Args:
            path: a legacy Keras HDF5 file (`.h5`) or a `.keras` file.

        Returns:
            The new version's name. It serves nobody before it is promoted.

        Raises:
            ModelError: the file is no plain digit model.
        """
        from digitlab.model.keras_import.build import (
            import_model,  # tensorflow, when there is a file for it
        )

        with self.aside() as folder:
            import_model(path, folder)
            return self.adopt(folder)

    def set_aside(self, keep: int, *, needed: Iterable[str]) -> dict[str, Path]:
        """Take the oldest versions out of the list at once; see `ModelRegistry.prune`.

        Args:
            keep: how many of the newest others stay.
            needed: versions that stay, with what they and the others that stay started from.

        Returns:
            Name by name, the oldest first, the folder `.gone-...` for the caller to delete.
        """
        kept = {BASE, *needed}
        others = [name for name in self.versions() if name not in kept]
        kept.update(others[max(0, len(others) - keep) :])
        waiting = list(kept)
        while waiting:
            parent = self._parent(waiting.pop())
            if parent is not None and parent not in kept:
                kept.add(parent)
                waiting.append(parent)
        return {name: self._move_aside(name) for name in others if name not in kept}

    def sweep(self) -> None:
        """Delete what died processes left aside: `.new-...` and `.gone-...`, an hour old."""
        for folder in (*self._models.glob(f"{NEW}*"), *self._models.glob(f"{GONE}*")):
            try:
                newest = max(p.stat().st_mtime for p in (folder, *folder.iterdir()))
            except OSError:  # somebody else was faster
                continue
            if time.time() - newest > STALE_S:
                shutil.rmtree(folder, ignore_errors=True)

    def _parent(self, version: str) -> str | None:
        try:
            return self.card(version).parent
        except ModelError:  # damaged; nothing is known of its parent
            return None

    def _move_aside(self, version: str) -> Path:
        self._remember(self._last_number())
        place = self._models / f"{GONE}{version}-{uuid.uuid4().hex[:8]}"
        os.rename(self._models / version, place)
        return place

    def _last_number(self) -> int:
        """The highest number given; also to a version that was taken out since."""
        names = [path.name for path in self._models.glob("v*")]
        kept = self._models / ".last"
        names += [kept.read_text(encoding="utf-8").strip()] if kept.is_file() else []
        return max((_number(name) for name in names if _NAME.fullmatch(name)), default=0)

    def _remember(self, number: int) -> None:
        """Keep the highest number, so that no name is given twice: the history names them."""
        aside = self._models / f".last.{uuid.uuid4().hex[:8]}"
        aside.write_text(f"v{number:04d}\n", encoding="utf-8")
        os.replace(aside, self._models / ".last")


def _number(version: str) -> int:
    return int(version[1:])
