"""Scheduled fine-tunes: each due time starts one run, missed due times are made up once."""

import threading
from collections import Counter
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from support.fake_fine_tune import new_until_judged, nothing_new
from support.live_server import start_server, wait_until

from digitlab.cli import main
from digitlab.errors import RunError
from digitlab.jobs.cron import Cron
from digitlab.jobs.follow import wait_until_over
from digitlab.jobs.scheduler import Scheduler
from digitlab.settings import Settings
from digitlab.store import Database, ScheduleBook
from digitlab.store.tables import dues, schedules

NIGHTLY = Cron("0 3 * * *", zone="UTC")
MONDAY = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def scheduler(settings, set_preview):
    set_preview(nothing_new)
    with closing(Scheduler(settings, NIGHTLY, by="night")) as scheduler:
        yield scheduler


def rows_of(settings, table):
    with closing(Database.open(settings.database_url)) as database, database.read() as connection:
        return connection.execute(sa.select(table)).all()


def set_next_due(settings, due):
    with closing(Database.open(settings.database_url)) as database, database.write() as connection:
        connection.execute(sa.update(schedules).values(next_due=due))


def test_the_first_check_only_stores_the_next_due_time(scheduler, settings, log):
    assert scheduler.start_if_due(now=MONDAY) is None
    with closing(Database.open(settings.database_url)) as database:
        (schedule,) = ScheduleBook(database).all()
    assert schedule.next_due == MONDAY.replace(hour=3)
    assert (schedule.cron, schedule.zone, schedule.by) == ("0 3 * * *", "UTC", "night")
    assert schedule.heartbeat_at == MONDAY
    assert log.recent() == []


def test_no_run_starts_before_its_due_time(scheduler, log):
    scheduler.start_if_due(now=MONDAY)
    assert scheduler.start_if_due(now=MONDAY.replace(hour=2, minute=59)) is None
    assert log.recent() == []


def test_a_due_time_starts_one_run_and_stores_its_name(scheduler, settings):
    scheduler.start_if_due(now=MONDAY)
    run = scheduler.start_if_due(now=MONDAY.replace(hour=3))
    assert (run.trigger, run.by, run.outcome) == ("schedule", "night", "nothing-new")
    assert scheduler.start_if_due(now=MONDAY.replace(hour=3, second=1)) is None
    (due,) = rows_of(settings, dues)
    assert (due.due, due.by, due.run) == (MONDAY.replace(hour=3), "night", run.name)
    assert rows_of(settings, schedules)[0].next_due == MONDAY.replace(day=2, hour=3)


def test_missed_due_times_are_made_up_once(scheduler, settings, log):
    scheduler.start_if_due(now=MONDAY)
    later = MONDAY + timedelta(days=5, hours=12)
    assert scheduler.start_if_due(now=later) is not None
    assert scheduler.start_if_due(now=later) is None
    assert rows_of(settings, schedules)[0].next_due == MONDAY + timedelta(days=6, hours=3)
    assert len(log.recent()) == 1


def test_a_clock_that_was_ahead_delays_no_run(scheduler, settings, log):
    scheduler.start_if_due(now=MONDAY.replace(year=2099))
    assert scheduler.start_if_due(now=MONDAY) is None
    assert rows_of(settings, schedules)[0].next_due == MONDAY.replace(hour=3)
    assert scheduler.start_if_due(now=MONDAY.replace(hour=3)) is not None
    assert len(log.recent()) == 1


def test_a_clock_that_is_set_back_starts_no_second_run(scheduler, log):
    scheduler.start_if_due(now=MONDAY)
    for hour in (3, 1, 3, 4):
        scheduler.start_if_due(now=MONDAY.replace(hour=hour))
    assert len(log.recent()) == 1
    assert scheduler.start_if_due(now=MONDAY.replace(day=2, hour=3)) is not None


def test_a_stored_time_that_the_expression_no_longer_has_starts_no_run(scheduler, settings, log):
    """A new release of the tz database may move a due time that is stored already."""
    scheduler.start_if_due(now=MONDAY)
    set_next_due(settings, MONDAY.replace(hour=2))
    assert scheduler.start_if_due(now=MONDAY.replace(hour=2)) is None
    assert scheduler.start_if_due(now=MONDAY.replace(hour=3)) is not None
    assert scheduler.start_if_due(now=MONDAY.replace(hour=4)) is None
    assert len(log.recent()) == 1


@pytest.mark.parametrize(
    ("expression", "zone", "first"),
    [
        ("@daily", "America/Santiago", "2026-09-02T12:00"),
        ("30 2 * * *", "Europe/Berlin", "2026-10-22T12:00"),
        ("30 2 * * *", "Pacific/Apia", "2011-12-27T12:00"),
    ],
)
@pytest.mark.usefixtures("scheduler")
def test_each_local_date_has_one_run_with_restarts_and_clocks_that_differ(
    settings, expression, zone, first
):
    """Three schedulers check at random; their clocks differ by minutes, and each may restart."""
    cron, random = Cron(expression, zone=zone), Random(1)
    moment = datetime.fromisoformat(first).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    end = moment + timedelta(days=7)
    runs = []
    skews = [timedelta(minutes=minutes) for minutes in (-7, 0, 11)]
    with ExitStack() as stack:
        new = lambda: stack.enter_context(closing(Scheduler(settings, cron, by="night")))  # noqa: E731
        schedulers = [new() for _ in skews]
        while moment < end:
            number = random.randrange(len(skews))
            if random.random() < 0.1:
                schedulers[number] = new()
            if schedulers[number].start_if_due(now=moment + skews[number]) is not None:
                runs.append(moment.astimezone(ZoneInfo(zone)))
            moment += timedelta(minutes=random.randint(1, 25))
    hours = [end - timedelta(hours=hour) for hour in range(24 * 6)]
    dates = {hour.astimezone(ZoneInfo(zone)).date() for hour in hours}
    # A clock that is ahead starts the run of midnight on the evening before.
    nearest = Counter((run + timedelta(minutes=30)).date() for run in runs)
    assert all(nearest[date] == 1 for date in dates)
    assert set(nearest.values()) == {1}


def test_several_schedulers_of_one_home_start_one_run(scheduler, settings, log):
    scheduler.start_if_due(now=MONDAY)
    barrier, results = threading.Barrier(4), []

    def check():
        with closing(Scheduler(settings, NIGHTLY, by="other")) as other:
            barrier.wait()
            results.append(other.start_if_due(now=MONDAY.replace(hour=3)))

    threads = [threading.Thread(target=check) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert len([run for run in results if run is not None]) == 1
    assert len(log.recent()) == 1


def test_two_expressions_that_are_due_at_the_same_time_start_one_run(scheduler, settings, log):
    with closing(Scheduler(settings, Cron("0 3 * * 1", zone="UTC"), by="weekly")) as weekly:
        for each in (scheduler, weekly):
            each.start_if_due(now=MONDAY)
        runs = [each.start_if_due(now=MONDAY.replace(hour=3)) for each in (scheduler, weekly)]
    assert runs[1] is None
    assert len(log.recent()) == 1


@pytest.mark.notebook
def test_the_next_due_time_after_a_run_has_nothing_new(settings, stand_in, set_preview, log):
    set_preview(new_until_judged)
    with closing(Scheduler(settings, NIGHTLY, by="night", notebook=stand_in)) as scheduler:
        scheduler.start_if_due(now=MONDAY)
        first = scheduler.start_if_due(now=MONDAY.replace(hour=3))
        assert first.outcome is None
        assert wait_until_over(settings, first.name).outcome == "rejected"
        second = scheduler.start_if_due(now=MONDAY.replace(day=2, hour=3), wait=True)
    assert second.outcome == "nothing-new"
    assert [run.trigger for run in log.recent()] == ["schedule", "schedule"]


def test_a_running_scheduler_makes_up_a_missed_run_and_reports_it(scheduler, log):
    scheduler.start_if_due(now=MONDAY)
    lines = []
    with scheduler.running(lines.append):
        wait_until(lambda: lines, "the missed run")
    assert lines[0].endswith(": nothing-new")
    assert len(log.recent()) == 1


def test_a_running_scheduler_reports_a_run_that_cannot_start(scheduler, set_preview):
    def preview_feedback(settings, parameters):
        raise RunError("Not today.")

    set_preview(preview_feedback)
    scheduler.start_if_due(now=MONDAY)
    lines = []
    with scheduler.running(lines.append):
        wait_until(lambda: lines, "the report")
    assert lines == ["the run that was due could not be started: Not today."]


def test_a_running_scheduler_checks_again_although_the_clock_was_set_back(
    scheduler, settings, monkeypatch
):
    monkeypatch.setattr("digitlab.jobs.scheduler.HEARTBEAT_INTERVAL_S", 0.01)
    set_clock = iter([datetime.now(UTC), *[MONDAY - timedelta(days=3650)] * 10_000])
    monkeypatch.setattr("digitlab.jobs.scheduler.utc_now_or", lambda now: now or next(set_clock))
    with scheduler.running():
        wait_until(
            lambda: (
                [row.heartbeat_at for row in rows_of(settings, schedules)]
                == [MONDAY - timedelta(days=3650)]
            ),
            "a check after the change of the clock",
        )


def test_a_schedule_that_cannot_be_read_is_reported_once(scheduler, settings, monkeypatch):
    monkeypatch.setattr("digitlab.jobs.scheduler.HEARTBEAT_INTERVAL_S", 0.01)
    with closing(Database.open(settings.database_url)) as database, database.write() as connection:
        connection.execute(sa.text("ALTER TABLE schedules RENAME TO hidden"))
    lines = []
    with scheduler.running(lines.append):
        wait_until(lambda: lines, "the report")
        with closing(Database.open(settings.database_url)) as db, db.write() as connection:
            connection.execute(sa.text("ALTER TABLE hidden RENAME TO schedules"))
        wait_until(lambda: rows_of(settings, schedules), "a check that works")
    assert len(lines) == 1
    assert lines[0].startswith("the schedule cannot be read: ")


@pytest.mark.notebook
@pytest.mark.usefixtures("stand_in")
def test_the_option_once_runs_what_is_due_and_returns(settings, set_preview):
    set_preview(new_until_judged)
    call = ["--home", str(settings.home), "schedule", "--cron", "0 3 * * *", "--once"]
    first = CliRunner().invoke(main, call)
    assert (first.exit_code, first.stdout.splitlines()[0]) == (0, "nothing is due")
    assert "next: 20" in first.stdout
    set_next_due(settings, datetime.now(UTC) - timedelta(hours=30))
    second = CliRunner().invoke(main, call)
    assert second.exit_code == 0
    assert second.stdout.startswith("rejected v0001 after ")
    assert CliRunner().invoke(main, call).stdout.splitlines()[0] == "nothing is due"


def test_a_wrong_expression_is_one_line_and_exit_code_1(settings):
    call = ["--home", str(settings.home), "schedule", "--cron", "every night", "--once"]
    done = CliRunner().invoke(main, call)
    assert done.exit_code == 1
    assert "'every night' is not a cron expression as in cron(5)" in done.stderr


def test_a_wrong_time_zone_is_one_line_that_names_the_right_one(settings):
    call = ["--home", str(settings.home), "schedule", "--cron", "0 3 * * *", "--once"]
    done = CliRunner().invoke(main, [*call, "--zone", "europe/berlin"])
    assert done.exit_code == 1
    assert done.stderr.splitlines()[1:] == [
        "digitlab: There is no time zone 'europe/berlin'. Did you mean Europe/Berlin?"
    ]


@pytest.mark.server
def test_a_server_follows_its_schedule(tmp_path):
    server = start_server(tmp_path / "home", retrain="0 3 * * 7", warm=0)
    try:
        assert server.process.stdout.readline().startswith("digitlab fine-tunes when it is due")
        settings = Settings.load(tmp_path / "home", environ={})
        wait_until(lambda: rows_of(settings, schedules), "the heartbeat of its scheduler")
        assert rows_of(settings, schedules)[0].cron == "0 3 * * 7"
        assert server.health()["status"] == "ok"
    finally:
        assert server.stop() == 0


def test_a_server_refuses_a_wrong_expression_before_it_listens(tmp_path):
    call = ["--home", str(tmp_path), "serve", "--port", "0", "--retrain", "never"]
    done = CliRunner().invoke(main, call)
    assert done.exit_code == 1
    assert "five fields" in done.stderr
    assert "serves on" not in done.stdout
