"""HomeSettings: what a home is set to, kept in its database so that every trigger goes by it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from digitlab.store.database import Database
from digitlab.store.moment import moment
from digitlab.store.tables import home_settings


class HomeSettings:
    """A home's settings by name; every change is a row, and the last one counts.

    Attributes:
        database: where the rows are.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def get(self, name: str, default: Any = None) -> Any:
        """The value that was set last; `default` when none was."""
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
        """Set a value that JSON can hold; nothing is added when it is so already."""
        unset = object()
        if self.get(name, unset) == value:
            return
        row = {"time": moment(now), "name": name, "value": value, "by": by}
        with self.database.write() as connection:
            connection.execute(sa.insert(home_settings).values(row))

    @property
    def review(self) -> bool:
        """Whether corrections count only once a reviewer has accepted them."""
        return bool(self.get("review", False))
