"""ModelRegistry: the model versions of a home, and which of them serves.

`base` ships with digitlab and serves at first; what trainings, runs and imports make stands
beside it as `v0001`, `v0002`, ... Three aliases point to versions: champion serves, previous
served before, challenger is what a run made last. They are moved in the home's database, in
one transaction, and every move is kept.
"""

from __future__ import annotations

import shutil
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from digitlab.errors import ModelError
from digitlab.model.runtime import Classifier
from digitlab.settings import Settings, default_contributor
from digitlab.store.closing import Closing
from digitlab.store.database import Database
from digitlab.store.models.aliases import Aliases, all_pointed
from digitlab.store.models.archive import hand_out
from digitlab.store.models.folders import VersionFolders
from digitlab.store.models.moves import BASE, AliasMove, Promotion
from digitlab.store.models.promotion_rules import refusal

KEPT: Final = 3
"""Versions that stay loaded: the champion, the one before, and one to compare with."""


class ModelRegistry(VersionFolders, Closing):
    """The versions of a home and their aliases; safe to share between threads.

    A home without a database has the champion `base` and no history: only what moves an alias
    makes one.

    Args:
        settings: of the home; neither it nor its `models` folder need exist.
        database: the home's, already open; None to open it here when it is needed.
    """

    def __init__(self, settings: Settings, database: Database | None = None) -> None:
        super().__init__(settings)
        self._aliases = Aliases(settings.database_url, database)
        self._home = settings.home
        self._loaded: OrderedDict[tuple[str, int], Classifier] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def champion(self) -> str:
        """The version that serves; asked anew each time, so that a promotion is seen at once."""
        return self._aliases.pointed("champion") or BASE

    @property
    def previous(self) -> str | None:
        """The version that served before; None when none did."""
        return self._aliases.pointed("previous")

    @property
    def challenger(self) -> str | None:
        """The version that a run made last and that does not serve; None without one."""
        return self._aliases.pointed("challenger")

    @property
    def base(self) -> str:
        """The version that fine-tunes start from: the champion's base, or the champion itself."""
        return self.base_of(self.champion)

    def base_of(self, version: str) -> str:
        """The base that a version came from; itself when it came from no other.

        Raises:
            ModelError: there is no such version, or its card cannot be read.
        """
        if version == BASE:
            return BASE
        with self._way_out(version):
            card = self.card(version)
        return version if card.is_base else card.parent or BASE

    def aliases(self) -> dict[str, str]:
        """The aliases that point somewhere, and where; the champion always does."""
        return self._aliases.all()

    def history(self) -> list[AliasMove]:
        """All moves of aliases, the newest last."""
        return self._aliases.moves()

    def show(self, version: str) -> dict[str, Any]:
        """What is known of a version: name, folder, aliases, card and notebook.

        Raises:
            ModelError: there is no such version, or its card cannot be read.
        """
        card = self.card(version)
        return {
            "name": version,
            "folder": str(self.folder(version)),
            "aliases": [alias for alias, to in self.aliases().items() if to == version],
            "card": asdict(card),
            "notebook": card.notebook and str(self._home / card.notebook),
        }

    def load(self, version: str | None = None, *, threads: int = 1) -> Classifier:
        """The classifier of one version; loaded once, the last few are kept.

        Args:
            version: its name; None for the champion, which is asked for at each call.
            threads: threads that LiteRT may use.

        Raises:
            ModelError: there is no such version, or it is damaged.
        """
        name = self.champion if version is None else version
        with self._lock:
            key = name, threads
            if key not in self._loaded:
                with self._way_out(name):
                    self._loaded[key] = Classifier.load(self.folder(name), threads=threads)
                if len(self._loaded) > KEPT:
                    self._loaded.popitem(last=False)
            self._loaded.move_to_end(key)
            return self._loaded[key]

    def promote(
        self,
        version: str,
        *,
        by: str | None = None,
        why: str = "",
        run: str = "",
        force: bool = False,
        expect: str | None = None,
        now: datetime | None = None,
    ) -> Promotion:
        """Let a version serve; the one that served becomes the previous one.

        A version that the gate rejected, never judged, or compared with another version than
        the one that serves needs `force` with a reason, unless it has served before, or is a
        base: those are judged by the person who promotes them.

        Args:
            version: its name.
            by: who does it; None for the person at this machine.
            why: the reason, kept in the history; needed with `force`.
            run: name of the run that does it.
            force: against the gate's verdict, or without one.
            expect: the version that must still serve; None for any.
            now: the time of it, aware; None for the present.

        Raises:
            ModelError: there is no such version, it is damaged, serves already, or needs force;
                or another one than `expect` serves.
            StoreError: the database cannot be written.
        """
        with self._way_out(version):
            card = self.check(version)
        if force and not why.strip():
            raise ModelError(
                f"A forced promotion says why: give a reason for {version} (--why TEXT).",
                version=version,
            )
        if not force:
            serving = self.champion
            served = [move.version for move in self.history() if move.alias == "champion"]
            why_not = refusal(version, card, serving=serving, served=served)
            if why_not:
                raise ModelError(why_not, version=version)
            if card.champion == serving and expect is None:  # it is no permission for another one
                expect = serving
        return self._aliases.promote(
            version,
            action="force" if force else "promote",
            by=by or default_contributor(),
            why=why,
            run=run,
            expect=expect,
            check=self.folder,  # it may have been pruned meanwhile
            now=now,
        )

    def challenge(self, version: str, *, run: str, by: str, now: datetime | None = None) -> None:
        """Name a version as the one that a run made and that does not serve yet.

        Raises:
            ModelError: there is no such version.
            StoreError: the database cannot be written.
        """
        self._aliases.challenge(version, by=by, run=run, check=self.folder, now=now)

    def rollback(
        self, *, by: str | None = None, why: str = "", now: datetime | None = None
    ) -> Promotion:
        """Let the previous version serve again; a second rollback returns.

        Raises:
            ModelError: no version served before, or that one is damaged.
            StoreError: the database cannot be written.
        """
        by = by or default_contributor()
        return self._aliases.rollback(by=by, why=why, check=self._check_previous, now=now)

    def export(self, version: str, path: Path) -> Path:
        """Copy a version's three files to a new or empty folder, or into a new `.zip` file.

        Returns:
            `path`, absolute.

        Raises:
            ModelError: the version is damaged, or `path` is taken or cannot be written.
        """
        self.check(version)
        return hand_out(self.folder(version), path)

    def prune(self, keep: int) -> list[str]:
        """Delete the oldest versions, but none that an alias or a kept version needs.

        Args:
            keep: how many of the newest others stay, beside `base`, the champion, the
                previous one, the challenger, and what any of these or those started from.

        Returns:
            The names of the deleted versions, the oldest first.
        """
        database = self._aliases.present()
        if database is None:
            gone = self.set_aside(keep, needed=())
        else:
            with database.write() as connection:  # no alias moves while it is decided
                gone = self.set_aside(keep, needed=all_pointed(connection).values())
        for folder in gone.values():
            shutil.rmtree(folder, ignore_errors=True)  # what stays, `sweep` takes later
        return list(gone)

    def close(self) -> None:
        """Close the database, unless it was given."""
        self._aliases.close()

    def _check_previous(self, version: str) -> None:
        try:
            self.check(version)
        except ModelError as error:
            raise ModelError(
                f"{error} Nothing was rolled back; `digitlab models promote VERSION` takes "
                "another one.",
                version=version,
            ) from error

    @contextmanager
    def _way_out(self, version: str) -> Iterator[None]:
        """Say in a ModelError about the version that serves how another one can serve."""
        try:
            yield
        except ModelError as error:
            aliases = self.aliases()
            if version != aliases["champion"] or version == BASE:
                raise
            back = aliases.get("previous")
            ways = [f"`digitlab models rollback` (to {back})"] if back else []
            ways.append(f'`digitlab models promote base --force --why "{version} is damaged"`')
            raise ModelError(
                f"{error} {version} is the version that serves; another one does after "
                f"{' or '.join(ways)}.",
                version=version,
            ) from error
