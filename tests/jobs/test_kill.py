"""`kill -9` of a run: what it held is free, the home is whole, and the next run completes."""

import sys

import psutil
import pytest
from support.fake_fine_tune import preview_module, something_new, write_notebook
from support.live_server import wait_until
from support.paths import ROOT

from digitlab.jobs import follow, launch, start
from digitlab.settings import Settings
from digitlab.store import RunLog


@pytest.fixture
def settings(tmp_path):
    return Settings.load(tmp_path / "home", environ={})


@pytest.fixture
def soak(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import soak

    monkeypatch.delitem(sys.modules, "soak")
    return soak


@pytest.mark.notebook
@pytest.mark.parametrize("victim", ["worker", "kernel", "both"])
def test_the_next_run_goes_ahead_at_once(settings, soak, tmp_path, monkeypatch, victim):
    monkeypatch.setitem(
        sys.modules, "digitlab.learning.data.preview", preview_module(something_new)
    )
    monkeypatch.setattr(launch, "NOTEBOOK", write_notebook(tmp_path))
    first = start(settings, parameters={"steps": 4000}, trigger="cli", by="ann")
    for state in follow(settings, first.name, every_s=0.02):
        if state.phase == "training":
            break
    victims = soak.processes_of(first, victim)
    for process in victims:
        process.kill()
    wait_until(lambda: not any(map(runs, victims)), "the end of what was killed")
    second = start(settings, parameters={}, trigger="cli", by="ann", wait=True)
    assert second.outcome == "rejected"
    with RunLog.open(settings) as log:
        assert log.get(first.name).outcome == "failed"
        assert log.current() is None


@pytest.mark.notebook
def test_a_kernel_does_not_outlive_the_process_that_watched_over_it(
    settings, soak, tmp_path, monkeypatch
):
    monkeypatch.setitem(
        sys.modules, "digitlab.learning.data.preview", preview_module(something_new)
    )
    monkeypatch.setattr(launch, "NOTEBOOK", write_notebook(tmp_path))
    run = start(settings, parameters={"steps": 4000}, trigger="cli", by="ann")
    for state in follow(settings, run.name, every_s=0.02):
        if state.phase == "training":
            break
    kernels = soak.processes_of(run, "kernel")
    assert kernels
    psutil.Process(run.pid).kill()
    wait_until(lambda: not any(map(runs, kernels)), "the end of the kernel")


@pytest.mark.notebook
@pytest.mark.tf
@pytest.mark.parametrize(
    ("phase", "victim"), [("loading", "worker"), ("training", "kernel"), ("registering", "both")]
)
def test_a_killed_fine_tune_leaves_a_whole_home(settings, soak, phase, victim):
    soak.add_corrections(settings)
    killed = soak.start_and_kill(settings, victim, phase=phase, steps=5)
    soak.check_home(settings)
    if not soak.has_decision(killed):
        assert killed.outcome == "failed"
        soak.run_to_decision(settings, steps=5)
    soak.check_home(settings)


def runs(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
