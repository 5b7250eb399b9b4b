"""A real dashboard server in a process of its own, for tests."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPMessage
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import nbformat
import psutil

from digitlab.settings import Settings
from digitlab.store import FeedbackStore
from support.paths import ROOT

START_S = 120  # a busy machine with many workers

RUN = """
import json, sys
from pathlib import Path
from digitlab.server import ServeOptions, serve
from digitlab.settings import Settings
home, options = json.loads(sys.argv[1])
for name in ("dashboard", "certfile", "keyfile"):
    if options.get(name):
        options[name] = Path(options[name])
serve(ServeOptions(**options), Settings.load(home), announce=lambda line: print(line, flush=True))
"""


@dataclass
class Answer:
    """An HTTP answer; also one with an error status."""

    status: int
    headers: HTTPMessage
    body: bytes
    url: str

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def kernel_id(self) -> str:
        """The kernel of the dashboard that this answer is."""
        found = re.search(r'"kernelId": "([0-9a-f-]{36})"', self.text)
        assert found, self.text[:2000]
        return found[1]


@dataclass
class Server:
    """A running server. `log` is its standard error, `said` what it announced."""

    url: str
    process: subprocess.Popen[str]
    home: Path
    log: Path
    said: list[str] = field(default_factory=list)

    def get(self, path: str = "", **headers: str) -> Answer:
        """GET a path below the server's URL, without cookies, following redirects."""
        return fetch(self.url + path, headers=headers)

    def health(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.get("health").body)
        return answer

    def kernel_processes(self) -> list[psutil.Process]:
        """The kernels' processes, as the operating system sees them."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [child for child in children if _is_kernel(child)]

    def wait_for_warm_kernels(self, kernels: int = 1) -> None:
        """Wait until that many kernels wait in the pool, beside the sessions."""
        wait_until(
            lambda: (health := self.health())["kernels"] - health["sessions"] == kernels,
            f"{kernels} warm kernel(s)",
        )

    def forget(self) -> None:
        """Retract all verdicts: a correction answers from then on, in another test too."""
        with FeedbackStore.open(Settings.load(self.home)) as store:
            if entries := store.entries():
                store.retract([entry.id for entry in entries], by="test")

    def stop(self) -> int:
        """End the server as Ctrl-C does; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(30)
        finally:
            self.process.kill()
        return code


def start_server(home: Path, *, environ: dict[str, str] | None = None, **options: Any) -> Server:
    """Start a server on a free port of 127.0.0.1 and wait until it listens.

    Args:
        home: its home; made if need be.
        environ: environment variables besides this process's.
        options: fields of ServeOptions. Without `dashboard` it serves the one that ships.
    """
    home.mkdir(parents=True, exist_ok=True)
    log = home / "serve.log"
    arguments = json.dumps([str(home), {"port": 0, **options}], default=str)
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, arguments],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            cwd=home,  # nothing may depend on the current directory
            env=environment(**(environ or {})),
        )
    watchdog = threading.Timer(START_S, process.kill)
    watchdog.start()
    assert process.stdout is not None
    line = process.stdout.readline()
    watchdog.cancel()
    if "digitlab serves on " not in line:
        process.kill()
        raise AssertionError(f"the server did not start: {line}{log.read_text()}")
    url = line.split("digitlab serves on ", 1)[1].split()[0]
    return Server(url=url, process=process, home=home, log=log, said=[line.strip()])


def environment(**more: str) -> dict[str, str]:
    """The environment for a digitlab process under test: this checkout, no home, no token."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("DIGITLAB_")}
    env["PYTHONPATH"] = str(ROOT)
    return env | more


def fetch(
    url: str,
    *,
    data: bytes | None = None,
    headers: dict[str, str] | None = None,
    cookies: CookieJar | None = None,
) -> Answer:
    """One HTTP request, a POST if there is `data`; keeps cookies in the jar given or a new one."""
    opener = urllib.request.build_opener(
        urllib.request.HTTPCookieProcessor(cookies), urllib.request.ProxyHandler({})
    )
    request = urllib.request.Request(url, data=data, headers=headers or {})  # noqa: S310
    try:
        with opener.open(request, timeout=60) as reply:
            return Answer(reply.status, reply.headers, reply.read(), reply.url)
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read(), error.url)


def wait_until(condition: Callable[[], Any], what: str, timeout: float = 60) -> None:
    """Poll until `condition()` is true.

    Raises:
        AssertionError: it is still false after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:.0f} s: {what}")
        time.sleep(0.05)


def write_notebook(path: Path, *cells: str) -> Path:
    """A notebook of code cells."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def _is_kernel(process: psutil.Process) -> bool:
    try:
        return "digitlab.server.page_kernel_main" in process.cmdline()
    except psutil.Error:  # it has just ended
        return False
