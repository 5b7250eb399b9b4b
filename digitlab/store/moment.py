"""Moment: the time of what is kept, given or now."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(now: datetime | None) -> datetime:
    """`now`, which must be aware, or the present."""
    return datetime.now(UTC) if now is None else now
