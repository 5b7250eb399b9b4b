"""Scheduled fine-tunes: each due time starts one run, missed due times are made up once."""

import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta

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
