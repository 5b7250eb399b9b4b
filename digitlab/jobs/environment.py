"""The environment variables of a run: the same from every door. Pure."""

from __future__ import annotations

import os
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
"""Variables that no kernel gets to see."""

_OTHERS: Final = (
    "JPY_PARENT_PID",  # of the kernel that a page or notebook started the run from
    "JPY_SESSION_NAME",
    "JUPYTER_PATH",
    "MPLBACKEND",
    "OMP_NUM_THREADS",  # a page's kernel has one thread; a run says itself how many it takes
    "PYTHONSTARTUP",
)
"""Variables of whoever starts a run, which would make runs differ by door."""


def run_environment(environ: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """The whole environment of a run's processes; it names the home and has no secret in it.

    Args:
        environ: the environment of the process that starts the run.
        settings: of the home.
    """
    left_out = {*SECRETS, *_OTHERS}
    env = {name: value for name, value in environ.items() if name not in left_out}
    root = checkout()
    if root is not None:  # the run must import the digitlab that starts it, installed or not
        env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), env.get("PYTHONPATH")]))
    return env | {
        "DIGITLAB_HOME": str(settings.home),
        "DIGITLAB_DATABASE_URL": settings.database_url,
        "DIGITLAB_STORAGE_URL": settings.storage_url,
        "PYTHONUNBUFFERED": "1",  # a killed run's log holds all it said
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def jupyter_environment(folder: Path) -> dict[str, str]:
    """Variables that keep Jupyter's and IPython's files of the person out of a run.

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
