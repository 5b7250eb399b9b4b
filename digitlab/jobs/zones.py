"""Time zones by name: this machine's zone, and the nearest right name for a wrong one."""

from __future__ import annotations

import difflib
import functools
import logging
import os
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from digitlab.errors import RunError

log = logging.getLogger(__name__)

_EXAMPLE: Final = "Europe/Berlin"

_LOCAL_FILES: Final = (Path("/etc/localtime"), Path("/usr/local/etc/localtime"))
"""Where Unix has the rules of the machine's zone; without them the C library uses UTC."""

_OFFSET: Final = re.compile(r"(?:UTC|GMT)?\s*([+-])\s*(\d{1,2})(?::?([0-5]\d))?", re.IGNORECASE)
"""An offset as people write it: "UTC+2", "GMT-03:30", "+02:00"."""

_HOURS_OF_ETC: Final = range(-12, 15)
"""Whole hours ahead of UTC for which tzdata has a zone "Etc/GMT..."."""


def zone_info(name: str) -> ZoneInfo:
    """Return a time zone.

    zoneinfo alone accepts every file below its folder ("right/UTC" counts leap seconds), and on
    some systems also names in lower case, which are then another schedule of the same home.

    Args:
        name: the IANA name, for example "Europe/Berlin"; upper and lower case matter.

    Raises:
        RunError: there is no such time zone; the message names the nearest one.
    """
    if name not in _names():
        raise RunError(f"There is no time zone {name!r}. {_advice(name)}")
    return ZoneInfo(name)


def local_zone(environ: Mapping[str, str] = os.environ) -> str:
    """Return the IANA name of this machine's time zone.

    A machine that names no zone is in UTC, as for the C library; a warning says so.

    Args:
        environ: variables of the process; TZ names the zone if it is set.

    Raises:
        RunError: TZ holds something else than a name, or the machine's zone has no name.
    """
    variable = environ.get("TZ")
    if variable is not None:
        return _zone_of_variable(variable)
    import tzlocal

    try:
        name: str | None = tzlocal.get_localzone_name()
    except (LookupError, ValueError, OSError):  # two files name different zones
        name = ""
    if name is None and not any(path.exists() for path in _LOCAL_FILES):
        log.warning("This machine names no time zone, so times are in UTC.")
        return "UTC"
    if name not in _names() or not _is_shown(name):
        raise RunError(
            "The time zone of this machine has no clear name. Name one with --zone or the variable "
            f"TZ, for example {_EXAMPLE}."
        )
    return name


def _is_shown(name: str) -> bool:
    """Tell whether this machine's clock shows the zone, in winter and in summer.

    A container may say UTC in one file and have another zone's rules in /etc/localtime.
    """
    zone = ZoneInfo(name)
    return all(
        moment.astimezone().utcoffset() == moment.astimezone(zone).utcoffset()
        for moment in _winter_and_summer()
    )


def _winter_and_summer() -> list[datetime]:
    """Return a moment in January and one in July of this year."""
    year = datetime.now(UTC).year
    return [datetime(year, month, 15, 12, tzinfo=UTC) for month in (1, 7)]


def _zone_of_variable(variable: str) -> str:
    """Return the zone that the variable TZ names: a name, or the path of a zone's file."""
    text = variable.removeprefix(":")
    if not text:
        return "UTC"
    name = os.path.realpath(text).rpartition("zoneinfo/")[2] if text.startswith("/") else text
    if name not in _names():
        raise RunError(
            f"The variable TZ holds {variable!r}, which is not the name of a time zone. "
            f"{_advice(name)}"
        )
    return name


@functools.cache
def _names() -> frozenset[str]:
    """Return the names in the tz database, without files that stand for this machine's zone."""
    return frozenset(available_timezones()) - {"Factory", "localtime", "posixrules"}


def _advice(name: str) -> str:
    """Return a sentence with the name that is probably meant."""
    offset = _OFFSET.fullmatch(name.strip())
    if offset is not None:
        return _advice_for_offset(*offset.groups())
    if (zone := _same_name(name)) is not None:
        return f"Did you mean {zone}?"
    if name.isalpha() and (zone := _place_with_abbreviation(name.upper())) is not None:
        return f"It is an abbreviation; name a place that uses it, for example {zone}."
    if (zone := _similar_name(name)) is not None:
        return f"Did you mean {zone}?"
    return f"Name a place as the tz database does, for example {_EXAMPLE}, or UTC."


def _same_name(name: str) -> str | None:
    """Return the zone with this name in another case, with this city, or with Windows' name."""
    wanted = _simplified(name)
    names = {"z": "UTC", **_windows_names(), **_names_by_city(), **_names_by_simple_name()}
    return names.get(wanted)


def _similar_name(name: str) -> str | None:
    """Return the zone whose name, or whose city, is spelt almost like this."""
    for names in (_names_by_simple_name(), _names_by_city()):
        near = difflib.get_close_matches(_simplified(name), names, n=1, cutoff=0.75)
        if near:
            return names[near[0]]
    return None


def _names_by_simple_name() -> dict[str, str]:
    return {_simplified(zone): zone for zone in sorted(_names())}


def _names_by_city() -> dict[str, str]:
    zones = reversed(_well_known_first())  # the last one of equal cities stays
    return {_simplified(zone.rpartition("/")[2]): zone for zone in zones}


def _advice_for_offset(sign: str, hours: str, minutes: str | None) -> str:
    ahead = int(f"{sign}{hours}")
    place = f"Name a place, for example {_EXAMPLE}"
    if int(minutes or 0) or ahead not in _HOURS_OF_ETC:
        return f"{place}, or UTC."
    # POSIX counts hours behind UTC: Etc/GMT-2 is two hours ahead.
    zone = "UTC" if not ahead else f"Etc/GMT{-ahead:+d}"
    direction = "ahead of" if ahead > 0 else "behind"
    hours_text = "1 hour" if abs(ahead) == 1 else f"{abs(ahead)} hours"
    meaning = f", which is always {hours_text} {direction} UTC" if ahead else ""
    return f"{place}, or {zone}{meaning}."


def _simplified(name: str) -> str:
    """Return a name without the differences that people overlook."""
    return re.sub(r"[\s_-]+", "_", name.strip().casefold().replace("\\", "/"))


def _windows_names() -> dict[str, str]:
    from tzlocal.windows_tz import win_tz

    return {_simplified(windows): zone for windows, zone in win_tz.items()}


def _well_known_first() -> list[str]:
    """Return all names, those first that Windows chooses for its zones: large cities."""
    from tzlocal.windows_tz import win_tz

    return [*dict.fromkeys([*_existing(win_tz.values()), *sorted(_names())])]


def _existing(names: Iterable[str]) -> list[str]:
    return [name for name in names if name in _names()]


def _place_with_abbreviation(abbreviation: str) -> str | None:
    """Return a place whose clock shows an abbreviation such as "CEST" in winter or in summer."""
    moments = _winter_and_summer()
    for zone in _well_known_first():
        if "/" in zone and not zone.startswith("Etc/"):
            info = ZoneInfo(zone)
            if any(moment.astimezone(info).tzname() == abbreviation for moment in moments):
                return zone
    return None
