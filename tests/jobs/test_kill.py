"""SIGKILL of a run's processes: the run fails, the home stays intact and the next run completes."""

import sys

import psutil
import pytest
from support.live_server import wait_until
from support.paths import ROOT

from digitlab.jobs import follow, start


@pytest.fixture
def soak(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import soak

    monkeypatch.delitem(sys.modules, "soak")
    return soak


@pytest.mark.notebook
@pytest.mark.usefixtures("stand_in")
@pytest.mark.parametrize("victim", ["worker", "kernel", "both"])
def test_the_next_run_starts_at_once_and_no_process_of_the_killed_run_stays(
    settings, log, soak, victim
):
    first = start(settings, parameters={"steps": 1, "step_s": 300}, trigger="cli", by="ann")
    for state in follow(settings, first.name, every_s=0.02):
        if state.phase == "training":
            break
    processes = soak.processes_of(first, "both")
    victims = soak.processes_of(first, victim)
    assert len(processes) >= 2
    for process in victims:
        process.kill()
    wait_until(lambda: not any(map(is_running, victims)), "the end of the killed processes")
    second = start(settings, parameters={"steps": 1}, trigger="cli", by="ann", wait=True)
    assert second.outcome == "rejected"
    assert log.get(first.name).outcome == "failed"
    assert log.current() is None
    wait_until(lambda: not any(map(is_running, processes)), "the end of the run's other process")


@pytest.mark.notebook
def test_a_killed_fine_tune_leaves_the_home_intact(settings, soak):
    soak.add_corrections(settings)
    killed = soak.start_and_kill(settings, "both", phase="registering", steps=5)
    soak.check_home(settings)
    if not soak.has_decision(killed):
        assert killed.outcome == "failed"
        soak.run_to_decision(settings, steps=5)
    soak.check_home(settings)


def is_running(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
