"""A server on a home whose file system is read-only, on a real mount."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.live_server import START_TIMEOUT_S, STOP_TIMEOUT_S, environment, fetch
from support.unwritable_homes import UNSHARE, mount_refusal

from digitlab.settings import Settings
from digitlab.store import FeedbackStore

pytestmark = pytest.mark.server

MOUNT = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"'


@pytest.fixture
def server(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    if refusal := mount_refusal():
        pytest.skip(refusal)
    home = tmp_path / "home"
    FeedbackStore.open(Settings.load(home, environ={})).close()
    command = [sys.executable, "-m", "digitlab", "--home", str(home), "serve", "--port", "0"]
    process = subprocess.Popen(
        [*UNSHARE, "sh", "-c", MOUNT, "sh", str(home), *command],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment(),
    )
    yield process
    process.kill()
    process.wait()


@pytest.mark.timeout(START_TIMEOUT_S + STOP_TIMEOUT_S)
def test_a_server_on_a_read_only_home_starts_and_says_that_nothing_is_kept(
    server: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert server.stdout is not None
    first, second = server.stdout.readline(), server.stdout.readline()
    assert first.startswith("Nothing is kept, because the database ")
    assert "its file system is read-only" in first
    url = second.split("digitlab serves on ", 1)[1].split()[0]
    assert fetch(f"{url}health").status == 200
    server.send_signal(signal.SIGINT)
    assert server.wait(STOP_TIMEOUT_S) == 0
