"""Due times from an expression as in cron(5), reckoned by APScheduler.

APScheduler counts weekdays from Monday = 0 and lets a day of the month and a weekday restrict
each other; in cron(5) Sunday is 0 and 7, and where both are restricted either will do.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from digitlab.errors import RunError

_WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
"""In cron(5)'s order; APScheduler knows them by these names."""

_NICKNAMES: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


class Cron:
    """When something is due.

    Attributes:
        expression: five fields with one space between them.
        zone: the time zone that they are meant in, for example "Europe/Berlin".
        trigger: the same for APScheduler.
    """

    def __init__(self, expression: str, *, zone: str | None = None) -> None:
        """Read an expression: minute, hour, day of the month, month, weekday.

        Args:
            expression: for example "0 3 * * 1-5", or "@daily".
            zone: an IANA name; None for this machine's.

        Raises:
            RunError: the expression or the zone is none; says what was expected.
        """
        fields = _NICKNAMES.get(expression.strip().lower(), expression).split()
        self.expression = " ".join(fields)
        self.zone = zone or _local_zone()
        if len(fields) != 5:
            raise _refusal(expression, "five fields: minute, hour, day, month, weekday")
        self.trigger = _trigger(expression, fields, self.zone)

    def after(self, time: datetime) -> datetime:
        """The first due time after `time`.

        Raises:
            RunError: there is none, as for February 30.
        """
        due: datetime | None = self.trigger.get_next_fire_time(time, time)
        if due is None:
            raise _refusal(self.expression, "an expression that is due some day")
        return due


def weekdays(field: str) -> list[str]:
    """The weekdays of cron(5)'s fifth field by name, Sunday first.

    Raises:
        ValueError: the field is none.
    """
    found: set[int] = set()
    for part in field.lower().split(","):
        days, slash, step = part.partition("/")
        first, dash, last = days.partition("-")
        if slash and not (step.isdecimal() and int(step) > 0 and (dash or days == "*")):
            raise ValueError(part)
        begin, end = (0, 6) if days == "*" else (_weekday(first), _weekday(last if dash else first))
        if dash and end == 0 and begin > 0:
            end = 7  # "fri-sun"
        if begin > end:
            raise ValueError(part)
        found |= {day % 7 for day in range(begin, end + 1, int(step or 1))}
    return [_WEEKDAYS[day] for day in sorted(found)]


def _weekday(text: str) -> int:
    if text.isdecimal() and int(text) <= 7:
        return int(text)
    return _WEEKDAYS.index(text)  # ValueError where it is none


def _trigger(expression: str, fields: list[str], zone: str) -> Any:
    from apscheduler.triggers.combining import OrTrigger
    from apscheduler.triggers.cron import CronTrigger

    minute, hour, day, month, weekday = fields
    try:
        names = ",".join(weekdays(weekday))
    except ValueError:
        raise _refusal(expression, "a weekday from 0 to 7 or SUN to SAT as the fifth") from None

    def trigger(day: str, names: str) -> Any:
        try:
            return CronTrigger(
                minute=minute, hour=hour, day=day, month=month, day_of_week=names, timezone=zone
            )
        except (ValueError, LookupError, OSError) as error:  # an unknown zone, or a part of one
            raise _refusal(expression, f"other values, or another time zone: {error}") from error

    if day.startswith("*") or weekday.startswith("*"):
        return trigger(day, names)
    return OrTrigger([trigger(day, "*"), trigger("*", names)])


def _local_zone() -> str:
    import tzlocal  # comes with APScheduler

    try:
        name: str | None = tzlocal.get_localzone_name()
    except (LookupError, ValueError):  # TZ says something that is no zone's name
        name = None
    if not name:
        raise RunError(
            "This machine's time zone has no name; say which one is meant, for example UTC."
        )
    return name


def _refusal(expression: str, expected: str) -> RunError:
    return RunError(
        f"{expression!r} is no time as in cron(5); expected {expected}. "
        "Every night at three is '0 3 * * *'."
    )
