"""ModelRegistry: the model versions of a home, each a folder with its files and its card.

`base` ships with digitlab and serves; what `digitlab train` makes stands beside it as
`v0001`, `v0002`, ... and overwrites nothing.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from digitlab.errors import ModelError
from digitlab.model.card import Card
from digitlab.model.runtime import Classifier
from digitlab.settings import Settings, bundled

BASE: Final = "base"
_NAME: Final = re.compile(r"v\d{4,}")


class ModelRegistry:
    """The versions that a home can serve.

    Args:
        settings: of the home; its `models` folder need not exist.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loaded: dict[str, Classifier] = {}

    @property
    def champion(self) -> str:
        """Name of the version that serves."""
        return BASE

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

        folder = self._settings.models / "training" / name
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

    def versions(self) -> list[str]:
        """Names of all versions, `base` first, then in the order of their making."""
        made = self._settings.models.glob("v*/card.json")
        return [BASE, *sorted(p.parent.name for p in made if _NAME.fullmatch(p.parent.name))]

    def folder(self, version: str) -> Path:
        """The folder of one version.

        Raises:
            ModelError: there is no such version.
        """
        if version == BASE:
            return bundled("models/base")
        if version not in self.versions():
            raise ModelError(
                f"There is no model version {version!r} in {self._settings.models}; there are: "
                f"{', '.join(self.versions())}.",
                version=version,
            )
        return self._settings.models / version

    def card(self, version: str) -> Card:
        """The card of one version."""
        return Card.read(self.folder(version))

    def load(self, version: str | None = None, *, threads: int = 1) -> Classifier:
        """The classifier of one version, None for the champion; loaded once.

        Raises:
            ModelError: there is no such version, or it is damaged.
        """
        name = self.champion if version is None else version
        if name not in self._loaded:
            self._loaded[name] = Classifier.load(self.folder(name), threads=threads)
        return self._loaded[name]

    def adopt(self, folder: Path) -> str:
        """Move a finished version folder into the home under the next free name.

        Args:
            folder: model.keras, model.tflite and card.json, on the home's file system.

        Returns:
            The new version's name.

        Raises:
            ModelError: the folder's files are not those that its card describes.
        """
        card = Card.read(folder)
        for name in ("model.keras", "model.tflite"):
            card.check(folder, name)
        self._settings.models.mkdir(parents=True, exist_ok=True)
        while True:
            version = f"v{self._last_number() + 1:04d}"
            try:
                os.rename(folder, self._settings.models / version)
            except OSError:
                if not (self._settings.models / version).exists():
                    raise
                continue  # another process took the name in the meantime
            return version

    def _last_number(self) -> int:
        names = (path.name for path in self._settings.models.glob("v*"))
        return max((int(name[1:]) for name in names if _NAME.fullmatch(name)), default=0)
