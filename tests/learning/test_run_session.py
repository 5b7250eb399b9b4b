"""A run's turn: its lease and its end, with a notebook whose cells a person runs by hand."""

import threading
from contextlib import ExitStack

import pytest
from support.model_versions import serve

from digitlab.errors import StoreError
from digitlab.learning.run_session import OrderError, RunSession, step
from digitlab.settings import Settings
from digitlab.store import RunLog


class Notebook:
    """Two cells that run nothing much."""

    def __init__(self, turn):
        self.turn = turn

    @step("collecting")
    def look(self):
        return "seen"

    @step("training")
    def stumble(self):
        raise OrderError("Call look() first.", run=self.turn.name)


class Log(RunLog):
    """The runs of a home, where a test may wait for the outcome."""

    def __init__(self, database):
        super().__init__(database)
        self.finished = threading.Event()

    def finish(self, *arguments, **options):
        super().finish(*arguments, **options)
        self.finished.set()


@pytest.fixture
def log(tmp_path):
    with Log.open(Settings.load(tmp_path / "home", environ={})) as log:
        yield log


@pytest.fixture
def begin(log):
    """Begin a run with a notebook; how long it may wait is said."""
    with ExitStack() as opened:

        def begin(name="r1", **options):
            turn = RunSession(log, name, opened=opened, every_s=0.01, **options)
            turn.take(by="ann", parameters={})
            return Notebook(turn)

        yield begin


def beating(name):
    """The threads that give signs of life of a run."""
    return [thread for thread in threading.enumerate() if thread.name == f"beating {name}"]


def test_a_step_gives_what_it_found_and_says_where_the_run_is(log, begin):
    assert begin().look() == "seen"
    assert (log.get("r1").phase, log.get("r1").over) == ("collecting", False)


def test_a_notebook_that_is_left_between_two_steps_makes_room_for_others(log, begin):
    notebook = begin(waits_s=0.0)
    assert log.finished.wait(10)
    run = log.get("r1")
    assert (run.outcome, log.current()) == ("cancelled", None)
    assert "waited 0 minutes between two steps" in run.reasons[0]
    outcome = notebook.look()
    assert (outcome.outcome, outcome.reasons) == ("cancelled", run.reasons)


def test_a_notebook_that_waits_obeys_a_cancellation(log, begin):
    notebook = begin()
    log.request_cancel("r1")
    assert log.finished.wait(10)
    assert log.get("r1").outcome == "cancelled"
    assert notebook.look().outcome == "cancelled"


def test_a_step_at_work_is_not_ended_however_long_it_takes(log, begin):
    notebook = begin(waits_s=60.0)
    with notebook.turn.at_work():
        log.request_cancel("r1")
        assert not log.finished.wait(0.2)
    assert log.finished.wait(10)


def test_a_step_out_of_its_order_leaves_the_run_as_it_is(log, begin):
    notebook = begin()
    with pytest.raises(OrderError):
        notebook.stumble()
    assert notebook.look() == "seen"


def test_the_outcome_is_the_verdict_that_was_kept(log, begin):
    """A run whose version serves already has promoted it, however it ended."""
    turn = begin().turn
    serve(log, "v0001", run="r1")
    assert turn.end("failed", reasons=("Its kernel was interrupted.",)).outcome == "promoted"
    assert turn.result.version == log.get("r1").version == "v0001"


def test_a_verdict_that_cannot_be_kept_holds_nothing(log, begin, monkeypatch):
    turn = begin("alone").turn

    def full(*_, **__):
        raise StoreError("The disk is full.")

    monkeypatch.setattr(log, "finish", full)
    with pytest.raises(StoreError):
        turn.end("failed")
    assert beating("alone") == []
    assert turn.result.outcome == "failed"


def test_a_run_that_somebody_else_ended_gives_no_signs_any_more(log, begin):
    begin("other")
    (thread,) = beating("other")
    log.finish("other", "failed")
    thread.join(10)
    assert not thread.is_alive()


def test_what_a_step_raises_fails_the_run(log, begin):
    turn = begin().turn
    with pytest.raises(KeyboardInterrupt), turn.at_work():
        raise KeyboardInterrupt
    assert (turn.result.outcome, log.get("r1").outcome) == ("failed", "failed")
