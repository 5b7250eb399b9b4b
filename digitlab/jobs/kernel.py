"""The kernel of a run: this Python, whatever kernelspecs the person or the machine has."""

from __future__ import annotations

import sys

from ipykernel.kernelspec import RESOURCES
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from traitlets import default


class OwnPython(KernelSpecManager):
    """Offers one kernel, whatever name a notebook was last saved with."""

    def find_kernel_specs(self) -> dict[str, str]:
        return {"python3": RESOURCES}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The Python that runs this process."""
        return KernelSpec(
            argv=[
                *(
                    sys.executable,
                    "-P",
                    "-m",
                    "digitlab.jobs.kernel_main",
                    "-f",
                    "{connection_file}",
                ),
                # What native code says while it loads goes to the run's log, not into a cell.
                "--IPKernelApp.capture_fd_output=False",
            ],
            display_name="Python 3",
            language="python",
            resource_dir=RESOURCES,
        )


class RunKernel(AsyncKernelManager):
    """Starts a run's kernel."""

    @default("kernel_spec_manager")
    def _own_python(self) -> KernelSpecManager:
        return OwnPython(parent=self)
