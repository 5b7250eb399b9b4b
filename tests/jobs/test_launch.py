"""Runs in processes of their own: their verdicts, their notebooks, their ends."""

import json
import os
import subprocess
import sys
import time

import nbformat
import psutil
import pytest
from support.fake_fine_tune import nothing_new, preview_module, something_new, write_notebook
from support.paths import TESTS

from digitlab.errors import ParameterError
from digitlab.jobs import follow, start
from digitlab.jobs.environment import run_environment
from digitlab.jobs.worker import error_summary
from digitlab.settings import Settings
from digitlab.store import RunLog

LOOK_UP = "digitlab.learning.data.preview"


@pytest.fixture
def settings(tmp_path):
    return Settings.load(tmp_path / "home", environ={})


@pytest.fixture
def log(settings):
    with RunLog.open(settings) as log:
        yield log


@pytest.fixture
def begin(settings, tmp_path, monkeypatch):
    """Start a run of the stand-in notebook; whatever still runs at the end is ended."""
    monkeypatch.setitem(sys.modules, LOOK_UP, preview_module(something_new))
    notebook, begun = write_notebook(tmp_path), []

    def begin(*, wait=False, limit_s=60, **parameters):
        run = start(
            settings,
            parameters=parameters,
            trigger="cli",
            by="ann",
            wait=wait,
            limit_s=limit_s,
            notebook=notebook,
        )
        begun.append(run)
        return run

    yield begin
    for run in begun:
        if run.pid and psutil.pid_exists(run.pid):
            for process in [*kernels(run.pid), psutil.Process(run.pid)]:
                process.kill()
            gone(run.pid)


def kernels(pid):
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def gone(pid):
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.02)


def until_training(settings, run):
    for state in follow(settings, run.name, every_s=0.02):
        if state.phase == "training":
            return state
    raise AssertionError(f"over before its training: {state.reasons}")


@pytest.mark.notebook
def test_a_run_leaves_its_verdict_its_progress_and_its_notebook(settings, begin, log):
    run = begin(wait=True, seed=5, steps=4)
    assert (run.outcome, run.version, run.reasons) == ("rejected", "v0001", ("It went through.",))
    assert (run.trigger, run.by, run.parameters) == ("cli", "ann", {"seed": 5, "steps": 4})
    assert [point[0] for point in run.curve] == [1, 2, 3, 4]
    executed = settings.home / "notebooks" / "runs" / f"{run.name}.ipynb"
    assert run.notebook == str(executed)
    given = nbformat.read(executed, as_version=4).cells[1].source
    assert "seed = 5" in given
    assert f'home = "{settings.home}"' in given
    assert log.acquire_lease("next", by="ann", parameters={})


@pytest.mark.notebook
def test_a_failure_keeps_its_notebook_and_the_last_line_of_its_error(begin):
    run = begin(wait=True, fails="the last line")
    assert (run.outcome, run.reasons) == ("failed", ("ValueError: the last line",))
    outputs = [o for c in nbformat.read(run.notebook, 4).cells for o in c.get("outputs", [])]
    assert "ValueError" in {o.get("ename") for o in outputs}


@pytest.mark.notebook
def test_tensorflow_loads_while_a_run_does_something_else(settings, begin):
    run = begin(steps=600, step_s=0.1)
    until_training(settings, run)
    (kernel,) = kernels(run.pid)
    deadline = time.monotonic() + 60
    while not any("tensorflow" in mapped.path for mapped in kernel.memory_maps()):
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.notebook
def test_a_notebook_that_ends_without_a_verdict_has_failed(begin):
    run = begin(wait=True, outcome="")
    assert run.outcome == "failed"
    assert "without an outcome" in run.reasons[0]


@pytest.mark.notebook
def test_a_second_run_is_busy_at_once_and_a_cancelled_one_ends_between_its_steps(
    settings, begin, log
):
    first = begin(steps=600, step_s=0.1)
    assert (first.outcome, first.phase) == (None, "starting")
    second = begin()
    assert (second.outcome, second.notebook, second.pid) == ("busy", None, 0)
    assert first.name in second.reasons[0]
    assert [run.outcome for run in follow(settings, second.name)] == ["busy"]
    until_training(settings, first)
    log.request_cancel(first.name)
    *_, last = follow(settings, first.name)
    assert (last.outcome, last.reasons) == ("cancelled", ("The run was cancelled.",))
    assert last.notebook is not None


@pytest.mark.notebook
def test_a_run_that_does_not_hear_is_ended_ten_seconds_after_it_was_cancelled(settings, begin, log):
    run = begin(steps=6000, step_s=0.1, ignores_cancel=True)
    until_training(settings, run)
    log.request_cancel(run.name)
    asked = time.monotonic()
    *_, last = follow(settings, run.name)
    assert last.outcome == "cancelled"
    assert 9 < time.monotonic() - asked < 30


@pytest.mark.notebook
def test_a_run_is_ended_when_its_time_is_over(settings, begin):
    run = begin(wait=True, steps=6000, step_s=0.1, limit_s=6)
    assert run.outcome == "failed"
    assert "6 seconds" in run.reasons[0]


@pytest.mark.notebook
def test_a_run_is_in_a_session_of_its_own_and_steps_back(settings, begin):
    run = begin(steps=600, step_s=0.1)
    assert until_training(settings, run).pid == run.pid
    (kernel,) = [
        child for child in kernels(run.pid) if "digitlab.jobs.run_kernel_main" in child.cmdline()
    ]
    if hasattr(os, "getsid"):
        assert os.getsid(run.pid) == run.pid
        assert psutil.Process(run.pid).nice() >= 5
        assert kernel.nice() >= 5
    assert kernel.exe() == psutil.Process().exe()


@pytest.mark.notebook
def test_a_run_outlives_the_process_that_started_it(settings, tmp_path, log):
    code = (
        "import sys; sys.path.insert(0, sys.argv[3])\n"
        "from pathlib import Path\n"
        "from support import fake_fine_tune\n"
        "module = fake_fine_tune.preview_module(fake_fine_tune.something_new)\n"
        "sys.modules['digitlab.learning.data.preview'] = module\n"
        "from digitlab.jobs import start\n"
        "from digitlab.settings import Settings\n"
        "run = start(Settings.load(sys.argv[1]), parameters={}, trigger='page', by='ann',"
        " notebook=Path(sys.argv[2]))\n"
        "print(run.name)"
    )
    call = [settings.home, write_notebook(tmp_path), str(TESTS)]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, call)], capture_output=True, text=True, check=True
    )
    *_, last = follow(settings, done.stdout.strip())
    assert last.outcome == "rejected"


def test_nothing_new_is_said_at_once_and_starts_no_process(settings, begin, log, monkeypatch):
    monkeypatch.setitem(sys.modules, LOOK_UP, preview_module(nothing_new))
    run = begin()
    assert (run.outcome, run.notebook, run.inputs_fingerprint) == (
        "nothing-new",
        None,
        "inputs_fingerprint",
    )
    assert run.reasons == ("Judged already.",)
    assert not (settings.home / "notebooks").exists()


def test_what_is_reported_on_besides_is_no_parameter_of_the_learning(begin, tmp_path, monkeypatch):
    asked = []

    def preview_feedback(settings, parameters):
        asked.append(parameters)
        return nothing_new(settings, parameters)

    monkeypatch.setitem(sys.modules, LOOK_UP, preview_module(preview_feedback))
    (tmp_path / "train.csv").touch()
    monkeypatch.chdir(tmp_path)
    run = begin(evaluate_on="train.csv", seed=3)
    assert asked == [{"seed": 3}]
    assert run.parameters == {"evaluate_on": str(tmp_path / "train.csv"), "seed": 3}
    assert begin(evaluate_on="mnist:validation").parameters == {"evaluate_on": "mnist:validation"}


def test_a_wrong_parameter_is_named_and_leaves_no_run(settings, log):
    with pytest.raises(ParameterError, match="sed"):
        start(settings, parameters={"sed": 1}, trigger="cli", by="ann")
    assert log.recent() == []


def test_a_run_whose_processes_died_is_seen_to_have_failed(settings, log):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    log.announce("r1", trigger="page", by="ann", parameters={})
    log.supervise("r1", pid=ended.pid)
    assert [run.outcome for run in follow(settings, "r1")] == [None, "failed"]


def test_a_runs_environment_names_the_home_and_holds_no_secret(settings):
    environ = {
        "PATH": "/bin",
        "DIGITLAB_TOKEN": "secret",
        "DIGITLAB_CURATOR_TOKEN": "secret",
        "OMP_NUM_THREADS": "1",
        "PYTHONSTARTUP": "mine.py",
    }
    env = run_environment(environ, settings)
    assert env["DIGITLAB_HOME"] == str(settings.home)
    assert env["DIGITLAB_DATABASE_URL"] == settings.database_url
    assert env["PATH"] == "/bin"
    assert "secret" not in json.dumps(env)
    assert not {"OMP_NUM_THREADS", "PYTHONSTARTUP"} & set(env)


def test_the_reason_of_a_failure_is_the_last_line_of_its_error():
    assert error_summary("ValueError", "one\n two \n") == "ValueError: two"
    assert error_summary("KeyboardInterrupt", "") == "KeyboardInterrupt"
    assert error_summary("StoreError", "The disk is full.") == "The disk is full."
