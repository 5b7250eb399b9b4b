"""RunLog: one run at a time, with its progress, its outcome, and its dead processes."""

import subprocess
import sys
import threading

import pytest
import sqlalchemy as sa
from support.html_tables import parse_table
from support.model_versions import serve
from support.processes import hand_over

from digitlab.errors import RunError
from digitlab.settings import Settings
from digitlab.store import RunLog
from digitlab.store.tables import leases

REQUEST = {"by": "ann", "parameters": {}}


@pytest.fixture
def log(tmp_path):
    with RunLog.open(Settings.load(tmp_path / "home", environ={})) as log:
        yield log


@pytest.fixture
def ended_pid():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture
def running_pid():
    """The number of another process that runs."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.communicate(b"\n")


def test_a_run_goes_from_its_announcement_to_its_outcome(log):
    log.announce("r1", trigger="cli", by="ann", parameters={"seed": 2})
    run = log.current()
    assert (run.name, run.trigger, run.by, run.phase) == ("r1", "cli", "ann", "starting")
    assert run.parameters == {"seed": 2}
    assert not run.over
    assert log.acquire_lease("r1", **REQUEST)
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


def test_papermill_acquires_the_lease_without_an_announcement(log):
    assert log.acquire_lease("r1", by="ann", parameters={"seed": 3})
    assert log.get("r1").trigger == "papermill"
    assert log.current().name == "r1"


def test_a_second_run_is_busy_while_the_first_one_lasts(log, running_pid):
    log.acquire_lease("r1", **REQUEST)
    hand_over(log, "r1", pid=running_pid)
    assert not log.acquire_lease("r2", **REQUEST)
    second = log.get("r2")
    assert second.outcome == "busy"
    assert "r1" in second.reasons[0]
    assert log.holds_lease("r1")
    log.finish("r1", "rejected")
    assert log.acquire_lease("r3", **REQUEST)


def test_an_announced_run_is_busy_if_another_run_has_the_lease(log, running_pid):
    log.announce("r1", trigger="page", **REQUEST)
    log.acquire_lease("r2", **REQUEST)
    hand_over(log, "r2", pid=running_pid)
    assert not log.acquire_lease("r1", **REQUEST)
    assert log.get("r1").outcome == "busy"
    assert log.get("r1").trigger == "page"


def test_a_run_can_acquire_its_own_lease_again(log):
    assert log.acquire_lease("r1", **REQUEST)
    assert log.acquire_lease("r1", **REQUEST)
    assert log.holds_lease("r1")


def test_a_name_is_used_once(log):
    log.acquire_lease("r1", **REQUEST)
    log.finish("r1", "cancelled")
    with pytest.raises(RunError, match="r1 is over already: cancelled"):
        log.acquire_lease("r1", **REQUEST)


def test_a_run_whose_process_died_fails_and_the_next_one_starts(log, ended_pid):
    log.acquire_lease("r1", **REQUEST)
    hand_over(log, "r1", pid=ended_pid)
    assert log.current() is None
    assert not log.is_alive("r1")
    assert log.acquire_lease("r2", **REQUEST)
    assert log.get("r1").outcome == "failed"
    assert log.get("r1").reasons == ("Its process ended before the outcome.",)


def test_an_announced_run_whose_processes_died_fails(log, ended_pid):
    log.announce("r1", trigger="page", **REQUEST)
    log.fail_dead_runs()
    assert not log.get("r1").over
    log.supervise("r1", pid=ended_pid)
    assert not log.is_supervised("r1")
    log.fail_dead_runs()
    assert log.get("r1").outcome == "failed"


def test_a_run_outlives_the_process_that_supervises_it(log, ended_pid):
    log.announce("r1", trigger="page", **REQUEST)
    log.acquire_lease("r1", **REQUEST)
    log.supervise("r1", pid=ended_pid)
    assert not log.is_supervised("r1")
    assert log.is_alive("r1")
    assert log.current().name == "r1"


def test_progress_is_visible_at_once(log):
    log.acquire_lease("r1", **REQUEST)
    log.heartbeat("r1", phase="training", steps=80)
    log.heartbeat("r1", step=10, loss=0.5, seconds_left=9.0)
    log.heartbeat("r1", step=20, loss=0.25, validation_accuracy=0.99)
    log.heartbeat("r1", phase="comparing")
    run = log.current()
    assert (run.phase, run.step, run.steps) == ("comparing", 20, 80)
    assert (run.loss, run.validation_accuracy, run.seconds_left) == (0.25, 0.99, 9.0)
    assert run.curve == ((10, 0.5, None), (20, 0.25, 0.99))


def test_a_run_that_is_over_stays_unchanged(log):
    log.acquire_lease("r1", **REQUEST)
    log.finish("r1", "rejected", reasons=["No."])
    log.heartbeat("r1", phase="training", step=5, loss=1.0)
    log.request_cancel("r1")
    log.finish("r1", "promoted", version="v0001", notebook="r1.ipynb")
    run = log.get("r1")
    assert (run.outcome, run.version, run.reasons) == ("rejected", None, ("No.",))
    assert (run.phase, run.step, run.cancel) == ("done", 0, False)
    assert run.notebook == "r1.ipynb"


def test_a_thread_sends_heartbeats_while_the_block_runs(log):
    log.acquire_lease("r1", **REQUEST)
    before = log.get("r1").heartbeat_at
    with log.send_heartbeats("r1", every_s=0.01):
        while log.get("r1").heartbeat_at == before:
            pass
    with log.database.read() as connection:
        assert connection.execute(sa.select(leases.c.heartbeat_at)).scalar_one() > before


def test_heartbeats_end_when_the_callback_returns_false(log):
    log.acquire_lease("r1", **REQUEST)
    called = threading.Event()

    def return_false():
        called.set()
        return False

    before = log.get("r1").heartbeat_at
    with log.send_heartbeats("r1", 0.01, while_=return_false):
        assert called.wait(60)
    assert log.get("r1").heartbeat_at == before


def test_the_end_of_a_run_can_be_requested(log):
    log.acquire_lease("r1", **REQUEST)
    assert not log.is_cancel_requested("r1")
    log.request_cancel("r1")
    assert log.is_cancel_requested("r1")


def test_a_run_with_a_known_outcome_is_added_without_a_process(log):
    log.add_finished(
        "r1",
        "nothing-new",
        trigger="cli",
        feedback_fingerprint="n",
        reasons=["Nothing."],
        **REQUEST,
    )
    run = log.get("r1")
    assert (run.outcome, run.pid, run.notebook) == ("nothing-new", 0, None)
    assert log.current() is None


def test_only_promoted_and_rejected_runs_have_decided_on_the_feedback(log):
    for name, outcome in [("a", "promoted"), ("b", "rejected"), ("c", "failed"), ("d", "busy")]:
        log.add_finished(name, outcome, trigger="cli", feedback_fingerprint="n", **REQUEST)
    assert log.last_decided("n").name == "b"
    assert log.last_decided("other") is None
    assert [run.name for run in log.recent(3)] == ["d", "c", "b"]


def test_unknown_runs_triggers_phases_and_outcomes_are_refused(log):
    with pytest.raises(RunError, match="no run r9"):
        log.get("r9")
    with pytest.raises(RunError, match="no run r9"):
        log.finish("r9", "failed")
    with pytest.raises(ValueError, match="as trigger"):
        log.announce("r1", trigger="window", **REQUEST)
    log.acquire_lease("r1", **REQUEST)
    with pytest.raises(ValueError, match="as phase"):
        log.heartbeat("r1", phase="sleeping")
    with pytest.raises(ValueError, match="as outcome"):
        log.finish("r1", "perhaps")


def test_a_second_run_in_the_same_process_cancels_the_first_one(log):
    assert log.acquire_lease("first", **REQUEST)
    assert log.acquire_lease("second", **REQUEST)
    assert log.get("first").outcome == "cancelled"
    assert log.holds_lease("second")


def test_a_run_that_promoted_is_not_cancelled_by_the_next_one(log):
    log.acquire_lease("first", **REQUEST)
    serve(log, "v0001", run="first")
    log.acquire_lease("second", **REQUEST)
    assert (log.get("first").outcome, log.get("first").version) == ("promoted", "v0001")


def test_two_processes_cannot_work_on_one_run(log, running_pid):
    assert log.acquire_lease("r1", **REQUEST)
    hand_over(log, "r1", pid=running_pid)
    with pytest.raises(RunError, match="r1 is under way already"):
        log.acquire_lease("r1", **REQUEST)


@pytest.mark.parametrize("outcome", ["failed", "cancelled"])
def test_a_run_that_fails_after_its_promotion_counts_as_promoted(log, outcome):
    log.acquire_lease("r1", **REQUEST)
    log.record_fingerprints("r1", inputs_fingerprint="h", feedback_fingerprint="n")
    serve(log, "v0001", run="r1")
    log.finish("r1", outcome, reasons=["Its end was requested."])
    run = log.get("r1")
    assert (run.outcome, run.version, run.inputs_fingerprint, run.feedback_fingerprint) == (
        "promoted",
        "v0001",
        "h",
        "n",
    )
    assert "v0001 was promoted" in run.reasons[0]


def test_a_dead_run_whose_version_serves_counts_as_promoted(log, ended_pid):
    log.acquire_lease("r1", **REQUEST)
    serve(log, "v0001", run="r1")
    hand_over(log, "r1", pid=ended_pid)
    log.fail_dead_runs()
    assert (log.get("r1").outcome, log.get("r1").version) == ("promoted", "v0001")


def test_a_notebook_shows_the_last_runs_as_a_table(log):
    log.add_finished("r1", "rejected", trigger="cli", by="<ann>", parameters={})
    log.announce("r2", trigger="page", **REQUEST)
    table = parse_table(log._repr_html_())
    assert table.columns[:2] == ["run", "started (UTC)"]
    assert list(table.rows) == ["r2", "r1"]
    assert table.rows["r1"][1:5] == ["cli", "<ann>", "rejected", ""]
    assert table.rows["r2"][3] == "starting"
