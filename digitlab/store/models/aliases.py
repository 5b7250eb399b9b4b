"""Aliases: which version serves, which one before, which one waits; every move is a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import sqlalchemy as sa

from digitlab.errors import ModelError
from digitlab.store.database import Database
from digitlab.store.models.moves import ALIASES, BASE, Action, Alias, AliasMove, Promotion
from digitlab.store.moment import moment
from digitlab.store.present import open_if_there
from digitlab.store.tables import aliases


class Aliases:
    """The aliases of a home, in its database; only what moves one makes a database.

    Args:
        url: of the home's database.
        database: the same, already open; None to open it here when it is needed.
    """

    def __init__(self, url: str, database: Database | None = None) -> None:
        self._url = url
        self._database = database
        self._owns = database is None

    def pointed(self, alias: Alias) -> str | None:
        """The version that an alias points to; None for nowhere. One indexed read."""
        database = self.present()
        if database is None:
            return BASE if alias == "champion" else None
        with database.read() as connection:
            return _pointed(connection, alias)

    def all(self) -> dict[str, str]:
        """The aliases that point somewhere, and where; the champion always does."""
        database = self.present()
        if database is None:
            return {"champion": BASE}
        with database.read() as connection:
            return all_pointed(connection)

    def moves(self) -> list[AliasMove]:
        """All moves, the newest last."""
        database = self.present()
        if database is None:
            return []
        columns = [column for column in aliases.c if column.name != "id"]
        with database.read() as connection:
            rows = connection.execute(sa.select(*columns).order_by(aliases.c.id))
            return [AliasMove(**row._mapping) for row in rows]

    def promote(
        self,
        version: str,
        *,
        action: Action,
        by: str,
        why: str,
        run: str,
        expect: str | None,
        check: Callable[[str], object],
        now: datetime | None,
    ) -> Promotion:
        """Let a version serve, in one transaction.

        Args:
            version: its name.
            action: "promote" or "force".
            by: who does it.
            why: the reason.
            run: the run that does it; empty for none.
            expect: the version that must still serve; None for any.
            check: called with the version inside the transaction; raises to stop it.
            now: the time of it, aware; None for the present.

        Raises:
            ModelError: the version serves already, or another one than `expect` does.
        """
        with self.needed().write() as connection:
            found = all_pointed(connection)
            if expect is not None and found["champion"] != expect:
                raise ModelError(
                    f"{found['champion']} serves now and no more {expect}, with which {version} "
                    "was compared; run it again.",
                    version=version,
                )
            if version == found["champion"]:
                raise ModelError(f"{version} serves already.", version=version)
            check(version)
            promotion = Promotion(
                champion=version,
                previous=found["champion"],
                action=action,
                by=by,
                why=why,
                run=run,
                time=moment(now).astimezone(UTC),
            )
            left = [("challenger", None)] if found.get("challenger") == version else []
            _keep(connection, promotion, left)
        return promotion

    def challenge(
        self,
        version: str,
        *,
        by: str,
        run: str,
        check: Callable[[str], object],
        now: datetime | None,
    ) -> None:
        """Name a version as the challenger; the arguments are those of `promote`."""
        with self.needed().write() as connection:
            check(version)
            _move(
                connection,
                [("challenger", version)],
                {
                    "time": moment(now).astimezone(UTC),
                    "action": "challenge",
                    "by": by,
                    "why": "",
                    "run": run,
                },
            )

    def rollback(
        self, *, by: str, why: str, check: Callable[[str], object], now: datetime | None
    ) -> Promotion:
        """Let the previous version serve again; the arguments are those of `promote`.

        Raises:
            ModelError: no version served before.
        """
        with self.needed().write() as connection:
            found = all_pointed(connection)
            if "previous" not in found:
                raise ModelError(
                    f"There is nothing to roll back to: {found['champion']} has served from "
                    "the start.",
                    version=found["champion"],
                )
            check(found["previous"])
            promotion = Promotion(
                champion=found["previous"],
                previous=found["champion"],
                action="rollback",
                by=by,
                why=why,
                run="",
                time=moment(now).astimezone(UTC),
            )
            _keep(connection, promotion, [])
        return promotion

    def present(self) -> Database | None:
        """The home's database; None while the home has none."""
        if self._database is None:
            self._database = open_if_there(self._url)
        return self._database

    def needed(self) -> Database:
        """The home's database, made when there is none."""
        if self._database is None:
            self._database = Database.open(self._url)
        return self._database

    def close(self) -> None:
        """Close the database, unless it was given."""
        if self._owns and self._database is not None:
            self._database.close()


def all_pointed(connection: sa.Connection) -> dict[str, str]:
    """The aliases that point somewhere, and where; the champion always does."""
    found = {alias: _pointed(connection, alias) for alias in ALIASES}
    return {alias: version for alias, version in found.items() if version is not None}


def _pointed(connection: sa.Connection, alias: Alias) -> str | None:
    last = (
        sa.select(aliases.c.version)
        .where(aliases.c.alias == alias)
        .order_by(aliases.c.id.desc())
        .limit(1)
    )
    version: str | None = connection.execute(last).scalar()
    return BASE if version is None and alias == "champion" else version


def _keep(
    connection: sa.Connection, promotion: Promotion, others: Iterable[tuple[str, str | None]]
) -> None:
    values = {name: getattr(promotion, name) for name in ("time", "action", "by", "why", "run")}
    targets = [("previous", promotion.previous), ("champion", promotion.champion), *others]
    _move(connection, targets, values)


def _move(
    connection: sa.Connection, targets: Iterable[tuple[str, str | None]], values: dict[str, object]
) -> None:
    """Add a row for each alias; the transaction keeps all or none."""
    rows = [{"alias": alias, "version": version, **values} for alias, version in targets]
    connection.execute(sa.insert(aliases), rows)
