"""ModelRegistry: the model versions of a home, and the aliases that say which one serves.

`base` ships with digitlab and serves at first. Trainings, runs and imports add `v0001`, `v0002`,
... Three aliases point to versions: the champion serves, the previous version served before it,
and the challenger is the last version from a run that does not serve. They move in the home's
database, in one transaction, and every move is stored.
"""

from __future__ import annotations

import shutil
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from digitlab.errors import ModelError
from digitlab.model.card import Card
from digitlab.model.runtime import Classifier
from digitlab.settings import Settings, default_contributor
from digitlab.store.database import ClosesOnExit, Database
from digitlab.store.models.aliases import BASE, Aliases, AliasMove, Promotion, fetch_aliases
from digitlab.store.models.archive import export_version
from digitlab.store.models.folders import VersionFolders
from digitlab.store.models.promotion_rules import reason_against_promotion

MAX_LOADED: Final = 3
"""Number of versions that stay loaded: champion, previous version, and one to compare with."""


@dataclass(frozen=True, kw_only=True)
class ModelVersion:
    """One model version of a home.

    Attributes:
        name: "base", or "v0001" and so on.
        aliases: the aliases that point to it.
        card: its card; None if the card cannot be read.
    """

    name: str
    aliases: tuple[str, ...]
    card: Card | None

    @property
    def kind(self) -> str | None:
        """The card's kind: "base", "imported" or "fine-tuned"; None without a card."""
        return None if self.card is None else self.card.kind

    @property
    def created_at(self) -> datetime | None:
        """The time when it was made, aware; None without a card."""
        return None if self.card is None else datetime.fromisoformat(self.card.created)

    @property
    def test_accuracy(self) -> float | None:
        """Accuracy on MNIST's test images, 0-1; None if it was not measured."""
        return None if self.card is None else self.card.test_accuracy


class ModelRegistry(ClosesOnExit):
    """The versions of a home and their aliases; safe to share between threads.

    A home without a database has the champion `base` and no history. Only moving an alias
    creates a database.

    Args:
        settings: of the home; neither it nor its `models` folder need exist.
        database: the home's database if it is open already; None to open it at the first use.

    Attributes:
        folders: the folders of the versions; trainings write into them.
    """

    def __init__(self, settings: Settings, database: Database | None = None) -> None:
        self.folders = VersionFolders(settings)
        self._aliases = Aliases(settings.database_url, database)
        self._home = settings.home
        self._loaded: OrderedDict[tuple[str, int], Classifier] = OrderedDict()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the database, unless the caller gave it."""
        self._aliases.close()

    def versions(self) -> list[str]:
        """Return the names of all versions: `base`, then the others, oldest first."""
        return self.folders.versions()

    def folder(self, version: str) -> Path:
        """Return the folder of one version.

        Raises:
            ModelError: there is no such version.
        """
        return self.folders.folder(version)

    def card(self, version: str) -> Card:
        """Return the card of one version.

        Raises:
            ModelError: there is no such version, or its card cannot be read.
        """
        return self.folders.card(version)

    def describe(self, version: str) -> dict[str, Any]:
        """Return name, folder, aliases, card and notebook of a version, as JSON can hold them.

        Raises:
            ModelError: there is no such version, or its card cannot be read.
        """
        card = self.card(version)
        return {
            "name": version,
            "folder": str(self.folder(version)),
            "aliases": [alias for alias, target in self.aliases().items() if target == version],
            "card": asdict(card),
            "notebook": card.notebook and str(self._home / card.notebook),
        }

    def base_of(self, version: str) -> str:
        """Return the base that a version was made from; a base is its own.

        Raises:
            ModelError: there is no such version, or its card cannot be read.
        """
        if version == BASE:
            return BASE
        with self._advice_if_champion(version):
            card = self.card(version)
        return version if card.is_base else card.parent or BASE

    def load(self, version: str | None = None, *, threads: int = 1) -> Classifier:
        """Return the classifier of one version; the last few stay loaded.

        Args:
            version: its name; None for the champion at the time of the call.
            threads: threads that LiteRT may use.

        Raises:
            ModelError: there is no such version, or it is damaged.
        """
        name = self.champion if version is None else version
        with self._lock:
            key = name, threads
            if key not in self._loaded:
                with self._advice_if_champion(name):
                    self._loaded[key] = Classifier.load(self.folder(name), threads=threads)
                if len(self._loaded) > MAX_LOADED:
                    self._loaded.popitem(last=False)
            self._loaded.move_to_end(key)
            return self._loaded[key]

    def import_file(self, path: Path) -> str:
        """Make a version from another digit model, in a separate process of limited size.

        See `digitlab.model.keras_import`.

        Args:
            path: a legacy Keras HDF5 file (`.h5`), a `.keras` file, or a SavedModel folder.

        Returns:
            The name of the new version. It does not serve before it is promoted.

        Raises:
            ModelError: the file is no plain digit model, or needs too much memory or time.
            StoreError: the home cannot be written.
        """
        from digitlab.model.keras_import.sandbox import import_in_sandbox  # only an import needs it

        with self.folders.staging_folder() as folder:
            import_in_sandbox(path, folder)
            return self.folders.register(folder)

    def export(self, version: str, path: Path) -> Path:
        """Copy a version's three files to a new or empty folder, or into a new `.zip` file.

        Returns:
            `path`, absolute.

        Raises:
            ModelError: the version is damaged, or `path` exists or cannot be written.
        """
        self.folders.verify(version)
        return export_version(self.folder(version), path)

    def prune(self, keep: int) -> list[str]:
        """Delete the oldest versions, except those that an alias or a kept version needs.

        Args:
            keep: number of newest versions to keep, in addition to `base`, the champion, the
                previous version, the challenger, and the parents of all kept versions.

        Returns:
            The names of the deleted versions, oldest first.
        """
        database = self._aliases.existing_database()
        if database is None:
            removed = self.folders.move_out_oldest(keep, needed=())
        else:
            with database.write() as connection:  # no alias moves in the meantime
                needed = fetch_aliases(connection).values()
                removed = self.folders.move_out_oldest(keep, needed=needed)
        for folder in removed.values():
            # `remove_leftovers` deletes later what cannot be deleted now.
            shutil.rmtree(folder, ignore_errors=True)
        return [*removed]

    @property
    def not_kept(self) -> str:
        """Why nothing is kept at present, in a sentence; empty if the home can be written."""
        database = self._aliases.existing_database()
        problem = None if database is None else database.check()
        return "" if problem is None else problem.sentence

    @property
    def champion(self) -> str:
        """The version that serves; read from the database each time, so never outdated."""
        return self._aliases.version_of("champion") or BASE

    @property
    def previous(self) -> str | None:
        """The version that served before; None if there is none."""
        return self._aliases.version_of("previous")

    @property
    def challenger(self) -> str | None:
        """The last version from a run that does not serve; None if there is none."""
        return self._aliases.version_of("challenger")

    @property
    def base(self) -> str:
        """The version that fine-tunes start from: the champion's base."""
        return self.base_of(self.champion)

    def aliases(self) -> dict[str, str]:
        """Return the versions by alias, without aliases that point nowhere."""
        return self._aliases.all()

    def history(self) -> list[AliasMove]:
        """Return all moves of aliases, oldest first."""
        return self._aliases.moves()

    def promote(
        self,
        version: str,
        *,
        by: str | None = None,
        why: str = "",
        run: str = "",
        force: bool = False,
        expected_champion: str | None = None,
        now: datetime | None = None,
    ) -> Promotion:
        """Make a version the champion; the champion until now becomes the previous version.

        A version needs `force` with a reason if the gate rejected it, never judged it, or
        compared it with another version than the champion. The gate does not judge bases and
        imported versions: they need `force` if they classify fewer of MNIST's test images than
        the champion. Versions that have served before need none.

        Args:
            version: its name.
            by: the person; None for this machine's user.
            why: the reason, stored in the history; required with `force`.
            run: name of the run that promotes it.
            force: promote without the gate's decision, or against it.
            expected_champion: the version that must still serve; None for any.
            now: the time, aware; None for the current time.

        Raises:
            ModelError: there is no such version, it is damaged, serves already, or needs force;
                or the champion is not `expected_champion`.
            StoreError: the database cannot be written.
        """
        with self._advice_if_champion(version):
            card = self.folders.verify(version)
        if force and not why.strip():
            raise ModelError(
                f"A forced promotion says why: give a reason for {version} (--why TEXT).",
                version=version,
            )
        if not force:
            champion = self.champion
            reason = self.reason_against_promotion(version, champion=champion)
            if reason:
                raise ModelError(reason, version=version)
            if card.champion == champion and expected_champion is None:
                expected_champion = champion  # the decision holds against this champion only
        return self._aliases.promote(
            version,
            action="force" if force else "promote",
            by=by or default_contributor(),
            why=why,
            run=run,
            expected_champion=expected_champion,
            check=self.folder,  # another process may have pruned it in the meantime
            now=now,
        )

    def reason_against_promotion(self, version: str, *, champion: str | None = None) -> str:
        """Return why a version may not serve without force; empty if it may.

        Args:
            version: its name.
            champion: the version that serves, if the caller has read it.

        Raises:
            ModelError: there is no such version, or its card cannot be read.
        """
        champion = champion or self.champion
        former = {move.version for move in self.history() if move.alias == "champion"}
        return reason_against_promotion(
            version,
            self.card(version),
            champion=champion,
            champion_card=self._card_or_none(champion),
            former_champions=former | {BASE},
        )

    def set_challenger(
        self, version: str, *, run: str, by: str, now: datetime | None = None
    ) -> None:
        """Make a version from a run the challenger.

        Raises:
            ModelError: there is no such version.
            StoreError: the database cannot be written.
        """
        self._aliases.set_challenger(version, by=by, run=run, check=self.folder, now=now)

    def rollback(
        self, *, by: str | None = None, why: str = "", now: datetime | None = None
    ) -> Promotion:
        """Make the previous version the champion again; a second rollback returns.

        Raises:
            ModelError: no version served before, or that version is damaged.
            StoreError: the database cannot be written.
        """
        by = by or default_contributor()
        return self._aliases.rollback(by=by, why=why, check=self._verify_previous, now=now)

    def _verify_previous(self, version: str) -> None:
        try:
            self.folders.verify(version)
        except ModelError as error:
            raise ModelError(
                f"{error} Nothing was rolled back; `digitlab models promote VERSION` takes "
                "another one.",
                version=version,
            ) from error

    @contextmanager
    def _advice_if_champion(self, version: str) -> Iterator[None]:
        """Add to a ModelError about the champion how another version can serve."""
        try:
            yield
        except ModelError as error:
            aliases = self.aliases()
            if version != aliases["champion"] or version == BASE:
                raise
            previous = aliases.get("previous")
            commands = [f"`digitlab models rollback` (to {previous})"] if previous else []
            commands.append(f'`digitlab models promote base --force --why "{version} is damaged"`')
            raise ModelError(
                f"{error} {version} is the version that serves; another one does after "
                f"{' or '.join(commands)}.",
                version=version,
            ) from error

    def _repr_html_(self) -> str:
        from digitlab.html.render import render  # loads Jinja2

        return render(
            "table.html.j2",
            caption="Model versions",
            columns=("version", "aliases", "kind", "created (UTC)", "mnist:test", "decision"),
            rows=[
                (
                    version.name,
                    ", ".join(version.aliases),
                    version.kind or "damaged",
                    version.created_at and f"{version.created_at:%Y-%m-%d %H:%M}",
                    version.test_accuracy and f"{version.test_accuracy:.2%}",
                    version.card and version.card.decision,
                )
                for version in self.list()
            ],
        )

    # A late method: from here on its name hides the built-in type in annotations.
    def list(self) -> list[ModelVersion]:
        """Return all versions: `base`, then the others, oldest first; damaged ones, too."""
        aliases = self.aliases()
        return [
            ModelVersion(
                name=name,
                aliases=tuple(alias for alias, target in aliases.items() if target == name),
                card=self._card_or_none(name),
            )
            for name in self.versions()
        ]

    def _card_or_none(self, version: str) -> Card | None:
        try:
            return self.card(version)
        except ModelError:
            return None
