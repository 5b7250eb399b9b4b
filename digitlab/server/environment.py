"""The environment variables of the server and of the kernels it starts. Pure."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from digitlab.jobs.environment import SECRETS
from digitlab.settings import Settings, checkout

TEMPLATE_ROOT = Path(__file__).resolve().parent / "template"
"""A Jupyter data folder in which Voilà finds the template `digitlab`."""


def server_environment(environ: Mapping[str, str], runtime: Path) -> dict[str, str]:
    """Return variables that keep the Jupyter files of the person and the machine out.

    A `page_config.json` that disables widgets, a template, or a signature database in the
    person's home folder would otherwise change or break the page.

    Args:
        environ: the environment of the process. A JUPYTER_PATH in it stays in force, after
            digitlab's folder.
        runtime: a private folder that is removed when the server stops.
    """
    jupyter_path = [str(TEMPLATE_ROOT), environ.get("JUPYTER_PATH", "")]
    return {
        "JUPYTER_DATA_DIR": str(runtime / "data"),
        "JUPYTER_NO_CONFIG": "1",
        "JUPYTER_PATH": os.pathsep.join(filter(None, jupyter_path)),
        "JUPYTER_RUNTIME_DIR": str(runtime),
    }


def kernel_environment(
    environ: Mapping[str, str], settings: Settings, runtime: Path
) -> dict[str, str]:
    """Return all environment variables of a page's kernel.

    They name the server's home, so that the page and the server use the same one. They hold
    no secret, and none of the variables that Voilà takes from the request.

    Args:
        environ: the environment that the server was started with.
        settings: the settings of the home that the pages read and write.
        runtime: the server's private folder. IPython's profile is there, because the startup
            files in the person's profile would run in every page.
    """
    env = {name: value for name, value in environ.items() if name not in SECRETS}
    env.pop("PYTHONSTARTUP", None)
    root = checkout()
    if root is not None:  # the kernel must import the digitlab that serves, installed or not
        env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), env.get("PYTHONPATH")]))
    return env | {
        "DIGITLAB_HOME": str(settings.home),
        "DIGITLAB_DATABASE_URL": settings.database_url,
        "DIGITLAB_STORAGE_URL": settings.storage_url,
        "IPYTHONDIR": str(runtime / "ipython"),
        "MALLOC_TRIM_THRESHOLD_": "131072",  # glibc returns a picture's memory: saves 5 MB
        "OMP_NUM_THREADS": "1",  # up to twenty kernels share the cores
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
