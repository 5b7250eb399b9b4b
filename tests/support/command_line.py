"""Call the command line in this process or in a new one.

In this process a call takes milliseconds, in a new one a second and a half of CPU. A test that
looks at the process itself (signals, standard input, imports) starts one.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from digitlab.cli import main


@dataclass(frozen=True)
class Done:
    """A finished call, with the attributes of `subprocess.CompletedProcess`.

    Attributes:
        returncode: the exit code.
        stdout: standard output, bytes or text.
        stderr: standard error; it names an unexpected exception as "Traceback: ...".
    """

    returncode: int
    stdout: Any
    stderr: Any


def command_line(folder: Path, *, text: bool = False) -> Callable[..., Done]:
    """Return a function that calls `digitlab --home FOLDER/home ARGUMENTS` inside a folder.

    Args:
        folder: the current folder of each call.
        text: return output as text instead of bytes.
    """

    def call(*arguments: object, stdin: bytes | None = None, home: Path = folder / "home") -> Done:
        variables = {name: None for name in os.environ if name.startswith("DIGITLAB")}
        with contextlib.chdir(folder):
            result = CliRunner().invoke(
                main,
                ["--home", str(home), *map(str, arguments)],
                input=stdin,
                env=variables,
                prog_name="digitlab",
            )
        stdout, stderr = result.stdout_bytes, result.stderr_bytes or b""
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            stderr += f"Traceback: {result.exception!r}".encode()
        if text:
            return Done(result.exit_code, stdout.decode(), stderr.decode())
        return Done(result.exit_code, stdout, stderr)

    return call


def command_process(folder: Path) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Like `command_line`, but each call starts a process."""

    def call(
        *arguments: object, stdin: bytes | None = None, home: Path = folder / "home"
    ) -> subprocess.CompletedProcess[bytes]:
        environ = {k: v for k, v in os.environ.items() if not k.startswith("DIGITLAB")}
        return subprocess.run(
            [sys.executable, "-m", "digitlab", "--home", str(home), *map(str, arguments)],
            capture_output=True,
            input=stdin,
            env=environ,
            cwd=folder,
            check=False,
        )

    return call
