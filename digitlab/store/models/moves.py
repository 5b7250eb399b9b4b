"""The plain data of aliases: what they are, what moved them, and a change of who serves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

Alias = Literal["champion", "previous", "challenger"]
"""The version that serves, the one to roll back to, and the one that a run made last."""

BASE: Final = "base"
"""The version that ships with digitlab, and serves where no alias was ever moved."""

ALIASES: Final[tuple[Alias, ...]] = get_args(Alias)

Action = Literal["promote", "force", "rollback", "challenge"]
"""What moved an alias; "force" is a promotion against the gate or without its verdict."""


@dataclass(frozen=True, kw_only=True)
class AliasMove:
    """One move of an alias to a version.

    Attributes:
        time: when; aware, UTC.
        alias: "champion", "previous" or "challenger".
        version: where it points from then on; None for nowhere.
        action: "promote", "force", "rollback" or "challenge".
        by: the person or the run's trigger.
        why: in their words; may be empty.
        run: name of the run that did it; empty when none did.
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
    """A change of the version that serves.

    Attributes:
        champion: the version that serves from now on.
        previous: the one that served until now; a rollback returns to it.
        action: "promote", "force" or "rollback".
        by: who did it.
        why: in their words; may be empty.
        run: name of the run that did it; empty when none did.
        time: when; aware, UTC.
    """

    champion: str
    previous: str
    action: Action
    by: str
    why: str
    run: str
    time: datetime
