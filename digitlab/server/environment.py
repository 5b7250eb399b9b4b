"""The environment variables of the server and of the kernels it starts. Pure."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from digitlab.jobs.environment import SECRETS
from digitlab.settings import Settings, checkout

TEMPLATE_ROOT = Path(__file__).resolve().parent / "template"
"""A Jupyter data folder of our own, in which Voilà finds the template `digitlab`."""


def server_environment(environ: Mapping[str, str], runtime: Path) -> dict[str, str]:
    """Variables that keep Jupyter's files of the person and of the machine out of the server.

    A `page_config.json` that disables widgets, a template or a signature database in
    somebody's home would otherwise change or break the page.

    Args:
        environ: the process's environment; a JUPYTER_PATH in it stays in force, behind ours.
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
    """The whole environment of a page's kernel.

    It names the server's home, so that a page and the command that started it agree; it has
    no secret in it, and none of what Voilà adds from the request.

    Args:
        environ: the environment that the server was started with.
        settings: the home that the pages read and write.
        runtime: the server's private folder; IPython's profile goes there, for startup files
            of the person's own would run in every page.
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
        "MALLOC_TRIM_THRESHOLD_": "131072",  # glibc gives a picture's memory back: 5 MB less
        "OMP_NUM_THREADS": "1",  # twenty kernels share the cores
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
