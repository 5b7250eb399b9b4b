"""A run session: its lease and its end, with a notebook whose cells a person runs by hand."""

import threading
from contextlib import ExitStack

import pytest
from support.model_versions import serve

from digitlab.errors import StoreError
from digitlab.learning.run_session import RunSession, StepOrderError, step
from digitlab.settings import Settings
from digitlab.store import RunLog


class Notebook:
    """Two cells that do almost nothing."""

    def __init__(self, session):
        self.session = session

    @step("collecting")
    def collect(self):
        return "collected"

    @step("training")
    def train(self):
        raise StepOrderError("Call collect() first.", run=self.session.name)


class Log(RunLog):
    """The runs of a home; a test can wait for an outcome."""

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
def start(log):
    """Start a run with a notebook; the test chooses how long it may be idle."""
    with ExitStack() as resources:

        def start(name="r1", **options):
            session = RunSession(log, name, resources=resources, heartbeat_s=0.01, **options)
            session.start(by="ann", parameters={})
            return Notebook(session)

        yield start


def heartbeat_threads(name):
    return [thread for thread in threading.enumerate() if thread.name == f"heartbeats of {name}"]


def test_a_step_returns_its_result_and_sets_the_phase(log, start):
    assert start().collect() == "collected"
    assert (log.get("r1").phase, log.get("r1").over) == ("collecting", False)


def test_a_notebook_that_is_idle_between_two_steps_makes_room_for_others(log, start):
    notebook = start(max_idle_s=0.0)
    assert log.finished.wait(10)
    run = log.get("r1")
    assert (run.outcome, log.current()) == ("cancelled", None)
    assert "waited less than 1 s between two steps" in run.reasons[0]
    result = notebook.collect()
    assert (result.outcome, result.reasons) == ("cancelled", run.reasons)


def test_an_idle_notebook_obeys_a_cancellation(log, start):
    notebook = start()
    log.request_cancel("r1")
    assert log.finished.wait(10)
    assert log.get("r1").outcome == "cancelled"
    assert notebook.collect().outcome == "cancelled"


def test_a_working_step_is_not_ended_however_long_it_takes(log, start):
    notebook = start(max_idle_s=60.0)
    with notebook.session.working():
        log.request_cancel("r1")
        assert not log.finished.wait(0.2)
    assert log.finished.wait(10)


def test_a_step_out_of_order_does_not_end_the_run(log, start):
    notebook = start()
    with pytest.raises(StepOrderError):
        notebook.train()
    assert notebook.collect() == "collected"


def test_the_result_has_the_outcome_that_is_stored(log, start):
    """A run whose version already serves has promoted it, however it ended."""
    session = start().session
    serve(log, "v0001", run="r1")
    assert session.end("failed", reasons=("Its kernel was interrupted.",)).outcome == "promoted"
    assert session.result.version == log.get("r1").version == "v0001"


def test_an_outcome_that_cannot_be_stored_stops_the_heartbeat(log, start, monkeypatch):
    session = start("alone").session

    def full(*_, **__):
        raise StoreError("The disk is full.")

    monkeypatch.setattr(log, "finish", full)
    with pytest.raises(StoreError):
        session.end("failed")
    assert heartbeat_threads("alone") == []
    assert session.result.outcome == "failed"


def test_a_run_that_another_process_ended_has_no_heartbeat(log, start):
    start("other")
    (thread,) = heartbeat_threads("other")
    log.finish("other", "failed")
    thread.join(10)
    assert not thread.is_alive()


def test_an_exception_in_a_step_fails_the_run(log, start):
    session = start().session
    with pytest.raises(KeyboardInterrupt), session.working():
        raise KeyboardInterrupt
    assert (session.result.outcome, log.get("r1").outcome) == ("failed", "failed")
