"""Due times of a cron expression in a time zone.

cronsim reads the expression and finds the due times by the rules of Debian's cron: a fixed time
that the clock skips is due when the clock has moved on, and one that the clock shows twice is
due once.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Final

from cronsim import CronSim, CronSimError

from digitlab.errors import RunError
from digitlab.jobs.zones import local_zone, zone_info

_WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
"""In the order of cron(5), where Sunday is 0."""

_NICKNAMES: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}

_FIELDS: Final = (
    ("a minute from 0 to 59", 59),
    ("an hour from 0 to 23", 23),
    ("a day of the month from 1 to 31", 30),
    ("a month from 1 to 12 or JAN to DEC", 11),
)
"""What the first four fields hold, and their largest step. cronsim accepts larger steps, but a
person who writes "*/90" expects a run every 90 minutes and would get one every hour."""


class Cron:
    """A cron expression in a time zone.

    Attributes:
        expression: the five fields, separated by single spaces.
        zone: IANA name of the time zone, for example "Europe/Berlin".
    """

    def __init__(self, expression: str, *, zone: str | None = None) -> None:
        """Read an expression: minute, hour, day of the month, month, weekday.

        Args:
            expression: for example "0 3 * * 1-5", or "@daily".
            zone: an IANA name; None for the time zone of this machine.

        Raises:
            RunError: the expression or the zone is not valid, or no date matches.
        """
        fields = _NICKNAMES.get(expression.strip().lower(), expression).split()
        self._cronsim_expression = _cronsim_expression(expression, fields)
        self.expression = " ".join(fields)
        self.zone = local_zone() if zone is None else zone
        self._zone_info = zone_info(self.zone)

    def after(self, moment: datetime) -> datetime:
        """Return the first due time after `moment` (an aware time), in UTC.

        Raises:
            RunError: no date in the next 50 years matches.
        """
        local = moment.astimezone(self._zone_info)
        for due in _CalendarDates(self._cronsim_expression, local):
            # In a repeated hour, cronsim may first return a time before `moment`.
            if due.astimezone(UTC) > moment:
                return due.astimezone(UTC)
        raise _never_due(self.expression)


class _CalendarDates(CronSim):
    """Matching times on dates that exist in the time zone: Samoa had no 30 December 2011."""

    def match_day(self, d: date) -> bool:
        if not super().match_day(d):
            return False
        noon = datetime.combine(d, time(12), self.fixup_tz or UTC)
        return noon.astimezone(UTC).astimezone(noon.tzinfo).date() == d


def weekdays(field: str) -> list[str]:
    """Return the names of the weekdays in the fifth field, Sunday first.

    Raises:
        ValueError: the field is not valid.
    """
    days: set[int] = set()
    for part in field.lower().split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if slash and not (step.isdecimal() and int(step) > 0 and (dash or span == "*")):
            raise ValueError(part)
        begin, end = (0, 6) if span == "*" else (_weekday(first), _weekday(last if dash else first))
        if dash and end == 0 and begin > 0:
            end = 7  # "fri-sun"
        if begin > end:
            raise ValueError(part)
        days |= {day % 7 for day in range(begin, end + 1, int(step or 1))}
    return [_WEEKDAYS[day] for day in sorted(days)]


def _weekday(text: str) -> int:
    if text.isdecimal() and int(text) <= 7:
        return int(text)
    return _WEEKDAYS.index(text)  # ValueError for another text


def _cronsim_expression(expression: str, fields: list[str]) -> str:
    """Check the fields of `expression` and return them as cronsim reads them.

    Raises:
        RunError: there are not five fields, a field is not valid, or no date matches.
    """
    if len(fields) != 5:
        raise _refusal(expression, "five fields: minute, hour, day, month, weekday")
    minute, hour, day, month, weekday = fields
    day = re.sub("last", "L", day, flags=re.IGNORECASE)  # two names of the month's last day
    fields = [minute, hour, day, month]
    for index, (expected, largest_step) in enumerate(_FIELDS):
        alone = ["*"] * 5
        alone[index] = fields[index]
        if not _is_valid(" ".join(alone)):
            raise _refusal(expression, f'{expected}, not "{fields[index]}"')
        if any(int(step) > largest_step for step in re.findall(r"/(\d+)", fields[index])):
            raise _refusal(expression, f'a step of at most {largest_step}, not "{fields[index]}"')
    try:
        names = ",".join(weekdays(weekday))
    except ValueError:
        expected = "a weekday from 0 to 7 or SUN to SAT"
        raise _refusal(expression, f'{expected}, not "{weekday}"') from None
    # With a star first, a day must match both fields of a day; otherwise one of them.
    cronsim_expression = " ".join([*fields, weekday if weekday.startswith("*") else names])
    if not _is_valid(cronsim_expression):
        raise _never_due(expression)
    return cronsim_expression


def _is_valid(cronsim_expression: str) -> bool:
    try:
        CronSim(cronsim_expression, datetime(2000, 1, 1, tzinfo=UTC))
    except (CronSimError, ValueError):  # ValueError for a number of thousands of digits
        return False
    return True


def _never_due(expression: str) -> RunError:
    return _refusal(expression, "an expression that is due some day")


def _refusal(expression: str, expected: str) -> RunError:
    return RunError(
        f"{expression!r} is not a cron expression as in cron(5); expected {expected}. "
        "Every night at three is '0 3 * * *'."
    )
