"""Aliases: the champion, previous and challenger version of a home, and every move of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, get_args

import sqlalchemy as sa

from digitlab.errors import ModelError
from digitlab.store.database import Database, utc_now_or
from digitlab.store.tables import aliases

Alias = Literal["champion", "previous", "challenger"]
"""The version that serves, the one that a rollback returns to, and the last one from a run."""

BASE: Final = "base"
"""The version that ships with digitlab; it serves until the champion moves."""

ALIASES: Final[tuple[Alias, ...]] = get_args(Alias)

Action = Literal["promote", "force", "rollback", "challenge"]
"""The action that moved an alias; "force" is a promotion without the gate's decision for it."""


@dataclass(frozen=True, kw_only=True)
class AliasMove:
    """One move of an alias to a version.

    Attributes:
        time: of the move; aware, UTC.
        alias: "champion", "previous" or "challenger".
        version: the version that it points to from then on; None for none.
        action: "promote", "force", "rollback" or "challenge".
        by: the person, or what acted for a run.
        why: the reason; may be empty.
        run: name of the run that moved it; empty if no run did.
    """

    time: datetime
    alias: str
    version: str | None
    action: str
    by: str
    why: str
    run: str


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """A change of the champion.

    Attributes:
        champion: the version that serves from now on.
        previous: the version that served until now; a rollback returns to it.
        action: "promote", "force" or "rollback".
        by: the person, or what acted for a run.
        why: the reason; may be empty.
        run: name of the run that promoted it; empty if no run did.
        time: of the change; aware, UTC.
    """

    champion: str
    previous: str
    action: Action
    by: str
    why: str
    run: str
    time: datetime


class Aliases:
    """The aliases of a home, in its database; reading them creates no database.

    Args:
        url: address of the home's database.
        database: the same database if it is open already; None to open it at the first use.
    """

    def __init__(self, url: str, database: Database | None = None) -> None:
        self._url = url
        self._database = database
        self._owns_database = database is None
        self._last_known: dict[Alias, str | None] = {}

    def version_of(self, alias: Alias) -> str | None:
        """Return the version that an alias points to, or None; one indexed read.

        While the database cannot be read, it is the last known version, else `base` for the
        champion and None for the others.
        """
        database = self.existing_database()
        if database is None:
            return BASE if alias == "champion" else None
        with database.read(or_empty=True) as connection:
            version = _fetch_version(connection, alias)
        if database.is_unread:  # another program may lock it for a moment
            return self._last_known.get(alias, version)
        self._last_known[alias] = version
        return version

    def all(self) -> dict[str, str]:
        """Return the versions by alias, without aliases that point nowhere."""
        database = self.existing_database()
        if database is None:
            return {"champion": BASE}
        with database.read() as connection:
            return fetch_aliases(connection)

    def moves(self) -> list[AliasMove]:
        """Return all moves, oldest first."""
        database = self.existing_database()
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
        expected_champion: str | None,
        check: Callable[[str], object],
        now: datetime | None,
    ) -> Promotion:
        """Make a version the champion, in one transaction.

        Args:
            version: its name.
            action: "promote" or "force".
            by: the person, or what acts for a run.
            why: the reason.
            run: the run that promotes it; empty for none.
            expected_champion: the version that must still serve; None for any.
            check: called with the version inside the transaction; an exception stops the promotion.
            now: the time, aware; None for the current time.

        Raises:
            ModelError: the version serves already, or the champion is not `expected_champion`.
        """
        with self._open_database().write() as connection:
            current = fetch_aliases(connection)
            champion = current["champion"]
            if expected_champion is not None and champion != expected_champion:
                raise ModelError(
                    f"{champion} serves now, but {version} was compared with "
                    f"{expected_champion}; run the fine-tune again.",
                    version=version,
                )
            if version == champion:
                raise ModelError(f"{version} serves already.", version=version)
            check(version)
            promotion = Promotion(
                champion=version,
                previous=champion,
                action=action,
                by=by,
                why=why,
                run=run,
                time=utc_now_or(now).astimezone(UTC),
            )
            was_challenger = current.get("challenger") == version
            _insert_promotion(
                connection, promotion, [("challenger", None)] if was_challenger else []
            )
        return promotion

    def set_challenger(
        self,
        version: str,
        *,
        by: str,
        run: str,
        check: Callable[[str], object],
        now: datetime | None,
    ) -> None:
        """Make a version the challenger; see `promote` for the arguments."""
        with self._open_database().write() as connection:
            check(version)
            move = {
                "time": utc_now_or(now).astimezone(UTC),
                "action": "challenge",
                "by": by,
                "why": "",
                "run": run,
            }
            _insert_moves(connection, [("challenger", version)], move)

    def rollback(
        self, *, by: str, why: str, check: Callable[[str], object], now: datetime | None
    ) -> Promotion:
        """Make the previous version the champion again; see `promote` for the arguments.

        Raises:
            ModelError: no version served before.
        """
        with self._open_database().write() as connection:
            current = fetch_aliases(connection)
            champion = current["champion"]
            if "previous" not in current:
                raise ModelError(
                    f"There is nothing to roll back to: {champion} has served from the start.",
                    version=champion,
                )
            check(current["previous"])
            promotion = Promotion(
                champion=current["previous"],
                previous=champion,
                action="rollback",
                by=by,
                why=why,
                run="",
                time=utc_now_or(now).astimezone(UTC),
            )
            _insert_promotion(connection, promotion, [])
        return promotion

    def existing_database(self) -> Database | None:
        """Return the home's database; None if the home has none."""
        if self._database is None:
            self._database = Database.open_existing(self._url)
        return self._database

    def close(self) -> None:
        """Close the database, unless the caller gave it."""
        if self._owns_database and self._database is not None:
            self._database.close()

    def _open_database(self) -> Database:
        """Return the home's database; create it if the home has none."""
        if self._database is None:
            self._database = Database.open(self._url)
        return self._database


def fetch_aliases(connection: sa.Connection) -> dict[str, str]:
    """Return the versions by alias, without aliases that point nowhere."""
    versions = {alias: _fetch_version(connection, alias) for alias in ALIASES}
    return {alias: version for alias, version in versions.items() if version is not None}


def _fetch_version(connection: sa.Connection, alias: Alias) -> str | None:
    last_move = (
        sa.select(aliases.c.version)
        .where(aliases.c.alias == alias)
        .order_by(aliases.c.id.desc())
        .limit(1)
    )
    version: str | None = connection.execute(last_move).scalar()
    return BASE if version is None and alias == "champion" else version


def _insert_promotion(
    connection: sa.Connection,
    promotion: Promotion,
    other_targets: Iterable[tuple[str, str | None]],
) -> None:
    move = {name: getattr(promotion, name) for name in ("time", "action", "by", "why", "run")}
    targets = [
        ("previous", promotion.previous),
        ("champion", promotion.champion),
        *other_targets,
    ]
    _insert_moves(connection, targets, move)


def _insert_moves(
    connection: sa.Connection, targets: Iterable[tuple[str, str | None]], move: dict[str, object]
) -> None:
    """Insert one row per alias and version, with the same other columns."""
    rows = [{"alias": alias, "version": version, **move} for alias, version in targets]
    connection.execute(sa.insert(aliases), rows)
