"""The due times of cron expressions, also where the clock changes."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo, available_timezones

import pytest

from digitlab.errors import RunError
from digitlab.jobs.cron import Cron, weekdays

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)


def iterate(cron, after):
    due = after
    while True:
        due = cron.after(due)
        yield due


def due_times(cron, n, *, after=MONDAY):
    return list(islice(iterate(cron, after), n))


def local_times(expression, zone, n, *, after):
    """Return the first `n` due times after the local time `after`, as text in the zone."""
    moment = datetime.fromisoformat(after).replace(tzinfo=ZoneInfo(zone))
    due = due_times(Cron(expression, zone=zone), n, after=moment)
    return [f"{each.astimezone(ZoneInfo(zone)):%m-%d %H:%M%z}" for each in due]


@pytest.mark.parametrize(
    ("field", "days"),
    [
        ("0", "Sun"),
        ("1", "Mon"),
        ("7", "Sun"),
        ("1-5", "Mon Tue Wed Thu Fri"),
        ("SUN", "Sun"),
        ("sat,SUN", "Sat Sun"),
        ("mon-fri", "Mon Tue Wed Thu Fri"),
        ("5-7", "Fri Sat Sun"),
        ("fri-sun", "Fri Sat Sun"),
        ("1,3,5", "Mon Wed Fri"),
        ("1-5/2", "Mon Wed Fri"),
        ("*/3", "Wed Sat Sun"),
        ("*", "Mon Tue Wed Thu Fri Sat Sun"),
    ],
)
def test_the_fifth_field_counts_weekdays_as_cron_does(field, days):
    due = due_times(Cron(f"0 3 * * {field}", zone="UTC"), 14)
    week = [f"{each:%a}" for each in due if each < MONDAY + timedelta(days=7)]
    assert " ".join(week) == days


def test_weekdays_are_sorted_names_with_sunday_first():
    assert weekdays("7,1") == ["sun", "mon"]


def test_a_day_of_the_month_and_a_weekday_are_alternatives():
    due = due_times(Cron("0 3 10 * 5", zone="UTC"), 4)
    assert [f"{each:%a %d}" for each in due] == ["Fri 05", "Wed 10", "Fri 12", "Fri 19"]


def test_a_day_field_that_starts_with_a_star_restricts_the_other():
    due = due_times(Cron("0 3 */10 * 5", zone="UTC"), 3)
    assert [f"{each:%a %m-%d}" for each in due] == ["Fri 07-31", "Fri 08-21", "Fri 09-11"]


def test_a_day_of_the_month_with_any_weekday_is_that_day():
    due = due_times(Cron("30 4 1 JAN,jul *", zone="UTC"), 2)
    assert [f"{each:%Y-%m-%d %H:%M}" for each in due] == ["2026-07-01 04:30", "2027-01-01 04:30"]


def test_last_is_the_last_day_of_the_month():
    due = due_times(Cron("0 0 last * *", zone="UTC"), 2)
    assert [f"{each:%m-%d}" for each in due] == ["06-30", "07-31"]


def test_a_step_repeats_within_the_hour():
    due = due_times(Cron("*/15 * * * *", zone="UTC"), 5)
    assert [f"{each:%H:%M}" for each in due] == ["00:15", "00:30", "00:45", "01:00", "01:15"]


def test_the_hour_is_that_of_the_zone():
    berlin = Cron("0 3 * * *", zone="Europe/Berlin")
    assert berlin.after(MONDAY).astimezone(UTC).hour == 1
    assert berlin.after(MONDAY.replace(month=12)).astimezone(UTC).hour == 2


def test_nicknames_are_expanded_and_spaces_are_normalised():
    assert Cron("@daily").expression == "0 0 * * *"
    assert Cron("  0  3 * *   1 ").expression == "0 3 * * 1"


@pytest.mark.parametrize(
    ("expression", "zone", "message"),
    [
        ("0 3 * *", None, "five fields"),
        ("0 3 * * * *", None, "five fields"),
        ("0 3 * * 8", None, "weekday"),
        ("0 3 * * fri-mon", None, "weekday"),
        ("0 3 * * 1/2", None, "weekday"),
        ("0 3 * * */0", None, "weekday"),
        ("61 3 * * *", None, "61"),
        ("x 3 * * *", None, '"x"'),
        ("0 24 * * *", None, 'an hour from 0 to 23, not "24"'),
        ("0 3 0 * *", None, 'a day of the month from 1 to 31, not "0"'),
        ("0 3 * 13 *", None, 'a month from 1 to 12 or JAN to DEC, not "13"'),
        (f"{'1' * 5000} 3 * * *", None, "a minute"),
        ("*/90 * * * *", None, "a step of at most 59"),
        ("0 3 * * *", "europe/berlin", "no time zone 'europe/berlin'. Did you mean Europe/Berlin"),
    ],
)
def test_a_wrong_expression_or_zone_is_refused_with_the_expected_value(expression, zone, message):
    with pytest.raises(RunError, match=message):
        Cron(expression, zone=zone)


@pytest.mark.parametrize("expression", ["0 3 30 2 *", "0 3 31 4,6 *"])
def test_a_date_that_no_year_has_is_refused(expression):
    with pytest.raises(RunError, match="some day"):
        Cron(expression, zone="UTC")


def test_a_time_that_the_clock_skips_is_due_when_the_clock_has_moved_on():
    assert local_times("30 2 * * *", "Europe/Berlin", 3, after="2026-03-27 12:00") == [
        "03-28 02:30+0100",
        "03-29 03:00+0200",
        "03-30 02:30+0200",
    ]


def test_a_midnight_that_the_clock_skips_is_due_at_one():
    assert local_times("@daily", "America/Santiago", 3, after="2026-09-04 12:00") == [
        "09-05 00:00-0400",
        "09-06 01:00-0300",
        "09-07 00:00-0300",
    ]


def test_a_time_that_the_clock_shows_twice_is_due_once():
    assert local_times("30 2 * * *", "Europe/Berlin", 3, after="2026-10-23 12:00") == [
        "10-24 02:30+0200",
        "10-25 02:30+0200",
        "10-26 02:30+0100",
    ]


def test_a_due_time_is_later_also_in_the_middle_of_a_repeated_hour():
    second_ten_past_two = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    due = Cron("30 2 * * *", zone="Europe/Berlin").after(second_ten_past_two)
    assert due == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_every_hour_includes_the_repeated_hour():
    assert local_times("0 * * * *", "Europe/Berlin", 4, after="2026-10-25 00:30") == [
        "10-25 01:00+0200",
        "10-25 02:00+0200",
        "10-25 02:00+0100",
        "10-25 03:00+0100",
    ]


def test_a_date_that_a_zone_left_out_has_no_due_time():
    assert local_times("30 2 * * *", "Pacific/Apia", 3, after="2011-12-28 12:00") == [
        "12-29 02:30-1000",
        "12-31 02:30+1400",
        "01-01 02:30+1400",
    ]


@pytest.mark.parametrize(
    ("zone", "after", "due"),
    [
        ("America/Sao_Paulo", "2018-11-03 12:00", ["11-04 01:00-0200", "11-05 00:00-0200"]),
        ("America/Los_Angeles", "2026-03-07 12:00", ["03-08 00:00-0800", "03-09 00:00-0700"]),
        ("Asia/Beirut", "2026-03-28 12:00", ["03-29 01:00+0300", "03-30 00:00+0300"]),
        ("Africa/Cairo", "2026-04-23 12:00", ["04-24 01:00+0300", "04-25 00:00+0300"]),
        ("America/Havana", "2026-03-07 12:00", ["03-08 01:00-0400", "03-09 00:00-0400"]),
        ("America/Asuncion", "2023-09-30 12:00", ["10-01 01:00-0300", "10-02 00:00-0300"]),
        ("America/Havana", "2026-10-31 12:00", ["11-01 00:00-0400", "11-02 00:00-0500"]),
        ("Pacific/Kwajalein", "1993-08-20 06:00", ["08-22 00:00+1200", "08-23 00:00+1200"]),
    ],
)
def test_daily_is_due_once_where_the_clock_changes_at_midnight(zone, after, due):
    assert local_times("@daily", zone, 2, after=after) == due


EXPRESSIONS = ("@daily", "30 2 * * *", "0 0 1 * *")
FIRST_YEAR, LAST_YEAR = 2007, 2037
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def offset_changes(zone):
    """Return each change of a zone's offset as the two moments around it, two days apart."""
    moment, end = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(LAST_YEAR, 12, 31, tzinfo=UTC)
    offset, changes = moment.astimezone(zone).utcoffset(), []
    while moment < end:
        following = moment + 2 * DAY
        new_offset = following.astimezone(zone).utcoffset()
        if new_offset != offset:
            changes.append((moment, following, new_offset - offset))
        moment, offset = following, new_offset
    return tuple(changes)


@pytest.fixture(scope="module")
def zones_by_changes():
    """One zone for each different list of changes: the others are links or behave alike."""
    zones = {}
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        offset = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC).astimezone(zone).utcoffset()
        zones.setdefault((offset, offset_changes(zone)), name)
    return zones


def faults(expression, name, begin, end):
    """Return the local dates between two moments that have not one due time if they match.

    The dates at both ends are left out, because only a part of them lies between the moments.
    """
    cron, zone = Cron(expression, zone=name), ZoneInfo(name)
    hours = int((end - begin) / HOUR)
    existing = {(begin + hour * HOUR).astimezone(zone).date() for hour in range(hours)}
    inner = existing - {begin.astimezone(zone).date(), end.astimezone(zone).date()}
    due, dates = begin, Counter()
    while (following := cron.after(due)) < end:
        assert following > due
        due = following
        dates[due.astimezone(zone).date()] += 1
    expected = {day: int(expression != "0 0 1 * *" or day.day == 1) for day in inner}
    return {day: dates[day] for day in inner if dates[day] != expected[day]}


def test_in_every_zone_each_matching_date_has_one_due_time(zones_by_changes):
    """Around each change of the clock: elsewhere a zone's dates are like those of a fixed offset.

    A month before each change is included, so that each window has the first day of a month.
    """
    assert len(zones_by_changes) > 100
    assert sum(len(changes) for _, changes in zones_by_changes) > 2000
    found = {}
    for (_, changes), name in zones_by_changes.items():
        for begin, end, _ in changes:
            for expression in EXPRESSIONS:
                before = 32 * DAY if expression == "0 0 1 * *" else 2 * DAY
                bad = faults(expression, name, begin - before, end + 2 * DAY)
                if bad:
                    found[name, expression] = bad
    assert found == {}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_each_matching_date_of_twenty_years_has_one_due_time(expression):
    begin, end = (datetime(year, 1, 1, tzinfo=UTC) for year in (FIRST_YEAR, FIRST_YEAR + 20))
    assert faults(expression, "America/Santiago", begin, end) == {}
