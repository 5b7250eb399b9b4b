"""HomeSettings: settings of a home that its database stores, so that every trigger applies them."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from digitlab.store.database import Database, utc_now_or
from digitlab.store.tables import home_settings

SHOW_CORRECTIONS: Final = "show_corrections"
"""Name of a setting: "own" or "all". See `HomeSettings.shows_all_corrections`."""


class HomeSettings:
    """A home's settings by name; every change is a row, and the last row counts.

    Attributes:
        database: holds the rows.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def get(self, name: str, default: Any = None) -> Any:
        """Return the last value of a setting; `default` if it was never set."""
        newest = (
            sa.select(home_settings.c.value)
            .where(home_settings.c.name == name)
            .order_by(home_settings.c.id.desc())
            .limit(1)
        )
        with self.database.read() as connection:
            row = connection.execute(newest).first()
        return default if row is None else row.value

    def set(self, name: str, value: Any, *, by: str, now: datetime | None = None) -> None:
        """Set a value; add no row if the setting has this value already.

        Args:
            name: of the setting.
            value: anything that JSON can hold.
            by: name of the person who sets it.
            now: the time, aware; None for the current time.
        """
        unset = object()
        if self.get(name, unset) == value:
            return
        row = {"time": utc_now_or(now), "name": name, "value": value, "by": by}
        with self.database.write() as connection:
            connection.execute(sa.insert(home_settings).values(row))

    def secret(self, name: str, *, by: str, now: datetime | None = None) -> bytes:
        """Return a random secret of the home, 32 bytes; make it at the first use.

        Args:
            name: of the setting that holds it.
            by: name of the person who uses it first.
            now: the time, aware; None for the current time.
        """
        value = self.get(name)
        if value is None:
            first = (
                sa.select(home_settings.c.value)
                .where(home_settings.c.name == name)
                .order_by(home_settings.c.id)
                .limit(1)
            )
            with self.database.write() as connection:  # so that two processes make one secret
                value = connection.execute(first).scalar()
                if value is None:
                    value = secrets.token_hex(32)
                    row = {"time": utc_now_or(now), "name": name, "value": value, "by": by}
                    connection.execute(sa.insert(home_settings).values(row))
        return bytes.fromhex(value)

    @property
    def review(self) -> bool:
        """Whether verdicts count only after a reviewer has accepted them."""
        return bool(self.get("review", False))

    @property
    def shows_all_corrections(self) -> bool:
        """Whether a page shows everybody's corrections after a fine-tune, or only its browser's."""
        return bool(self.get(SHOW_CORRECTIONS, "own") == "all")
