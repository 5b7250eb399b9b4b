"""Fine-tuning when it is due: due times taken once, missed ones made up once."""

import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from support.fake_fine_tune import new_until_judged, nothing_new, preview_module, write_notebook
from support.live_server import start_server, wait_until

from digitlab.cli import main
from digitlab.errors import RunError
from digitlab.jobs import launch
from digitlab.jobs.cron import Cron
from digitlab.jobs.follow import wait_until_over
from digitlab.jobs.scheduler import Scheduler
from digitlab.settings import Settings
from digitlab.store import Database, RunLog, ScheduleBook
from digitlab.store.tables import dues, schedules

LOOK_UP = "digitlab.learning.data.preview"
NIGHTLY = Cron("0 3 * * *", zone="UTC")
MONDAY = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path):
    return Settings.load(tmp_path / "home", environ={})


@pytest.fixture
def scheduler(settings, monkeypatch):
    monkeypatch.setitem(sys.modules, LOOK_UP, preview_module(nothing_new))
    with closing(Scheduler(settings, NIGHTLY, by="night")) as scheduler:
        yield scheduler


def runs_of(settings):
    with RunLog.open(settings) as log:
        return log.recent()[::-1]


def rows_of(settings, table):
    with closing(Database.open(settings.database_url)) as database, database.read() as connection:
        return connection.execute(sa.select(table)).all()


def let_be_due(settings, due):
    with closing(Database.open(settings.database_url)) as database, database.write() as connection:
        connection.execute(sa.update(schedules).values(next_due=due))


def test_the_first_look_only_keeps_when_the_next_run_is_due(settings, scheduler):
    assert scheduler.start_if_due(now=MONDAY) is None
    (schedule,) = ScheduleBook(scheduler._database).all()
    assert schedule.next_due == MONDAY.replace(hour=3)
    assert (schedule.cron, schedule.zone, schedule.by) == ("0 3 * * *", "UTC", "night")
    assert schedule.heartbeat_at == MONDAY
    assert runs_of(settings) == []


def test_nothing_runs_before_its_due_time(settings, scheduler):
    scheduler.start_if_due(now=MONDAY)
    assert scheduler.start_if_due(now=MONDAY.replace(hour=2, minute=59)) is None
    assert runs_of(settings) == []


def test_a_due_time_starts_one_run_and_keeps_its_name(settings, scheduler):
    scheduler.start_if_due(now=MONDAY)
    run = scheduler.start_if_due(now=MONDAY.replace(hour=3))
    assert (run.trigger, run.by, run.outcome) == ("schedule", "night", "nothing-new")
    assert scheduler.start_if_due(now=MONDAY.replace(hour=3, second=1)) is None
    (due,) = rows_of(settings, dues)
    assert (due.due, due.by, due.run) == (MONDAY.replace(hour=3), "night", run.name)
    assert rows_of(settings, schedules)[0].next_due == MONDAY.replace(day=2, hour=3)


def test_due_times_missed_while_down_are_made_up_once(settings, scheduler):
    scheduler.start_if_due(now=MONDAY)
    later = MONDAY + timedelta(days=5, hours=12)
    assert scheduler.start_if_due(now=later) is not None
    assert scheduler.start_if_due(now=later) is None
    assert rows_of(settings, schedules)[0].next_due == MONDAY + timedelta(days=6, hours=3)
    assert len(runs_of(settings)) == 1


def test_two_schedulers_on_one_home_start_one_run(settings, scheduler):
    scheduler.start_if_due(now=MONDAY)
    together, started = threading.Barrier(4), []

    def watch():
        with closing(Scheduler(settings, NIGHTLY, by="other")) as other:
            together.wait()
            started.append(other.start_if_due(now=MONDAY.replace(hour=3)))

    threads = [threading.Thread(target=watch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(started) == 4
    assert len([run for run in started if run is not None]) == 1
    assert len(runs_of(settings)) == 1


def test_two_expressions_that_are_due_at_once_start_one_run(settings, scheduler):
    with closing(Scheduler(settings, Cron("0 3 * * 1", zone="UTC"), by="weekly")) as weekly:
        for each in (scheduler, weekly):
            each.start_if_due(now=MONDAY)
        found = [each.start_if_due(now=MONDAY.replace(hour=3)) for each in (scheduler, weekly)]
    assert found[1] is None
    assert len(runs_of(settings)) == 1


@pytest.mark.notebook
def test_of_two_due_times_the_second_finds_nothing_new(settings, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, LOOK_UP, preview_module(new_until_judged))
    notebook = write_notebook(tmp_path)
    with closing(Scheduler(settings, NIGHTLY, by="night", notebook=notebook)) as scheduler:
        scheduler.start_if_due(now=MONDAY)
        first = scheduler.start_if_due(now=MONDAY.replace(hour=3))
        assert first.outcome is None
        assert wait_until_over(settings, first.name).outcome == "rejected"
        second = scheduler.start_if_due(now=MONDAY.replace(day=2, hour=3), wait=True)
    assert second.outcome == "nothing-new"
    assert [run.trigger for run in runs_of(settings)] == ["schedule", "schedule"]


def test_a_running_scheduler_makes_up_what_was_missed_and_says_so(settings, scheduler):
    scheduler.start_if_due(now=MONDAY)
    told = []
    with scheduler.running(told.append):
        wait_until(lambda: told, "the run that was missed")
    assert told[0].endswith(": nothing-new")
    assert len(runs_of(settings)) == 1


def test_a_running_scheduler_goes_on_when_a_run_cannot_be_started(settings, scheduler, monkeypatch):
    def refuse(settings, parameters):
        raise RunError("Not today.")

    monkeypatch.setitem(sys.modules, LOOK_UP, preview_module(refuse))
    scheduler.start_if_due(now=MONDAY)
    told = []
    with scheduler.running(told.append):
        wait_until(lambda: told, "its complaint")
    assert told == ["the run that was due could not be started: Not today."]


@pytest.mark.notebook
def test_once_runs_what_is_due_and_returns(settings, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, LOOK_UP, preview_module(new_until_judged))
    monkeypatch.setattr(launch, "NOTEBOOK", write_notebook(tmp_path))
    call = ["--home", str(settings.home), "schedule", "--cron", "0 3 * * *", "--once"]
    first = CliRunner().invoke(main, call)
    assert (first.exit_code, first.stdout.splitlines()[0]) == (0, "nothing is due")
    assert "next: 20" in first.stdout
    let_be_due(settings, datetime.now(UTC) - timedelta(hours=30))
    second = CliRunner().invoke(main, call)
    assert second.exit_code == 0
    assert second.stdout.startswith("rejected v0001 after ")
    assert CliRunner().invoke(main, call).stdout.splitlines()[0] == "nothing is due"


def test_a_wrong_expression_is_one_line_and_exit_code_1(settings):
    call = ["--home", str(settings.home), "schedule", "--cron", "every night", "--once"]
    done = CliRunner().invoke(main, call)
    assert done.exit_code == 1
    assert "'every night' is not a cron expression as in cron(5)" in done.stderr


def test_a_server_keeps_the_schedule_that_it_was_given(tmp_path):
    server = start_server(tmp_path / "home", retrain="0 3 * * 7", warm=0)
    try:
        assert server.process.stdout.readline().startswith("digitlab fine-tunes when it is due")
        settings = Settings.load(tmp_path / "home", environ={})
        wait_until(lambda: rows_of(settings, schedules), "its sign of life")
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
