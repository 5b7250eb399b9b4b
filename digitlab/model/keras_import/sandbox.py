"""Importing a model file in a separate process with limited memory and time.

The HDF5 library may crash or hang on damaged bytes, and a small file may unpack to many gigabytes.
Then only the separate process ends, and this one says so in one sentence. The process loads
TensorFlow, so the caller's does not.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from digitlab.errors import NO_SPACE_TEXT, ModelError
from digitlab.model.card import Card
from digitlab.model.keras_import.limits import LIMITS

_ENVIRONMENT: Final = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "HDF5_PLUGIN_PRELOAD": "::",  # loads no plug-ins
    "KERAS_BACKEND": "tensorflow",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONIOENCODING": "utf-8",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
"""Environment variables of the process, besides those of the caller."""

_MEMORY: Final = "it needs more memory than an import may use (2 GB)"


def import_in_sandbox(path: Path, out_folder: Path, *, seconds: float = LIMITS.seconds) -> Card:
    """Write a version folder from a model file; see `build.import_model`.

    Args:
        path: the file.
        out_folder: an empty folder; it is empty again after an error.
        seconds: time limit.

    Returns:
        The version's card.

    Raises:
        ModelError: the file is not a plain digit classifier, a library fails on it, or the import
            takes too long or too much memory.
        OSError: `out_folder` is full.
    """
    try:
        _run("import", path, out_folder, seconds=seconds)
        return Card.read(out_folder)
    except BaseException:
        for part in out_folder.iterdir():
            with contextlib.suppress(OSError):
                shutil.rmtree(part) if part.is_dir() else part.unlink()
        raise


def check_in_sandbox(path: Path, *, seconds: float = LIMITS.seconds) -> None:
    """Read a model file as an import does, without building its network.

    Raises:
        ModelError: as `import_in_sandbox`.
    """
    with tempfile.TemporaryDirectory(prefix="digitlab-") as folder:
        _run("check", path, Path(folder), seconds=seconds)


def _run(action: str, path: Path, folder: Path, *, seconds: float) -> None:
    """Run `_main` in another process that works in `folder`."""
    # The process's temporary files lie in the folder, so a killed one leaves none elsewhere.
    environment = os.environ | _ENVIRONMENT | {"TMPDIR": str(folder.absolute())}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    # -P: a file numpy.py in the current folder is not imported.
    command = [sys.executable, "-P", "-m", __name__, action, str(path), str(folder)]
    with subprocess.Popen(  # noqa: S603  # this Python, and two paths
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired as error:
            raise _refusal(path, f"it takes more than {seconds:.0f} seconds") from error
        finally:
            if process.poll() is None:
                process.kill()
    try:
        stages = [json.loads(line) for line in output.splitlines()]
    except ValueError:
        stages = []
    last = stages[-1] if stages else {}
    if "refused" in last:
        raise _refusal(path, last["refused"])
    if "error" in last:
        raise ModelError(last["error"])
    if "errno" in last:
        raise OSError(last["errno"], os.strerror(last["errno"]), str(folder))
    if process.returncode != 0 or "done" not in last:
        raise _refusal(path, _reason_for_end(process.returncode, reading="read" not in last))


def _refusal(path: Path, reason: str) -> ModelError:
    return ModelError(f"{path} cannot be imported: {reason.rstrip('.')}.")


def _reason_for_end(code: int, *, reading: bool) -> str:
    """Return why the process ended early, from its exit code."""
    if -code == signal.SIGXCPU and reading:
        return f"it is damaged: reading it takes more than {LIMITS.reading_seconds} seconds"
    if -code in (signal.SIGXCPU, signal.SIGKILL):
        return f"it takes more than {LIMITS.seconds:.0f} seconds, or too much memory"
    if reading:
        return "it is damaged or too large: the HDF5 library failed on it"
    return f"{_MEMORY}, or TensorFlow fails on it"


def _is_memory_error(error: BaseException | None) -> bool:
    """Return whether an error or one that it followed says that memory is exhausted."""
    while error is not None:
        if isinstance(error, MemoryError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _main(action: str, path: Path, folder: Path) -> None:
    """Do the work of the separate process; report on standard output as lines of JSON.

    The last line has `done`, `refused` with the reason as a clause, `error` with a sentence, or
    `errno`.
    """
    _set_limits(
        RLIMIT_CORE=0,
        # Only the reading of a folder loads TensorFlow.
        RLIMIT_CPU=LIMITS.reading_seconds * (3 if path.is_dir() else 1),
        RLIMIT_DATA=LIMITS.data_bytes,
        RLIMIT_FSIZE=2 * LIMITS.file_bytes,
    )
    reply = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print goes to standard error

    def report(**values: Any) -> None:
        reply.write(json.dumps(values) + "\n")
        reply.flush()

    def has_read() -> None:
        report(read=True)
        _set_limits(RLIMIT_CPU=2 * int(LIMITS.seconds))  # of two threads

    try:
        report(**_work(action, path, folder, has_read))
    except Exception as error:  # a library raised another type than expected
        if _is_memory_error(error):
            report(refused=_MEMORY)
        elif getattr(error, "errno", None) == errno.ENOSPC or NO_SPACE_TEXT in str(error):
            report(errno=errno.ENOSPC)
        else:
            text = " ".join(str(error).split())[:300]
            report(refused=f"it cannot be read ({type(error).__name__}: {text})")


def _work(
    action: str, path: Path, folder: Path, has_read: Callable[[], None]
) -> dict[str, str | bool]:
    # The modules that load h5py, and later TensorFlow, load after the limits are set.
    from digitlab.model.keras_import.build import import_model, read_model
    from digitlab.model.keras_import.layers import UnsupportedModelError

    try:
        if action == "check":
            read_model(path)
        else:
            import_model(path, folder, has_read=has_read)
    except UnsupportedModelError as error:
        return {"refused": str(error)}
    except ModelError as error:
        return {"error": str(error)}
    return {"done": True}


def _set_limits(**limits: int) -> None:
    """Set limits of this process, by the names in `resource`, where the system can."""
    try:
        import resource
    except ImportError:  # Windows; the time limit of the caller stays
        return
    for name, limit in limits.items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        value = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (value, hard))


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
