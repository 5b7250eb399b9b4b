"""A home's database opened only if it is there, also where nothing can be written."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final
from urllib.parse import quote

import sqlalchemy as sa

from digitlab.errors import StoreError
from digitlab.store.database import Database

log = logging.getLogger(__name__)

_WAYS: Final = ("mode=ro", "mode=ro&immutable=1")
"""Immutable reads where not even the files beside the database can be made."""


def open_if_there(url: str) -> Database | None:
    """Open the database at `url` without making one.

    A SQLite file that cannot be written is opened to read; one of an older digitlab, which
    would have to be migrated first, counts as none.

    Raises:
        StoreError: what is there cannot be used.
    """
    path = _sqlite_file(url)
    if path is None:
        return Database.open(url)
    if not path.is_file():
        return None
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return Database.open(url)
    for way in _WAYS:
        try:
            return Database.open(f"sqlite:///file:{quote(path.as_posix())}?{way}&uri=true")
        except StoreError as error:
            log.warning("%s cannot be written, and read with %s: %s", path, way, error)
    return None


def _sqlite_file(url: str) -> Path | None:
    """The file of a SQLite URL; None for another database, one in memory, or a file's URI."""
    try:
        address = sa.make_url(url)
    except sa.exc.ArgumentError:
        return None  # opening it says what is wrong
    name = address.database or ""
    if address.get_backend_name() != "sqlite" or name in ("", ":memory:"):
        return None
    return None if name.startswith("file:") else Path(name)
