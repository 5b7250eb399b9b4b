"""The environment of a run's processes: their variables, and the modules they do not load.

Every trigger starts a run with the same variables.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from digitlab.settings import Settings, checkout

SECRETS: Final = (
    "DIGITLAB_TOKEN",
    "DIGITLAB_CURATOR_TOKEN",
    "JUPYTER_TOKEN",
    "JUPYTER_TOKEN_FILE",
)
"""Variables that no kernel receives."""

_CALLER_ONLY: Final = (
    "JPY_PARENT_PID",  # of the kernel that a page or notebook started the run from
    "JPY_SESSION_NAME",
    "JUPYTER_PATH",
    "MPLBACKEND",
    "OMP_NUM_THREADS",  # a page's kernel has one thread; a run sets its own number of threads
    "PYTHONSTARTUP",
)
"""Variables of the process that starts a run. With them, runs would differ by trigger."""


def run_environment(environ: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Return all environment variables of a run's processes, with the home and no secret.

    Args:
        environ: the environment of the process that starts the run.
        settings: the settings of the home.
    """
    left_out = {*SECRETS, *_CALLER_ONLY}
    env = {name: value for name, value in environ.items() if name not in left_out}
    root = checkout()
    if root is not None:  # the run must import the digitlab that starts it, installed or not
        env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), env.get("PYTHONPATH")]))
    return env | {
        "DIGITLAB_HOME": str(settings.home),
        "DIGITLAB_DATABASE_URL": settings.database_url,
        "DIGITLAB_STORAGE_URL": settings.storage_url,
        "PYTHONUNBUFFERED": "1",  # the log of a killed run is complete
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def jupyter_environment(folder: Path) -> dict[str, str]:
    """Return variables that keep the person's Jupyter and IPython files out of a run.

    Args:
        folder: a private folder that is removed when the run is over.
    """
    return {
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_NO_CONFIG": "1",
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
    }


def hide_modules(*names: str) -> None:
    """Make `import` of these modules fail in this process, unless they are loaded already.

    For optional dependencies of other packages that are slow to load and never used here.
    """
    for name in names:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # as `import` documents
