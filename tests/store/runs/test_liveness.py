"""Which processes count as alive."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from support.processes import hand_over

from digitlab.settings import Settings
from digitlab.store import RunLog
from digitlab.store.runs.liveness import HOST, is_process_alive

REQUEST = {"by": "ann", "parameters": {}}


@pytest.fixture
def log(tmp_path):
    with RunLog.open(Settings.load(tmp_path / "home", environ={})) as log:
        yield log


def test_a_zombie_is_not_alive(log):
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    process.stdout.read()  # the process ends; without `wait` it stays as a zombie
    log.acquire_lease("r1", **REQUEST)
    hand_over(log, "r1", pid=process.pid)
    while log.is_alive("r1"):  # the pipe closes a moment before the process ends
        pass
    assert log.acquire_lease("r2", **REQUEST)
    process.wait()


def test_a_process_younger_than_the_heartbeat_is_another_one(log):
    log.acquire_lease("r1", **REQUEST)
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    before = datetime.now(UTC) - timedelta(seconds=60)
    hand_over(log, "r1", pid=process.pid, heartbeat_at=before)
    assert not log.is_alive("r1")
    process.communicate(b"\n")


@pytest.mark.parametrize(("silent_s", "alive"), [(50, True), (70, False)])
def test_a_run_of_another_machine_is_alive_while_it_sends_heartbeats(log, silent_s, alive):
    log.acquire_lease("r1", **REQUEST)
    heartbeat_at = datetime.now(UTC) - timedelta(seconds=silent_s)
    hand_over(log, "r1", pid=1, host="elsewhere", heartbeat_at=heartbeat_at)
    assert log.is_alive("r1") is alive
    assert log.acquire_lease("r2", **REQUEST) is not alive


def test_a_process_without_heartbeats_for_ten_minutes_is_not_alive():
    now = datetime.now(UTC)
    later = now + timedelta(seconds=599)
    assert is_process_alive(HOST, os.getpid(), heartbeat_at=now, now=later)
    assert not is_process_alive(
        HOST, os.getpid(), heartbeat_at=now, now=later + timedelta(seconds=2)
    )
