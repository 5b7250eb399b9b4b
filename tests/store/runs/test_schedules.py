"""ScheduleBook: each due time is claimed once."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from digitlab.settings import Settings
from digitlab.store import Database, ScheduleBook
from digitlab.store.tables import dues

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def database(tmp_path):
    database = Database.open(Settings.load(tmp_path, environ={}).database_url)
    yield database
    database.close()


@pytest.fixture
def book(database):
    return ScheduleBook(database)


def test_the_first_heartbeat_adds_the_schedule(book):
    schedule = book.heartbeat("0 * * * *", "UTC", by="ann", now=NOON)
    assert (schedule.name, schedule.cron, schedule.zone) == ("0 * * * * UTC", "0 * * * *", "UTC")
    assert (schedule.next_due, schedule.heartbeat_at, schedule.by) == (None, NOON, "ann")


def test_a_later_heartbeat_updates_time_and_scheduler(book):
    book.heartbeat("0 * * * *", "UTC", by="ann", now=NOON)
    schedule = book.heartbeat("0 * * * *", "UTC", by="bob", now=NOON + HOUR)
    assert (schedule.heartbeat_at, schedule.by) == (NOON + HOUR, "bob")
    assert book.all() == [schedule]


def test_the_next_due_time_is_set_once(book):
    schedule = book.heartbeat("0 * * * *", "UTC", by="ann", now=NOON)
    book.set_next_due(schedule, NOON + HOUR)
    book.set_next_due(schedule, NOON + 2 * HOUR)
    assert book.all()[0].next_due == NOON + HOUR


def test_a_due_time_is_claimed_once_also_by_another_expression(book):
    schedules = [
        book.heartbeat(cron, "UTC", by="ann", now=NOON) for cron in ("0 * * * *", "0 13 * * *")
    ]
    for schedule in schedules:
        book.set_next_due(schedule, NOON + HOUR)
    first, second = (book.heartbeat(one.cron, "UTC", by="ann", now=NOON) for one in schedules)
    assert book.claim(first, by="ann", upcoming=NOON + 2 * HOUR, now=NOON)
    assert not book.claim(first, by="bob", upcoming=NOON + 2 * HOUR, now=NOON)
    assert not book.claim(second, by="bob", upcoming=NOON + 25 * HOUR, now=NOON)
    assert {schedule.next_due for schedule in book.all()} == {NOON + 2 * HOUR, NOON + 25 * HOUR}


def test_a_claimed_due_time_names_its_run(book, database):
    schedule = book.heartbeat("0 * * * *", "UTC", by="ann", now=NOON)
    book.set_next_due(schedule, NOON + HOUR)
    schedule = book.heartbeat("0 * * * *", "UTC", by="ann", now=NOON)
    book.claim(schedule, by="ann", upcoming=NOON + 2 * HOUR, now=NOON)
    book.record_run(NOON + HOUR, "r1")
    with database.read() as connection:
        (row,) = connection.execute(sa.select(dues)).all()
    assert (row.due, row.claimed, row.by, row.run) == (NOON + HOUR, NOON, "ann", "r1")


def test_schedules_are_listed_by_their_newest_heartbeat(book):
    book.heartbeat("0 * * * *", "UTC", by="ann", now=NOON + HOUR)
    book.heartbeat("1 * * * *", "UTC", by="ann", now=NOON)
    assert [schedule.cron for schedule in book.all()] == ["0 * * * *", "1 * * * *"]
