"""The kernel of a fine-tune run."""

from __future__ import annotations

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from traitlets import default

from digitlab.jobs.kernel_spec import ThisPythonSpecs


class RunKernelSpecs(ThisPythonSpecs):
    """Offer the kernel of a run. `-P` keeps the run's folder out of `sys.path`."""

    module = "digitlab.jobs.run_kernel_main"
    python_options = ("-P",)
    # The messages that native code writes while it loads go to the run's log, not into a cell.
    kernel_options = ("--IPKernelApp.capture_fd_output=False",)


class RunKernel(AsyncKernelManager):
    """Start the kernel of a run; papermill creates one for each notebook."""

    @default("kernel_spec_manager")
    def _this_python(self) -> KernelSpecManager:
        return RunKernelSpecs(parent=self)
