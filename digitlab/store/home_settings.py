"""HomeSettings: settings of a home that its database stores, so that every trigger applies them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from digitlab.store.database import Database, utc_now_or
from digitlab.store.tables import home_settings


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

    @property
    def review(self) -> bool:
        """Whether verdicts count only after a reviewer has accepted them."""
        return bool(self.get("review", False))
