"""The runs of a home: one at a time, their progress, their verdicts, and those that died."""

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from support.model_versions import serve

from digitlab.errors import RunError
from digitlab.settings import Settings
from digitlab.store import Database, HomeSettings, RunLog
from digitlab.store.runs.liveness import HOST, is_process_alive
from digitlab.store.runs.queries import CURVE_POINTS, thin_curve
from digitlab.store.tables import home_settings, leases, runs

NOTHING = {"by": "ann", "parameters": {}}


@pytest.fixture
def log(tmp_path):
    with RunLog.open(Settings.load(tmp_path / "home", environ={})) as log:
        yield log


@pytest.fixture
def gone():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def hand_over(log, name, *, pid, host=HOST, heartbeat_at=None):
    """Let run and lease look as if another process had taken them."""
    values = {"pid": pid, "host": host} | ({"heartbeat_at": heartbeat_at} if heartbeat_at else {})
    with log.database.write() as connection:
        connection.execute(sa.update(runs).where(runs.c.name == name).values(values))
        connection.execute(sa.update(leases).where(leases.c.run == name).values(values))


def test_a_run_goes_from_its_announcement_to_its_verdict(log):
    log.announce("r1", trigger="cli", by="ann", parameters={"seed": 2})
    run = log.current()
    assert (run.name, run.trigger, run.by, run.phase) == ("r1", "cli", "ann", "starting")
    assert run.parameters == {"seed": 2}
    assert not run.over
    assert log.acquire_lease("r1", **NOTHING)
    assert log.get("r1").trigger == "cli"
    assert log.holds_lease("r1")
    log.finish(
        "r1",
        "promoted",
        version="v0001",
        inputs_fingerprint="h",
        feedback_fingerprint="n",
        reasons=["Good."],
        metrics={"a": 1},
    )
    run = log.get("r1")
    assert run.over
    assert run.phase == "done"
    assert run.to_dict() == {
        "run": "r1",
        "outcome": "promoted",
        "version": "v0001",
        "inputs_fingerprint": "h",
        "reasons": ["Good."],
        "metrics": {"a": 1},
        "notebook": None,
        "seconds": run.to_dict()["seconds"],
    }
    assert log.current() is None
    assert not log.holds_lease("r1")


def test_raw_papermill_takes_the_lease_without_an_announcement(log):
    assert log.acquire_lease("r1", by="ann", parameters={"seed": 3})
    assert log.get("r1").trigger == "papermill"
    assert log.current().name == "r1"


@pytest.fixture
def other():
    """The number of another process that runs."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.communicate(b"\n")


def test_a_second_run_is_busy_while_the_first_one_lasts(log, other):
    log.acquire_lease("r1", **NOTHING)
    hand_over(log, "r1", pid=other)
    assert not log.acquire_lease("r2", **NOTHING)
    second = log.get("r2")
    assert second.outcome == "busy"
    assert "r1" in second.reasons[0]
    assert log.holds_lease("r1")
    log.finish("r1", "rejected")
    assert log.acquire_lease("r3", **NOTHING)


def test_an_announced_run_that_comes_too_late_is_busy(log, other):
    log.announce("r1", trigger="page", **NOTHING)
    log.acquire_lease("r2", **NOTHING)
    hand_over(log, "r2", pid=other)
    assert not log.acquire_lease("r1", **NOTHING)
    assert log.get("r1").outcome == "busy"
    assert log.get("r1").trigger == "page"


def test_a_run_takes_the_lease_again_when_its_cell_is_run_again(log):
    assert log.acquire_lease("r1", **NOTHING)
    assert log.acquire_lease("r1", **NOTHING)
    assert log.holds_lease("r1")


def test_a_name_is_used_once(log):
    log.acquire_lease("r1", **NOTHING)
    log.finish("r1", "cancelled")
    with pytest.raises(RunError, match="r1 is over already: cancelled"):
        log.acquire_lease("r1", **NOTHING)


def test_a_run_whose_process_died_is_noticed_and_the_next_one_goes_ahead(log, gone):
    log.acquire_lease("r1", **NOTHING)
    hand_over(log, "r1", pid=gone)
    assert log.current() is None
    assert not log.is_alive("r1")
    assert log.acquire_lease("r2", **NOTHING)
    assert log.get("r1").outcome == "failed"
    assert log.get("r1").reasons == ("Its process ended before the outcome.",)


def test_a_zombie_holds_nothing(log):
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    process.stdout.read()  # it has closed its end; nobody waits for it, so it stays as a zombie
    log.acquire_lease("r1", **NOTHING)
    hand_over(log, "r1", pid=process.pid)
    while log.is_alive("r1"):  # its pipe closes a moment before its end
        pass
    assert log.acquire_lease("r2", **NOTHING)
    process.wait()


def test_a_process_younger_than_the_last_sign_of_life_is_another_one(log):
    log.acquire_lease("r1", **NOTHING)
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    before = datetime.now(UTC) - timedelta(seconds=60)
    hand_over(log, "r1", pid=process.pid, heartbeat_at=before)
    assert not log.is_alive("r1")
    process.communicate(b"\n")


@pytest.mark.parametrize(("silent_s", "alive"), [(50, True), (70, False)])
def test_a_run_of_another_machine_lives_as_long_as_it_gives_signs(log, silent_s, alive):
    log.acquire_lease("r1", **NOTHING)
    heartbeat_at = datetime.now(UTC) - timedelta(seconds=silent_s)
    hand_over(log, "r1", pid=1, host="elsewhere", heartbeat_at=heartbeat_at)
    assert log.is_alive("r1") is alive
    assert log.acquire_lease("r2", **NOTHING) is not alive


def test_a_process_that_is_there_but_silent_for_long_holds_nothing():
    import os

    now = datetime.now(UTC)
    silent = now + timedelta(seconds=599)
    assert is_process_alive(HOST, os.getpid(), heartbeat_at=now, now=silent)
    assert not is_process_alive(
        HOST, os.getpid(), heartbeat_at=now, now=silent + timedelta(seconds=2)
    )


def test_an_announced_run_whose_processes_died_is_swept(log, gone):
    log.announce("r1", trigger="page", **NOTHING)
    log.fail_dead_runs()
    assert not log.get("r1").over
    log.supervise("r1", pid=gone)
    assert not log.is_supervised("r1")
    log.fail_dead_runs()
    assert log.get("r1").outcome == "failed"


def test_the_lease_outlives_the_process_that_watches(log, gone):
    log.announce("r1", trigger="page", **NOTHING)
    log.acquire_lease("r1", **NOTHING)
    log.supervise("r1", pid=gone)
    assert not log.is_supervised("r1")
    assert log.is_alive("r1")
    assert log.current().name == "r1"


def test_progress_is_seen_as_it_happens(log):
    log.acquire_lease("r1", **NOTHING)
    log.heartbeat("r1", phase="training", steps=80)
    log.heartbeat("r1", step=10, loss=0.5, seconds_left=9.0)
    log.heartbeat("r1", step=20, loss=0.25, validation_accuracy=0.99)
    log.heartbeat("r1", phase="comparing")
    run = log.current()
    assert (run.phase, run.step, run.steps) == ("comparing", 20, 80)
    assert (run.loss, run.validation_accuracy, run.seconds_left) == (0.25, 0.99, 9.0)
    assert run.curve == ((10, 0.5, None), (20, 0.25, 0.99))


def test_a_long_curve_is_thinned_and_keeps_its_first_and_its_last_point(log):
    log.acquire_lease("r1", **NOTHING)
    for step in range(1, CURVE_POINTS + 2):
        log.heartbeat("r1", step=step, loss=1 / step)
    steps = [step for step, _, _ in log.get("r1").curve]
    assert steps == [1, *range(3, CURVE_POINTS + 1, 2), CURVE_POINTS + 1]


def test_a_thinned_curve_keeps_every_look_at_tune():
    looks = {37, 38, 200, 399}
    curve = []
    for step in range(1, 401):
        curve = thin_curve([*curve, [step, 1 / step, 0.9 if step in looks else None]])
        assert len(curve) <= CURVE_POINTS
    assert {step for step, _, tune in curve if tune is not None} == looks
    assert [curve[0][0], curve[-1][0]] == [1, 400]


def test_json_of_a_run_has_no_curve(log):
    log.acquire_lease("r1", **NOTHING)
    log.heartbeat("r1", step=1, loss=0.5)
    assert "curve" not in log.get("r1").to_dict()


def test_a_run_that_is_over_stays_as_it_is(log):
    log.acquire_lease("r1", **NOTHING)
    log.finish("r1", "rejected", reasons=["No."])
    log.heartbeat("r1", phase="training", step=5, loss=1.0)
    log.request_cancel("r1")
    log.finish("r1", "promoted", version="v0001", notebook="r1.ipynb")
    run = log.get("r1")
    assert (run.outcome, run.version, run.reasons) == ("rejected", None, ("No.",))
    assert (run.phase, run.step, run.cancel) == ("done", 0, False)
    assert run.notebook == "r1.ipynb"


def test_signs_of_life_come_from_a_thread_while_the_block_runs(log):
    log.acquire_lease("r1", **NOTHING)
    before = log.get("r1").heartbeat_at
    with log.send_heartbeats("r1", every_s=0.01):
        while log.get("r1").heartbeat_at == before:
            pass
    with log.database.read() as connection:
        assert connection.execute(sa.select(leases.c.heartbeat_at)).scalar_one() > before


def test_somebody_may_ask_for_the_end(log):
    log.acquire_lease("r1", **NOTHING)
    assert not log.is_cancel_requested("r1")
    log.request_cancel("r1")
    assert log.is_cancel_requested("r1")


def test_a_verdict_known_before_the_start_is_kept_without_a_process(log):
    log.add_finished(
        "r1",
        "nothing-new",
        trigger="cli",
        feedback_fingerprint="n",
        reasons=["Nothing."],
        **NOTHING,
    )
    run = log.get("r1")
    assert (run.outcome, run.pid, run.notebook) == ("nothing-new", 0, None)
    assert log.current() is None


def test_only_promoted_and_rejected_runs_have_judged_the_news(log):
    for name, outcome in [("a", "promoted"), ("b", "rejected"), ("c", "failed"), ("d", "busy")]:
        log.add_finished(name, outcome, trigger="cli", feedback_fingerprint="n", **NOTHING)
    assert log.last_decided("n").name == "b"
    assert log.last_decided("other") is None
    assert [run.name for run in log.recent(3)] == ["d", "c", "b"]


def test_unknown_words_and_runs_are_refused(log):
    with pytest.raises(RunError, match="no run r9"):
        log.get("r9")
    with pytest.raises(RunError, match="no run r9"):
        log.finish("r9", "failed")
    with pytest.raises(ValueError, match="as trigger"):
        log.announce("r1", trigger="window", **NOTHING)
    log.acquire_lease("r1", **NOTHING)
    with pytest.raises(ValueError, match="as phase"):
        log.heartbeat("r1", phase="sleeping")
    with pytest.raises(ValueError, match="as outcome"):
        log.finish("r1", "perhaps")


def test_an_option_is_what_was_set_last_and_every_change_is_kept(tmp_path):
    database = Database.open(Settings.load(tmp_path, environ={}).database_url)
    home = HomeSettings(database)
    assert home.get("review", False) is False
    assert not home.review
    home.set("review", True, by="ann")
    home.set("review", True, by="bob")
    assert home.review
    home.set("review", False, by="bob")
    assert not home.review
    with database.read() as connection:
        assert connection.execute(sa.select(home_settings.c.by)).scalars().all() == ["ann", "bob"]
    database.close()


def test_a_run_begun_anew_in_the_same_process_takes_over_from_the_one_before(log):
    assert log.acquire_lease("first", **NOTHING)
    assert log.acquire_lease("second", **NOTHING)
    assert log.get("first").outcome == "cancelled"
    assert log.holds_lease("second")


def test_a_run_that_promoted_is_not_called_cancelled_by_the_next_one(log):
    log.acquire_lease("first", **NOTHING)
    serve(log, "v0001", run="first")
    log.acquire_lease("second", **NOTHING)
    assert (log.get("first").outcome, log.get("first").version) == ("promoted", "v0001")


def test_a_name_is_not_taken_twice_by_two_processes(log, other):
    assert log.acquire_lease("r1", **NOTHING)
    hand_over(log, "r1", pid=other)
    with pytest.raises(RunError, match="r1 is under way already"):
        log.acquire_lease("r1", **NOTHING)


@pytest.mark.parametrize("outcome", ["failed", "cancelled"])
def test_a_run_that_ends_badly_after_its_version_began_to_serve_has_promoted_it(log, outcome):
    log.acquire_lease("r1", **NOTHING)
    log.record_fingerprints("r1", inputs_fingerprint="h", feedback_fingerprint="n")
    serve(log, "v0001", run="r1")
    log.finish("r1", outcome, reasons=["Somebody asked for its end."])
    run = log.get("r1")
    assert (run.outcome, run.version, run.inputs_fingerprint, run.feedback_fingerprint) == (
        "promoted",
        "v0001",
        "h",
        "n",
    )
    assert "v0001 was promoted" in run.reasons[0]


def test_signs_of_life_end_when_nobody_goes_on(log):
    log.acquire_lease("r1", **NOTHING)
    asked = threading.Event()

    def goes_on():
        asked.set()
        return False

    before = log.get("r1").heartbeat_at
    with log.send_heartbeats("r1", 0.01, while_=goes_on):
        assert asked.wait(10)
    assert log.get("r1").heartbeat_at == before


def test_a_dead_run_whose_version_serves_counts_as_promoted(log, gone):
    log.acquire_lease("r1", **NOTHING)
    serve(log, "v0001", run="r1")
    hand_over(log, "r1", pid=gone)
    log.fail_dead_runs()
    assert (log.get("r1").outcome, log.get("r1").version) == ("promoted", "v0001")
