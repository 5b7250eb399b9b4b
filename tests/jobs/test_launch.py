"""Runs in separate processes: their outcomes, notebooks, limits and environment."""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress

import nbformat
import psutil
import pytest
from support.fake_fine_tune import nothing_new, preview_module, something_new, write_notebook
from support.live_server import wait_until
from support.paths import TESTS

from digitlab.errors import ParameterError
from digitlab.jobs import follow, start
from digitlab.jobs.environment import run_environment
from digitlab.jobs.worker import DISK_FULL, error_summary
from digitlab.settings import Settings

START_AND_EXIT = """\
import sys
from pathlib import Path
home, notebook, tests = sys.argv[1:]
sys.path.insert(0, tests)
from support import fake_fine_tune
sys.modules["digitlab.learning.data.preview"] = fake_fine_tune.preview_module(
    fake_fine_tune.something_new
)
from digitlab.jobs import start
from digitlab.settings import Settings
run = start(
    Settings.load(home), parameters={"steps": 1}, trigger="page", by="ann", notebook=Path(notebook)
)
print(run.name)
"""
"""A process that starts a run of the stand-in notebook and ends."""


@pytest.fixture
def begin(settings, stand_in):
    """Return a function that starts a run of the stand-in notebook; kill the runs at the end."""
    runs = []

    def begin(*, wait=False, limit_s=300, **parameters):
        parameters = {"steps": 1} | parameters
        run = start(
            settings, parameters=parameters, trigger="cli", by="ann", wait=wait, limit_s=limit_s
        )
        runs.append(run)
        return run

    yield begin
    for run in runs:
        kill(run)


@pytest.fixture(scope="module")
def training_run(tmp_path_factory):
    """The settings of a home, and a run that trains there until the last test of this module.

    It executes the stand-in notebook, and its kernel loads tensorflow. Tests must not end it.
    """
    folder = tmp_path_factory.mktemp("training")
    settings = Settings.load(folder / "home", environ={})
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "digitlab.learning.data.preview", preview_module(something_new))
        run = start(
            settings,
            parameters={"steps": 1, "step_s": 600},
            trigger="cli",
            by="ann",
            notebook=write_notebook(folder),
        )
    assert (run.outcome, run.phase) == (None, "starting")
    yield settings, wait_for_training(settings, run)
    kill(run)


def kernels(pid):
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def has_ended(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def kill(run):
    if run.pid and not has_ended(run.pid):
        with suppress(psutil.NoSuchProcess):  # it may end by itself
            for process in [*kernels(run.pid), psutil.Process(run.pid)]:
                process.kill()
        wait_until(lambda: has_ended(run.pid), "the end of the worker")


def wait_for_training(settings, run):
    for state in follow(settings, run.name, every_s=0.02):
        if state.phase == "training":
            return state
    raise AssertionError(f"over before its training: {state.reasons}")


@pytest.mark.notebook
def test_a_run_stores_its_outcome_its_progress_and_its_notebook(settings, begin, log):
    run = begin(wait=True, seed=5, steps=4)
    assert (run.outcome, run.version, run.reasons) == ("rejected", "v0001", ("It went through.",))
    assert (run.trigger, run.by, run.parameters) == ("cli", "ann", {"seed": 5, "steps": 4})
    assert [point[0] for point in run.curve] == [1, 2, 3, 4]
    executed = settings.home / "notebooks" / "runs" / f"{run.name}.ipynb"
    assert run.notebook == str(executed)
    injected = nbformat.read(executed, as_version=4).cells[1].source
    assert "seed = 5" in injected
    assert f'home = "{settings.home}"' in injected
    assert log.acquire_lease("next", by="ann", parameters={})


@pytest.mark.notebook
def test_a_failed_run_stores_its_notebook_and_the_last_line_of_its_error(begin):
    run = begin(wait=True, fails="the last line")
    assert (run.outcome, run.reasons) == ("failed", ("ValueError: the last line",))
    outputs = [o for c in nbformat.read(run.notebook, 4).cells for o in c.get("outputs", [])]
    assert "ValueError" in {o.get("ename") for o in outputs}


@pytest.mark.notebook
def test_a_notebook_that_ends_without_an_outcome_has_failed(begin):
    run = begin(wait=True, outcome="")
    assert run.outcome == "failed"
    assert "without an outcome" in run.reasons[0]


@pytest.mark.notebook
def test_a_second_run_is_busy_at_once(training_run, set_preview):
    settings, first = training_run
    set_preview(something_new)
    second = start(settings, parameters={}, trigger="cli", by="ann")
    assert (second.outcome, second.notebook, second.pid) == ("busy", None, 0)
    assert first.name in second.reasons[0]
    assert [run.outcome for run in follow(settings, second.name)] == ["busy"]


@pytest.mark.notebook
def test_a_run_has_its_own_session_and_a_lower_priority(training_run):
    _, run = training_run
    (kernel,) = [
        child for child in kernels(run.pid) if "digitlab.jobs.run_kernel_main" in child.cmdline()
    ]
    if hasattr(os, "getsid"):
        assert os.getsid(run.pid) == run.pid
        assert psutil.Process(run.pid).nice() >= 5
        assert kernel.nice() >= 5
    assert kernel.exe() == psutil.Process().exe()


@pytest.mark.notebook
def test_tensorflow_loads_while_the_notebook_works(training_run):
    _, run = training_run
    (kernel,) = kernels(run.pid)
    wait_until(
        lambda: any("tensorflow" in mapped.path for mapped in kernel.memory_maps()),
        "tensorflow in the kernel",
    )


@pytest.mark.notebook
def test_a_cancelled_run_ends_between_two_steps(settings, begin, log):
    run = begin(steps=600, step_s=0.1)
    wait_for_training(settings, run)
    log.request_cancel(run.name)
    *_, last = follow(settings, run.name)
    assert (last.outcome, last.reasons) == ("cancelled", ("The run was cancelled.",))
    assert last.notebook is not None


@pytest.mark.notebook
def test_a_run_that_ignores_its_cancellation_is_killed_after_ten_seconds(settings, begin, log):
    run = begin(step_s=600, ignores_cancel=True)
    wait_for_training(settings, run)
    log.request_cancel(run.name)
    requested = time.monotonic()
    *_, last = follow(settings, run.name)
    assert last.outcome == "cancelled"
    assert 9 < time.monotonic() - requested < 120  # the run itself would take 600 s


@pytest.mark.notebook
def test_a_run_is_killed_at_its_time_limit(begin):
    run = begin(wait=True, step_s=600, limit_s=6)
    assert run.outcome == "failed"
    assert "time limit of 6 s" in run.reasons[0]


@pytest.mark.notebook
def test_a_run_outlives_the_process_that_started_it(settings, stand_in):
    call = [sys.executable, "-c", START_AND_EXIT, settings.home, stand_in, TESTS]
    done = subprocess.run(list(map(str, call)), capture_output=True, text=True, check=True)
    *_, last = follow(settings, done.stdout.strip())
    assert last.outcome == "rejected"


def test_a_run_with_nothing_new_is_over_at_once_and_starts_no_process(settings, begin, set_preview):
    set_preview(nothing_new)
    run = begin()
    assert (run.outcome, run.notebook) == ("nothing-new", None)
    assert run.inputs_fingerprint == "inputs_fingerprint"
    assert run.reasons == ("Judged already.",)
    assert not (settings.home / "notebooks").exists()


def test_evaluate_on_becomes_an_absolute_path_and_is_no_parameter_of_the_preview(
    begin, set_preview, tmp_path, monkeypatch
):
    previewed = []

    def preview_feedback(settings, parameters):
        previewed.append(parameters)
        return nothing_new(settings, parameters)

    set_preview(preview_feedback)
    (tmp_path / "train.csv").touch()
    monkeypatch.chdir(tmp_path)
    run = begin(evaluate_on="train.csv", steps=3)
    assert previewed == [{"steps": 3}]
    assert run.parameters == {"evaluate_on": str(tmp_path / "train.csv"), "steps": 3}
    run = begin(evaluate_on="mnist:validation", steps=3)
    assert run.parameters == {"evaluate_on": "mnist:validation", "steps": 3}


def test_a_wrong_parameter_is_named_and_creates_no_run(settings, log):
    with pytest.raises(ParameterError, match="sed"):
        start(settings, parameters={"sed": 1}, trigger="cli", by="ann")
    assert log.recent() == []


def test_a_run_whose_processes_died_has_failed(settings, log):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    log.announce("r1", trigger="page", by="ann", parameters={})
    log.supervise("r1", pid=ended.pid)
    assert [run.outcome for run in follow(settings, "r1")] == [None, "failed"]


def test_the_environment_of_a_run_names_the_home_and_holds_no_secret(settings):
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
    full = "[Errno 28] No space left on device: '/a/b.npz'"
    assert error_summary("OSError", full) == DISK_FULL
